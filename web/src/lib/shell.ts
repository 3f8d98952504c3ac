/** The protocol of exec: binary messages, each a frame whose first byte says what it is. */
export const PROTOCOL = 'kelvin.exec.v1';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const EXIT = 3;
const RESIZE = 4;
const TAKEN = 6;

/** How many bytes of input may be under way, and how many one frame holds. */
const WINDOW = 1 << 20;
const FRAME = 64 << 10;

export interface Size {
	rows: number;
	cols: number;
}

/** How a command ended; with a code, why nobody knows. */
export interface Exit {
	exit_code: number;
	code?: string;
	detail?: string;
}

/** What a shell needs of a WebSocket. */
export type Socket = Pick<WebSocket, 'send' | 'close' | 'binaryType' | 'onopen' | 'onmessage' | 'onclose'>;

interface Listener {
	open(): void;
	/** Output; taken must be called when it has been shown, so that more may come. */
	output(data: Uint8Array<ArrayBuffer>, taken: () => void): void;
	/** The command's end; undefined when the connection broke without one. */
	end(exit: Exit | undefined): void;
}

/** The address of a shell with a terminal of this size in an instance. */
export function shellPath(instance: string, size: Size): string {
	const query = new URLSearchParams({ tty: 'true', stdin: 'true', rows: String(size.rows), cols: String(size.cols), env: 'TERM=xterm-256color' });
	return `/v1/instances/${encodeURIComponent(instance)}/exec?${query}`;
}

/** A shell in an instance, behind a WebSocket. */
export class Shell {
	readonly #socket: Socket;
	#free = WINDOW;
	#waiting: Uint8Array[] = [];
	#exit: Exit | undefined;
	#open = false;

	constructor(socket: Socket, on: Listener) {
		this.#socket = socket;
		socket.binaryType = 'arraybuffer';
		socket.onopen = () => {
			this.#open = true;
			on.open();
		};
		socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
			const frame = new Uint8Array(data);
			const rest = frame.subarray(1);
			if (frame[0] === STDOUT || frame[0] === STDERR) {
				on.output(rest, () => this.#json(TAKEN, { bytes: rest.length }));
			} else if (frame[0] === EXIT) {
				this.#exit = parse<Exit>(rest);
			} else if (frame[0] === TAKEN) {
				this.#free += parse<{ bytes: number }>(rest).bytes;
				this.#flush();
			}
		};
		socket.onclose = () => {
			this.#open = false;
			on.end(this.#exit);
		};
	}

	/** Input, as it is typed. What is more than may be under way waits. */
	input(text: string | Uint8Array) {
		const data = typeof text === 'string' ? new TextEncoder().encode(text) : text;
		for (let at = 0; at < data.length; at += FRAME) this.#waiting.push(data.subarray(at, at + FRAME));
		this.#flush();
	}

	resize({ rows, cols }: Size) {
		this.#json(RESIZE, { rows, cols });
	}

	close() {
		this.#socket.close();
	}

	#flush() {
		for (let next = this.#waiting[0]; this.#open && next && next.length <= this.#free; next = this.#waiting[0]) {
			this.#waiting.shift();
			this.#free -= next.length;
			this.#send(STDIN, next);
		}
	}

	#json(kind: number, value: object) {
		if (this.#open) this.#send(kind, new TextEncoder().encode(JSON.stringify(value)));
	}

	#send(kind: number, data: Uint8Array) {
		const frame = new Uint8Array(1 + data.length);
		frame[0] = kind;
		frame.set(data, 1);
		this.#socket.send(frame);
	}
}

/** What is said when a shell has ended. */
export function farewell(exit: Exit | undefined): string {
	if (!exit) return 'The connection was lost.';
	if (exit.code) return exit.detail ?? exit.code;
	if (exit.exit_code === 126 || exit.exit_code === 127) return `It ended with ${exit.exit_code}: is there a shell in its image?`;
	return exit.exit_code === 0 ? 'The shell ended.' : `The shell ended with ${exit.exit_code}.`;
}

function parse<T>(data: Uint8Array): T {
	return JSON.parse(new TextDecoder().decode(data)) as T;
}
