import { expect, test } from 'vitest';
import { blank, request } from './form';

test('an own image goes without what was left empty', () => {
	expect(request({ ...blank(), name: ' echo ', image: 'kelvin/echo:latest' })).toEqual({ name: 'echo', image: 'kelvin/echo:latest', active_workers: 1, gpus_per_worker: 1 });
});

test('a quick deploy brings its image and all its variables', () => {
	const form = { ...blank(), name: 'a', quick_deploy: 'vllm', image: 'forgotten', env: { MODEL: 'x', HF_TOKEN: '' }, active_workers: 0, max_workers: 3 };
	expect(request(form)).toEqual({ name: 'a', quick_deploy: 'vllm', env: { MODEL: 'x', HF_TOKEN: '' }, active_workers: 0, max_workers: 3, gpus_per_worker: 1 });
});
