import { expect, test } from 'vitest';
import { brief, money, path, top } from './series';

test('a line goes from left to right', () => {
	expect(path([0, 5, 10], 10)).toBe('M0 100L50 50L100 0');
	expect(path([], 1)).toBe('');
	expect(path([3], 3)).toBe('M0 0');
});

test('where nobody looked there is a gap', () => {
	expect(path([1, null, 1, 1], 1)).toBe('M0 0M66.67 0L100 0');
});

test('nothing is divided by zero', () => {
	expect(top([])).toBe(1);
	expect(top([{ label: 'a', values: [null, 0] }])).toBe(1);
	expect(top([{ label: 'a', values: [3, null] }, { label: 'b', values: [7] }])).toBe(7);
});

test('numbers are brief', () => {
	expect([0, 0.254, 3.44, 42, 120.4, 1234].map(brief)).toEqual(['0', '0.25', '3.4', '42', '120', '1.2k']);
});

test('money has two digits or more', () => {
	expect([1_490_000, 0, 745_000, 1].map(money)).toEqual(['1.49', '0.00', '0.745', '0.000001']);
});
