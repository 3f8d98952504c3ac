import type { FieldError, ProblemBody } from './types';

/** The API answered, and refused. */
export class Problem extends Error {
	readonly status: number;
	readonly code: string;
	/** The operation that is in the way. */
	readonly operation: string | undefined;
	readonly requestID: string | undefined;
	readonly fields: FieldError[];

	constructor(body: Partial<ProblemBody> & { status: number }) {
		super(body.detail || body.title || `Kelvin answered ${body.status}.`);
		this.status = body.status;
		this.code = body.code ?? 'internal';
		this.operation = body.operation;
		this.requestID = body.request_id;
		this.fields = body.fields ?? [];
	}
}

/** Nobody answered: there is no network, or no server, or only a proxy in front of it. */
export class Away extends Error {
	constructor(cause?: unknown) {
		super('Kelvin does not answer.', { cause });
	}
}

/** What helps, by the code of a failed request or operation. */
const hints: Record<string, string> = {
	exhausted: 'Try again later, or stop something else first.',
	unavailable: 'Something that Kelvin needs does not answer. Try again in a moment.',
	unhealthy: 'A GPU failed its test and was taken out of use. Try again to get another one.',
	timeout: 'It took longer than its limit.',
	unsupported: 'The machine it runs on cannot do this.',
	forbidden: 'Your API key does not allow this.',
	internal: 'This is a fault in Kelvin; its logs say more.',
};

/** One sentence on what to do about a code, or nothing where the message says it all. */
export function hint(code: string | undefined): string | undefined {
	return code === undefined ? undefined : hints[code];
}

/** An error in plain words, for wherever it is shown. */
export function explain(error: unknown): { message: string; hint?: string } {
	if (error instanceof Problem) {
		const reference = error.status >= 500 && error.requestID ? ` (request ${error.requestID})` : '';
		return { message: sentence(error.message), hint: join(hint(error.code), reference) };
	}
	if (error instanceof Away) {
		return { message: error.message, hint: 'It may be restarting. Nothing was lost: try again in a moment.' };
	}
	return { message: sentence(error instanceof Error ? error.message : String(error)) };
}

/** Begins with a capital and ends with a full stop, as messages from programs do not. */
export function sentence(text: string): string {
	const t = text.trim();
	return t === '' ? t : t[0]!.toUpperCase() + t.slice(1) + (/[.!?…]$/.test(t) ? '' : '.');
}

function join(a: string | undefined, b: string): string | undefined {
	return a === undefined && b === '' ? undefined : (a ?? '') + b;
}

/**
 * The messages for a form, by the name of the field ("body.gpus_per_worker" is
 * gpus_per_worker, "body.env.MODEL" env.MODEL), and those that belong to no field it has.
 * What is wrong with a part of a field ("body.ports[1]") stands beside the whole.
 */
export function byField(fields: FieldError[], known: (name: string) => boolean): { at: Record<string, string>; rest: string[] } {
	const at: Record<string, string> = {};
	const rest: string[] = [];
	for (const { field, message, allowed } of fields) {
		const name = field.replace(/^body\./, '');
		const text = (said: string) => (allowed ? `${sentence(said)} Allowed: ${allowed}.` : sentence(said));
		const whole = [name, ...wholes(name)].find(known);
		if (whole === name) at[name] ??= text(message);
		else if (whole !== undefined) at[whole] ??= text(`${part(name.slice(whole.length))} ${message}`);
		else rest.push(`${name} ${text(message)}`);
	}
	return { at, rest };
}

/** What a field is a part of, the nearest first: a.b[1] is of a.b, and that of a. */
function wholes(name: string): string[] {
	const cut = Math.max(name.lastIndexOf('.'), name.lastIndexOf('['));
	return cut < 0 ? [] : [name.slice(0, cut), ...wholes(name.slice(0, cut))];
}

/** "No. 2" of a list, the name in anything else. */
function part(rest: string): string {
	const place = /^\[(\d+)\]$/.exec(rest);
	return place ? `no. ${Number(place[1]) + 1}` : rest.replace(/^\./, '');
}
