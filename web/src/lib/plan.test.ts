import { expect, test } from 'vitest';
import { planned } from './plan';
import type { Plan } from './types';

const plan = (fields: Partial<Plan>): Plan => ({ operation: 'migrate', instance_id: 'ins_1', allowed: true, copies: false, ports: [], keeps: [], gives_back: [], loses: [], ...fields });

test('a move says where to, how much, how long, and what becomes of it', () => {
	const says = planned(
		plan({
			from_host_id: 'hst_1', host_id: 'hst_2', copies: true, bytes: 14_000_000_000, bytes_from: 'its newest snapshot', total: { duration: '2m30s', measured: 3 }, downtime: { duration: '5s', measured: 0 },
			ports: [{ container: 8080, from: 20000, to: 20004 }, { container: 22, to: 20005 }], keeps: ['disk', 'addresses'], loses: ['memory'], capacity: { now: true, places: 2, waiting: 0 },
		}),
	);
	expect(Object.fromEntries(says.map((s) => [s.name, s.says]))).toEqual({
		To: 'host hst_2', Copies: '14 GB, as known from its newest snapshot', Takes: 'about 2 min 30 s, by 3 earlier ones', Downtime: 'about 5.0 s, a guess: there was none before',
		Ports: '8080: 20000 → 20004 on its host, 22: 20005 on its host', Keeps: 'its disk, its addresses', Loses: 'what is only in memory', Room: 'for 2 like it at this moment',
	});
});

test('what is not known is not said', () => {
	expect(planned(plan({}))).toEqual([]);
	expect(planned(plan({ copies: true, host_id: 'hst_1', from_host_id: 'hst_1', capacity: { now: false, places: 0, waiting: 1 } }))).toEqual([{ name: 'Copies', says: 'nobody knows yet how much' }]);
});
