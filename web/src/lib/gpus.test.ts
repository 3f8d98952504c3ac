import { describe, expect, test } from 'vitest';
import { actionsOf, again, bits, byGPU, careSays, didWhat, givenBy, healthTable, kindOf, oddities, rate, share, standing, told, underCare, verdict } from './gpus';
import type { Diagnosis, DiagnosisReport, GPU, GPUCare, GPUDetail, Health, Operation, TestResult } from './types';

function gpu(fields: Partial<GPUDetail>): GPUDetail {
	return { id: 'gpu_1', host_id: 'hst_1', index: 3, type: 'a100-80gb', state: 'free', score: 100, memory_mb: 81_920, uncorrected: [], link_errors: [], unjudged: [], ...fields } as GPUDetail;
}

function care(fields: Partial<GPUCare>): GPUCare {
	return { id: 'car_1', gpu_id: 'gpu_1', what: 'test', level: 'rigorous', actor: 'key_1', state: 'running', asked_at: '2026-01-01T00:00:00Z', ...fields };
}

function result(fields: Partial<TestResult>): TestResult {
	return { seed: 1, started_at: '', ended_at: '', usable_bytes: 85e9, covered_bytes: 82.6e9, coverage: 0.9718, moved_bytes: 1e13, phases: [], audited: true, remanent_words: 0, mismatches: 0, ...fields };
}

const unread = { error: 'not read' };
const errors = { corrected: unread, uncorrected: unread, corrected_dram: unread, corrected_sram: unread, uncorrected_dram: unread, uncorrected_sram: unread };

function health(fields: Partial<Health>): Health {
	return {
		at: '', uuid: 'GPU-1', bus_id: '', product: '', driver: '', mig: { value: false }, memory: { total: unread, reserved: unread, used: unread }, ecc_current: { value: true }, ecc_pending: { value: true },
		volatile: errors, aggregate: errors, remap: { corrected: unread, uncorrected: unread, pending: { value: false }, failed: { value: false }, banks: unread },
		retired: { single_bit: { unsupported: true }, double_bit: { unsupported: true }, pending: { unsupported: true } }, sram_threshold: unread, repair_pending: unread, recovery: { value: 0 }, inforom_valid: { value: true },
		temperature: unread, memory_temperature: unread, power: unread, clock: unread, memory_clock: unread, throttle: unread, ...fields,
	};
}

describe('what a driver told', () => {
	test.each([
		['a value', { value: 7 }, '7'],
		['nothing counted', { value: 0 }, '0'],
		['what it does not have', { unsupported: true }, 'not supported'],
		['what could not be read', { error: 'NVML: timeout' }, 'unreadable: NVML: timeout'],
		['what nobody asked for', {}, 'unreadable: not read'],
		['nothing at all', undefined, 'unreadable: not read'],
	])('%s', (_, reading, says) => expect(told(reading)).toBe(says));

	test('unknown is never 0, in no row', () => {
		const rows = healthTable([health({})]).flatMap((group) => group.rows);
		expect(rows.filter((row) => row.known[0]).map((row) => row.name)).toEqual(['Remap pending', 'Remap failed', 'ECC', 'ECC after the next reset', 'MIG', 'The driver wants', 'InfoROM whole']);
		expect(rows.filter((row) => !row.known[0]).every((row) => /^(unreadable: not read|not supported)$/.test(row.says[0]!))).toBe(true);
	});

	test('what holds clocks down', () => {
		const says = (value: number) => healthTable([health({ throttle: { value } })]).flatMap((group) => group.rows).find((row) => row.name === 'Clocks held down by')!.says[0];
		expect([0, 1, 0x44].map(says)).toEqual(['nothing', 'nothing', 'power cap, heat, by hardware']);
	});

	test('before and after stand beside each other, and what changed is marked', () => {
		const after = health({ volatile: { ...errors, uncorrected: { value: 1 } }, remap: { ...health({}).remap, pending: { value: true } }, recovery: { value: 1 } });
		const changed = healthTable([health({}), after]).flatMap((group) => group.rows.filter((row) => row.changed).map((row) => [row.name, row.says]));
		expect(changed).toEqual([
			['Uncorrected', ['unreadable: not read', '1']],
			['Remap pending', ['no', 'yes']],
			['The driver wants', ['nothing', 'reset the GPU']],
		]);
	});
});

