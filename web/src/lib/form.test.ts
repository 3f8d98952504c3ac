import { expect, test } from 'vitest';
import { blank, changes, filled, request } from './form';
import type { EndpointSpec } from './types';

test('an own image goes without what was left empty', () => {
	expect(request({ ...blank(), name: ' echo ', image: 'kelvin/echo:latest' })).toEqual({ name: 'echo', image: 'kelvin/echo:latest', active_workers: 1, gpus_per_worker: 1 });
});

test('options are asked for as groups, and only those that are not as usual', () => {
	const form = { ...blank(), name: 'a', image: 'b' };
	form.scaling.policy = 'fast';
	form.start_timeout = ' 5m ';
	expect(request(form)).toEqual({ name: 'a', image: 'b', active_workers: 1, gpus_per_worker: 1, start_timeout: '5m', scaling: { policy: 'fast' } });
});

test('a quick deploy brings its image and all its variables', () => {
	const form = { ...blank(), name: 'a', quick_deploy: 'vllm', image: 'forgotten', env: { MODEL: 'x', HF_TOKEN: '' }, active_workers: 0, max_workers: 3 };
	expect(request(form)).toEqual({ name: 'a', quick_deploy: 'vllm', env: { MODEL: 'x', HF_TOKEN: '' }, active_workers: 0, max_workers: 3, gpus_per_worker: 1 });
});

const spec: EndpointSpec = { active_workers: 1, max_workers: 2, gpus_per_worker: 1, image: 'a', port: 80, target_concurrency: 100, env: { A: '1' }, drain_timeout: '1m0s' };

test('an edit asks for what was changed, and no more', () => {
	expect(changes({ ...filled('x', spec), max_workers: 4, variables: 'A=1\nB=2' }, 'x', spec)).toEqual({ max_workers: 4, env: { A: '1', B: '2' } });
	expect(changes({ ...filled('x', spec), name: ' y ' }, 'x', spec)).toEqual({ name: 'y' });
	const limited = { ...spec, requests: { queue_max: 5 } };
	expect(changes({ ...filled('x', limited), start_timeout: '5m', requests: { queue_max: 5, timeout: '10m' } }, 'x', limited)).toEqual({ start_timeout: '5m', requests: { queue_max: 5, timeout: '10m' } });
	expect(() => changes(filled('x', spec), 'x', spec)).toThrow('Nothing was changed.');
});
