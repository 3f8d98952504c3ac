// The options of an endpoint that come in groups, by the names of the API.
import type { EndpointSpec } from './types';

type Groups = Required<Pick<EndpointSpec, 'scaling' | 'requests' | 'spot'>>;
/** A group of options as a form holds it. An empty number is null. */
type Filled<T> = { [K in keyof T]: T[K] | null };
export type Options = { [G in keyof Groups]: Filled<Groups[G]> };

/** One that is a number, or a duration such as 60s. */
export interface Option<Name extends string = string> {
	name: Name;
	label: string;
	help: string;
	kind: 'number' | 'duration';
	/** What it is when it is left empty; with the policy fast, if that is another. */
	usual: string;
	fast?: string;
}

export const scalingOptions: Option<keyof Groups['scaling']>[] = [
	{ name: 'up_percent', label: 'Growth in 60 s, percent', help: '1 to 10000, -1: no limit. One more may always come', kind: 'number', usual: '200', fast: '-1' },
	{ name: 'down_count', label: 'Workers that leave at a time', help: '1 to 1000, -1: no limit', kind: 'number', usual: '1', fast: '-1' },
	{ name: 'down_percent', label: 'Share that leaves at a time, percent', help: 'Of the workers, 1 to 100. One may always leave', kind: 'number', usual: '100' },
	{ name: 'low_percent', label: 'Low use, percent', help: 'Of what workers are meant for, 1 to 100: fewer would do', kind: 'number', usual: '70', fast: '78' },
	{ name: 'hold', label: 'Use is low for', help: 'Before a worker leaves, 60s to 24h', kind: 'duration', usual: '60s' },
	{ name: 'zero_hold', label: 'No request for', help: 'Before the last worker leaves, 60s to 24h', kind: 'duration', usual: '60s', fast: '2m' },
	{ name: 'drain', label: 'A queue is gone in', help: '1s to 1h. Shorter: more workers for a queue', kind: 'duration', usual: '60s', fast: '23s' },
	{ name: 'min_arrivals', label: 'Requests that a rate rests on', help: '1 to 1000, -1: whatever there is', kind: 'number', usual: '-1', fast: '60' },
	{ name: 'cancel_after', label: 'Unwanted starts end after', help: '1s to 50s, -1s: never', kind: 'duration', usual: '-1s', fast: '7s' },
];

export const requestOptions: Option<keyof Groups['requests']>[] = [
	{ name: 'concurrency_limit', label: 'At a worker, at most', help: 'Requests at a time, 1 to 100000; more wait', kind: 'number', usual: 'as it is meant for' },
	{ name: 'queue_max', label: 'Waiting, at most', help: 'Requests at each gateway, 1 to 100000', kind: 'number', usual: '1000' },
	{ name: 'queue_timeout', label: 'Time to wait', help: 'For a worker, up to 1h', kind: 'duration', usual: '2m' },
	{ name: 'timeout', label: 'Time at a worker', help: 'In all, up to 24h', kind: 'duration', usual: 'no limit' },
	{ name: 'idle_timeout', label: 'Time to stand still', help: 'For an answer, a stream or a WebSocket, up to 24h', kind: 'duration', usual: 'no limit' },
	{ name: 'max_body', label: 'Largest body, bytes', help: 'At most the gateway’s own limit', kind: 'number', usual: 'the gateway’s' },
];

export const spotOptions: Option<keyof Groups['spot']>[] = [
	{ name: 'base_on_demand', label: 'Workers that are always on-demand', help: 'Up to the workers at most', kind: 'number', usual: '0' },
	{ name: 'spare', label: 'Spare spot workers', help: 'Beyond what is wanted, 0 to 100', kind: 'number', usual: 'as many as pay' },
];

/** The groups of a spec, for a form. */
export function opened(spec: Partial<Groups>): Options {
	return {
		scaling: { ...spec.scaling, policy: spec.scaling?.policy ?? 'default' },
		requests: { ...spec.requests, keys: spec.requests?.keys ?? false },
		spot: { ...spec.spot, market: spec.spot?.market ?? 'on-demand', dynamic_fallback: spec.spot?.dynamic_fallback ?? true },
	};
}

/** The groups as the API takes them, which replaces them as a whole: what is left empty is as usual. */
export function closed({ scaling, requests, spot }: Options): Groups {
	return { scaling: given(scaling), requests: given(requests), spot: given(spot) };
}

function given<T extends object>(group: Filled<T>): T {
	return Object.fromEntries(Object.entries(group).filter(([, value]) => value !== null && value !== '')) as T;
}

/** Whether a form with these options has a field of this name. */
export function offers(form: Options, name: string): boolean {
	const [group, option] = name.split('.');
	if (group === 'spot' && option !== 'market') return form.spot.market === 'spot' && spotOptions.some((o) => o.name === option);
	return ['scaling.policy', 'spot.market'].includes(name) || (group === 'scaling' && scalingOptions.some((o) => o.name === option)) || (group === 'requests' && requestOptions.some((o) => o.name === option));
}
