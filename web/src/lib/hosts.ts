import type { GPU, Host } from './types';
import type { Tone } from './words';

/** How a GPU's state looks. */
export const gpuTones: Record<string, Tone> = {
	free: 'off',
	reserved: 'busy',
	testing: 'busy',
	assigned: 'good',
	scrubbing: 'busy',
	resetting: 'busy',
	quarantined: 'bad',
	lost: 'bad',
};

const hostTones: Record<string, Tone> = { ready: 'good', cordoned: 'off', draining: 'busy', drained: 'off', joining: 'busy', lost: 'bad', retired: 'off', preempted: 'bad', warned: 'busy' };

/** Whether a host gets nothing new because an operator wants it so. */
export const cordoned = (state: string) => ['cordoned', 'draining', 'drained'].includes(state);

/** How a host's state looks. */
export function hostTone(state: string): Tone {
	return hostTones[state] ?? 'off';
}

/** A GPU in words, for those who do not see the map. */
export function describe(gpu: GPU): string {
	const memory = `${Math.round(gpu.memory_mb / 1024)} GiB`;
	const what = `GPU ${gpu.index}, ${gpu.type}, ${memory}${gpu.simulated ? ', simulated' : ''}: ${gpu.state}`;
	return gpu.reason ? `${what}, ${gpu.reason}` : what;
}

const accesses: Record<string, string> = {
	cdi: 'by name (CDI)',
	nvidia: "by NVIDIA's hook, and can be lost again",
	none: 'none: the engine cannot hand GPUs over',
	simulated: 'simulated',
};

/** How a host's containers get GPUs. */
export function gpuAccess(access: Host['gpu_access']): string {
	return access ? (accesses[access] ?? access) : '–';
}

/** How a host is paid for, and by whom it is sold. */
export function market(host: Host): string {
	const seller = [host.provider === 'none' ? '' : host.provider, host.zone].filter(Boolean).join(', ');
	return seller ? `${host.market} (${seller})` : host.market;
}

/** That a host is taken away, in words. */
export function notice(host: Host): string {
	if (!host.notice) return '';
	if (host.notice.kind === 'rebalance') return 'its provider may take it away soon';
	return host.notice.deadline ? `its provider takes it away at ${new Date(host.notice.deadline).toLocaleTimeString()}` : 'its provider takes it away';
}
