import { expect, test } from 'vitest';
import { LogBuffer } from './logs';

test('log lines are put together from pieces, and the oldest are dropped', () => {
	const buffer = new LogBuffer();
	buffer.add('one\r\ntw');
	buffer.add('o\nthree');
	expect(buffer.lines()).toEqual(['one', 'two', 'three']);
	buffer.add('\n'.repeat(3000) + 'end');
	expect(buffer.lines()).toHaveLength(2001);
	expect(buffer.lines().at(-1)).toBe('end');
});
