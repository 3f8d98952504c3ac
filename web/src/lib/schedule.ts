import { plain } from './time';
import type { Endpoint, Instance, Schedule, ScheduleCreate, ScheduleSpec } from './types';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];
export type ScheduleAction = ScheduleSpec['action'];

/** What a schedule can do. */
export const scheduleActions: { name: ScheduleAction; says: string; ends?: string }[] = [
	{ name: 'stop', says: 'Stop', ends: 'start' },
	{ name: 'freeze', says: 'Freeze', ends: 'thaw' },
	{ name: 'set-active-workers', says: 'Set the active workers', ends: 'set the active workers' },
	{ name: 'start', says: 'Start' },
	{ name: 'thaw', says: 'Thaw' },
];

/** What an action does: "stop", "set 3 active workers". */
export function does(action: string, workers: number | undefined): string {
	return action === 'set-active-workers' ? `set ${workers ?? 0} active worker${workers === 1 ? '' : 's'}` : action;
}

/** What a schedule does, and when: "Stop from 20:00 to 08:00, mon–fri". */
export function summary(spec: ScheduleSpec): string {
	const { when, action } = spec;
	const first = does(action, spec.active_workers);
	const begin = first[0]!.toUpperCase() + first.slice(1);
	if (when.cron) return `${begin} at ${when.cron}`;
	if (when.at) return `${begin} at ${when.at}, ${days(when.days)}`;
	const ends = when.end_days?.length ? `, ending ${days(when.end_days)}` : '';
	const then = action === 'set-active-workers' ? `, then ${spec.end_active_workers ?? 0}` : '';
	return `${begin} from ${when.from} to ${when.to}${then}, ${days(when.days)}${ends}`;
}

/** Days as people say them: every day, mon–fri, mon, wed. */
export function days(list: readonly string[] | undefined): string {
	const on = weekdays.filter((day) => list?.includes(day));
	if (on.length === 0 || on.length === 7) return 'every day';
	const from = weekdays.indexOf(on[0]!);
	if (on.length > 2 && on.every((day, i) => day === weekdays[from + i])) return `${on[0]}–${on.at(-1)}`;
	return on.join(', ');
}

/** What a schedule leaves alone: "if stopped for 3 d". */
export function condition(spec: ScheduleSpec): string {
	const { states, for: lasting } = spec.only_if ?? {};
	const parts = [states?.length ? `it is ${states.join(' or ')}` : '', lasting && lasting !== '0s' ? `it has been so for ${plain(lasting)}` : ''];
	return parts.filter(Boolean).join(', and ');
}

/** A time by the clocks of its zone, which are not the reader's: "Fri 2026-10-23 20:00 +02:00". */
export function byItsClocks(local: string): string {
	const at = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}):\d{2}(?:\.\d+)?(Z|[+-]\d{2}:\d{2})$/.exec(local);
	if (!at) return local;
	const day = new Date(`${at[1]}T00:00:00Z`).toLocaleDateString('en-GB', { weekday: 'short', timeZone: 'UTC' });
	return `${day} ${at[1]} ${at[2]} ${at[3] === 'Z' ? 'UTC' : at[3]}`;
}

/** Whether a selector's terms all hold for these labels, as the server has it. */
export function selects(selector: string, labels: Record<string, string> | undefined): boolean {
	return selector.split(',').every((term) => {
		const parts = /^\s*([^=!]+?)\s*(!?=)\s*(.*?)\s*$/.exec(term);
		if (!parts) return false;
		return (labels?.[parts[1]!] === parts[3]) === (parts[2] === '=');
	});
}

/** Whether a schedule acts on this. */
export function targets(schedule: Schedule, resource: Endpoint | Instance): boolean {
	const { target } = schedule.spec;
	if (target.selector) return !('endpoint_id' in resource && resource.endpoint_id) && selects(target.selector, resource.spec.labels);
	return target.instance === resource.id || target.endpoint === resource.id;
}

/** What the form for a schedule holds. An empty number is null. */
export interface ScheduleForm {
	name: string;
	/** An ID, or "selector". */
	target: string;
	selector: string;
	action: ScheduleAction;
	active_workers: number | null;
	end_active_workers: number | null;
	kind: 'window' | 'at' | 'cron';
	from: string;
	to: string;
	at: string;
	cron: string;
	days: Weekday[];
	end_days: Weekday[];
	time_zone: string;
	states: string[];
	lasting: string;
	jitter: string;
}

/** The form as it opens, for a target. */
export function blankSchedule(target = ''): ScheduleForm {
	return {
		name: '', target, selector: '', action: 'stop', active_workers: 1, end_active_workers: 1, kind: 'window', from: '20:00', to: '08:00', at: '20:00', cron: '30 7 * * mon-fri',
		days: [], end_days: [], time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone, states: [], lasting: '', jitter: '',
	};
}

/** A schedule's form, as it is. */
export function filledSchedule({ name, spec }: Pick<Schedule, 'name' | 'spec'>): ScheduleForm {
	const blank = blankSchedule();
	const { when, target } = spec;
	return {
		...blank, name, target: target.selector ? 'selector' : (target.instance ?? target.endpoint ?? ''), selector: target.selector ?? '', action: spec.action,
		active_workers: spec.active_workers ?? null, end_active_workers: spec.end_active_workers ?? null,
		kind: when.cron ? 'cron' : when.at ? 'at' : 'window',
		from: when.from ?? blank.from, to: when.to ?? blank.to, at: when.at ?? blank.at, cron: when.cron ?? blank.cron, days: [...(when.days ?? [])], end_days: [...(when.end_days ?? [])],
		time_zone: spec.time_zone, states: [...(spec.only_if?.states ?? [])], lasting: zero(spec.only_if?.for), jitter: zero(spec.jitter),
	};
}

/** What the form asks the API for; it alone judges what is right. */
export function scheduleRequest(form: ScheduleForm): ScheduleCreate {
	const target = form.target === 'selector' ? { selector: form.selector.trim() } : form.target.startsWith('ep_') ? { endpoint: form.target } : { instance: form.target };
	const some = (list: Weekday[]) => (list.length > 0 ? [...list] : undefined);
	const when = {
		window: { from: form.from, to: form.to, days: some(form.days), end_days: some(form.end_days) },
		at: { at: form.at, days: some(form.days) },
		cron: { cron: form.cron.trim() },
	}[form.kind];
	const workers = form.action === 'set-active-workers';
	return {
		name: form.name.trim(), target, action: form.action, when, time_zone: form.time_zone.trim(), jitter: form.jitter.trim() || '0s',
		only_if: { states: form.states.length > 0 ? (form.states as never) : undefined, for: form.lasting.trim() || undefined },
		active_workers: workers ? (form.active_workers ?? undefined) : undefined,
		end_active_workers: workers && form.kind === 'window' ? (form.end_active_workers ?? undefined) : undefined,
	};
}

/** The fields of the form, by the names that problems give them. */
export function scheduleFields(form: ScheduleForm): (name: string) => boolean {
	const shown = ['name', 'action', 'time_zone', 'jitter', 'only_if.states', 'only_if.for', 'target', 'when', ...{ window: ['when.from', 'when.to', 'when.days', 'when.end_days'], at: ['when.at', 'when.days'], cron: ['when.cron'] }[form.kind]];
	if (form.target === 'selector') shown.push('target.selector');
	if (form.action === 'set-active-workers') shown.push('active_workers', 'end_active_workers');
	return (name) => shown.includes(name);
}

/** A duration, empty where there is none. */
const zero = (text: string | undefined) => (!text || /^0+[a-zµ]+$/.test(text) ? '' : text);
