import { SvelteMap } from 'svelte/reactivity';
import { Stream, type Source } from './stream';
import type { Operation } from './types';
import { ended } from './words';

/**
 * A browser keeps six connections to a server, over HTTP/1.1. One is for events, some
 * must stay for requests; operations beyond this many are asked for instead of watched.
 */
const STREAMS = 3;
const ASK_MS = 2000;

interface Watched {
	followers: number;
	/** The user asked for it here, and is told how it ended. */
	announce: boolean;
	stop?: () => void;
	streams: boolean;
}

export interface Operations {
	source(id: string): Source;
	ask(id: string): Promise<Operation>;
	/** An announced operation has its outcome. */
	announced(op: Operation): void;
	/** Any watched operation has its outcome. */
	ended(op: Operation): void;
}

/** Follows operations to their end, as many as are on the screen or were asked for here. */
export class Watch {
	readonly #known = new SvelteMap<string, Operation>();
	readonly #watched = new Map<string, Watched>();
	readonly #api: Operations;

	constructor(api: Operations) {
		this.#api = api;
	}

	/** What is known of an operation. */
	get(id: string): Operation | undefined {
		return this.#known.get(id);
	}

	/** Follows it until the function returned is called, or it ends. */
	follow(id: string): () => void {
		const watched = this.#enter(id);
		watched.followers++;
		let left = false;
		return () => {
			if (left) return;
			left = true;
			watched.followers--;
			this.#leave(id, watched);
		};
	}

	/** Follows what the user just asked for to its end, wherever they go, and tells them. */
	announce(op: Operation) {
		if (ended(this.#known.get(op.id) ?? op)) {
			this.#api.announced(this.#known.get(op.id) ?? op);
			return;
		}
		if (!this.#known.has(op.id)) this.#known.set(op.id, op);
		this.#enter(op.id).announce = true;
	}

	/** Stops all, at sign-out. */
	clear() {
		for (const watched of this.#watched.values()) watched.stop?.();
		this.#watched.clear();
		this.#known.clear();
	}

	#enter(id: string): Watched {
		let watched = this.#watched.get(id);
		if (!watched) {
			watched = { followers: 0, announce: false, streams: false };
			this.#watched.set(id, watched);
			const known = this.#known.get(id);
			if (!known || !ended(known)) this.#begin(id, watched);
		}
		return watched;
	}

	#leave(id: string, watched: Watched) {
		if (watched.followers > 0 || watched.announce) return;
		watched.stop?.();
		this.#watched.delete(id);
		this.#known.delete(id);
	}

	#begin(id: string, watched: Watched) {
		const streams = [...this.#watched.values()].filter((w) => w.streams).length;
		if (streams >= STREAMS) {
			this.#askOften(id, watched);
			return;
		}
		const stream = new Stream(() => this.#api.source(id), {
			name: 'operation',
			message: (data) => this.#heard(id, watched, JSON.parse(data) as Operation),
			broken: () => void this.#ask(id, watched), // it may have ended meanwhile
		});
		watched.streams = true;
		watched.stop = () => {
			watched.streams = false;
			stream.close();
		};
		stream.open();
	}

	#askOften(id: string, watched: Watched) {
		const timer = setInterval(() => void this.#ask(id, watched), ASK_MS);
		watched.stop = () => clearInterval(timer);
		void this.#ask(id, watched);
	}

	async #ask(id: string, watched: Watched) {
		try {
			this.#heard(id, watched, await this.#api.ask(id));
		} catch {
			// The server is away, which the banner says, or the operation is not ours to see.
		}
	}

	#heard(id: string, watched: Watched, op: Operation) {
		const before = this.#known.get(id);
		if (this.#watched.get(id) !== watched || (before && ended(before))) return;
		this.#known.set(id, op);
		if (!ended(op)) return;
		watched.stop?.();
		this.#api.ended(op);
		if (watched.announce) {
			watched.announce = false;
			this.#api.announced(op);
			this.#leave(id, watched);
		}
	}
}
