// Chromium for the browser tests: Debian's, driven by playwright-core.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

/** Where screenshots of failures go: ARTIFACTS, or e2e/artifacts of the repository. */
export const artifacts = env.ARTIFACTS ?? fileURLToPath(new URL('../../e2e/artifacts/console', import.meta.url));

export function launch() {
	return chromium.launch({
		executablePath: env.CHROMIUM || '/usr/bin/chromium',
		args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
	});
}

/** Takes a picture for whoever looks into a failure, and returns its path. */
export async function picture(page, name) {
	await mkdir(artifacts, { recursive: true });
	const path = join(artifacts, `${name}.png`);
	await page.screenshot({ path, fullPage: true });
	return path;
}

/** Collects what a healthy console never has: uncaught errors and breaches of its policy. */
export function complaints(page) {
	const found = [];
	page.on('pageerror', (error) => found.push(`uncaught: ${error.message}`));
	page.on('console', (message) => {
		const text = message.text();
		if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(text)) found.push(text);
	});
	return found;
}
