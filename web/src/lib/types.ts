// The nouns of the API, by their own names.
import type { components } from './schema';

type Schemas = components['schemas'];

export type Endpoint = Schemas['Endpoint'];
export type EndpointCreate = Schemas['EndpointCreate'];
export type Event = Schemas['Event'];
export type FieldError = Schemas['FieldError'];
export type GPU = Schemas['GPU'];
export type Host = Schemas['Host'];
export type Instance = Schemas['Instance'];
export type Me = Schemas['Me'];
export type Operation = Schemas['Operation'];
export type ProblemBody = Schemas['Problem'];
export type QuickDeploy = Schemas['QuickDeploy'];
export type Step = Schemas['Step'];

/** What operations move. */
export type Resource = Endpoint | Instance;

/** An instance is a server by itself; the console shows the workers with their endpoint. */
export type Kind = 'endpoint' | 'instance';
