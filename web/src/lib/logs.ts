/** How many lines the page keeps; the rest is what the API and `kelvin logs` are for. */
const MOST = 2000;

/** Lines out of text that arrives in pieces. */
export class LogBuffer {
	#lines: string[] = [];
	#rest = '';

	add(text: string) {
		const parts = (this.#rest + text).replace(/\r\n?/g, '\n').split('\n');
		this.#rest = parts.pop() ?? '';
		this.#lines.push(...parts);
		if (this.#lines.length > MOST) this.#lines = this.#lines.slice(-MOST);
	}

	/** What there is, with the line that is still being written. */
	lines(): string[] {
		return this.#rest === '' ? [...this.#lines] : [...this.#lines, this.#rest];
	}
}
