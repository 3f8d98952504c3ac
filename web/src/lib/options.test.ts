import { expect, test } from 'vitest';
import { closed, offers, opened } from './options';

test('groups are sent whole: what is there, and what was changed', () => {
	const form = opened({ scaling: { policy: 'fast', up_percent: 300 }, requests: { queue_max: 5, timeout: '10m0s' }, spot: { market: 'spot', spare: 0 } });
	form.scaling.up_percent = null;
	form.requests.timeout = '';
	form.requests.keys = true;
	expect(closed(form)).toEqual({ scaling: { policy: 'fast' }, requests: { queue_max: 5, keys: true }, spot: { market: 'spot', spare: 0, dynamic_fallback: true } });
});

test('the form has fields for what the API may find wrong, as far as they show', () => {
	const form = opened({});
	expect(['scaling.policy', 'scaling.hold', 'requests.queue_max', 'spot.market'].every((name) => offers(form, name))).toBe(true);
	expect(['scaling', 'scaling.more', 'requests', 'spot.spare', 'hold'].some((name) => offers(form, name))).toBe(false);
	form.spot.market = 'spot';
	expect(offers(form, 'spot.spare')).toBe(true);
});
