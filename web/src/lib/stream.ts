/** What a stream of server-sent events needs of the browser. */
export type Source = Pick<EventSource, 'close' | 'addEventListener' | 'readyState'>;

const CLOSED = 2; // EventSource.CLOSED, which tests have no browser for

/** How long to wait before a stream that was refused is opened again. */
const PAUSES_MS = [1000, 2000, 5000, 10_000];

interface Listener {
	/** Of the events. */
	name: string;
	message(data: string): void;
	open?(): void;
	broken?(): void;
}

/**
 * A stream that stays open. An EventSource reconnects after a broken connection by
 * itself, but gives up for ever after an answer that is not a stream, such as a proxy's
 * 502 while the server restarts; then a new one is opened.
 */
export class Stream {
	#source: Source | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#failures = 0;
	readonly #make: () => Source;
	readonly #on: Listener;

	constructor(make: () => Source, on: Listener) {
		this.#make = make;
		this.#on = on;
	}

	open() {
		if (this.#source) return;
		clearTimeout(this.#timer);
		const source = (this.#source = this.#make());
		source.addEventListener('open', () => {
			this.#failures = 0;
			this.#on.open?.();
		});
		source.addEventListener('error', () => {
			if (source !== this.#source) return;
			this.#on.broken?.();
			if (source !== this.#source || source.readyState !== CLOSED) return;
			this.#source = undefined;
			const pause = PAUSES_MS[Math.min(this.#failures++, PAUSES_MS.length - 1)];
			this.#timer = setTimeout(() => this.open(), pause);
		});
		source.addEventListener(this.#on.name, (event) => {
			if (source === this.#source) this.#on.message((event as MessageEvent<string>).data);
		});
	}

	close() {
		clearTimeout(this.#timer);
		this.#source?.close();
		this.#source = undefined;
	}
}
