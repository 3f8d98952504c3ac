/**
 * The fields of a spec that say something, for showing: names with spaces, values as text.
 * What is empty or zero is the default, and left out.
 */
export function settings(spec: object): { name: string; values: string[] }[] {
	return Object.entries(spec)
		.map(([name, value]) => ({ name: name.replaceAll('_', ' ').replace(/\b(gpus?|cpus?|mb)\b/g, (word) => (word.endsWith('s') ? word.slice(0, -1).toUpperCase() + 's' : word.toUpperCase())), values: texts(value) }))
		.filter(({ values }) => values.length > 0);
}

function texts(value: unknown): string[] {
	if (value === undefined || value === null || value === '' || value === 0 || value === false) return [];
	if (Array.isArray(value)) return value.map((item: unknown) => (item !== null && typeof item === 'object' && 'name' in item ? String(item.name) : String(item)));
	if (typeof value === 'object') return Object.entries(value).map(([k, v]) => `${k}=${v}`);
	return [String(value)];
}