describe('what a diagnosis came to', () => {
	test.each<[Partial<Diagnosis>, string, string, string]>([
		[{ kind: 'test', outcome: 'pass', level: 'rigorous' }, 'good', 'passed', 'rigorous test'],
		[{ kind: 'test', outcome: 'reset_and_retest', level: 'standard' }, 'busy', 'reset and retest', 'standard test'],
		[{ kind: 'test', outcome: 'quarantine', level: 'rigorous', retest: true }, 'bad', 'quarantine', 'rigorous test, after a reset'],
		[{ kind: 'scrub', outcome: 'pass' }, 'good', 'passed', 'scrub'],
		[{ kind: 'skip' }, 'busy', 'not tested', 'test skipped by its owner'],
		[{ kind: 'hand', outcome: 'quarantine', action: 'quarantined' }, 'bad', 'quarantined', 'decided by hand'],
		[{ kind: 'hand', outcome: 'pass', action: 'released' }, 'off', 'released', 'decided by hand'],
		[{ kind: 'watch', outcome: 'lost' }, 'bad', 'lost', 'what its driver reported'],
		[{ kind: 'reset' }, 'off', 'no verdict', 'reset'],
	])('%o', (d, tone, label, kind) => {
		expect(verdict(d as Diagnosis)).toEqual({ tone, label });
		expect(kindOf(d as Diagnosis)).toBe(kind);
	});

	test('an outcome this console does not know yet is shown as it is', () => {
		expect(verdict({ kind: 'test', outcome: 'melted' as 'lost' }).label).toBe('melted');
	});

	test('by GPU, as they come', () => {
		const d = (id: string, gpu_id: string) => ({ id, gpu_id, uuid: `GPU-${gpu_id}` }) as Diagnosis;
		expect(byGPU([d('1', 'b'), d('2', 'a'), d('3', 'b')]).map((g) => [g.uuid, g.items.map((i) => i.id)])).toEqual([['GPU-b', ['1', '3']], ['GPU-a', ['2']]]);
	});

	test('besides counters', () => {
		const x = { missing: true, reset_error: 'in use by another client', error: '' };
		expect(oddities({ examination: x } as DiagnosisReport)).toEqual(['The driver does not list it any more.', 'The reset before it failed: In use by another client.']);
		expect(oddities({} as DiagnosisReport)).toEqual([]);
	});
});

describe('what a test did', () => {
	const facts = (r: Partial<TestResult>) => Object.fromEntries(didWhat(result(r)).map((f) => [f.name, f.says]));

	test('coverage, rates and what was found', () => {
		expect(facts({ gbps: 1811.9, peak_gbps: 2039, copy_gbps: 1700, mismatches: 1200, max_memory_temperature: 81 })).toEqual({
			Coverage: '97.1 %: 83 GB of 85 GB', 'Read and written': '10 TB', 'Best rate': '1,812 GB/s, 88.8 % of peak', 'A plain copy in the same run': '1,700 GB/s, 83.3 % of peak',
			'Wrong words of 16 bytes': '1,200', 'Words not zero before': '0', 'Hottest memory': '81 °C',
		});
	});

	test('what was not looked at is not 0', () => {
		expect(facts({ audited: false, covered_bytes: 0, coverage: 0, moved_bytes: 0, killed: true, cuda: 214 })).toEqual({
			Coverage: '0.0 %: 0 B of 85 GB', 'Read and written': '0 B', 'Wrong words of 16 bytes': 'unknown: nothing was tested', 'Words not zero before': 'not looked at', 'Hottest memory': 'unknown',
			'Ended by': 'it did not end in time, and was killed, CUDA error 214',
		});
	});

	test('a share is never rounded up to all', () => {
		expect([share(0.99999), share(1), share(0.95), share(0)]).toEqual(['99.9 %', '100.0 %', '95.0 %', '0.0 %']);
	});

	test('a rate without a peak is a rate', () => {
		expect([rate(12.34), rate(0), rate(undefined, 2039), rate(900, 0)]).toEqual(['12.3 GB/s', '', '', '900 GB/s']);
	});

	test('a wrong word: its bits, and whether it was wrong again', () => {
		expect(bits([3, 17])).toBe('3, 17');
		expect(bits(Array.from({ length: 128 }, (_, i) => i))).toMatch(/^0, 1, .*, 15 and 112 more$/);
		expect(bits(null)).toBe('none');
		expect(again({ pattern: 'hash', offset: 0, bits: [3], xor: [], again: [3], hard: true })).toBe('still wrong: 3; wrong again in a later pass');
		expect(again({ pattern: 'hash', offset: 0, bits: [3], xor: [] })).toBe('right when read again');
	});
});

