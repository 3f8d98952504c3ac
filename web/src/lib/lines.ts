/** NAME=value, a line each, as a map. What has no = is a mistake, said with its line. */
export function toMap(text: string): Record<string, string> {
	const map: Record<string, string> = {};
	for (const line of text.split('\n')) {
		if (line.trim() === '') continue;
		const at = line.indexOf('=');
		if (at < 1) throw new Error(`“${line.trim()}” is not NAME=value.`);
		map[line.slice(0, at).trim()] = line.slice(at + 1);
	}
	return map;
}

/** A map, NAME=value a line each. */
export function toLines(map: Record<string, string> | undefined): string {
	return Object.entries(map ?? {})
		.map(([name, value]) => `${name}=${value}`)
		.join('\n');
}

/** Numbers with commas or spaces between: 8888, 22. */
export function toNumbers(text: string): number[] {
	return text
		.split(/[\s,]+/)
		.filter((part) => part !== '')
		.map((part) => {
			if (!/^\d{1,9}$/.test(part)) throw new Error(`“${part}” is not a whole number.`);
			return Number(part);
		});
}
