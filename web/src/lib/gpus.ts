// What the console says about GPUs, their health and their diagnoses. Pure functions.
import { bytes, gigabytes } from './bytes';
import { sentence } from './problem';
import { duration } from './time';
import type { Diagnosis, DiagnosisReport, GPU, GPUCare, GPUDetail, Health, Mismatch, Operation, Reading, TestResult } from './types';
import { ended, type Tone } from './words';

/** The states of a GPU, in the order of its life. */
export const gpuStates = ['free', 'reserved', 'testing', 'assigned', 'scrubbing', 'resetting', 'quarantined', 'lost'] as const;

/** How thorough a test can be, the default first. */
export const levels: [NonNullable<GPUCare['level']>, string][] = [
	['rigorous', 'Rigorous: rounds of all patterns for a minute, and a pause'],
	['standard', 'Standard: eight patterns, a march and a hold'],
	['quick', 'Quick: every byte, two patterns'],
	['counters', 'Counters: only what the driver tells'],
];

const outcomes: Record<string, { tone: Tone; label: string }> = {
	pass: { tone: 'good', label: 'passed' },
	pass_degraded: { tone: 'busy', label: 'passed, degraded' },
	inconclusive: { tone: 'busy', label: 'inconclusive' },
	reset_and_retest: { tone: 'busy', label: 'reset and retest' },
	reboot: { tone: 'bad', label: 'needs a reboot' },
	quarantine: { tone: 'bad', label: 'quarantine' },
	hung: { tone: 'bad', label: 'hung' },
	lost: { tone: 'bad', label: 'lost' },
};

/** What a diagnosis came to, in a word or two. */
export function verdict(d: Pick<Diagnosis, 'kind' | 'outcome' | 'action'>): { tone: Tone; label: string } {
	if (d.kind === 'skip') return { tone: 'busy', label: 'not tested' };
	if (d.kind === 'hand') return { tone: d.outcome === 'pass' ? 'off' : 'bad', label: d.action ?? 'by hand' };
	if (!d.outcome) return { tone: 'off', label: 'no verdict' };
	return outcomes[d.outcome] ?? { tone: 'off', label: d.outcome };
}

/** What kind of diagnosis it is: "rigorous test, after a reset". */
export function kindOf(d: Pick<Diagnosis, 'kind' | 'level' | 'retest'>): string {
	switch (d.kind) {
		case 'test':
			return `${d.level ? `${d.level} ` : ''}test${d.retest ? ', after a reset' : ''}`;
		case 'skip':
			return 'test skipped by its owner';
		case 'watch':
			return 'what its driver reported';
		case 'hand':
			return 'decided by hand';
		default:
			return d.kind;
	}
}

/** A reading: its value, or why there is none. What is unknown is never 0. */
export function told<T>(r: Reading<T> | undefined, say: (value: T) => string = String): string {
	if (r?.value !== undefined && r.value !== null) return say(r.value);
	if (r?.unsupported) return 'not supported';
	return `unreadable: ${r?.error || 'not read'}`;
}

const yes = (value: boolean) => (value ? 'yes' : 'no');
const degrees = (value: number) => `${value} °C`;
/** The driver's bits for what holds clocks down; idle ones are none. */
const brakes: [bit: number, says: string][] = [[0x4, 'power cap'], [0x8, 'hardware'], [0x20, 'heat'], [0x40, 'heat, by hardware'], [0x80, 'power brake']];
const held = (bits: number) => brakes.filter(([bit]) => bits & bit).map(([, says]) => says).join(', ') || 'nothing';
const recoveries = ['nothing', 'reset the GPU', 'reboot the node', 'drain peer traffic', 'drain and reset'];

interface Fact {
	name: string;
	of: (h: Health) => { says: string; known: boolean };
}

function fact<T>(name: string, of: (h: Health) => Reading<T> | undefined, say?: (value: T) => string): Fact {
	return { name, of: (h) => ({ says: told(of(h), say), known: of(h)?.value !== undefined && of(h)?.value !== null }) };
}

