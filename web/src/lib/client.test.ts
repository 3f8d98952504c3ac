import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Client, newKey, Wish } from './client';
import { Away, Problem } from './problem';

interface Asked {
	method: string;
	url: string;
	headers: IncomingMessage['headers'];
	body: string;
}

let server: Server | undefined;
afterEach(() => server?.close());

/** A real server whose answers are given in order; it remembers what it was asked. */
async function serve(...answers: ((response: ServerResponse) => void)[]) {
	const asked: Asked[] = [];
	server = createServer(async (request, response) => {
		let body = '';
		for await (const chunk of request) body += chunk;
		asked.push({ method: request.method!, url: request.url!, headers: request.headers, body });
		(answers.shift() ?? json(200, {}))(response);
	});
	await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done));
	const listener = { answered: vi.fn(), away: vi.fn(), signedOut: vi.fn() };
	const client = new Client(listener, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => Promise.resolve());
	return { asked, client, listener };
}

function json(status: number, body: unknown, type = 'application/json') {
	return (response: ServerResponse) => {
		response.writeHead(status, { 'Content-Type': type });
		response.end(JSON.stringify(body));
	};
}

const problem = (status: number, body: object) => json(status, body, 'application/problem+json');
const breakOff = (response: ServerResponse) => response.destroy();
const path = { path: { id: 'ep_1' } };

describe('reading', () => {
	test('fills in the path and leaves out what is not asked for', async () => {
		const { asked, client } = await serve(json(200, { items: [] }));
		await client.get('/v1/operations', { query: { resource: 'ep_1', after: undefined, limit: 10 } });
		expect(asked[0]?.url).toBe('/v1/operations?resource=ep_1&limit=10');
		expect(asked[0]?.headers['idempotency-key']).toBeUndefined();
	});

	test('an ID cannot leave its place in the path', async () => {
		const { asked, client } = await serve();
		await client.get('/v1/endpoints/{id}', { path: { id: '../me?x=' } });
		expect(asked[0]?.url).toBe('/v1/endpoints/..%2Fme%3Fx%3D');
	});

	test('a refusal is a problem with its code and fields', async () => {
		const fields = [{ field: 'body.name', message: 'is taken' }];
		const { client, listener } = await serve(problem(422, { detail: 'body.name is taken', code: 'invalid', status: 422, fields, request_id: 'r' }));
		const error = await client.get('/v1/me', {}).catch((e: unknown) => e);
		expect(error).toBeInstanceOf(Problem);
		expect(error).toMatchObject({ status: 422, code: 'invalid', message: 'body.name is taken', fields });
		expect(listener.answered).toHaveBeenCalled();
	});

	test('401 is told to the session', async () => {
		const { client, listener } = await serve(problem(401, { code: 'unauthenticated', status: 401 }));
		await expect(client.get('/v1/me', {})).rejects.toBeInstanceOf(Problem);
		expect(listener.signedOut).toHaveBeenCalledOnce();
	});

	test('a proxy that answers for the server is nobody', async () => {
		const { client, listener } = await serve(json(502, {}, 'text/html'));
		await expect(client.get('/v1/me', {})).rejects.toBeInstanceOf(Away);
		expect(listener.away).toHaveBeenCalledOnce();
	});

	test('503 from the server itself is an answer', async () => {
		const { client, listener } = await serve(problem(503, { code: 'unavailable', status: 503 }));
		await expect(client.get('/v1/me', {})).rejects.toMatchObject({ code: 'unavailable' });
		expect(listener.away).not.toHaveBeenCalled();
	});

	test('a page that was left does not say that the server is away', async () => {
		const { client, listener } = await serve(() => undefined);
		const left = new AbortController();
		const reading = client.get('/v1/me', { signal: left.signal });
		left.abort();
		await expect(reading).rejects.toThrow();
		expect(listener.away).not.toHaveBeenCalled();
	});
});

describe('changing', () => {
	test('sends the console’s header and a key of its own', async () => {
		const { asked, client } = await serve();
		await client.send('post', '/v1/endpoints/{id}/stop', path);
		await client.send('post', '/v1/endpoints/{id}/stop', path);
		expect(asked[0]?.headers['x-kelvin-console']).toBe('1');
		expect(asked[0]?.headers['idempotency-key']).toMatch(/^console-[0-9a-f]{32}$/);
		expect(asked[1]?.headers['idempotency-key']).not.toBe(asked[0]?.headers['idempotency-key']);
	});

	test('what nobody answered is sent again with the same key and body', async () => {
		const { asked, client, listener } = await serve(breakOff, breakOff, json(202, { id: 'op_1' }));
		const op = await client.send('post', '/v1/endpoints', { body: { name: 'echo' } });
		expect(op).toEqual({ id: 'op_1' });
		expect(asked).toHaveLength(3);
		expect(new Set(asked.map((a) => a.headers['idempotency-key'])).size).toBe(1);
		expect(new Set(asked.map((a) => a.body))).toEqual(new Set(['{"name":"echo"}']));
		expect(listener.away).toHaveBeenCalledTimes(2);
		expect(listener.answered).toHaveBeenCalledOnce();
	});

	test('it gives up after a few times', async () => {
		const { asked, client } = await serve(...Array(10).fill(breakOff));
		await expect(client.send('delete', '/v1/endpoints/{id}', path)).rejects.toBeInstanceOf(Away);
		expect(asked).toHaveLength(4);
	});

	test('a refusal is not sent again', async () => {
		const { asked, client } = await serve(problem(409, { code: 'conflict', status: 409, operation: 'op_2' }));
		await expect(client.send('post', '/v1/endpoints/{id}/stop', path)).rejects.toMatchObject({ operation: 'op_2' });
		expect(asked).toHaveLength(1);
	});
});

describe('a wish', () => {
	async function keys(...tries: [body: unknown, error: Error | undefined][]) {
		const wish = new Wish();
		const used: string[] = [];
		for (const [body, error] of tries) {
			await wish.send(body, (key) => (used.push(key), error ? Promise.reject(error) : Promise.resolve())).catch(() => undefined);
		}
		return used;
	}

	test('keeps its key while nobody knows whether it was granted', async () => {
		const [a, b, c] = await keys(['stop', new Away()], ['stop', new Problem({ status: 500 })], ['stop', undefined]);
		expect(b).toBe(a);
		expect(c).toBe(a);
	});

	test('is another one after an answer', async () => {
		const [a, b] = await keys(['stop', undefined], ['stop', undefined]);
		expect(b).not.toBe(a);
	});

	test('is another one after a refusal', async () => {
		const [a, b] = await keys(['stop', new Problem({ status: 409 })], ['stop', undefined]);
		expect(b).not.toBe(a);
	});

	test('is another one when something else is wished', async () => {
		const [a, b] = await keys([{ name: 'a' }, new Away()], [{ name: 'b' }, undefined]);
		expect(b).not.toBe(a);
	});

	test('keys differ', () => {
		expect(new Set(Array.from({ length: 100 }, newKey)).size).toBe(100);
	});
});

describe('a stream of text', () => {
	test('arrives in order, to its end', async () => {
		const { client } = await serve((response) => {
			response.write('one\ntw');
			setTimeout(() => response.end('o\n'), 20);
		});
		let text = '';
		await client.read('/v1/instances/ins_1/logs', new AbortController().signal, (piece) => (text += piece));
		expect(text).toBe('one\ntwo\n');
	});
});
