// A small stand-in for the API that serves the built console: for working on the console
// without a server (node e2e/fake.mjs) and for its browser tests. It checks what the
// console must send (cookie, X-Kelvin-Console, Idempotency-Key) and can misbehave.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { id, moves, newDiagnosis, newEndpoint, newWorld, run, show } from './world.mjs';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Keys of the fake, by role. */
export const keys = { operator: 'kelvin_sk_operator', viewer: 'kelvin_sk_viewer' };

class Refused extends Error {
	constructor(status, code, detail, fields) {
		super(detail);
		Object.assign(this, { status, code, fields });
	}
}

export class Fake {
	world = newWorld();
	stepMS = 300;
	/** What arrived that changes something: method, path, key. */
	asked = [];
	#answers = new Map();
	#watchers = new Set();
	#sockets = new Set();
	#drops = 0;
	#server;
	#port = 0;

	get url() {
		return `http://127.0.0.1:${this.#port}`;
	}

	/** Listens, on the same port as before if there was one. */
	async up(port = this.#port) {
		this.#server = createServer((request, response) => this.#answer(request, response));
		this.#server.on('connection', (socket) => {
			this.#sockets.add(socket);
			socket.on('close', () => this.#sockets.delete(socket));
		});
		await new Promise((done) => this.#server.listen(port, '127.0.0.1', done));
		this.#port = this.#server.address().port;
		return this;
	}

	/** Goes away, as a killed server does. */
	async down() {
		for (const socket of this.#sockets) socket.destroy();
		await new Promise((done) => this.#server.close(done));
	}

	/** Does what the next request asks that changes something, and breaks the connection instead of answering. */
	dropNextAnswer() {
		this.#drops = 1;
	}

	async #answer(request, response) {
		const url = new URL(request.url, this.url);
		try {
			if (url.pathname.startsWith('/v1/')) await this.#api(request, response, url);
			else if (url.pathname.startsWith('/temporal/')) response.end('Temporal');
			else await this.#file(response, url.pathname);
		} catch (error) {
			if (!(error instanceof Refused)) console.error(error);
			const { status = 500, code = 'internal', fields } = error;
			response.writeHead(status, { 'Content-Type': 'application/problem+json' });
			response.end(JSON.stringify({ title: 'Refused', status, code, detail: error.message, request_id: 'req_1', fields }));
		}
	}

	async #file(response, path) {
		const name = normalize(path).replace(/^\/+/, '');
		const found = await readFile(join(dist, name)).catch(() => undefined);
		if (!found && extname(name)) throw new Refused(404, 'not_found', 'no such file');
		const body = found ?? (await readFile(join(dist, 'index.html')));
		response.writeHead(200, { 'Content-Type': types[extname(name)] ?? types['.html'], 'Content-Security-Policy': policy });
		response.end(body);
	}

