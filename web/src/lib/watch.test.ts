import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeSource } from './source.fake';
import type { Operation } from './types';
import { Watch } from './watch.svelte';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function operation(id: string, state: string): Operation {
	return { id, state, name: 'stop', steps: [] } as unknown as Operation;
}

function mustWatch() {
	const sources = new Map<string, FakeSource>();
	const answers = new Map<string, Operation>();
	const api = {
		source: (id: string) => (sources.set(id, new FakeSource()), sources.get(id)!),
		ask: vi.fn(async (id: string) => answers.get(id) ?? operation(id, 'running')),
		ended: vi.fn(),
		announced: vi.fn(),
	};
	return { watch: new Watch(api), api, sources, answers };
}

test('it follows an operation to its end and lets go of the stream', () => {
	const { watch, api, sources } = mustWatch();
	watch.follow('op_1');
	sources.get('op_1')!.sends('operation', operation('op_1', 'running'));
	expect(watch.get('op_1')?.state).toBe('running');
	expect(sources.get('op_1')!.closed).toBe(false);
	sources.get('op_1')!.sends('operation', operation('op_1', 'done'));
	expect(watch.get('op_1')?.state).toBe('done');
	expect(sources.get('op_1')!.closed).toBe(true);
	expect(api.ended).toHaveBeenCalledOnce();
	expect(api.announced).not.toHaveBeenCalled();
});

test('two followers share a stream; the last one closes it', () => {
	const { watch, sources } = mustWatch();
	const one = watch.follow('op_1');
	const two = watch.follow('op_1');
	one();
	one();
	expect(sources.get('op_1')!.closed).toBe(false);
	two();
	expect(sources.get('op_1')!.closed).toBe(true);
	expect(watch.get('op_1')).toBeUndefined();
});

test('what the user asked for is followed wherever they go, and told once', () => {
	const { watch, api, sources } = mustWatch();
	watch.announce(operation('op_1', 'pending'));
	const leave = watch.follow('op_1');
	leave();
	expect(sources.get('op_1')!.closed).toBe(false);
	sources.get('op_1')!.sends('operation', operation('op_1', 'undone'));
	expect(api.announced).toHaveBeenCalledOnce();
	expect(api.announced.mock.calls[0]![0]).toMatchObject({ id: 'op_1', state: 'undone' });
});

test('more than three are asked for instead, so that connections remain', async () => {
	const { watch, api, sources, answers } = mustWatch();
	for (const id of ['a', 'b', 'c', 'd', 'e']) watch.follow(id);
	expect([...sources.keys()]).toEqual(['a', 'b', 'c']);
	expect(api.ask.mock.calls.map(([id]) => id)).toEqual(['d', 'e']);
	answers.set('d', operation('d', 'done'));
	await vi.advanceTimersByTimeAsync(2000);
	expect(watch.get('d')?.state).toBe('done');
	const asked = api.ask.mock.calls.filter(([id]) => id === 'd').length;
	await vi.advanceTimersByTimeAsync(10_000);
	expect(api.ask.mock.calls.filter(([id]) => id === 'd')).toHaveLength(asked);
});

test('when a stream breaks it looks whether the operation has ended', async () => {
	const { watch, api, sources, answers } = mustWatch();
	watch.announce(operation('op_1', 'pending'));
	answers.set('op_1', operation('op_1', 'done'));
	sources.get('op_1')!.breaks();
	await vi.advanceTimersByTimeAsync(0);
	expect(api.announced).toHaveBeenCalledOnce();
	expect(sources.get('op_1')!.closed).toBe(true);
});

test('an answer that comes after the end changes nothing', async () => {
	const { watch, api, sources } = mustWatch();
	watch.announce(operation('op_1', 'pending'));
	const leave = watch.follow('op_1');
	sources.get('op_1')!.breaks(); // asks; the answer says running
	sources.get('op_1')!.sends('operation', operation('op_1', 'done'));
	await vi.advanceTimersByTimeAsync(0);
	expect(watch.get('op_1')?.state).toBe('done');
	expect(api.announced).toHaveBeenCalledOnce();
	leave();
});

test('sign-out ends all', () => {
	const { watch, sources } = mustWatch();
	watch.follow('op_1');
	watch.clear();
	expect(sources.get('op_1')!.closed).toBe(true);
	expect(watch.get('op_1')).toBeUndefined();
});
