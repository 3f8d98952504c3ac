import { query, type Query } from './query.svelte';

interface Page<T> {
	items: T[];
	next?: string | undefined;
}

/** A list of the API, one page at a time. */
export class Pages<T> {
	readonly query: Query<Page<T>>;
	/** Where the pages before this one began. */
	#trail = $state.raw<string[]>([]);

	constructor(load: (after: string | undefined, signal: AbortSignal) => Promise<Page<T>>) {
		this.query = query((signal) => load(this.#trail.at(-1), signal));
	}

	get items(): T[] | undefined {
		return this.query.data?.items;
	}

	get hasNext(): boolean {
		return Boolean(this.query.data?.next);
	}

	get hasBefore(): boolean {
		return this.#trail.length > 0;
	}

	next() {
		const next = this.query.data?.next;
		if (next) this.#trail = [...this.#trail, next];
	}

	before() {
		this.#trail = this.#trail.slice(0, -1);
	}

	/** Begins anew, after what is listed was changed. */
	first() {
		this.#trail = [];
	}
}
