import { client } from './app.svelte';
import { plain } from './time';
import type { Endpoint, Instance, Kind, Operation, Resource } from './types';
import { moving } from './words';

/** A button for an operation. */
export interface Action {
	/** Of the operation, as in a resource's `legal`. */
	name: string;
	label: string;
	danger?: boolean;
	/** It erases something: the resource's name must be typed. */
	erases?: boolean;
	/** What will happen, before the user says yes. */
	says: (r: Resource) => string;
	send: (r: Resource, key: string) => Promise<Operation>;
}

const endpointActions: Action[] = [
	{
		name: 'start',
		label: 'Start',
		says: (r) => {
			const { active_workers: n, gpus_per_worker: g, max_workers: most } = (r as Endpoint).spec;
			if (n === 0) return `Its URL takes requests again. Workers start when requests come, ${most} at the most.`;
			return `${count(n, 'worker')} with ${count(g, 'GPU')} each will start. Its URL takes requests at once, and holds them until a worker is ready.`;
		},
		send: (r, key) => client.send('post', '/v1/endpoints/{id}/start', { path: { id: r.id }, key }),
	},
	{
		name: 'stop',
		label: 'Stop',
		says: (r) => {
			const { workers, spec } = r as Endpoint;
			const them = workers.total === 0 ? 'It has no workers now.' : `${count(workers.total, 'worker')} will finish the requests in flight (${plain(spec.drain_timeout ?? '60s')} at most), give ${workers.total === 1 ? 'its' : 'their'} GPUs back and be removed.`;
			return `${them} Its URL answers 503 until you start it again; its settings stay.`;
		},
		send: (r, key) => client.send('post', '/v1/endpoints/{id}/stop', { path: { id: r.id }, key }),
	},
	{
		name: 'delete',
		label: 'Delete',
		danger: true,
		erases: true,
		says: () => 'Its workers, its settings and its URL are removed for good. This cannot be undone.',
		send: (r, key) => client.send('delete', '/v1/endpoints/{id}', { path: { id: r.id }, key }),
	},
];

const serverActions: Action[] = [
	{
		name: 'start',
		label: 'Start',
		says: () => 'It starts where it stopped, with its disk, its GPUs and its ports.',
		send: (r, key) => client.send('post', '/v1/instances/{id}/start', { path: { id: r.id }, key }),
	},
	{
		name: 'stop',
		label: 'Stop',
		says: (r) => `Requests in flight get ${plain((r as Instance).spec.drain_timeout ?? '60s')} to finish. Its disk stays, and its GPUs and ports stay reserved, so that it starts again within seconds.`,
		send: (r, key) => client.send('post', '/v1/instances/{id}/stop', { path: { id: r.id }, key }),
	},
	{
		name: 'restart',
		label: 'Restart',
		says: () => 'What runs in it is stopped and started again. Its disk stays; what is only in memory is lost.',
		send: (r, key) => client.send('post', '/v1/instances/{id}/restart', { path: { id: r.id }, key }),
	},
	{
		name: 'terminate',
		label: 'Terminate',
		danger: true,
		erases: true,
		says: () => 'The server and everything on its disk are erased for good. This cannot be undone.',
		send: (r, key) => client.send('post', '/v1/instances/{id}/terminate', { path: { id: r.id }, body: { confirm: r.name }, key }),
	},
];

/** The buttons that a resource of this kind can have. */
export function actions(kind: Kind): Action[] {
	return kind === 'endpoint' ? endpointActions : serverActions;
}

/** All that the user should know before they confirm. */
export function consequences(action: Action, r: Resource): string[] {
	const says = [action.says(r)];
	if (moving(r)) says.push(`It is ${r.state} now: that is cancelled and taken back first.`);
	return says;
}

function count(n: number, noun: string): string {
	return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
