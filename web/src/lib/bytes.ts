const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes as disks and networks count them: 0 B, 34 MB, 1.2 GB. */
export function bytes(count: number): string {
	let n = Math.max(0, count);
	let unit = 0;
	while (n >= 999.5 && unit < units.length - 1) {
		n /= 1000;
		unit++;
	}
	return `${unit > 0 && n < 9.95 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

/** A rate of memory, which everybody gives in GB/s: 1,812 GB/s. */
export function gigabytes(gbps: number): string {
	return `${gbps >= 100 ? Math.round(gbps).toLocaleString('en') : gbps.toFixed(1)} GB/s`;
}
