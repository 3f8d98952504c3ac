// What the fake server knows at first, and how its operations go. It keeps the shapes and
// the words of the API, and none of its rules.

let serial = 0;
/** An ID of the API's form: a prefix and 26 characters. */
export const id = (prefix) => prefix + String(++serial).padStart(26, '0');

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
const now = () => new Date().toISOString();

export const moves = {
	create: { via: 'provisioning', to: 'running', steps: ['Place the workers', 'Pull the image', 'Start the containers', 'Probe them'] },
	start: { via: 'starting', to: 'running', steps: ['Place the workers', 'Start the containers', 'Probe them'] },
	stop: { via: 'stopping', to: 'stopped', steps: ['Hold the traffic', 'Drain', 'Stop the containers', 'Return the GPUs'] },
	restart: { via: 'restarting', to: 'running', steps: ['Hold the traffic', 'Stop the container', 'Start the container', 'Probe it'] },
	freeze: { via: 'freezing', to: 'frozen', steps: ['Stop the container', 'Save its files', 'Verify them', 'Return the GPUs'] },
	thaw: { via: 'thawing', to: 'running', steps: ['Find a place', 'Restore its files', 'Start the container', 'Probe it'] },
	migrate: { via: 'migrating', to: 'running', steps: ['Find a place', 'Copy its files', 'Stop the container', 'Copy the rest', 'Start it there'] },
	reset: { via: 'resetting', to: 'running', steps: ['Stop the container', 'Erase its files', 'Start the container'] },
	recover: { via: 'recovering', to: 'running', steps: ['Find a place', 'Restore its files', 'Start the container'] },
	terminate: { via: 'terminating', to: 'terminated', steps: ['Remove the container', 'Scrub the GPUs'] },
	delete: { via: 'deleting', to: 'deleted', steps: ['Drain', 'Remove the containers', 'Return the GPUs'] },
};

const legal = {
	endpoint: { running: ['stop', 'delete'], stopped: ['start', 'delete'], failed: ['delete'], starting: ['stop', 'delete'], provisioning: ['stop', 'delete'], stopping: ['delete'] },
	instance: { running: ['stop', 'restart', 'freeze', 'migrate', 'reset', 'terminate'], stopped: ['start', 'freeze', 'migrate', 'reset', 'terminate'], frozen: ['thaw', 'reset', 'terminate'], lost: ['recover', 'terminate'], failed: ['recover', 'terminate'] },
};

/** The resource with what follows from its state. */
export function show(resource) {
	const endpoint = resource.id.startsWith('ep_');
	const out = { ...resource, legal: legal[endpoint ? 'endpoint' : 'instance'][resource.state] ?? ['terminate'] };
	if (endpoint) {
		const { ready, total } = resource.workers;
		const word = resource.state !== 'running' ? resource.state : ready > 0 ? 'ready' : total === 0 ? 'idle' : 'starting';
		out.status = `${ready}/${total} ${word[0].toUpperCase()}${word.slice(1)}`;
	}
	return out;
}

export function newEndpoint(name, state, ready, spec = {}, extra = {}) {
	const made = id('ep_');
	return {
		id: made, name, state, target: state, since: ago(400), url: `http://${made.replace('_', '-')}.us-east.localhost:8080/`, revision: 1,
		workers: { total: ready, ready }, created_at: ago(90_000), updated_at: ago(400),
		spec: {
			data_center: 'us-east', active_workers: Math.max(ready, 1), max_workers: 4, gpus_per_worker: 1, gpu_type: 'a100-80gb', image: 'kelvin/echo:latest',
			port: 8080, target_concurrency: 100, probe_path: '/healthz', drain_timeout: '1m0s', shell: '/bin/sh', env: { MODEL: 'Qwen/Qwen2.5-7B-Instruct' }, ...spec,
		},
		...extra,
	};
}

