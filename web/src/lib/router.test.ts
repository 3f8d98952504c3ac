import { expect, test } from 'vitest';
import { isOurs, match, pathOf } from './router';

test.each([
	['/', { page: 'endpoints', id: '' }],
	['/endpoints', { page: 'endpoints', id: '' }],
	['/endpoints/', { page: 'endpoints', id: '' }],
	['/endpoints/new', { page: 'endpoint-new', id: '' }],
	['/endpoints/ep_06f2', { page: 'endpoint', id: 'ep_06f2' }],
	['/endpoints/ep_1/edit', { page: 'endpoint-edit', id: 'ep_1' }],
	['/servers/new', { page: 'server-new', id: '' }],
	['/schedules/new/ins_1', { page: 'schedule-new-for', id: 'ins_1' }],
	['/schedules/sch_1/edit', { page: 'schedule-edit', id: 'sch_1' }],
	['/servers/ins_1', { page: 'server', id: 'ins_1' }],
	['/operations/op_1', { page: 'operation', id: 'op_1' }],
	['/gpus', { page: 'gpus', id: '' }],
	['/gpus/gpu_1', { page: 'gpu', id: 'gpu_1' }],
	['/diagnoses/dgn_1', { page: 'diagnosis', id: 'dgn_1' }],
	['/endpoints/a%2Fb', { page: 'endpoint', id: 'a/b' }],
	['/endpoints/%', { page: 'endpoint', id: '%' }],
	['/endpoints/ep_1/more', { page: 'not-found', id: '' }],
	['/docs', { page: 'not-found', id: '' }],
])('%s is a page', (path, route) => {
	expect(match(path)).toEqual(route);
});

test.each(['endpoint', 'instance', 'operation', 'schedule', 'host', 'gpu', 'diagnosis'])('the path of an %s leads back to its ID', (kind) => {
	expect(match(pathOf(kind, 'x/y z')).id).toBe('x/y z');
});

const origin = 'http://kelvin.test';

function link(href: string, target = ''): HTMLAnchorElement {
	const url = new URL(href, origin);
	return { target, origin: url.origin, pathname: url.pathname, hasAttribute: () => false } as unknown as HTMLAnchorElement;
}

function click(fields: Partial<MouseEvent> = {}): MouseEvent {
	return { button: 0, defaultPrevented: false, metaKey: false, ctrlKey: false, shiftKey: false, altKey: false, ...fields } as MouseEvent;
}

test('a plain click on a page of ours is the router’s', () => {
	expect(isOurs(click(), link('/servers'), origin)).toBe(true);
});

test.each([
	['a click for a new tab', click({ ctrlKey: true }), link('/servers')],
	['the middle button', click({ button: 1 }), link('/servers')],
	['a link to another window', click(), link('/servers', '_blank')],
	['the API’s documents', click(), link('/docs')],
	['another site', click(), link('https://elsewhere.test/servers')],
	['what somebody handled', click({ defaultPrevented: true }), link('/servers')],
])('%s is the browser’s', (_, event, to) => {
	expect(isOurs(event, to, origin)).toBe(false);
});
