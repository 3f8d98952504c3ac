import type { Client } from './client';
import { Problem } from './problem';
import type { Me } from './types';

/** Who is signed in. The key itself is never kept: the server's cookie stands for it. */
export class Session {
	/** Undefined until the server has said. */
	state = $state<'in' | 'out'>();
	me = $state.raw<Me>();
	/** It ended without the user's doing. */
	expired = $state(false);

	readonly #client: () => Client;

	constructor(client: () => Client) {
		this.#client = client;
	}

	/** Whether the user may change things. */
	get operator(): boolean {
		return this.me?.role === 'operator' || this.me?.role === 'owner';
	}

	/** Asks the server who we are; throws Away when it does not answer. */
	async check() {
		try {
			this.me = await this.#client().get('/v1/me', {});
			this.state = 'in';
			this.expired = false;
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			this.state = 'out';
		}
	}

	async signIn(key: string) {
		await this.#client().send('post', '/v1/session', { body: { key } });
		await this.check();
	}

	async signOut() {
		await this.#client().send('delete', '/v1/session', {});
		this.state = 'out';
		this.me = undefined;
		this.expired = false;
	}

	/** A request found that the session is over. */
	ended() {
		if (this.state !== 'in') return;
		this.state = 'out';
		this.me = undefined;
		this.expired = true;
	}
}
