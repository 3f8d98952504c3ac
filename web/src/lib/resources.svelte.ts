import { client } from './app.svelte';
import { query } from './query.svelte';
import type { Endpoint, Instance } from './types';

/** What schedules can act on, and their names. It lives as long as the component that calls this. */
export function resources() {
	const read = query(async (signal) => {
		const [servers, endpoints] = await Promise.all([client.get('/v1/instances', { query: { servers: true, limit: 500 }, signal }), client.get('/v1/endpoints', { query: { limit: 500 }, signal })]);
		return { servers: (servers.items ?? []) as Instance[], endpoints: (endpoints.items ?? []) as Endpoint[] };
	});
	return {
		get servers() {
			return read.data?.servers ?? [];
		},
		get endpoints() {
			return read.data?.endpoints ?? [];
		},
		/** Of an ID; the ID itself while its name is not known. */
		name(id: string): string {
			return [...this.servers, ...this.endpoints].find((r) => r.id === id)?.name ?? id;
		},
	};
}
