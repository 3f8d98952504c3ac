import { expect, test } from 'vitest';
import { age, between, duration, plain } from './time';

test.each([
	[-5, '0 ms'],
	[80, '80 ms'],
	[4230, '4.2 s'],
	[59_999, '59 s'],
	[60_000, '1 min'],
	[185_000, '3 min 5 s'],
	[7_800_000, '2 h 10 min'],
	[356_400_000, '4 d 3 h'],
])('%d ms is %s', (ms, text) => {
	expect(duration(ms)).toBe(text);
});

test.each([
	['1m0s', '1 min'],
	['30s', '30 s'],
	['1h30m0s', '1 h 30 min'],
	['250ms', '250 ms'],
	['0s', '0s'],
])('the API’s %s is %s', (text, said) => {
	expect(plain(text)).toBe(said);
});

test('ages, also of what a faster clock says is yet to come', () => {
	const now = Date.parse('2026-11-21T12:00:00Z');
	expect(age('2026-11-21T12:00:30Z', now)).toBe('now');
	expect(age('2026-11-21T11:59:30Z', now)).toBe('30 s');
	expect(age('2026-11-21T09:00:00Z', now)).toBe('3 h');
	expect(between('2026-11-21T11:59:58Z', undefined, now)).toBe('2.0 s');
	expect(between('2026-11-21T11:00:00Z', '2026-11-21T11:00:01Z', now)).toBe('1.0 s');
});
