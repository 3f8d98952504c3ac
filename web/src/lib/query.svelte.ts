import { live } from './app.svelte';

/** Something read from the server, and read again whenever it may have changed. */
export class Query<T> {
	data = $state.raw<T>();
	error = $state.raw<unknown>();

	readonly #load: (signal: AbortSignal) => Promise<T>;
	#running: AbortController | undefined;
	#again = false;

	constructor(load: (signal: AbortSignal) => Promise<T>) {
		this.#load = load;
	}

	/** Reads it again. While it is being read, it is read once more afterwards. */
	async refresh(): Promise<void> {
		if (this.#running) {
			this.#again = true;
			return;
		}
		const running = (this.#running = new AbortController());
		try {
			const data = await this.#load(running.signal);
			if (running.signal.aborted) return;
			this.data = data;
			this.error = undefined;
		} catch (error) {
			if (running.signal.aborted) return;
			this.error = error; // and the data stays: the banner says how old it is
		}
		this.#running = undefined;
		if (this.#again) {
			this.#again = false;
			void this.refresh();
		}
	}

	/** Gives up what is being read. */
	abort() {
		this.#running?.abort();
		this.#running = undefined;
		this.#again = false;
	}
}

/** A query that lives as long as the component that calls this. */
export function query<T>(load: (signal: AbortSignal) => Promise<T>): Query<T> {
	const q = new Query(load);
	$effect(() => {
		void q.refresh();
		const leave = live.subscribe(() => void q.refresh());
		return () => {
			leave();
			q.abort();
		};
	});
	return q;
}
