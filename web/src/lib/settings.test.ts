import { expect, test } from 'vitest';
import { settings } from './settings';

test('a spec is shown without what it leaves open', () => {
	expect(settings({ image: 'a', gpus_per_worker: 2, cpus: 0, volume: '', env: { A: '1' }, ports: [80, 81] })).toEqual([
		{ name: 'image', values: ['a'] },
		{ name: 'GPUs per worker', values: ['2'] },
		{ name: 'env', values: ['A=1'] },
		{ name: 'ports', values: ['80', '81'] },
	]);
});
