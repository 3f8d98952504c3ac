import { client } from './app.svelte';
import { plain } from './time';
import type { Endpoint, Instance, Kind, Operation, Resource } from './types';
import { moving } from './words';

/** What the user may say about how something is done, before they confirm it. */
export interface Choice {
	name: string;
	label: string;
	/** snapshot: one of the instance's. host: for accounts that operate the fleet. */
	kind: 'tick' | 'select' | 'megabytes' | 'snapshot' | 'host';
	/** Of a select: values and what they say, the default first. */
	options?: [value: string, says: string][];
	help?: string;
	/** Of a snapshot: what it is without one. */
	none?: string;
}

/** What was chosen, by name. What is not there is as by default. */
export type Chosen = Record<string, string | boolean>;

/** A button for an operation. */
export interface Action {
	/** Of the operation, as in a resource's `legal`. */
	name: string;
	label: string;
	danger?: boolean;
	/** It erases something: the resource's name must be typed. */
	erases?: boolean;
	/** In lists: always there, or while it is lit. Otherwise only on the page of the resource. */
	listed?: 'always' | 'lit';
	/** What will happen can be computed before, and is shown. */
	plan?: (r: Resource) => boolean;
	/** What will happen, before the user says yes. */
	says: (r: Resource, chosen: Chosen) => string;
	choices?: (r: Resource) => Choice[];
	send: (r: Resource, key: string, chosen: Chosen) => Promise<Operation>;
}

const endpointActions: Action[] = [
	{
		name: 'start',
		label: 'Start',
		listed: 'always',
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
		listed: 'always',
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
		listed: 'always',
		danger: true,
		erases: true,
		says: () => 'Its workers, its settings and its URL are removed for good. This cannot be undone.',
		send: (r, key) => client.send('delete', '/v1/endpoints/{id}', { path: { id: r.id }, key }),
	},
];

const wait: Choice = { name: 'wait', label: 'Wait in the queue when there is no room', kind: 'tick', help: 'Otherwise it ends at once, and all is as it was' };
const host: Choice = { name: 'host_id', label: 'Host', kind: 'host' };
const skip: Choice = { name: 'skip_gpu_tests', label: 'Skip GPU tests', kind: 'tick', help: 'It is back up to a minute earlier, perhaps on a GPU that corrupts what it computes' };
const rate: Choice = { name: 'rate_limit', label: 'Copy at most, in MB a second', kind: 'megabytes', help: 'As fast as it goes if left empty' };

/** What a place with GPUs adds: that they are not tested. */
const unlessBare = (r: Resource): Choice[] => ((r as Instance).spec.gpus > 0 ? [skip] : []);

/** What follows when GPUs are not tested. */
const untested = ({ skip_gpu_tests: skipped }: Chosen) => (skipped === true ? ' Its GPUs are not tested before they get its data: one that is damaged corrupts what it computes, and nobody notices. That it was your choice is recorded.' : '');

/** How long what is erased can be had back. */
function keep(label: string, ...first: [string, string][]): Choice {
	const all: [string, string][] = [...first, ['0s', 'Not at all'], ['24h', 'A day'], ['168h', 'A week'], ['720h', '30 days'], ['2160h', '90 days']];
	return { name: 'keep', label, kind: 'select', options: all };
}