export function newInstance(name, state, gpus, extra = {}) {
	return {
		id: id('ins_'), name, state, target: state, since: ago(7300), address: '10.1.4.17', host_id: 'hst_' + '1'.padStart(26, '0'),
		ports: [{ container: 8888, host: 31_204 }], ready: state === 'running', epoch: 2, created_at: ago(200_000), updated_at: ago(7300),
		gpus: Array.from({ length: gpus }, (_, index) => ({ id: id('gpu_'), uuid: `GPU-5f0e-${index}`, type: 'a100-80gb', index, simulated: true })),
		spec: { data_center: 'us-east', image: 'kelvin/notebook:1.4', gpus, ports: [8888], disk_path: '/workspace', stop_timeout: '10s', drain_timeout: '1m0s' },
		...extra,
	};
}

function newHost(n, name, extra, states) {
	const host = { id: 'hst_' + String(n).padStart(26, '0'), name, data_center: 'us-east', address: `10.1.4.${16 + n}`, state: 'ready', version: 'v0.1.0', machine: 'sim', simulated: true, connected: true, gpu_access: 'simulated', disk: { total: 4e12, free: 2.7e12 }, seen_at: ago(2), expires_at: ago(-13), ...extra };
	const gpus = states.map((state, index) => ({ id: id('gpu_'), host_id: host.id, index, uuid: `GPU-${n}-${index}`, type: n === 2 ? 'h100-80gb' : 'a100-80gb', memory_mb: 81_920, state, since: ago(400), score: state === 'quarantined' ? 0 : 100, dirty: false, simulated: true, ...(state === 'quarantined' ? { rule: 'uncorrectable', reason: 'uncorrectable ECC errors' } : {}) }));
	host.gpus = { total: gpus.length, free: states.filter((s) => s === 'free').length };
	return { host, gpus };
}

const unread = { error: 'NVML does not answer' };
const none = { unsupported: true };
const is = (value) => ({ value });
const errors = (uncorrected) => ({ corrected: is(12), corrected_dram: is(12), corrected_sram: is(0), uncorrected, uncorrected_dram: uncorrected, uncorrected_sram: is(0) });

/** What a driver tells of a GPU: a value, that there is none, or why it cannot be read. */
function newHealth(gpu, uncorrected, pending) {
	return {
		at: ago(300), uuid: gpu.uuid, serial: '1320', bus_id: '00000000:07:00.0', product: 'NVIDIA A100-SXM4-80GB', driver: '580.65.06', mig: is(false), ecc_current: is(true), ecc_pending: is(true),
		memory: { total: is(85_899_345_920), reserved: is(600_000_000), used: is(0) }, volatile: errors(is(uncorrected)), aggregate: errors(unread),
		remap: { corrected: is(0), uncorrected: is(uncorrected), pending: is(pending), failed: is(false), banks: is({ max: 639, high: 1, partial: 0, low: 0, none: 0 }) },
		retired: { single_bit: none, double_bit: none, pending: none }, sram_threshold: is(false), repair_pending: none, recovery: is(pending ? 1 : 0), inforom_valid: is(true),
		temperature: is(41), memory_temperature: is(52), power: is(71.4), clock: is(1410), memory_clock: is(1593), throttle: is(0),
	};
}

