// Lines of a chart, as paths in a box of 100 by 100. Pure functions.

/** What a chart shows of one thing at each time; null where nobody looked. */
export interface Line {
	label: string;
	values: (number | null)[];
}

/** The largest value of lines; 1 at the least, so that nothing is divided by zero. */
export function top(lines: Line[]): number {
	return lines.reduce((most, line) => line.values.reduce<number>((m, v) => Math.max(m, v ?? 0), most), 0) || 1;
}

/** The path of a line, from left to right, with gaps where nobody looked. */
export function path(values: (number | null)[], most: number): string {
	const step = values.length > 1 ? 100 / (values.length - 1) : 0;
	let drawn = '';
	let open = false;
	values.forEach((value, i) => {
		if (value === null) {
			open = false;
			return;
		}
		drawn += `${open ? 'L' : 'M'}${round(i * step)} ${round(100 - (100 * value) / most)}`;
		open = true;
	});
	return drawn;
}

function round(n: number): string {
	return String(Math.round(n * 100) / 100);
}

/** A number in few characters: 0.25, 3.4, 120, 1.2k. */
export function brief(n: number): string {
	if (n >= 1000) return `${trim(n / 1000)}k`;
	return n >= 100 ? String(Math.round(n)) : trim(n);
}

function trim(n: number): string {
	return String(Number(n.toPrecision(2)));
}

/** Money in micro-units: 1.49. */
export function money(micros: number): string {
	const text = (micros / 1e6).toFixed(6);
	return text.replace(/(\.\d\d\d*?)0+$/, '$1');
}