const groups: { title: string; facts: Fact[] }[] = [
	{
		title: 'Errors since the driver was loaded',
		facts: [
			fact('Corrected', (h) => h.volatile.corrected),
			fact('Corrected, memory', (h) => h.volatile.corrected_dram),
			fact('Corrected, SRAM', (h) => h.volatile.corrected_sram),
			fact('Uncorrected', (h) => h.volatile.uncorrected),
			fact('Uncorrected, memory', (h) => h.volatile.uncorrected_dram),
			fact('Uncorrected, SRAM', (h) => h.volatile.uncorrected_sram),
		],
	},
	{
		title: 'Errors in its life',
		facts: [
			fact('Corrected', (h) => h.aggregate.corrected),
			fact('Corrected, memory', (h) => h.aggregate.corrected_dram),
			fact('Corrected, SRAM', (h) => h.aggregate.corrected_sram),
			fact('Uncorrected', (h) => h.aggregate.uncorrected),
			fact('Uncorrected, memory', (h) => h.aggregate.uncorrected_dram),
			fact('Uncorrected, SRAM', (h) => h.aggregate.uncorrected_sram),
			fact('SRAM past NVIDIA’s limit', (h) => h.sram_threshold, yes),
		],
	},
	{
		title: 'Rows and pages',
		facts: [
			fact('Rows remapped, corrected errors', (h) => h.remap.corrected),
			fact('Rows remapped, uncorrected errors', (h) => h.remap.uncorrected),
			fact('Remap pending', (h) => h.remap.pending, yes),
			fact('Remap failed', (h) => h.remap.failed, yes),
			fact('Banks by spare rows', (h) => h.remap.banks, (b) => `${b.max} all, ${b.high} most, ${b.partial} some, ${b.low} few, ${b.none} none`),
			fact('Pages retired, single bit', (h) => h.retired.single_bit),
			fact('Pages retired, double bit', (h) => h.retired.double_bit),
			fact('Retirement pending', (h) => h.retired.pending, yes),
			fact('Repair pending', (h) => h.repair_pending, yes),
		],
	},
	{
		title: 'State',
		facts: [
			fact('ECC', (h) => h.ecc_current, yes),
			fact('ECC after the next reset', (h) => h.ecc_pending, yes),
			fact('MIG', (h) => h.mig, yes),
			fact('The driver wants', (h) => h.recovery, (n) => recoveries[n] ?? String(n)),
			fact('InfoROM whole', (h) => h.inforom_valid, yes),
			fact('Memory', (h) => h.memory.total, bytes),
			fact('Memory used', (h) => h.memory.used, bytes),
			fact('Temperature', (h) => h.temperature, degrees),
			fact('Temperature of the memory', (h) => h.memory_temperature, degrees),
			fact('Power', (h) => h.power, (w) => `${Math.round(w)} W`),
			fact('Clocks held down by', (h) => h.throttle, held),
			fact('Clock', (h) => h.clock, (n) => `${n} MHz`),
			fact('Clock of the memory', (h) => h.memory_clock, (n) => `${n} MHz`),
		],
	},
];

export interface HealthRow {
	name: string;
	/** One for each snapshot, in their order. */
	says: string[];
	known: boolean[];
	changed: boolean;
}

/** One snapshot or two beside each other, in groups. */
export function healthTable(snapshots: Health[]): { title: string; rows: HealthRow[] }[] {
	return groups.map(({ title, facts }) => ({
		title,
		rows: facts.map(({ name, of }) => {
			const read = snapshots.map(of);
			return { name, says: read.map((r) => r.says), known: read.map((r) => r.known), changed: new Set(read.map((r) => r.says)).size > 1 };
		}),
	}));
}

/** A share of one, never rounded up to all: 99.96 % stays below 100 %. */
export function share(of: number): string {
	const tenths = Math.floor(of * 1000 + 1e-9) / 10;
	return `${tenths.toFixed(1)} %`;
}

/** "1,812 GB/s, 88.8 % of peak"; without the peak only the rate; nothing without a rate. */
export function rate(gbps: number | undefined, peak?: number | undefined): string {
	if (!gbps) return '';
	return peak ? `${gigabytes(gbps)}, ${share(gbps / peak)} of peak` : gigabytes(gbps);
}

/** What a test or a scrub did, a fact each; what it does not say is left out. */
export function didWhat(r: TestResult): { name: string; says: string }[] {
	const all = [
		{ name: 'Coverage', says: r.usable_bytes > 0 ? `${share(r.coverage)}: ${bytes(r.covered_bytes)} of ${bytes(r.usable_bytes)}` : 'none' },
		{ name: 'Read and written', says: bytes(r.moved_bytes) },
		{ name: 'Best rate', says: rate(r.gbps, r.peak_gbps) },
		{ name: 'A plain copy in the same run', says: rate(r.copy_gbps, r.peak_gbps) },
		{ name: 'Wrong words of 16 bytes', says: r.covered_bytes > 0 || r.mismatches > 0 ? r.mismatches.toLocaleString('en') : 'unknown: nothing was tested' },
		{ name: 'Words not zero before', says: r.audited ? r.remanent_words.toLocaleString('en') : 'not looked at' },
		{ name: 'Hottest memory', says: r.max_memory_temperature ? degrees(r.max_memory_temperature) : 'unknown' },
		{ name: 'Ended by', says: endedBy(r) },
	];
	return all.filter(({ says }) => says !== '');
}

function endedBy(r: TestResult): string {
	return [r.hung ? 'it could not be killed' : r.killed ? 'it did not end in time, and was killed' : '', r.cuda ? `CUDA error ${r.cuda}` : '', r.error ?? ''].filter(Boolean).join(', ');
}

/** An address, in hexadecimal. */
export function address(offset: number): string {
	return `0x${offset.toString(16)}`;
}

/** Bits of a word: "3, 17"; many are counted. */
export function bits(list: number[] | null | undefined): string {
	if (!list || list.length === 0) return 'none';
	return list.length > 16 ? `${list.slice(0, 16).join(', ')} and ${list.length - 16} more` : list.join(', ');
}

