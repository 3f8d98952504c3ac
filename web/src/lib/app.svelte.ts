// The console's parts, made once and joined.
import { Client } from './client';
import { Connection } from './connection.svelte';
import { Live } from './live.svelte';
import { Session } from './session.svelte';
import { Toasts } from './toasts.svelte';
import { Watch } from './watch.svelte';
import { outcome } from './words';

export const connection = new Connection();
export const toasts = new Toasts();

export const client: Client = new Client({
	answered: () => connection.answered(),
	away: () => connection.away(),
	signedOut: () => session.ended(),
});

export const session: Session = new Session(() => client);
export const live = new Live(() => new EventSource('/v1/events/watch'), document);

export const operations = new Watch({
	source: (id) => new EventSource(client.address('/v1/operations/{id}/watch', { path: { id } })),
	ask: (id) => client.get('/v1/operations/{id}', { path: { id } }),
	ended: () => live.invalidate(),
	announced: (op) => toasts.show({ ...outcome(op), operation: op.id, temporal: op.temporal_url }),
});