	async #api(request, response, url) {
		const path = url.pathname.slice('/v1/'.length).split('/');
		const body = await read(request);
		const json = (status, value, headers = {}) => {
			response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
			response.end(status === 204 ? undefined : JSON.stringify(value));
		};
		if (path[0] === 'session') {
			if (request.method === 'DELETE') return json(204, undefined, { 'Set-Cookie': 'kelvin_session=; Path=/; Max-Age=0' });
			if (!Object.values(keys).includes(body.key)) throw new Refused(401, 'unauthenticated', 'no such key');
			return json(200, this.#me(body.key), { 'Set-Cookie': `kelvin_session=${body.key}; Path=/; HttpOnly; SameSite=Strict` });
		}
		const key = /kelvin_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
		const me = this.#me(key);
		if (!me) throw new Refused(401, 'unauthenticated', 'an API key is needed');
		if (request.method === 'GET') return this.#get(path, url, response, json, me);

		if (request.headers['x-kelvin-console'] !== '1') throw new Refused(403, 'forbidden', 'X-Kelvin-Console is missing');
		if (me.role === 'viewer') throw new Refused(403, 'forbidden', 'this needs the role operator; the key has viewer');
		const repeat = request.headers['idempotency-key'];
		if (!repeat) throw new Refused(422, 'invalid', 'Idempotency-Key is missing', [{ field: 'header.Idempotency-Key', message: 'is required' }]);
		this.asked.push({ method: request.method, path: url.pathname, key: repeat, body });
		if (!this.#answers.has(repeat)) this.#answers.set(repeat, structuredClone(this.#change(request.method, path, body)));
		if (this.#drops-- > 0) return request.socket.destroy();
		return json(202, this.#answers.get(repeat));
	}

	#me(key) {
		const role = Object.keys(keys).find((name) => keys[name] === key);
		return role && { account_id: id('acc_'), account: 'acme', role, fleet: role === 'operator', key_id: 'key_1', temporal_ui: `${this.url}/temporal/`, version: 'v0.1.0-fake', simulated: true };
	}

	#get([noun, name, verb], url, response, json, me) {
		const { world } = this;
		const query = Object.fromEntries(url.searchParams);
		const list = (items) => {
			const limit = Number(query.limit ?? 50);
			const from = query.after ? items.findIndex((item) => item.id === query.after) + 1 : 0;
			const page = items.slice(from, from + limit);
			return json(200, { items: page, ...(from + limit < items.length ? { next: page.at(-1).id } : {}) });
		};
		if (noun === 'me') return json(200, me);
		if (noun === 'events' && name === 'watch') return this.#stream(response, 'event', undefined);
		if (noun === 'operations' && verb === 'watch') return this.#stream(response, 'operation', find(world.operations, name));
		if (verb === 'logs') return this.#logs(response, query.follow === 'true');
		if (noun === 'endpoints' && verb === 'load') return json(200, { endpoint_id: name, since: new Date().toISOString(), until: new Date().toISOString(), step: '10s', points: [] });
		if (noun === 'endpoints' && verb === 'scaling') return json(200, { endpoint_id: name, at: new Date().toISOString(), scaled: false, workers: { desired: 0, ready: 0, starting: 0, active: 1, max: 1, target: 100 }, load: { in_flight: 0, queued: 0, rate: 0, peak: 0, known: true }, want: 0, cap: 0, rule: 'active', reason: '', votes: [], rules: {} });
		if (noun === 'endpoints' && verb === 'rollout') return json(200, { state: 'done', message: '', revision: 1, from: 0, wanted: 0, new: { total: 0, ready: 0 }, old: { total: 0, ready: 0 } });
		if (noun === 'endpoints' && verb) return list([]);
		if (noun === 'prices') return json(200, { currency: 'USD', example: true, prices: [] });
		if (['volumes', 'controllers'].includes(noun)) return list([]);
		if (noun === 'endpoints') return name ? json(200, show(find(world.endpoints, name))) : list(world.endpoints.map(show));
		if (noun === 'instances') {
			if (verb === 'plan') return json(200, { operation: query.operation, instance_id: name, allowed: true, copies: false, ports: [], keeps: ['disk'], gives_back: [], loses: ['memory'] });
			if (name) return json(200, show(find(world.instances, name)));
			return list(world.instances.filter((i) => (query.servers ? !i.endpoint_id : i.endpoint_id === query.endpoint)).map(show));
		}
		if (noun === 'operations') {
			if (verb === 'diagnoses') return json(200, { items: world.diagnoses.filter((d) => d.operation_id === name) });
			if (name) return json(200, find(world.operations, name));
			return list(world.operations.toReversed().filter((op) => (!query.resource || op.resource_id === query.resource) && (!query.open || !op.ended_at)));
		}
		if (noun === 'events') return list(world.events.toReversed().filter((e) => !query.resource || Object.values(e).includes(query.resource)));
		if (noun === 'hosts') return name ? json(200, find(world.hosts, name)) : list(world.hosts);
		if (noun === 'gpus') {
			if (verb === 'diagnoses') return list(world.diagnoses.filter((d) => d.gpu_id === name).toReversed());
			if (verb === 'events') return list(world.gpuEvents.filter((e) => e.gpu_id === name));
			if (name) return json(200, { uncorrected: [], link_errors: [], unjudged: [], ...find(world.gpus, name), health: world.diagnoses.find((d) => d.gpu_id === name)?.examination.after });
			return list(world.gpus.filter((g) => (!query.host || g.host_id === query.host) && (!query.state || g.state === query.state) && (!query.type || g.type === query.type)));
		}
		if (noun === 'gpu-diagnoses') return json(200, find(world.diagnoses, name));
		if (noun === 'schedules') return name ? json(200, find(world.schedules, name)) : list(world.schedules);
		if (noun === 'snapshots') return list(world.snapshots.filter((s) => s.instance_id === query.instance));
		if (noun === 'templates') return list(world.templates);
		if (noun === 'data-centers') return list(world.dataCenters);
		if (noun === 'quick-deploys') return list(world.quickDeploys);
		throw new Refused(404, 'not_found', 'there is no such thing');
	}

	#change(method, [noun, name, verb, last], body) {
		const { world } = this;
		if (verb === 'kept') {
			const server = find(world.instances, name);
			server.kept = server.kept.filter((k) => k.lease_id !== last);
			return {};
		}
		if (noun === 'operations') {
			const op = find(world.operations, name);
			op.cancel_requested = true;
			return op;
		}
		if (noun === 'hosts') {
			const host = find(world.hosts, name);
			host.state = verb === 'cordon' ? 'cordoned' : 'ready';
			return host;
		}
		if (noun === 'gpus') return this.#gpu(find(world.gpus, name), verb, body);
		const kind = noun === 'endpoints' ? 'endpoint' : 'instance';
		if (!name) {
			const most = body.max_workers ?? Math.max(body.active_workers ?? 1, 1);
			const fields = [];
			if (most < (body.active_workers ?? 1)) fields.push({ field: 'body.max_workers', message: 'is less than active_workers', allowed: `${body.active_workers} to 1000` });
			if (world.endpoints.some((e) => e.name === body.name)) fields.push({ field: 'body.name', message: 'is taken' });
			if (fields.length > 0) throw new Refused(422, 'invalid', `${fields[0].field} ${fields[0].message}`, fields);
			const made = newEndpoint(body.name, 'running', 0, { active_workers: body.active_workers ?? 1, max_workers: most });
			world.endpoints.push(made);
			return this.#begin(kind, 'create', made);
		}
		const resource = find(kind === 'endpoint' ? world.endpoints : world.instances, name);
		const operation = method === 'DELETE' ? 'delete' : verb;
		if (!moves[operation]) throw new Refused(501, 'unsupported', `this server cannot ${operation}`);
		if (!show(resource).legal.includes(operation)) throw new Refused(409, 'conflict', `cannot ${operation} an ${kind} that is ${resource.state}`);
		if (['terminate', 'reset'].includes(operation) && body.confirm !== resource.name) throw new Refused(422, 'invalid', 'confirm is not its name', [{ field: 'body.confirm', message: 'is not its name' }]);
		return this.#begin(kind, operation, resource);
	}

