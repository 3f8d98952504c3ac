import { describe, expect, test } from 'vitest';
import type { Endpoint, Instance, Operation } from './types';
import { doing, insights, left, moving, outcome, percent, phase, reached, status } from './words';

function endpoint(fields: Partial<Endpoint>): Endpoint {
	return { state: 'running', target: 'running', status: '2/2 Ready', workers: { total: 2, ready: 2 }, ...fields } as Endpoint;
}

function server(fields: Partial<Instance>): Instance {
	return { state: 'running', target: 'running', ready: true, ports: [{ container: 80, host: 3000 }], ...fields } as Instance;
}

function operation(fields: Partial<Operation>): Operation {
	return { name: 'stop', state: 'running', resource_name: 'echo', resource_id: 'ep_1', steps: [], cancel_requested: false, ...fields } as Operation;
}

describe('what a state is called', () => {
	test.each([
		['ready workers', endpoint({}), 'good', 'Running', '2/2 Ready'],
		['some of them', endpoint({ status: '1/2 Ready', workers: { total: 2, ready: 1 } }), 'good', 'Running', '1/2 Ready'],
		['none of them yet', endpoint({ status: '0/2 Starting', workers: { total: 2, ready: 0 } }), 'busy', 'Running', '0/2 Starting'],
		['no workers', endpoint({ status: '0/0 Idle', workers: { total: 0, ready: 0 } }), 'idle', 'Idle', '0/0 Idle'],
		['a stopped endpoint', endpoint({ state: 'stopped', target: 'stopped', status: '0/0 Stopped', workers: { total: 0, ready: 0 } }), 'off', 'Stopped', ''],
		['on the move', endpoint({ state: 'stopping', target: 'stopped', status: '1/2 Stopping', workers: { total: 2, ready: 1 } }), 'busy', 'stopping → stopped', '1/2 workers'],
		['a ready server', server({}), 'good', 'Running', 'Ready'],
		['a server whose probe fails', server({ ready: false }), 'good', 'Running', 'Not ready'],
		['a server without ports', server({ ready: false, ports: [] }), 'good', 'Running', ''],
		['a frozen server', server({ state: 'frozen', target: 'frozen' }), 'cold', 'Frozen', ''],
		['a lost server', server({ state: 'lost', target: 'lost' }), 'bad', 'Lost', ''],
	])('%s', (_, resource, tone, label, detail) => {
		expect(status(resource)).toMatchObject({ tone, label, detail });
	});

	test('a failure says why, as a sentence', () => {
		const failed = status(endpoint({ state: 'failed', target: 'failed', reason: 'start: the host did not answer' }));
		expect(failed).toMatchObject({ tone: 'bad', label: 'Failed', reason: 'Start: the host did not answer.' });
	});

	test('a state this console does not know yet is shown as it is', () => {
		expect(status(server({ state: 'polishing' as 'running', target: 'running' })).label).toBe('polishing → running');
	});

	test('only what an operation holds is moving', () => {
		expect(moving({ state: 'stopping' })).toBe(true);
		expect(['running', 'stopped', 'frozen', 'failed', 'lost', 'terminated', 'deleted'].some((state) => moving({ state }))).toBe(false);
	});
});

describe('what an operation says', () => {
	test('while it runs, its phase and its progress', () => {
		const op = operation({ phase: 'Drain', progress: { message: '3 requests in flight', percent: 39.6 } });
		expect(doing(op)).toBe('Stopping echo');
		expect(phase(op)).toBe('Drain · 3 requests in flight');
		expect(percent(op)).toBe(40);
	});

	test('a progress that does not know how far it is has no percent', () => {
		expect(percent(operation({ progress: { message: 'pulling', percent: 0 } }))).toBeUndefined();
		expect(percent(operation({}))).toBeUndefined();
	});

	test('as a whole, where that is known', () => {
		const op = operation({ percent: 12.4, eta: '2m30s', progress: { percent: 80, eta_seconds: 3, rate: 120_000_000, attempt: 2 } });
		expect(percent(op)).toBe(12);
		expect(left(op)).toBe('2 min 30 s left');
		expect(left({ ...op, eta: undefined })).toBe('this step 3.0 s more');
		expect(left({ ...op, state: 'done' })).toBe('');
		expect(phase(op)).toBe('Working · 120 MB/s · attempt 2');
	});

	test('the test of a GPU says at what rate its memory is read and written', () => {
		const steps = [{ name: 'TestGPU', title: 'test GPU', state: 'running' as const, started_at: '' }];
		expect(phase(operation({ steps, progress: { message: 'GPU GPU-1: march c-', rate: 1_811_900_000_000 } }))).toBe('test GPU · GPU GPU-1: march c- · 1,812 GB/s');
	});

	test('a move says for how long it did not run', () => {
		expect(outcome(operation({ name: 'migrate', state: 'done', downtime: '408ms' }))).toEqual({ tone: 'good', title: 'echo was migrated.', detail: 'It did not run for 408 ms.' });
	});

	test('what it cost, and where it stands', () => {
		expect(insights(operation({ queue_position: 3 }))).toEqual([{ name: 'In the queue for a place', says: 'number 3' }]);
		expect(insights(operation({ state: 'done', queue_position: 3, downtime: '1.2s', moved_bytes: 2_000_000 }))).toEqual([
			{ name: 'Downtime', says: '1.2 s' },
			{ name: 'Copied', says: '2.0 MB' },
		]);
	});

	test('before it begins, and while it is cancelled', () => {
		expect(phase(operation({ state: 'pending' }))).toBe('Waiting to begin');
		expect(phase(operation({ cancel_requested: true }))).toMatch(/^Cancelling/);
	});

	test('done', () => {
		const op = operation({ state: 'done' });
		expect(doing(op)).toBe('Stop echo');
		expect(phase(op)).toBe('done');
		expect(outcome(op)).toEqual({ tone: 'good', title: 'echo was stopped.', detail: '' });
	});

	test('undone: why, what helps, and that nothing changed', () => {
		const said = outcome(operation({ name: 'start', state: 'undone', code: 'exhausted', message: 'no host has 2 free GPUs' }));
		expect(said.tone).toBe('bad');
		expect(said.title).toBe('echo was not started.');
		expect(said.detail).toBe('No host has 2 free GPUs. Try again later, or stop something else first. It is as it was.');
	});

	test('cancelled is no alarm', () => {
		expect(outcome(operation({ state: 'undone', code: 'cancelled', message: 'by its owner' }))).toMatchObject({ tone: 'off', title: 'echo was not stopped: cancelled.' });
	});

	test('stuck needs somebody', () => {
		expect(outcome(operation({ state: 'stuck', code: 'internal', message: 'x' })).detail).toMatch(/someone must look/);
	});

	test('without a name, the ID', () => {
		expect(doing(operation({ resource_name: '' }))).toBe('Stopping ep_1');
	});
});

test('a port is reached at the address that stays, if it has one', () => {
	const i = server({ address: '10.0.0.7' });
	expect(reached(i, { container: 80, host: 20001 })).toBe('10.0.0.7:20001');
	expect(reached(i, { container: 80, host: 20001, address: 'localhost:10000' })).toBe('localhost:10000');
});
