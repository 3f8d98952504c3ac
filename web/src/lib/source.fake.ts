import type { Source } from './stream';

/** An EventSource whose server is the test. */
export class FakeSource implements Source {
	readyState = 0;
	closed = false;
	#listeners = new Map<string, ((event: Event) => void)[]>();

	addEventListener(name: string, listener: unknown) {
		this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener as (event: Event) => void]);
	}

	close() {
		this.closed = true;
		this.readyState = 2;
	}

	opens() {
		this.readyState = 1;
		this.#fire('open', {});
	}

	sends(name: string, data: unknown) {
		this.#fire(name, { data: JSON.stringify(data) });
	}

	/** The connection broke; the browser tries again by itself. */
	breaks() {
		this.readyState = 0;
		this.#fire('error', {});
	}

	/** The answer was no stream; the browser gives up. */
	refused() {
		this.readyState = 2;
		this.#fire('error', {});
	}

	#fire(name: string, event: object) {
		for (const listener of this.#listeners.get(name) ?? []) listener(event as Event);
	}
}