	/** What is done with a GPU. A care takes a step, and ends in a diagnosis that is good. */
	#gpu(gpu, verb, body) {
		if (verb === 'care') return Object.assign(gpu.care, { cancelled_at: new Date().toISOString() });
		if (verb === 'quarantine') return Object.assign(gpu, { state: 'quarantined', rule: 'by-hand', reason: body.reason, score: 0 });
		if (verb === 'release') return Object.assign(gpu, { state: 'free', rule: undefined, reason: undefined, score: 80, probation_until: new Date(Date.now() + 7 * 86_400_000).toISOString() });
		if (gpu.instance_id) throw new Refused(409, 'conflict', `GPU ${gpu.id} is assigned: migrate, stop or freeze that first`);
		const was = gpu.state;
		gpu.care = { id: id('car_'), gpu_id: gpu.id, what: verb, level: body.level ?? 'rigorous', actor: 'key_1', state: 'running', phase: 'march c-', percent: 42, asked_at: new Date().toISOString() };
		if (was !== 'quarantined') gpu.state = { test: 'testing', scrub: 'scrubbing', reset: 'resetting' }[verb];
		setTimeout(() => {
			const made = newDiagnosis(gpu, 'pass', 'pass', 'nothing is wrong', { at: new Date().toISOString() });
			this.world.diagnoses.push(made);
			if (gpu.care.cancelled_at) Object.assign(gpu.care, { state: 'failed', phase: '', message: 'cancelled', ended_at: new Date().toISOString() });
			else Object.assign(gpu.care, { state: 'done', phase: '', percent: undefined, message: 'passed', diagnosis_id: made.id, ended_at: new Date().toISOString() });
			gpu.state = was;
		}, 3 * this.stepMS);
		return gpu.care;
	}

	#begin(kind, name, resource) {
		const op = { id: id('op_'), kind, resource_id: resource.id, name, actor: 'key_1', state: 'pending', steps: [], accepted_at: new Date().toISOString(), cancel_requested: false, temporal_url: `${this.url}/temporal/namespaces/default/workflows?query=${resource.id}` };
		this.world.operations.push(op);
		const accepted = structuredClone(op);
		void run(this.world, op, resource, this.stepMS, (event) => {
			if (event) this.world.events.push({ id: id('evt_'), name: event, [`${kind}_id`]: resource.id, operation_id: op.id, actor: op.actor, message: op.message ?? '', at: new Date().toISOString() });
			for (const tell of this.#watchers) tell(event, op);
		});
		return accepted;
	}

	/** Events, or one operation until it has ended. */
	#stream(response, name, op) {
		response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
		response.flushHeaders();
		const send = (data) => response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
		const tell = (event, changed) => {
			if (!op && event) send(this.world.events.at(-1));
			if (op !== changed) return;
			send(op);
			if (op.ended_at) response.end();
		};
		this.#watchers.add(tell);
		response.on('close', () => this.#watchers.delete(tell));
		if (op) tell(undefined, op);
	}

	#logs(response, follow) {
		response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
		for (let n = 1; n <= 12; n++) response.write(`echo-${(n % 2) + 1} | 12:00:${String(n).padStart(2, '0')} GET /healthz 200 0.4 ms\n`);
		if (!follow) return response.end();
		const timer = setInterval(() => response.write(`echo-1 | ${new Date().toISOString().slice(11, 19)} POST / 200 3.1 ms\n`), 1000);
		response.on('close', () => clearInterval(timer));
	}
}

function find(list, name) {
	const found = list.find((item) => item.id === name);
	if (!found) throw new Refused(404, 'not_found', 'there is no such thing');
	return found;
}

async function read(request) {
	let text = '';
	for await (const chunk of request) text += chunk;
	return text ? JSON.parse(text) : {};
}

if (argv[1] === fileURLToPath(import.meta.url)) {
	const fake = await new Fake().up(Number(argv[2] ?? 8080));
	console.log(`${fake.url}  key: ${keys.operator}`);
}
