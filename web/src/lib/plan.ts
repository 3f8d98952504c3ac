import { bytes } from './bytes';
import { plain } from './time';
import type { Plan, PlanTime } from './types';

const things: Record<string, string> = { disk: 'its disk', root_filesystem: 'its root filesystem', gpus: 'GPUs', host_ports: 'ports of the host', addresses: 'its addresses', memory: 'what is only in memory', connections: 'open connections' };

/** A plan in words, a fact each; what it does not say is left out. */
export function planned(plan: Plan): { name: string; says: string }[] {
	const moved = plan.host_id && plan.host_id !== plan.from_host_id;
	const facts = [
		{ name: 'To', says: moved ? `host ${plan.host_id}` : '' },
		{ name: 'Copies', says: !plan.copies ? '' : plan.bytes === undefined ? 'nobody knows yet how much' : `${bytes(plan.bytes)}${plan.bytes_from ? `, as known from ${plan.bytes_from}` : ''}` },
		{ name: 'Takes', says: expected(plan.total) },
		{ name: 'Downtime', says: expected(plan.downtime) },
		{ name: 'Ports', says: plan.ports.map((p) => `${p.container}: ${p.from ? `${p.from} → ` : ''}${p.to} on its host`).join(', ') },
		{ name: 'Keeps', says: list(plan.keeps) },
		{ name: 'Gives back', says: list(plan.gives_back) },
		{ name: 'Loses', says: list(plan.loses) },
		{ name: 'Room', says: room(plan.capacity) },
	];
	return facts.filter(({ says }) => says !== '');
}

/** "about 2 min, as measured in 3", or that it is a guess. */
function expected(time: PlanTime | undefined): string {
	if (!time) return '';
	return `about ${plain(time.duration)}${time.measured > 0 ? `, by ${time.measured} earlier one${time.measured === 1 ? '' : 's'}` : ', a guess: there was none before'}`;
}

function room(capacity: Plan['capacity']): string {
	return capacity?.now ? `for ${capacity.places} like it at this moment` : '';
}

function list(names: string[]): string {
	return names.map((name) => things[name] ?? name).join(', ');
}
