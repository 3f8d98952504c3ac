import { describe, expect, test } from 'vitest';
import { blankSchedule, byItsClocks, condition, days, filledSchedule, scheduleFields, scheduleRequest, selects, summary, targets } from './schedule';
import type { Instance, Schedule, ScheduleSpec } from './types';

const spec = (fields: Partial<ScheduleSpec>): ScheduleSpec => ({ target: {}, action: 'stop', when: {}, time_zone: 'Europe/Berlin', ...fields });

describe('what a schedule does', () => {
	test.each([
		[spec({ when: { from: '20:00', to: '08:00', days: ['mon', 'tue', 'wed', 'thu', 'fri'] } }), 'Stop from 20:00 to 08:00, mon–fri'],
		[spec({ when: { from: '20:00', to: '08:00', days: ['fri'], end_days: ['mon'] } }), 'Stop from 20:00 to 08:00, fri, ending mon'],
		[spec({ action: 'freeze', when: { cron: '0 3 * * *' } }), 'Freeze at 0 3 * * *'],
		[spec({ action: 'start', when: { at: '07:30' } }), 'Start at 07:30, every day'],
		[spec({ action: 'set-active-workers', active_workers: 1, end_active_workers: 3, when: { from: '12:00', to: '13:00' } }), 'Set 1 active worker from 12:00 to 13:00, then 3, every day'],
	])('%#', (of, says) => {
		expect(summary(of)).toBe(says);
	});

	test('days', () => {
		expect(days([])).toBe('every day');
		expect(days(['wed', 'mon'])).toBe('mon, wed');
		expect(days(['sat', 'sun'])).toBe('sat, sun');
		expect(days(['mon', 'tue', 'thu'])).toBe('mon, tue, thu');
	});

	test('conditions', () => {
		expect(condition(spec({}))).toBe('');
		expect(condition(spec({ only_if: { states: ['stopped'], for: '72h0m0s' } }))).toBe('it is stopped, and it has been so for 3 d');
	});

	test('times are those of its clocks', () => {
		expect(byItsClocks('2026-10-23T20:00:00+02:00')).toBe('Fri 2026-10-23 20:00 +02:00');
		expect(byItsClocks('2026-10-23T20:00:00Z')).toBe('Fri 2026-10-23 20:00 UTC');
		expect(byItsClocks('soon')).toBe('soon');
	});
});

describe('selectors', () => {
	test.each([
		['team=ml', { team: 'ml' }, true],
		['team=ml,env!=prod', { team: 'ml' }, true],
		['team=ml,env!=prod', { team: 'ml', env: 'prod' }, false],
		[' team = ml ', { team: 'ml' }, true],
		['team=ml', undefined, false],
		['team!=ml', undefined, true],
		['team', { team: 'ml' }, false],
	])('%s of %o is %s', (selector, labels, holds) => {
		expect(selects(selector, labels)).toBe(holds);
	});

	test('a schedule targets what it names or selects, and no workers', () => {
		const server = { id: 'ins_1', spec: { labels: { team: 'ml' } } } as unknown as Instance;
		const schedule = (target: ScheduleSpec['target']) => ({ spec: spec({ target }) }) as Schedule;
		expect(targets(schedule({ instance: 'ins_1' }), server)).toBe(true);
		expect(targets(schedule({ instance: 'ins_2' }), server)).toBe(false);
		expect(targets(schedule({ selector: 'team=ml' }), server)).toBe(true);
		expect(targets(schedule({ selector: 'team=ml' }), { ...server, endpoint_id: 'ep_1' })).toBe(false);
	});
});

describe('the form', () => {
	test('asks for a window, an hour or a cron line', () => {
		const form = { ...blankSchedule('ins_1'), name: ' nights ', time_zone: 'Europe/Berlin', days: ['mon' as const] };
		expect(scheduleRequest(form)).toEqual({ name: 'nights', target: { instance: 'ins_1' }, action: 'stop', when: { from: '20:00', to: '08:00', days: ['mon'] }, time_zone: 'Europe/Berlin', jitter: '0s', only_if: {} });
		expect(scheduleRequest({ ...form, kind: 'at' }).when).toEqual({ at: '20:00', days: ['mon'] });
		expect(scheduleRequest({ ...form, kind: 'cron', cron: ' * * * * * ' }).when).toEqual({ cron: '* * * * *' });
		expect(scheduleRequest({ ...form, target: 'selector', selector: 'a=b' }).target).toEqual({ selector: 'a=b' });
		expect(scheduleRequest({ ...form, target: 'ep_1', action: 'set-active-workers', active_workers: 0, end_active_workers: 2 })).toMatchObject({ target: { endpoint: 'ep_1' }, active_workers: 0, end_active_workers: 2 });
	});

	test('opens with what a schedule is, and asks for the same', () => {
		const was = { name: 'lunch', spec: spec({ target: { endpoint: 'ep_1' }, action: 'set-active-workers', active_workers: 1, end_active_workers: 3, when: { from: '12:00', to: '13:00', days: ['mon'] }, only_if: { states: ['running'], for: '1h0m0s' }, jitter: '5m0s' }) };
		expect(scheduleRequest(filledSchedule(was))).toEqual({ name: 'lunch', ...was.spec });
	});

	test('knows the fields that it shows', () => {
		const known = scheduleFields({ ...blankSchedule(), kind: 'cron' });
		expect([known('when.cron'), known('when.from'), known('target.selector'), known('active_workers')]).toEqual([true, false, false, false]);
	});
});
