/** The pages, by their paths. The first that matches wins. */
const table = [
	['/', 'endpoints'],
	['/endpoints', 'endpoints'],
	['/endpoints/new', 'endpoint-new'],
	['/endpoints/:id', 'endpoint'],
	['/endpoints/:id/edit', 'endpoint-edit'],
	['/deploy', 'deploy'],
	['/volumes', 'volumes'],
	['/servers', 'servers'],
	['/servers/new', 'server-new'],
	['/servers/:id', 'server'],
	['/schedules', 'schedules'],
	['/schedules/new', 'schedule-new'],
	['/schedules/new/:id', 'schedule-new-for'],
	['/schedules/:id', 'schedule'],
	['/schedules/:id/edit', 'schedule-edit'],
	['/operations', 'operations'],
	['/operations/:id', 'operation'],
	['/hosts', 'hosts'],
	['/hosts/:id', 'host'],
	['/controllers', 'controllers'],
	['/gpus', 'gpus'],
	['/gpus/:id', 'gpu'],
	['/diagnoses/:id', 'diagnosis'],
	['/events', 'events'],
] as const;

export type Page = (typeof table)[number][1] | 'not-found';

export interface Route {
	page: Page;
	/** Of the resource that the page is about; empty for lists. */
	id: string;
}

/** The page of a path. */
export function match(path: string): Route {
	const parts = split(path);
	for (const [pattern, page] of table) {
		const wanted = split(pattern);
		if (wanted.length !== parts.length) continue;
		if (!wanted.every((part, i) => part === ':id' || part === parts[i])) continue;
		const at = wanted.indexOf(':id');
		return { page, id: at < 0 ? '' : decode(parts[at]!) };
	}
	return { page: 'not-found', id: '' };
}

/** The page that shows a resource. */
export function pathOf(kind: string, id: string): string {
	const folder = { endpoint: 'endpoints', instance: 'servers', operation: 'operations', schedule: 'schedules', host: 'hosts', gpu: 'gpus', diagnosis: 'diagnoses' }[kind] ?? kind;
	return `/${folder}/${encodeURIComponent(id)}`;
}

/** Whether a click on a link is the router's: a plain one, to a page of the console. */
export function isOurs(event: MouseEvent, link: HTMLAnchorElement, origin: string): boolean {
	return (
		event.button === 0 &&
		!event.defaultPrevented &&
		!(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) &&
		(link.target === '' || link.target === '_self') &&
		!link.hasAttribute('download') &&
		link.origin === origin &&
		match(link.pathname).page !== 'not-found'
	);
}

function split(path: string): string[] {
	return path.split('/').filter((part) => part !== '');
}

function decode(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		return part; // a stray %: no such ID, and the API says so
	}
}
