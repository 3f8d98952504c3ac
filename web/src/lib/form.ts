import type { EndpointCreate } from './types';

/** What the form for an endpoint holds. An empty number is null. */
export interface EndpointForm {
	name: string;
	quick_deploy: string;
	image: string;
	port: number | null;
	active_workers: number | null;
	max_workers: number | null;
	gpus_per_worker: number | null;
	gpu_type: string;
	env: Record<string, string>;
}

/** The form as it opens. */
export function blank(): EndpointForm {
	return { name: '', quick_deploy: '', image: '', port: null, active_workers: 1, max_workers: null, gpus_per_worker: 1, gpu_type: '', env: {} };
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
	return body;
}