/** What reading the word again said. */
export function again(m: Mismatch): string {
	return [m.again && m.again.length > 0 ? `still wrong: ${bits(m.again)}` : 'right when read again', m.hard ? 'wrong again in a later pass' : ''].filter(Boolean).join('; ');
}

/** What there was that a diagnosis took as a sign, besides counters. */
export function oddities(r: DiagnosisReport): string[] {
	const x = r.examination;
	return [
		x?.missing ? 'The driver does not list it any more.' : '',
		x?.hung ? 'The driver did not answer, three times in a row.' : '',
		x?.after?.lost || x?.before?.lost ? 'The driver cannot reach it.' : '',
		x?.after?.reset_required || x?.before?.reset_required ? 'The driver does nothing with it before a reset.' : '',
		x?.reset_error ? `The reset before it failed: ${sentence(x.reset_error)}` : '',
		x?.error ? sentence(x.error) : '',
	].filter(Boolean);
}

/** Diagnoses by GPU, each GPU's in the order they come, the GPUs by their first. */
export function byGPU(items: Diagnosis[]): { gpu: string; uuid: string; items: Diagnosis[] }[] {
	const all = new Map<string, { gpu: string; uuid: string; items: Diagnosis[] }>();
	for (const d of items) {
		const group = all.get(d.gpu_id) ?? { gpu: d.gpu_id, uuid: d.uuid, items: [] };
		group.items.push(d);
		all.set(d.gpu_id, group);
	}
	return [...all.values()];
}

/** Operations that can have given an instance the GPUs that it has. */
const givers = ['create', 'start', 'thaw', 'migrate', 'recover', 'reset'];

/** The operations that may have tested an instance's GPUs, the newest first. */
export function givenBy(operations: Operation[]): Operation[] {
	return operations.filter((op) => givers.includes(op.name) && (op.state === 'done' || !ended(op)));
}

/** Whether something is being done with it because somebody asked. */
export function underCare(gpu: GPUDetail): boolean {
	return gpu.care !== undefined && !gpu.care.ended_at;
}

export interface GPUAction {
	name: 'quarantine' | 'release' | 'test' | 'scrub' | 'reset';
	label: string;
	danger?: boolean;
	/** Of what it asks: why, or how thoroughly. */
	asks?: 'reason' | 'level';
	says: string[];
}

const gpuActions: GPUAction[] = [
	{ name: 'test', label: 'Test', asks: 'level', says: ['Its health is read before and after a test of its memory. Nobody gets it meanwhile; the verdict decides what becomes of it.'] },
	{ name: 'scrub', label: 'Scrub', says: ['All of its memory is overwritten, and read back to prove it. Nobody gets it meanwhile.'] },
	{ name: 'reset', label: 'Reset', asks: 'level', says: ['It is reset, and tested. Nobody gets it meanwhile; whatever only watches it, such as an exporter, may be in the way.'] },
	{ name: 'release', label: 'Release', asks: 'reason', says: ['It is free once it is scrubbed, and on probation: others are handed out before it.', 'What was wrong with it is not repaired by this: test it first.'] },
	{ name: 'quarantine', label: 'Quarantine', asks: 'reason', danger: true, says: ['Nobody gets it until it is released, on whichever host it turns up. An instance that has it keeps it for now.'] },
];

/** The buttons of a GPU, and why one cannot be pressed. */
export function actionsOf(gpu: GPUDetail): { action: GPUAction; why: string | undefined }[] {
	return gpuActions.filter(({ name }) => (name === 'release') === (gpu.state === 'quarantined') || !['release', 'quarantine'].includes(name)).map((action) => ({ action, why: hindrance(action, gpu) }));
}

function hindrance({ name }: GPUAction, gpu: GPUDetail): string | undefined {
	if (name === 'quarantine' || name === 'release') return undefined;
	if (gpu.instance_id) return 'An instance has it: migrate, stop or freeze that first';
	if (gpu.state === 'lost') return 'Its host does not report it';
	if (underCare(gpu)) return `Its ${gpu.care!.what} is not over yet`;
	return undefined;
}

/** What a care does now, or what it came to. */
export function careSays(care: GPUCare): string {
	const what = { test: 'Test', scrub: 'Scrub', reset: 'Reset and test' }[care.what] ?? care.what;
	const level = care.what !== 'scrub' && care.level !== 'none' ? `, ${care.level}` : '';
	const now = care.ended_at ? care.message : care.cancelled_at ? 'ending, because somebody wants so' : care.state === 'asked' ? 'waiting to begin' : care.phase;
	return [`${what}${level}`, now].filter(Boolean).join(' · ');
}

/** Where it stands among GPUs that fit alike, and until when it is on probation. */
export function standing(gpu: GPU, now: number): string {
	const until = gpu.probation_until ? Date.parse(gpu.probation_until) : 0;
	return until > now ? `${gpu.score} of 100, on probation for ${duration(until - now)}` : `${gpu.score} of 100`;
}

/** What a slice is cut from: "3g.40gb at 4 of GPU-…". */
export function sliceOf(gpu: GPU): string {
	return gpu.slice ? `${gpu.slice.profile} at ${gpu.slice.start} of ${gpu.slice.device}` : '';
}
