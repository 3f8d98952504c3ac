import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Live } from './live.svelte';
import { FakeSource } from './source.fake';

/** A page of the browser, as far as its visibility goes. */
class Page extends EventTarget {
	hidden = false;

	turn(hidden: boolean) {
		this.hidden = hidden;
		this.dispatchEvent(new Event('visibilitychange'));
	}
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function mustLive() {
	const sources: FakeSource[] = [];
	const page = new Page();
	const live = new Live(() => (sources.push(new FakeSource()), sources.at(-1)!), page as unknown as Document);
	const refresh = vi.fn();
	live.subscribe(refresh);
	const stop = live.start();
	return { live, page, refresh, sources, stop };
}

test('events refresh, a burst of them once', () => {
	const { live, refresh, sources } = mustLive();
	sources[0]!.opens();
	vi.advanceTimersByTime(200);
	refresh.mockClear();
	for (let i = 0; i < 20; i++) sources[0]!.sends('event', { name: 'instance.stopped' });
	expect(refresh).not.toHaveBeenCalled();
	vi.advanceTimersByTime(200);
	expect(refresh).toHaveBeenCalledOnce();
	expect(live.connected).toBe(true);
});

test('without a stream it polls every five seconds', () => {
	const { live, refresh, sources } = mustLive();
	sources[0]!.breaks();
	expect(live.connected).toBe(false);
	refresh.mockClear();
	vi.advanceTimersByTime(15_000);
	expect(refresh).toHaveBeenCalledTimes(3);
});

test('with a stream it polls rarely', () => {
	const { refresh, sources } = mustLive();
	sources[0]!.opens();
	vi.advanceTimersByTime(200);
	refresh.mockClear();
	vi.advanceTimersByTime(60_000);
	expect(refresh.mock.calls.length).toBeGreaterThanOrEqual(2);
	expect(refresh.mock.calls.length).toBeLessThanOrEqual(4);
});

test('a stream that was refused is opened again, later and later', () => {
	const { sources } = mustLive();
	sources[0]!.refused();
	vi.advanceTimersByTime(1000);
	expect(sources).toHaveLength(2);
	sources[1]!.refused();
	vi.advanceTimersByTime(1999);
	expect(sources).toHaveLength(2);
	vi.advanceTimersByTime(1);
	expect(sources).toHaveLength(3);
});

test('a connection that broke is left to the browser', () => {
	const { sources } = mustLive();
	sources[0]!.opens();
	sources[0]!.breaks();
	vi.advanceTimersByTime(30_000);
	expect(sources).toHaveLength(1);
});

test('when the stream is back, what was missed is read', () => {
	const { refresh, sources } = mustLive();
	sources[0]!.breaks();
	refresh.mockClear();
	sources[0]!.opens();
	vi.advanceTimersByTime(200);
	expect(refresh).toHaveBeenCalledOnce();
});

test('a hidden tab asks for nothing, and catches up when it is looked at', () => {
	const { page, refresh, sources } = mustLive();
	sources[0]!.opens();
	page.turn(true);
	expect(sources[0]!.closed).toBe(true);
	refresh.mockClear();
	vi.advanceTimersByTime(600_000);
	expect(refresh).not.toHaveBeenCalled();
	expect(sources).toHaveLength(1);
	page.turn(false);
	expect(refresh).toHaveBeenCalledOnce();
	expect(sources).toHaveLength(2);
});

test('after stop nothing goes on', () => {
	const { refresh, sources, stop } = mustLive();
	stop();
	refresh.mockClear();
	vi.advanceTimersByTime(60_000);
	expect(refresh).not.toHaveBeenCalled();
	expect(sources.every((s) => s.closed)).toBe(true);
});

test('who unsubscribed is left alone', () => {
	const { live, refresh } = mustLive();
	const other = vi.fn();
	live.subscribe(other)();
	refresh.mockClear();
	live.invalidate();
	vi.advanceTimersByTime(200);
	expect(refresh).toHaveBeenCalledOnce();
	expect(other).not.toHaveBeenCalled();
});
