import { Stream, type Source } from './stream';

/** How often lists are read again: always, and when the stream of events is not there. */
const SLOW_MS = 15_000;
const FAST_MS = 5000;
/** Events come in bursts; one reading serves a burst. */
const BURST_MS = 120;

/**
 * Keeps what is on the screen up to date. Whatever shows something subscribes with a
 * function that reads it again; it is called when the server tells of an event, at
 * intervals in case the stream is not there, and when a hidden tab comes back. A hidden
 * tab asks for nothing.
 */
export class Live {
	/** Whether the stream of events is there. */
	connected = $state(false);

	readonly #refreshers = new Set<() => void>();
	readonly #stream: Stream;
	readonly #page: Pick<Document, 'hidden' | 'addEventListener' | 'removeEventListener'>;
	#timer: ReturnType<typeof setInterval> | undefined;
	#burst: ReturnType<typeof setTimeout> | undefined;
	#last = 0;

	constructor(source: () => Source, page: Pick<Document, 'hidden' | 'addEventListener' | 'removeEventListener'>) {
		this.#page = page;
		this.#stream = new Stream(source, {
			name: 'event',
			message: () => this.invalidate(),
			open: () => {
				this.connected = true;
				this.invalidate(); // what happened while it was not there
			},
			broken: () => (this.connected = false),
		});
	}

	/** Runs until the function it returns is called. */
	start(): () => void {
		this.#page.addEventListener('visibilitychange', this.#turned);
		this.#turned();
		return () => {
			this.#page.removeEventListener('visibilitychange', this.#turned);
			this.#pause();
		};
	}

	/** Calls refresh whenever something may have changed, until the function returned is called. */
	subscribe(refresh: () => void): () => void {
		this.#refreshers.add(refresh);
		return () => this.#refreshers.delete(refresh);
	}

	/** Something changed: everybody reads again, soon. */
	invalidate() {
		this.#burst ??= setTimeout(() => this.#refresh(), BURST_MS);
	}

	#turned = () => {
		if (this.#page.hidden) {
			this.#pause();
		} else if (this.#timer === undefined) {
			this.#stream.open();
			this.#timer = setInterval(() => {
				if (!this.connected || Date.now() - this.#last >= SLOW_MS) this.#refresh();
			}, FAST_MS);
			this.#refresh();
		}
	};

	#pause() {
		clearInterval(this.#timer);
		clearTimeout(this.#burst);
		this.#timer = this.#burst = undefined;
		this.#stream.close();
		this.connected = false;
	}

	#refresh() {
		clearTimeout(this.#burst);
		this.#burst = undefined;
		this.#last = Date.now();
		for (const refresh of this.#refreshers) refresh();
	}
}
