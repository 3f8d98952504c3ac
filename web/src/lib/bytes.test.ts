import { expect, test } from 'vitest';
import { bytes, gigabytes } from './bytes';

test.each([
	[-1, '0 B'],
	[0, '0 B'],
	[999, '999 B'],
	[1000, '1.0 kB'],
	[9960, '10 kB'],
	[34_500_000, '35 MB'],
	[999_700_000, '1.0 GB'],
	[2.5e12, '2.5 TB'],
	[4e18, '4000 PB'],
])('%d are %s', (count, says) => {
	expect(bytes(count)).toBe(says);
});

test.each([
	[1811.9, '1,812 GB/s'],
	[99.96, '100.0 GB/s'],
	[12.34, '12.3 GB/s'],
])('%d are %s', (gbps, says) => {
	expect(gigabytes(gbps)).toBe(says);
});