describe('the buttons of a GPU', () => {
	const lit = (g: GPUDetail) => actionsOf(g).filter(({ why }) => why === undefined).map(({ action }) => action.name);

	test.each<[string, Partial<GPUDetail>, string[]]>([
		['a free one', {}, ['test', 'scrub', 'reset', 'quarantine']],
		['one that an instance has', { state: 'assigned', instance_id: 'ins_1' }, ['quarantine']],
		['a quarantined one', { state: 'quarantined' }, ['test', 'scrub', 'reset', 'release']],
		['a quarantined one that an instance has', { state: 'quarantined', instance_id: 'ins_1' }, ['release']],
		['a lost one', { state: 'lost' }, ['quarantine']],
		['one that is tested', { state: 'testing', care: care({}) }, ['quarantine']],
		['one whose test is over', { care: care({ state: 'done', ended_at: '2026-01-01T00:01:00Z' }) }, ['test', 'scrub', 'reset', 'quarantine']],
	])('%s', (_, fields, names) => expect(lit(gpu(fields))).toEqual(names));

	test('one that cannot be pressed says why', () => {
		expect(actionsOf(gpu({ care: care({ what: 'scrub' }) }))[0]!.why).toBe('Its scrub is not over yet');
	});
});

test('a care says what it does, or what it came to', () => {
	expect(careSays(care({ state: 'asked' }))).toBe('Test, rigorous · waiting to begin');
	expect(careSays(care({ phase: 'march c-' }))).toBe('Test, rigorous · march c-');
	expect(careSays(care({ what: 'scrub', level: 'none', state: 'done', message: 'proven clean', ended_at: 'x' }))).toBe('Scrub · proven clean');
	expect(careSays(care({ phase: 'march c-', cancelled_at: 'x' }))).toBe('Test, rigorous · ending, because somebody wants so');
	expect(underCare(gpu({ care: care({}) }))).toBe(true);
	expect(underCare(gpu({}))).toBe(false);
});

test('the operations that gave an instance its GPUs', () => {
	const op = (name: string, state: string) => ({ name, state }) as Operation;
	expect(givenBy([op('restart', 'done'), op('thaw', 'undone'), op('migrate', 'running'), op('freeze', 'done'), op('create', 'done')]).map((o) => o.name)).toEqual(['migrate', 'create']);
});

test('where a GPU stands', () => {
	const now = Date.parse('2026-01-01T00:00:00Z');
	expect(standing({ score: 100 } as GPU, now)).toBe('100 of 100');
	expect(standing({ score: 80, probation_until: '2026-01-03T00:00:00Z' } as GPU, now)).toBe('80 of 100, on probation for 2 d');
	expect(standing({ score: 80, probation_until: '2025-12-31T00:00:00Z' } as GPU, now)).toBe('80 of 100');
});