/** A diagnosis with its whole report. */
export function newDiagnosis(gpu, outcome, rule, message, extra = {}) {
	const bad = outcome === 'quarantine';
	const result = {
		level: 'rigorous', seed: 7, started_at: ago(300), ended_at: ago(240), usable_bytes: 85_299_345_920, covered_bytes: 82_600_000_000, coverage: 0.9683, moved_bytes: 1.09e14, gbps: 1811.9, copy_gbps: 1790.2, peak_gbps: 2039, simulated: true,
		audited: true, remanent_words: 0, mismatches: bad ? 2 : 0, max_memory_temperature: 81,
		phases: [{ name: 'audit', bytes: 8.26e10, seconds: 0.05, gbps: 1800 }, { name: 'hash', bytes: 3.3e11, seconds: 0.2, gbps: 1811.9, found: bad ? 2 : 0 }],
		...(bad ? { records: [{ pattern: 'hash', offset: 0x2a0000040, bits: [17], again: [17], xor: ['0000000000020000', '0000000000000000'], hard: true }] } : {}),
	};
	const verdict = { outcome, rule, message, action: bad ? 'It is quarantined, by serial and UUID: nobody gets it any more.' : 'It is handed out.', all: [rule] };
	const { retest = false, ...rest } = extra;
	return {
		id: id('dgn_'), kind: 'test', gpu_id: gpu.id, uuid: gpu.uuid, serial: '1320', host_id: gpu.host_id, outcome, rule, message, action: verdict.action, level: 'rigorous', retest, seconds: 60.2, coverage: 0.9683, gbps: 1811.9, signed: true, simulated: true, at: ago(240),
		verdict, examination: { schema: 1, uuid: gpu.uuid, type: gpu.type, purpose: 'thaw', level: 'rigorous', retest, simulated: true, started_at: ago(300), ended_at: ago(240), before: newHealth(gpu, 0, false), after: newHealth(gpu, bad ? 0 : 1, outcome === 'reset_and_retest'), result,
			...(bad ? { events: [{ at: ago(250), uuid: gpu.uuid, kind: 'xid', xid: 94, message: 'contained memory error', source: 'simulated' }], holders: [{ pid: 4242, command: 'python3' }] } : {}) },
		...rest,
	};
}

function newSchedule(name, target) {
	const next = [1, 2].map((n) => ({ at: ago(-40_000 * n), local: ago(-40_000 * n), action: n === 1 ? 'stop' : 'start' }));
	const spec = { target, action: 'stop', when: { from: '20:00', to: '08:00', days: ['mon', 'tue', 'wed', 'thu', 'fri'] }, time_zone: 'UTC', only_if: {}, jitter: '0s' };
	return { id: id('sch_'), name, state: 'active', next, in_window: false, warnings: [], holds: [], runs: [], synced: true, created_at: ago(90_000), updated_at: ago(90_000), spec };
}

/** A world with something in every state. */
export function newWorld() {
	const echo = newEndpoint('echo', 'running', 2);
	const instances = [
		newInstance('notebook', 'running', 2),
		newInstance('trainer', 'stopped', 4),
		newInstance('archive', 'frozen', 0, { ports: [{ container: 8888 }], host_id: undefined, address: undefined }),
		newInstance('render-7', 'lost', 1, { reason: 'its host went silent', since: ago(190) }),
		...[1, 2].map((n) => newInstance(`echo-${n}`, 'running', 1, { endpoint_id: echo.id, revision: 1, ports: [{ container: 8080, host: 31_300 + n }] })),
	];
	const fleet = [
		newHost(1, 'gpu-01', {}, ['assigned', 'assigned', 'assigned', 'assigned', 'free', 'free', 'testing', 'quarantined']),
		newHost(2, 'gpu-02', { state: 'cordoned' }, ['assigned', 'assigned', 'free', 'free', 'free', 'free', 'scrubbing', 'reserved']),
		newHost(3, 'gpu-03', { state: 'lost', connected: false, seen_at: ago(180) }, ['lost', 'lost']),
	];
	return {
		endpoints: [
			echo,
			newEndpoint('llama-70b', 'running', 0, { active_workers: 0, gpus_per_worker: 4, gpu_type: 'h100-80gb' }),
			newEndpoint('whisper', 'stopped', 0, { gpu_type: '' }),
			newEndpoint('sdxl-turbo', 'failed', 0, {}, { reason: 'start: the host did not answer while its GPUs were scrubbed' }),
		],
		instances,
		hosts: fleet.map((f) => f.host),
		gpus: fleet.flatMap((f) => f.gpus),
		diagnoses: [newDiagnosis(fleet[0].gpus[7], 'quarantine', 'mismatch', 'memory did not hold what was written, with ECC on')],
		gpuEvents: [{ id: id('gev_'), gpu_id: fleet[0].gpus[7].id, host_id: fleet[0].host.id, uuid: fleet[0].gpus[7].uuid, kind: 'xid', xid: 94, message: 'contained memory error', source: 'simulated', at: ago(250), last_at: ago(245), count: 3 }],
		operations: [],
		schedules: [newSchedule('nights', { instance: instances[0].id })],
		snapshots: [{ id: id('snp_'), instance_id: instances[0].id, instance_name: 'notebook', data_center: 'us-east', kind: 'auto', state: 'ready', bytes: 1.4e10, files: 5211, created_at: ago(3600), saved_at: ago(3590) }],
		templates: [{ name: 'hello', title: 'Hello', description: 'Writes a greeting.', built_in: true, verified: true, version: '1', parameters: [{ name: 'greeting', default: 'Hello', description: 'One line' }] }],
		dataCenters: [{ name: 'us-east' }],
		events: [{ id: id('evt_'), name: 'host.lost', host_id: fleet[2].host.id, actor: 'monitor', message: 'gpu-03 has not renewed its lease', at: ago(180) }],
		quickDeploys: [
			{ name: 'echo', title: 'Echo', description: 'Answers every request with what it was asked.', verified: true, fill: [], spec: { active_workers: 1, max_workers: 1, gpus_per_worker: 1, image: 'kelvin/echo:latest', port: 8080, target_concurrency: 100 } },
			{ name: 'vllm', title: 'vLLM', description: 'Serves a language model with the OpenAI API.', verified: false, fill: ['MODEL', 'HF_TOKEN'], spec: { active_workers: 1, max_workers: 1, gpus_per_worker: 1, image: 'vllm/vllm-openai:v0.26.0', port: 8000, target_concurrency: 64, env: { MODEL: 'Qwen/Qwen2.5-7B-Instruct', HF_TOKEN: '' } } },
		],
	};
}

