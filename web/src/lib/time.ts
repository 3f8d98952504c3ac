/** Milliseconds as people say them: 80 ms, 4.2 s, 12 s, 3 min 5 s, 2 h 10 min, 4 d 3 h. */
export function duration(ms: number): string {
	const s = Math.max(0, ms) / 1000; // clocks differ
	if (s < 1) return `${Math.round(s * 1000)} ms`;
	if (s < 10) return `${s.toFixed(1)} s`;
	if (s < 60) return `${Math.floor(s)} s`;
	const [large, small, names]: [number, number, [string, string]] =
		s < 3600 ? [Math.floor(s / 60), Math.floor(s % 60), ['min', 's']]
		: s < 86_400 ? [Math.floor(s / 3600), Math.floor((s % 3600) / 60), ['h', 'min']]
		: [Math.floor(s / 86_400), Math.floor((s % 86_400) / 3600), ['d', 'h']];
	return small === 0 ? `${large} ${names[0]}` : `${large} ${names[0]} ${small} ${names[1]}`;
}

/** A duration as the API writes it (1m0s, 1h30m), as people do. */
export function plain(text: string): string {
	let ms = 0;
	for (const [, n, unit] of text.matchAll(/([\d.]+)(ms|[hms])/g)) ms += Number(n) * { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }[unit as 'h' | 'm' | 's' | 'ms'];
	return ms === 0 ? text : duration(ms);
}

/** How long ago, roughly: now, 12 s, 3 min, 2 h, 4 d. */
export function age(at: string, now: number): string {
	const s = Math.max(0, (now - Date.parse(at)) / 1000);
	if (s < 5) return 'now';
	if (s < 60) return `${Math.floor(s)} s`;
	if (s < 3600) return `${Math.floor(s / 60)} min`;
	if (s < 86_400) return `${Math.floor(s / 3600)} h`;
	return `${Math.floor(s / 86_400)} d`;
}

/** The time between two instants; the second defaults to now. */
export function between(from: string, to: string | undefined, now: number): string {
	return duration((to ? Date.parse(to) : now) - Date.parse(from));
}

/** Date and time in the reader's own zone and manner. */
export function moment(at: string): string {
	return new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** How far ahead an instant is, roughly: in 12 s, in 3 min; overdue once it is past. */
export function ahead(at: string, now: number): string {
	const ms = Date.parse(at) - now;
	return ms < 0 ? 'overdue' : `in ${age(new Date(now).toISOString(), now + Math.max(ms, 5000))}`;
}
