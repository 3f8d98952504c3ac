import { toLines, toMap } from './lines';
import { closed, opened, type Options } from './options';
import type { EndpointCreate, EndpointPatch, EndpointSpec } from './types';

/** What the form for an endpoint holds. An empty number is null. */
export interface EndpointForm extends Options {
	name: string;
	quick_deploy: string;
	image: string;
	port: number | null;
	active_workers: number | null;
	max_workers: number | null;
	gpus_per_worker: number | null;
	gpu_type: string;
	target_concurrency: number | null;
	start_timeout: string;
	drain_timeout: string;
	env: Record<string, string>;
}

/** The form as it opens. */
export function blank(): EndpointForm {
	return {
		name: '', quick_deploy: '', image: '', port: null, active_workers: 1, max_workers: null, gpus_per_worker: 1, gpu_type: '', target_concurrency: null, start_timeout: '', drain_timeout: '', env: {},
		...opened({}),
	};
}

/**
 * What the form asks the API for. What is empty is left out, so that the quick deploy or
 * the API's default fills it in; the API alone judges what is right.
 */
export function request(form: EndpointForm): EndpointCreate {
	const body: EndpointCreate = { name: form.name.trim() };
	if (form.quick_deploy) {
		body.quick_deploy = form.quick_deploy;
		if (Object.keys(form.env).length > 0) body.env = { ...form.env };
	} else {
		body.image = form.image.trim();
		if (form.port !== null) body.port = form.port;
	}
	if (form.active_workers !== null) body.active_workers = form.active_workers;
	if (form.max_workers !== null) body.max_workers = form.max_workers;
	if (form.gpus_per_worker !== null) body.gpus_per_worker = form.gpus_per_worker;
	if (form.gpu_type.trim()) body.gpu_type = form.gpu_type.trim();
	if (form.target_concurrency !== null) body.target_concurrency = form.target_concurrency;
	if (form.start_timeout.trim()) body.start_timeout = form.start_timeout.trim();
	if (form.drain_timeout.trim()) body.drain_timeout = form.drain_timeout.trim();
	return { ...body, ...different(closed(form), closed(blank())) };
}

/** The form that changes an endpoint: also what a new one leaves to its quick deploy. */
export interface EndpointEdit extends EndpointForm {
	command: string;
	variables: string;
	labels: string;
}

/** An endpoint's form, as it is. */
export function filled(name: string, spec: EndpointSpec): EndpointEdit {
	return {
		...blank(), name, image: spec.image, port: spec.port, active_workers: spec.active_workers, max_workers: spec.max_workers, gpus_per_worker: spec.gpus_per_worker, gpu_type: spec.gpu_type ?? '',
		target_concurrency: spec.target_concurrency, start_timeout: spec.start_timeout ?? '', drain_timeout: spec.drain_timeout ?? '', ...opened(spec), command: spec.command ?? '', variables: toLines(spec.env), labels: toLines(spec.labels),
	};
}

/** What of the form is not as it was: a change of the endpoint. */
export function changes(form: EndpointEdit, name: string, spec: EndpointSpec): EndpointPatch {
	const body = different(fields(form), fields(filled(name, spec)));
	if (Object.keys(body).length === 0) throw new Error('Nothing was changed.');
	return body;
}

/** The fields that are not as they were. */
function different<T extends object>(is: T, was: T): Partial<T> {
	return Object.fromEntries(Object.entries(is).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(was[name as keyof T]))) as Partial<T>;
}

function fields(form: EndpointEdit): EndpointPatch {
	return {
		name: form.name.trim(), image: form.image.trim(), gpu_type: form.gpu_type.trim(), command: form.command, start_timeout: form.start_timeout.trim() || '0s', drain_timeout: form.drain_timeout.trim() || '0s', env: toMap(form.variables), labels: toMap(form.labels),
		port: form.port ?? 0, active_workers: form.active_workers ?? 0, max_workers: form.max_workers ?? Math.max(form.active_workers ?? 0, 1), gpus_per_worker: form.gpus_per_worker ?? 0, target_concurrency: form.target_concurrency ?? 0,
		...closed(form),
	};
}
