// The nouns of the API, by their own names.
import type { components } from './schema';

type Schemas = components['schemas'];

export type Controller = Schemas['Controller'];
export type Diagnosis = Schemas['Diagnosis'];
export type DiagnosisReport = Schemas['DiagnosisReport'];
export type Endpoint = Schemas['Endpoint'];
export type EndpointCreate = Schemas['EndpointCreate'];
export type EndpointKey = Schemas['EndpointKey'];
export type EndpointKeyCreated = Schemas['EndpointKeyCreated'];
export type EndpointPlan = Schemas['EndpointPlan'];
export type Event = Schemas['Event'];
export type Failure = Schemas['Failure'];
export type FieldError = Schemas['FieldError'];
export type GPU = Schemas['GPU'];
export type GPUCare = Schemas['GPUCare'];
export type GPUDetail = Schemas['GPUDetail'];
export type GPUEvent = Schemas['GPUEvent'];
export type Health = Schemas['Health'];
export type Host = Schemas['Host'];
export type EndpointPatch = Schemas['EndpointPatch'];
export type EndpointSpec = Schemas['EndpointSpec'];
export type Instance = Schemas['Instance'];
export type InstanceCreate = Schemas['InstanceCreate'];
export type Kept = Schemas['Kept'];
export type LoadMoment = Schemas['LoadMoment'];
export type Me = Schemas['Me'];
export type Mismatch = Schemas['Mismatch'];
export type Operation = Schemas['Operation'];
export type Param = Schemas['Param'];
export type Plan = Schemas['Plan'];
export type PlanTime = Schemas['PlanTime'];
export type ProblemBody = Schemas['Problem'];
export type QuickDeploy = Schemas['QuickDeploy'];
export type Revision = Schemas['Revision'];
export type ScaleDecision = Schemas['ScaleDecision'];
export type Schedule = Schemas['Schedule'];
export type ScheduleCreate = Schemas['ScheduleCreate'];
export type ScheduleRun = Schemas['ScheduleRun'];
export type ScheduleSpec = Schemas['ScheduleSpec'];
export type Snapshot = Schemas['Snapshot'];
export type Step = Schemas['Step'];

export type Template = Schemas['Template'];
export type Volume = Schemas['Volume'];
export type TestResult = Schemas['Result'];

/** A value that a driver told, or why it did not. */
export interface Reading<T> {
	value?: T | null;
	unsupported?: boolean;
	error?: string;
}

/** What operations move. */
export type Resource = Endpoint | Instance;

/** An instance is a server by itself; the console shows the workers with their endpoint. */
export type Kind = 'endpoint' | 'instance';