/**
 * Runs an operation on a resource, a step every stepMS, and calls changed after each
 * change. A stopped endpoint called whisper finds no GPU: its start is undone.
 */
export async function run(world, op, resource, stepMS, changed) {
	const move = moves[op.name];
	const was = op.name === 'create' ? 'deleted' : resource.state;
	Object.assign(resource, { state: move.via, target: move.to, since: now(), operation_id: op.id, reason: undefined });
	Object.assign(op, { state: 'running', begun_at: now(), deadline: ago(-3600), resource_name: resource.name });
	changed('operation.begun');
	const fails = resource.name === 'whisper' && op.name === 'start';
	for (const [i, title] of move.steps.entries()) {
		const step = { name: title.replaceAll(' ', ''), title, state: 'running', started_at: now() };
		op.steps.push(step);
		op.phase = title;
		for (const percent of [0, 40, 80]) {
			op.progress = percent > 0 && i === 1 ? { percent, message: `${percent / 20} of 5 GB`, eta_seconds: 3 } : undefined;
			changed();
			await new Promise((done) => setTimeout(done, stepMS / 3));
			if (op.cancel_requested) break;
		}
		if (op.cancel_requested || (fails && i === 0)) {
			Object.assign(step, { state: op.cancel_requested ? 'done' : 'failed', ended_at: now(), message: op.cancel_requested ? undefined : 'no host has 1 free GPU' });
			op.steps.push({ name: 'Undo', title, undo: true, state: 'done', started_at: now(), ended_at: now() });
			Object.assign(op, op.cancel_requested ? { code: 'cancelled', message: 'cancelled by its owner' } : { code: 'exhausted', message: 'no host has 1 free GPU of any type' });
			end('undone', was);
			return;
		}
		Object.assign(step, { state: 'done', ended_at: now() });
	}
	end('done', move.to);

	function end(outcome, state) {
		Object.assign(op, { state: outcome, ended_at: now(), phase: '', progress: undefined });
		Object.assign(resource, { state, target: state, since: now(), operation_id: undefined, updated_at: now() });
		if (outcome !== 'done') resource.reason = `${op.name}: ${op.message}`;
		if (resource.workers) resource.workers = state === 'running' ? { total: resource.spec.active_workers, ready: resource.spec.active_workers } : { total: 0, ready: 0 };
		else resource.ready = state === 'running';
		const list = op.kind === 'endpoint' ? world.endpoints : world.instances;
		if (state === 'deleted' || state === 'terminated') list.splice(list.indexOf(resource), 1);
		changed(`${op.kind}.${outcome === 'done' ? state : 'undone'}`);
	}
}