const serverActions: Action[] = [
	{
		name: 'start',
		label: 'Start',
		listed: 'always',
		says: (r, chosen) => {
			if ((r as Instance).hold !== 'none') return 'It starts where it stopped, with its disk, its GPUs and its ports.';
			return `It gets GPUs on a host that has them. If that is not the one with its disk, the disk is copied there first. Its addresses stay.${untested(chosen)}`;
		},
		plan: (r) => (r as Instance).hold === 'none',
		choices: (r) => ((r as Instance).hold === 'none' ? [wait, host, ...unlessBare(r)] : []),
		send: (r, key, chosen) => client.send('post', '/v1/instances/{id}/start', { path: { id: r.id }, key, ...body(place(chosen)) }),
	},
	{
		name: 'stop',
		label: 'Stop',
		listed: 'always',
		plan: () => true,
		says: (r, { hold }) => {
			const first = `Requests in flight get ${plain((r as Instance).spec.drain_timeout ?? '60s')} to finish. Its disk stays`;
			if (hold === 'none') return `${first}; its GPUs are anybody's. It starts again when there are some, with a copy of its disk if they are elsewhere.`;
			return `${first}, and its GPUs and ports stay reserved, so that it starts again within seconds.`;
		},
		choices: () => [
			{
				name: 'hold', label: 'What it keeps', kind: 'select',
				options: [['', 'Its disk, GPUs and ports'], ['none', 'Its disk only']],
			},
		],
		send: (r, key, { hold }) => client.send('post', '/v1/instances/{id}/stop', { path: { id: r.id }, key, ...body({ hold: hold === 'none' ? ('none' as const) : undefined }) }),
	},
	{
		name: 'restart',
		label: 'Restart',
		says: () => 'What runs in it is stopped and started again. Its disk stays; what is only in memory is lost.',
		send: (r, key) => client.send('post', '/v1/instances/{id}/restart', { path: { id: r.id }, key }),
	},
	{
		name: 'freeze',
		label: 'Freeze',
		plan: () => true,
		says: () => 'Its disk and its root filesystem are saved in the archive and verified; then its GPUs, its ports and its place go. Its addresses stay. What is only in memory is lost.',
		choices: () => [rate],
		send: (r, key, chosen) => client.send('post', '/v1/instances/{id}/freeze', { path: { id: r.id }, key, ...body(limit(chosen)) }),
	},
	{
		name: 'thaw',
		label: 'Thaw',
		listed: 'lit',
		plan: () => true,
		says: (_, chosen) => `It gets a place on a host that fits${chosen['skip_gpu_tests'] ? '' : ', whose GPUs are tested'}; then its files are restored, and it starts. Its addresses stay.${untested(chosen)}`,
		choices: (r) => [wait, host, ...unlessBare(r)],
		send: (r, key, chosen) => client.send('post', '/v1/instances/{id}/thaw', { path: { id: r.id }, key, ...body(place(chosen)) }),
	},
	{
		name: 'migrate',
		label: 'Migrate',
		plan: () => true,
		says: (r, chosen) => {
			if (r.state !== 'running') return `Its files are copied to another host. Its addresses stay.${untested(chosen)}`;
			return `Its files are copied to another host while it runs. Then it is stopped, the rest is copied, and it starts there. Its addresses stay; what is only in memory is lost.${untested(chosen)}`;
		},
		choices: (r) => [host, rate, wait, ...unlessBare(r)],
		send: (r, key, chosen) => client.send('post', '/v1/instances/{id}/migrate', { path: { id: r.id }, key, ...body({ ...place(chosen), ...limit(chosen) }) }),
	},
	{
		name: 'recover',
		label: 'Recover',
		listed: 'lit',
		says: (_, chosen) => `If its host answers, it is brought back there with the data it has; otherwise on another host from its newest snapshot. What was written after that is lost.${untested(chosen)}`,
		choices: (r) => [{ name: 'snapshot_id', label: 'From', kind: 'snapshot', none: 'The newest snapshot, or the data of its host' }, wait, host, ...unlessBare(r)],
		send: (r, key, chosen) => client.send('post', '/v1/instances/{id}/recover', { path: { id: r.id }, key, ...body({ ...place(chosen), ...snapshot(chosen) }) }),
	},
	{
		name: 'reset',
		label: 'Reset',
		danger: true,
		erases: true,
		says: (_, { keep, snapshot_id: from }) => {
			const then = from ? 'the snapshot is restored' : 'its image and its templates are installed anew';
			return `Everything in it is erased, and ${then}. ${keep && keep !== '0s' ? 'A snapshot is taken first: a reset to that undoes this one.' : 'This cannot be undone.'}`;
		},
		choices: () => [keep('Keep what is there, to undo this'), { name: 'snapshot_id', label: 'What it is reset to', kind: 'snapshot', none: 'Its image, as when it was made' }],
		send: (r, key, chosen) => client.send('post', '/v1/instances/{id}/reset', { path: { id: r.id }, body: { confirm: r.name, ...kept(chosen), ...snapshot(chosen) }, key }),
	},
	{
		name: 'terminate',
		label: 'Terminate',
		listed: 'always',
		danger: true,
		erases: true,
		says: (_, { keep }) => {
			if (!keep) return 'The server is taken down for good. Of one that is frozen or lost, the snapshot is kept for a week; of others, everything is erased, which cannot be undone.';
			return keep === '0s' ? 'The server and everything in it are erased for good. This cannot be undone.' : 'The server is taken down for good. Until its data is erased, a server can be made from it.';
		},
		choices: () => [keep('Keep its data', ['', 'A week if it is frozen or lost, otherwise not'])],
		send: (r, key, chosen) => client.send('post', '/v1/instances/{id}/terminate', { path: { id: r.id }, body: { confirm: r.name, ...kept(chosen) }, key }),
	},
];

/** The buttons that a resource of this kind can have. */
export function actions(kind: Kind): Action[] {
	return kind === 'endpoint' ? endpointActions : serverActions;
}

/** All that the user should know before they confirm. */
export function consequences(action: Action, r: Resource, chosen: Chosen = {}): string[] {
	const says = [action.says(r, chosen)];
	if (moving(r)) says.push(`It is ${r.state} now: that is cancelled and taken back first.`);
	return says;
}

/** What a dialog begins with: the first of each select. */
export function defaults(choices: Choice[]): Chosen {
	return Object.fromEntries(choices.map((c) => [c.name, c.kind === 'tick' ? false : (c.options?.[0]?.[0] ?? '')]));
}

function count(n: number, noun: string): string {
	return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** A body with what was chosen; none where all is as by default. */
function body<B extends object>(fields: B): { body?: B } {
	return Object.values(fields).some((value) => value !== undefined) ? { body: fields } : {};
}

const place = ({ host_id, wait, skip_gpu_tests: skipped }: Chosen) => ({ host_id: text(host_id), wait: wait === true ? true : undefined, skip_gpu_tests: skipped === true ? true : undefined });
const limit = ({ rate_limit }: Chosen) => ({ rate_limit: text(rate_limit) ? Math.round(Number(rate_limit) * 1e6) : undefined });
const snapshot = ({ snapshot_id }: Chosen) => ({ snapshot_id: text(snapshot_id) });
const kept = ({ keep }: Chosen) => ({ keep: text(keep) });
const text = (value: Chosen[string] | undefined) => (typeof value === 'string' && value !== '' ? value : undefined);
