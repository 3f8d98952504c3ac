import { explain } from './problem';

export interface Toast {
	id: number;
	tone: 'good' | 'bad' | 'off';
	title: string;
	detail: string;
	/** The operation it is about. */
	operation?: string | undefined;
	temporal?: string | undefined;
}

/** Good news goes by itself; bad news stays until it was read. */
const GOOD_MS = 6000;
const MOST = 5;

/** What the console tells the user without being asked. */
export class Toasts {
	list = $state<Toast[]>([]);
	#next = 1;

	show(toast: Omit<Toast, 'id'>) {
		const id = this.#next++;
		this.list = [...this.list, { ...toast, id }].slice(-MOST);
		if (toast.tone !== 'bad') setTimeout(() => this.dismiss(id), GOOD_MS);
	}

	/** Says what went wrong with something the user asked for. */
	failed(title: string, error: unknown) {
		const { message, hint } = explain(error);
		this.show({ tone: 'bad', title, detail: [message, hint].filter(Boolean).join(' ') });
	}

	dismiss(id: number) {
		this.list = this.list.filter((toast) => toast.id !== id);
	}
}
