// Drives the console in a real browser through the story of the README: sign in, stop an
// endpoint, start it again, follow the link to Temporal.
//
//   KELVIN_URL=http://127.0.0.1:8080 KELVIN_KEY=kelvin_sk_… ENDPOINT=echo node e2e/console.mjs
//
// CHROMIUM names the browser (default /usr/bin/chromium), ARTIFACTS the folder for
// screenshots of failures, TIMEOUT_S how long each wait may take (default 60). The endpoint
// must be running. Exit: 0 it works, 1 it does not and the last line says what, 2 a
// parameter is missing.
import { env, exit } from 'node:process';
import { complaints, launch, picture } from './browser.mjs';

const { KELVIN_URL: url, KELVIN_KEY: key, ENDPOINT: name } = env;
for (const [parameter, value] of Object.entries({ KELVIN_URL: url, KELVIN_KEY: key, ENDPOINT: name })) {
	if (!value) {
		console.error(`${parameter} is not set`);
		exit(2);
	}
}
const timeout = Number(env.TIMEOUT_S ?? 60) * 1000;

const browser = await launch();
const page = await browser.newPage();
page.setDefaultTimeout(timeout);
const wrong = complaints(page);
const began = Date.now();
let doing = '';

/** Says what is going on, so that a failure says where it was. */
async function step(what, act) {
	doing = what;
	const at = Date.now();
	const result = await act();
	console.log(`${what}: ${Date.now() - at} ms`);
	return result;
}

function expect(condition, message) {
	if (!condition) throw new Error(message);
}

const at = (id) => page.getByTestId(id);

/** Presses a button of the endpoint, confirms, and waits for what its state then says. */
async function move(operation, state, text) {
	await at(`${operation}-${name}`).click();
	await at('confirm').click();
	await at('operation-progress').first().waitFor();
	await page.locator(`[data-testid="state-${name}"][data-state="${state}"]`).filter({ hasText: text }).waitFor();
}

let status = 0;
try {
	await step('sign in', async () => {
		await page.goto(url);
		await at('signin-key').fill(key);
		await at('signin').click();
		await at('account').waitFor();
	});
	await step(`find ${name}`, () => at(`endpoint-row-${name}`).waitFor());
	await step(`stop ${name}`, () => move('stop', 'stopped', /stopped/i));
	await step(`start ${name}`, () => move('start', 'running', /Ready/));
	await step('follow the link to Temporal', async () => {
		await at(`endpoint-row-${name}`).getByRole('link', { name, exact: true }).click();
		const link = at('temporal-link').first();
		await link.waitFor();
		const href = await link.getAttribute('href');
		expect(/^https?:\/\/.+\/workflows/.test(href ?? ''), `the link to Temporal is ${href}`);
		expect(href.includes(page.url().split('/').at(-1)), `the link to Temporal does not name the endpoint: ${href}`);
		const answer = await fetch(href);
		expect(answer.ok, `${href} answers ${answer.status}`);
	});
	expect(wrong.length === 0, wrong.join('\n'));
	console.log(`the console works: ${Date.now() - began} ms`);
} catch (error) {
	const path = await picture(page, 'console').catch((e) => `no screenshot: ${e.message}`);
	console.error(`${error.stack}\nat ${page.url()}, screenshot: ${path}`);
	console.error(`the console failed to ${doing}: ${String(error.message).split('\n')[0]}`);
	status = 1;
}
await browser.close();
exit(status);
