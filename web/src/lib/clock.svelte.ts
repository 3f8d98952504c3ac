import { createSubscriber } from 'svelte/reactivity';

/** The time, for what counts seconds. It ticks only while a visible page shows it. */
class Clock {
	#subscribe = createSubscriber((update) => {
		const timer = setInterval(() => document.hidden || update(), 1000);
		return () => clearInterval(timer);
	});

	get now(): number {
		this.#subscribe();
		return Date.now();
	}
}

export const clock = new Clock();
