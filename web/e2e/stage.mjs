// What the tests against a whole Kelvin share. Each file runs in a process of its own, with a
// Kelvin and a page of its own.
import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import { complaints, launch, picture } from './browser.mjs';
import { Dev } from './dev.mjs';

export let dev, page;
let browser;
/** What the browser complained of; no test may leave any. */
export let wrong;

/**
 * Runs a Kelvin on ports from a number on, and signs in at a path, where a test ID is seen then.
 * @param {{ports: number, settings?: object, timeout?: number, path: () => string | Promise<string>, seen: string}} options
 */
export function stage({ ports, settings, timeout = 20_000, path, seen }) {
	before(async () => {
		[browser, dev] = await Promise.all([launch(), new Dev(ports).up(settings)]);
		page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
		page.setDefaultTimeout(timeout);
		wrong = complaints(page);
		await page.goto(dev.url + (await path()));
		await at('signin-key').fill(dev.key);
		await at('signin').click();
		await at(seen).waitFor();
	});
	after(async () => {
		await browser?.close();
		await dev?.down();
	});
	afterEach(async (t) => {
		if (t.error) console.error(`screenshot: ${await picture(page, t.name.replaceAll(/\W+/g, '-'))}`);
		assert.deepEqual(wrong.splice(0), []);
		await page.keyboard.press('Escape');
	});
}

export const at = (id) => page.getByTestId(id);

/** Waits until what a locator says matches. */
export async function says(locator, text) {
	await locator.filter({ hasText: text }).first().waitFor();
}

/** Waits until a server or endpoint is in a state. */
export const settles = (name, state) => page.locator(`[data-testid="state-${name}"][data-state="${state}"]`).first().waitFor();
