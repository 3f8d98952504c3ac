import { toMap, toNumbers } from './lines';
import type { InstanceCreate, Template } from './types';

/** What the form for a server holds. An empty number is null. */
export interface ServerForm {
	name: string;
	data_center: string;
	image: string;
	command: string;
	gpus: number | null;
	gpu_type: string;
	cpus: number | null;
	memory_mb: number | null;
	ports: string;
	probe_path: string;
	disk_path: string;
	env: string;
	labels: string;
	recover: 'auto' | 'wait';
	snapshot_every: string;
	protected: boolean;
	/** Those that were ticked, with their parameters, in the order of ticking. */
	templates: { name: string; parameters: Record<string, string> }[];
}

/** The form as it opens. */
export function blankServer(): ServerForm {
	return {
		name: '', data_center: '', image: '', command: '', gpus: 1, gpu_type: '', cpus: null, memory_mb: null, ports: '', probe_path: '', disk_path: '/workspace', env: '', labels: '',
		recover: 'auto', snapshot_every: '', protected: false, templates: [],
	};
}

/** The intervals of automatic snapshots that the form offers. */
export const intervals: [string, string][] = [['', 'Never'], ['15m', 'Every 15 minutes'], ['1h', 'Every hour'], ['6h', 'Every 6 hours'], ['24h', 'Every day']];

/**
 * What the form asks the API for. What is empty is left out, so that the API's default
 * fills it in; the API alone judges what is right.
 */
export function serverRequest(form: ServerForm): InstanceCreate {
	const body: InstanceCreate = { name: form.name.trim(), image: form.image.trim(), recover: form.recover };
	const texts = { data_center: form.data_center, gpu_type: form.gpu_type, probe_path: form.probe_path, disk_path: form.disk_path, snapshot_every: form.snapshot_every, command: form.command } as const;
	for (const [name, value] of Object.entries(texts)) if (value.trim() !== '') body[name as keyof typeof texts] = value.trim();
	if (form.gpus !== null) body.gpus = form.gpus;
	if (form.cpus !== null) body.cpus = form.cpus;
	if (form.memory_mb !== null) body.memory_mb = form.memory_mb;
	if (form.ports.trim() !== '') body.ports = toNumbers(form.ports);
	if (form.env.trim() !== '') body.env = toMap(form.env);
	if (form.labels.trim() !== '') body.labels = toMap(form.labels);
	if (form.protected) body.protected = true;
	if (form.templates.length > 0) body.templates = form.templates.map(({ name, parameters }) => ({ name, parameters: said(parameters) }));
	return body;
}

/** Parameters without those left empty, which have their defaults. */
export function said(parameters: Record<string, string>): Record<string, string> {
	return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== ''));
}

/** The fields of the form, by the names that problems give them. */
export function serverFields(form: ServerForm): (name: string) => boolean {
	const parameter = /^templates\[(\d+)\]\.parameters\.(.+)$/;
	return (name) => {
		const of = parameter.exec(name);
		return of ? form.templates[Number(of[1])] !== undefined : name in form;
	};
}

/** Ticks a template, or takes the tick off. */
export function tick(form: ServerForm, template: Template, on: boolean) {
	form.templates = form.templates.filter((t) => t.name !== template.name);
	if (on) form.templates.push({ name: template.name, parameters: Object.fromEntries((template.parameters ?? []).map((p) => [p.name, ''])) });
}
