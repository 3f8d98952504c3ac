import { expect, test } from 'vitest';
import { toLines, toMap, toNumbers } from './lines';

test('lines are a map, and back', () => {
	expect(toMap('A=1\n\n B =x=y \nC=')).toEqual({ A: '1', B: 'x=y ', C: '' });
	expect(toLines({ A: '1', B: 'x=y' })).toBe('A=1\nB=x=y');
	expect(toLines(undefined)).toBe('');
});

test.each(['A', '=1'])('%s is no line', (line) => {
	expect(() => toMap(line)).toThrow(`“${line}” is not NAME=value.`);
});

test('ports are numbers, however they are separated', () => {
	expect(toNumbers('8888, 22\n80')).toEqual([8888, 22, 80]);
	expect(toNumbers(' ')).toEqual([]);
	expect(() => toNumbers('22, ssh')).toThrow('“ssh” is not a whole number.');
});
