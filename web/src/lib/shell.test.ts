import { expect, test } from 'vitest';
import { farewell, Shell, shellPath, type Exit, type Socket } from './shell';

class FakeSocket implements Socket {
	binaryType: BinaryType = 'blob';
	sent: Uint8Array[] = [];
	closed = false;
	onopen: Socket['onopen'] = null;
	onmessage: Socket['onmessage'] = null;
	onclose: Socket['onclose'] = null;

	send(data: unknown) {
		this.sent.push(data as Uint8Array);
	}
	close() {
		this.closed = true;
		this.#call(this.onclose, {});
	}
	opens() {
		this.#call(this.onopen, {});
	}
	says(kind: number, text: string) {
		this.#call(this.onmessage, { data: new Uint8Array([kind, ...new TextEncoder().encode(text)]).buffer });
	}
	/** The frames that were sent: kind and text. */
	frames(): [number, string][] {
		return this.sent.map((frame) => [frame[0]!, new TextDecoder().decode(frame.subarray(1))]);
	}
	#call(handler: ((event: never) => unknown) | null, event: object) {
		handler?.call(this as never, event as never);
	}
}

function open() {
	const socket = new FakeSocket();
	const seen = { output: '', opened: false, ended: [] as (Exit | undefined)[], taken: [] as (() => void)[] };
	const shell = new Shell(socket, {
		open: () => (seen.opened = true),
		output: (data, taken) => {
			seen.output += new TextDecoder().decode(data);
			seen.taken.push(taken);
		},
		end: (exit) => seen.ended.push(exit),
	});
	socket.opens();
	return { socket, seen, shell };
}

test('its address has the size of the terminal', () => {
	expect(shellPath('ins_1', { rows: 24, cols: 80 })).toBe('/v1/instances/ins_1/exec?tty=true&stdin=true&rows=24&cols=80&env=TERM%3Dxterm-256color');
});

test('what is typed goes up, what is shown comes down and is taken', () => {
	const { socket, seen, shell } = open();
	expect(seen.opened).toBe(true);
	shell.input('ls\r');
	shell.resize({ rows: 30, cols: 100 });
	socket.says(1, 'file');
	expect(seen.output).toBe('file');
	expect(socket.frames()).toEqual([[0, 'ls\r'], [4, '{"rows":30,"cols":100}']]);
	seen.taken[0]!();
	expect(socket.frames().at(-1)).toEqual([6, '{"bytes":4}']);
});

test('more than the window waits until some was taken', () => {
	const { socket, shell } = open();
	shell.input(new Uint8Array((1 << 20) + 100));
	expect(socket.sent).toHaveLength(16);
	expect(Math.max(...socket.sent.map((frame) => frame.length))).toBe(1 + (64 << 10));
	socket.says(6, '{"bytes":65536}');
	expect(socket.sent).toHaveLength(17);
	expect(socket.sent.at(-1)).toHaveLength(101);
});

test('it ends as its command did, or with the connection', () => {
	const { socket, seen, shell } = open();
	socket.says(3, '{"exit_code":3}');
	socket.close();
	expect(seen.ended).toEqual([{ exit_code: 3 }]);
	shell.input('too late');
	expect(socket.sent).toEqual([]);
	const broken = open();
	broken.shell.close();
	expect(broken.seen.ended).toEqual([undefined]);
});

test.each([
	[undefined, 'The connection was lost.'],
	[{ exit_code: 0 }, 'The shell ended.'],
	[{ exit_code: 130 }, 'The shell ended with 130.'],
	[{ exit_code: 127 }, 'It ended with 127: is there a shell in its image?'],
	[{ exit_code: 0, code: 'unavailable', detail: 'host gone' }, 'host gone'],
])('%o is said', (exit, says) => {
	expect(farewell(exit)).toBe(says);
});
