import { Away, Problem } from './problem';
import type { paths } from './schema';

type Verb = 'get' | 'post' | 'patch' | 'delete';
type PathsWith<V extends Verb> = { [P in keyof paths]: paths[P] extends Record<V, object> ? P : never }[keyof paths];
type Call<P extends keyof paths, V extends Verb> = paths[P] extends Record<V, infer C> ? C : never;

type PathOf<C> = C extends { parameters: { path: infer P extends object } } ? { path: P } : { path?: undefined };
type QueryOf<C> = C extends { parameters: { query?: infer Q } } ? { query?: Q } : { query?: undefined };
type BodyOf<C> = C extends { requestBody: { content: { 'application/json': infer B } } } ? { body: B }
	: C extends { requestBody?: infer R } ? ([R] extends [{ content: { 'application/json': infer B } } | undefined] ? { body?: B } : { body?: undefined })
	: { body?: undefined };
type JSONOf<R> = R extends { content: { 'application/json': infer B } } ? B : void;
type AnswerOf<C> = C extends { responses: infer R } ? { [S in keyof R & (200 | 201 | 202 | 204)]: JSONOf<R[S]> }[keyof R & (200 | 201 | 202 | 204)] : never;

interface Params {
	path?: object;
	query?: object;
}

/** What the client tells about every answer, and about there being none. */
export interface Listener {
	answered(): void;
	away(): void;
	signedOut(): void;
}

/** How long a request may take before it counts as unanswered. */
const TIMEOUT_MS = 20_000;

/** The pauses before a mutation that nobody answered is sent again, with the same key. */
const RETRIES_MS = [400, 1200, 3000];

/**
 * The API, typed by its OpenAPI document: a path or a body that the document does not know
 * does not compile. Errors are Problem (refused) or Away (not answered).
 */
export class Client {
	readonly #base: string;
	readonly #listener: Listener;
	readonly #pause: (ms: number) => Promise<void>;

	constructor(listener: Listener, base = '', pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))) {
		this.#listener = listener;
		this.#base = base;
		this.#pause = pause;
	}

	/** Reads. */
	get<P extends PathsWith<'get'>>(
		path: P,
		params: PathOf<Call<P, 'get'>> & QueryOf<Call<P, 'get'>> & { signal?: AbortSignal },
	): Promise<AnswerOf<Call<P, 'get'>>> {
		return this.#ask(this.address(path, params as Params), { signal: params.signal ?? null }) as Promise<AnswerOf<Call<P, 'get'>>>;
	}

	/**
	 * Changes something. When nobody answers, the request may have arrived all the same:
	 * it is sent again with the same Idempotency-Key, so that it takes effect once.
	 */
	async send<V extends Exclude<Verb, 'get'>, P extends PathsWith<V>>(
		verb: V,
		path: P,
		params: PathOf<Call<P, V>> & BodyOf<Call<P, V>> & { key?: string },
	): Promise<AnswerOf<Call<P, V>>> {
		const headers: Record<string, string> = {
			'Idempotency-Key': params.key ?? newKey(),
			'X-Kelvin-Console': '1', // a form of another site cannot send it
		};
		const init: RequestInit = { method: verb.toUpperCase(), headers };
		if (params.body !== undefined) {
			headers['Content-Type'] = 'application/json';
			init.body = JSON.stringify(params.body);
		}
		const address = this.address(path, params as Params);
		for (const pause of RETRIES_MS) {
			try {
				return (await this.#ask(address, init)) as AnswerOf<Call<P, V>>;
			} catch (error) {
				if (!(error instanceof Away)) throw error;
				await this.#pause(pause);
			}
		}
		return (await this.#ask(address, init)) as AnswerOf<Call<P, V>>;
	}

	/** Reads text as it is written, until it ends or the signal says so. */
	async read(address: string, signal: AbortSignal, each: (text: string) => void): Promise<void> {
		const answer = await this.#fetch(this.#base + address, { signal });
		const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
		for (;;) {
			const chunk = await reader?.read();
			if (!chunk || chunk.done) return;
			each(chunk.value);
		}
	}

	/** The URL of a path of the document with its parameters filled in. */
	address(path: string, params: Params): string {
		const values = (params.path ?? {}) as Record<string, string>;
		const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
		const query = new URLSearchParams();
		for (const [name, value] of Object.entries(params.query ?? {})) {
			if (value !== undefined && value !== '') query.set(name, String(value));
		}
		return filled + (query.size > 0 ? `?${query}` : '');
	}

	async #ask(address: string, init: RequestInit): Promise<unknown> {
		const limit = AbortSignal.timeout(TIMEOUT_MS);
		const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit;
		const answer = await this.#fetch(this.#base + address, { ...init, signal }, init.signal);
		if (answer.status === 204) return undefined;
		try {
			return await answer.json();
		} catch (cause) {
			if (init.signal?.aborted) throw cause;
			this.#listener.away();
			throw new Away(cause); // cut off in the middle
		}
	}

	async #fetch(address: string, init: RequestInit, caller = init.signal): Promise<Response> {
		let answer: Response;
		try {
			answer = await fetch(address, { credentials: 'same-origin', ...init });
		} catch (cause) {
			if (caller?.aborted) throw cause; // the page no longer wants it
			this.#listener.away();
			throw new Away(cause);
		}
		if (answer.ok) {
			this.#listener.answered();
			return answer;
		}
		const problem = (answer.headers.get('Content-Type') ?? '').startsWith('application/problem+json');
		if (!problem && [502, 503, 504].includes(answer.status)) {
			this.#listener.away(); // a proxy answers for a server that does not
			throw new Away(`status ${answer.status}`);
		}
		this.#listener.answered();
		if (answer.status === 401) this.#listener.signedOut();
		const body = problem ? ((await answer.json().catch(() => ({}))) as object) : {};
		throw new Problem({ ...body, status: answer.status });
	}
}

/** A fresh Idempotency-Key. crypto.randomUUID is missing where the page came over plain HTTP. */
export function newKey(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	return 'console-' + Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

/**
 * One wish of the user's, which may take several clicks. While it is unknown whether the
 * last try took effect, and the wish is the same, the key stays; then the next wish gets
 * its own.
 */
export class Wish {
	#key = newKey();
	#body = '';

	async send<T>(body: unknown, send: (key: string) => Promise<T>): Promise<T> {
		const text = JSON.stringify(body ?? null);
		if (text !== this.#body) this.#renew(text);
		try {
			const answer = await send(this.#key);
			this.#renew('');
			return answer;
		} catch (error) {
			if (error instanceof Problem && error.status < 500) this.#renew('');
			throw error;
		}
	}

	#renew(body: string) {
		this.#key = newKey();
		this.#body = body;
	}
}
