// A whole Kelvin for browser tests: `kelvin dev` on a simulated machine, on ports of its own,
// in a folder that is removed afterwards. KELVIN names the binary; the default is bin/kelvin.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';

const binary = env.KELVIN ?? fileURLToPath(new URL('../../bin/kelvin', import.meta.url));

export class Dev {
	url = '';
	key = '';
	#process;
	#folder = '';
	#said = '';
	#serial = 0;

	/** Starts it; ready when it says so. */
	async up() {
		this.#folder = await mkdtemp(join(tmpdir(), 'kelvin-console-'));
		const [listen, gateway, temporal, ui] = await ports(4);
		this.url = `http://${listen}`;
		const flags = { machine: 'sim', 'data-dir': this.#folder, listen, gateway, temporal, 'temporal-ui': ui, 'save-context': '', 'sim-gpus': 'a100-80gb:4' };
		this.#process = spawn(binary, ['dev', ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)], { stdio: ['ignore', 'pipe', 'pipe'] });
		await new Promise((ready, failed) => {
			const hear = (text) => {
				this.#said += text;
				if (this.#said.includes('Kelvin is ready')) ready();
			};
			this.#process.stdout.on('data', hear);
			this.#process.stderr.on('data', hear);
			this.#process.on('error', failed);
			this.#process.on('exit', (code) => failed(new Error(`${binary} dev ended with ${code}:\n${this.#said}`)));
		});
		this.key = JSON.parse(await readFile(join(this.#folder, 'dev.json'), 'utf8')).key;
		return this;
	}

	async down() {
		const ended = new Promise((done) => this.#process.on('exit', done));
		this.#process.kill('SIGTERM');
		const timer = setTimeout(() => this.#process.kill('SIGKILL'), 15_000);
		await ended;
		clearTimeout(timer);
		await rm(this.#folder, { recursive: true, force: true });
	}

	/** Asks the API. */
	async ask(method, path, body) {
		const headers = { Authorization: `Bearer ${this.key}`, 'Idempotency-Key': `test-${++this.#serial}`, ...(body ? { 'Content-Type': 'application/json' } : {}) };
		const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
		const said = answer.status === 204 ? undefined : await answer.json();
		if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${said.detail}`);
		return said;
	}

	/** Makes a server that runs. */
	async server(name, spec = {}) {
		const op = await this.ask('POST', '/v1/instances', { name, image: 'kelvin/echo:latest', gpus: 1, ports: [8080], disk_path: '/workspace', ...spec });
		for (;;) {
			const { state, message } = await this.ask('GET', `/v1/operations/${op.id}`);
			if (state === 'done') return op.resource_id;
			if (state !== 'pending' && state !== 'running') throw new Error(`${name} was not made: ${message}`);
			await new Promise((done) => setTimeout(done, 100));
		}
	}
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
