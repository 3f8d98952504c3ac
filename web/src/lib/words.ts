// What the console says about states and operations. Pure functions: the tests read them
// like a glossary.
import { bytes, gigabytes } from './bytes';
import { hint, sentence } from './problem';
import { duration, plain } from './time';
import type { Endpoint, Instance, Operation } from './types';

/** How a thing looks: its colour, and the shape of its dot. */
export type Tone = 'good' | 'idle' | 'off' | 'cold' | 'busy' | 'bad';

export interface Status {
	tone: Tone;
	/** One word: Running, Idle, Stopped; or a pair on the move: stopping → stopped. */
	label: string;
	/** Beside it: 2/2 Ready. */
	detail: string;
	/** Why it is there, when nobody asked for it. */
	reason: string;
}

const settled: Record<string, { tone: Tone; label: string }> = {
	running: { tone: 'good', label: 'Running' },
	stopped: { tone: 'off', label: 'Stopped' },
	frozen: { tone: 'cold', label: 'Frozen' },
	failed: { tone: 'bad', label: 'Failed' },
	lost: { tone: 'bad', label: 'Lost' },
	terminated: { tone: 'off', label: 'Terminated' },
	deleted: { tone: 'off', label: 'Deleted' },
};

/** Whether a resource is between two states. */
export function moving(r: { state: string }): boolean {
	return !(r.state in settled);
}

/** What state a resource is in, for people. */
export function status(r: Endpoint | Instance): Status {
	const reason = r.reason ? sentence(r.reason) : '';
	const detail = 'status' in r ? workers(r) : probe(r);
	const rest = settled[r.state];
	if (!rest) return { tone: 'busy', label: move(r), detail, reason };
	if (r.state !== 'running') return { ...rest, detail: '', reason };
	if ('status' in r && r.workers.total === 0) return { tone: 'idle', label: 'Idle', detail, reason };
	if ('status' in r && r.workers.ready === 0) return { tone: 'busy', label: 'Running', detail, reason };
	return { ...rest, detail, reason };
}

function move(r: { state: string; target: string }): string {
	return r.target && r.target !== r.state ? `${r.state} → ${r.target}` : r.state;
}

/** The server's own words; on the move only its numbers, since the label has the word. */
function workers(e: Endpoint): string {
	return moving(e) ? `${e.workers.ready}/${e.workers.total} workers` : e.status;
}

/** A running instance is ready unless its probe says otherwise. */
function probe(i: Instance): string {
	if (i.state !== 'running') return '';
	if (i.ready) return 'Ready';
	return i.ports.length > 0 ? 'Not ready' : '';
}

/** Where a port is reached: at its address that stays, or for want of one at its host's. */
export function reached(i: Instance, port: Instance['ports'][number]): string {
	return port.address ?? `${i.address}:${port.host}`;
}

const verbs: Record<string, { doing: string; done: string }> = {
	create: { doing: 'Creating', done: 'was created' },
	start: { doing: 'Starting', done: 'was started' },
	stop: { doing: 'Stopping', done: 'was stopped' },
	restart: { doing: 'Restarting', done: 'was restarted' },
	freeze: { doing: 'Freezing', done: 'was frozen' },
	thaw: { doing: 'Thawing', done: 'was thawed' },
	migrate: { doing: 'Migrating', done: 'was migrated' },
	reset: { doing: 'Resetting', done: 'was reset' },
	recover: { doing: 'Recovering', done: 'was recovered' },
	terminate: { doing: 'Terminating', done: 'was terminated' },
	update: { doing: 'Updating', done: 'was updated' },
	delete: { doing: 'Deleting', done: 'was deleted' },
};

/** "Stopping llama", and once that has ended "Stop llama". */
export function doing(op: Operation): string {
	const name = op.name.slice(0, 1).toUpperCase() + op.name.slice(1);
	return `${ended(op) ? name : (verbs[op.name]?.doing ?? name)} ${subject(op)}`;
}

function subject(op: Operation): string {
	return op.resource_name || op.resource_id;
}

/** Whether an operation has an outcome. */
export function ended(op: { state: string }): boolean {
	return op.state !== 'pending' && op.state !== 'running';
}

export interface Outcome {
	tone: 'good' | 'bad' | 'off';
	title: string;
	detail: string;
}

/** How an operation ended, in plain words. */
export function outcome(op: Operation): Outcome {
	const done = verbs[op.name]?.done ?? `: ${op.name} is done`;
	if (op.state === 'done') return { tone: 'good', title: `${subject(op)} ${done}.`, detail: op.downtime ? `It did not run for ${plain(op.downtime)}.` : '' };
	const why = [op.message ? sentence(op.message) : '', hint(op.code)].filter(Boolean).join(' ');
	const not = done.replace(/^was /, 'was not ');
	if (op.state === 'stuck') {
		return { tone: 'bad', title: `${subject(op)} is stuck.`, detail: `${why} It could be neither finished nor undone: someone must look.`.trim() };
	}
	if (op.code === 'cancelled') return { tone: 'off', title: `${subject(op)} ${not}: cancelled.`, detail: `${why} It is as it was.`.trim() };
	return { tone: 'bad', title: `${subject(op)} ${not}.`, detail: `${why} It is as it was.`.trim() };
}

/** The tone of an operation's state. */
export function toneOf(op: { state: string }): Tone {
	return ({ done: 'good', undone: 'off', stuck: 'bad' } as Record<string, Tone>)[op.state] ?? 'busy';
}

/** How far an operation is, or where nobody can tell its current step, 0 to 100; undefined when that does not say either. */
export function percent(op: Operation): number | undefined {
	const p = op.percent || op.progress?.percent;
	return p ? Math.min(100, Math.max(0, Math.round(p))) : undefined;
}

/** How long an operation will take yet: "2 min 30 s left", or nothing where nobody can tell. */
export function left(op: Operation): string {
	if (ended(op)) return '';
	if (op.eta) return `${plain(op.eta)} left`;
	return op.progress?.eta_seconds ? `this step ${duration(op.progress.eta_seconds * 1000)} more` : '';
}

/** What there is to know of an operation besides its steps, the odd things first. */
export function insights(op: Operation): { name: string; says: string }[] {
	const all = [
		{ name: 'In the queue for a place', says: op.queue_position && !ended(op) ? `number ${op.queue_position}` : '' },
		{ name: 'Downtime', says: op.downtime ? plain(op.downtime) : '' },
		{ name: 'Copied', says: op.moved_bytes ? bytes(op.moved_bytes) : '' },
	];
	return all.filter(({ says }) => says !== '');
}

/** What an operation does now: "Drain · 3 requests in flight". */
export function phase(op: Operation): string {
	if (ended(op)) return op.state;
	if (op.cancel_requested) return 'Cancelling: taking back what was done';
	if (op.state === 'pending') return 'Waiting to begin';
	const running = op.steps.findLast((s) => s.state === 'running');
	const { message, rate, attempt } = op.progress ?? {};
	const speed = !rate ? '' : ['TestGPU', 'ScrubGPUs'].includes(running?.name ?? '') ? gigabytes(rate / 1e9) : `${bytes(rate)}/s`;
	return [op.phase || running?.title || 'Working', message, speed, attempt ? `attempt ${attempt}` : ''].filter(Boolean).join(' · ');
}
