import { expect, test } from 'vitest';
import { Away, byField, explain, Problem, sentence } from './problem';

test('an error is said in plain words, with what helps', () => {
	const error = new Problem({ status: 503, code: 'exhausted', detail: 'no host has 4 free GPUs' });
	expect(explain(error)).toEqual({ message: 'No host has 4 free GPUs.', hint: 'Try again later, or stop something else first.' });
});

test('a fault names the request, for whoever reads the logs', () => {
	expect(explain(new Problem({ status: 500, code: 'internal', request_id: 'r7' })).hint).toContain('r7');
});

test('that nobody answers is no mystery', () => {
	expect(explain(new Away()).message).toBe('Kelvin does not answer.');
});

test('a problem without a body still says something', () => {
	expect(new Problem({ status: 418 })).toMatchObject({ message: 'Kelvin answered 418.', code: 'internal', fields: [] });
});

test('messages become sentences', () => {
	expect(sentence('is taken')).toBe('Is taken.');
	expect(sentence('Why?')).toBe('Why?');
	expect(sentence('  ')).toBe('');
});

test('what is wrong with a field stands beside it, the rest below', () => {
	const { at, rest } = byField(
		[
			{ field: 'body.max_workers', message: 'is less than active_workers', allowed: '3 to 1000' },
			{ field: 'body.max_workers', message: 'again' },
			{ field: 'body.env.MODEL', message: 'is too long' },
			{ field: 'header.Idempotency-Key', message: 'is missing' },
		],
		(name) => ['max_workers', 'env.MODEL'].includes(name),
	);
	expect(at).toEqual({ max_workers: 'Is less than active_workers. Allowed: 3 to 1000.', 'env.MODEL': 'Is too long.' });
	expect(rest).toEqual(['header.Idempotency-Key Is missing.']);
});
