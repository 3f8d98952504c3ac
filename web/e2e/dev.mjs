// A whole Kelvin for browser tests: `kelvin dev` on a simulated machine, on ports of its own,
// in a folder that is removed afterwards. KELVIN names the binary; the default is bin/kelvin.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const binary = env.KELVIN ?? fileURLToPath(new URL('../../bin/kelvin', import.meta.url));

export class Dev {
	url = '';
	key = '';
	#processes = [];
	#folder = '';
	#flags = {};
	#serial = 0;
	#first;

	/** A Kelvin whose containers get a thousand ports from this one on: no two at a time may share them. */
	constructor(first) {
		this.#first = first;
	}

	/** Starts it, with these settings besides; ready when it says so. */
	async up(settings = {}) {
		this.#folder = await mkdtemp(join(tmpdir(), 'kelvin-console-'));
		const [listen, gateway, temporal, ui] = await ports(4);
		this.url = `http://${listen}`;
		this.#flags = { listen, gateway, temporal, 'temporal-ui': ui, 'data-dir': this.#folder };
		const range = { 'port-first': this.#first, 'port-last': this.#first + 499, 'address-first': this.#first - 10_000, 'address-last': this.#first - 9_001 };
		await this.#start('dev', { ...this.#flags, ...range, machine: 'sim', 'save-context': '', 'sim-gpus': 'a100-80gb:4', ...settings }, 'Kelvin is ready');
		this.key = JSON.parse(await readFile(join(this.#folder, 'dev.json'), 'utf8')).key;
		return this;
	}

	/** Adds a host of this name to it. */
	async host(name) {
		const store = `sqlite:${join(this.#folder, 'kelvin.db')}`;
		const { host, token } = JSON.parse(await run(['admin', 'host', name, '--store', store]));
		const key = JSON.parse(await readFile(join(this.#folder, 'archive.json'), 'utf8'));
		const shared = { server: this.url, temporal: this.#flags.temporal, archive: `file://${join(this.#folder, 'archive')}`, 'archive-key': key };
		await this.#start('agent', { ...shared, host, token, machine: 'sim', 'sim-gpus': 'a100-80gb:4', 'port-first': this.#first + 500, 'port-last': this.#first + 999, 'data-dir': join(this.#folder, name) });
		for (let state = ''; state !== 'ready'; await pause(100)) ({ state } = await this.ask('GET', `/v1/hosts/${host}`));
		return host;
	}

	async down() {
		for (const child of this.#processes.toReversed()) {
			if (child.exitCode !== null) continue;
			const ended = new Promise((done) => child.on('exit', done));
			child.kill('SIGTERM');
			const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
			await ended;
			clearTimeout(timer);
		}
		await rm(this.#folder, { recursive: true, force: true });
	}

	/** Starts a part, and waits for what it says when it is ready. */
	#start(part, flags, ready = '') {
		const child = spawn(binary, [part, ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)], { stdio: ['ignore', 'pipe', 'pipe'] });
		this.#processes.push(child);
		let said = '';
		return new Promise((done, failed) => {
			const hear = (text) => {
				said += text;
				if (said.includes(ready)) done();
			};
			child.stdout.on('data', hear);
			child.stderr.on('data', hear);
			child.on('error', failed);
			child.on('exit', (code) => failed(new Error(`${binary} ${part} ended with ${code}:\n${said}`)));
		});
	}

	/** Asks the API. */
	async ask(method, path, body) {
		const headers = { Authorization: `Bearer ${this.key}`, 'Idempotency-Key': `test-${++this.#serial}`, ...(body ? { 'Content-Type': 'application/json' } : {}) };
		const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
		const said = answer.status === 204 ? undefined : await answer.json();
		if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${said.detail}`);
		return said;
	}

	/** Waits until an operation is done, and returns the ID of its resource. */
	async done({ id }) {
		for (;;) {
			const op = await this.ask('GET', `/v1/operations/${id}`);
			if (op.state === 'done') return op.resource_id;
			if (op.ended_at) throw new Error(`${op.name} ${op.resource_name} is ${op.state}: ${op.message}`);
			await pause(100);
		}
	}

	/** Makes a server that runs, and returns its ID. */
	async server(name, spec = {}) {
		return this.done(await this.ask('POST', '/v1/instances', { name, image: 'kelvin/echo:latest', gpus: 1, ports: [8080], disk_path: '/workspace', ...spec }));
	}
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** What a command prints. */
async function run(args) {
	return (await promisify(execFile)(binary, args)).stdout;
}

/** Addresses on which nobody listens. */
async function ports(count) {
	const servers = await Promise.all(Array.from({ length: count }, () => new Promise((done) => {
		const server = createServer().listen(0, '127.0.0.1', () => done(server));
	})));
	const addresses = servers.map((server) => `127.0.0.1:${server.address().port}`);
	await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
	return addresses;
}
