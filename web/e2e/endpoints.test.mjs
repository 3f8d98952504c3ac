// Endpoints that are deployed from the catalogue, scaled and explained, in a real browser,
// against a whole Kelvin on a simulated machine: part of npm run test:browser.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, afterEach, before, test } from 'node:test';
import { complaints, launch, picture } from './browser.mjs';
import { Dev } from './dev.mjs';

let browser, page, dev, wrong;
before(async () => {
	[browser, dev] = await Promise.all([launch(), new Dev(24_000).up()]);
	page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
	page.setDefaultTimeout(20_000);
	wrong = complaints(page);
	await page.goto(`${dev.url}/endpoints`);
	await at('signin-key').fill(dev.key);
	await at('signin').click();
	await at('deploy').waitFor();
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

const at = (id) => page.getByTestId(id);

/** Waits until what a locator says matches. */
async function says(locator, text) {
	await locator.filter({ hasText: text }).first().waitFor();
}

/** Asks an endpoint, and returns the status of its answer. */
function ask(url, path = '/') {
	const { hostname, port } = new URL(url);
	return new Promise((done, failed) => {
		const asked = request({ host: '127.0.0.1', port, path, headers: { Host: `${hostname}:${port}` } }, (answer) => {
			answer.resume();
			answer.on('end', () => done(answer.statusCode));
		});
		asked.on('error', failed);
		asked.end();
	});
}

test('what a model needs and costs is shown before it is deployed', async () => {
	await at('deploy').click();
	await at('choose-vllm').click();
	await says(at('price'), '1.49 to 1.49 USD an hour');
	await says(at('price'), 'example prices');
	await says(at('memory'), 'weights');
	await says(at('types'), 'a100-80gb (taken)');
	await at('field-max').fill('3');
	await says(at('price'), '1.49 to 4.47 USD an hour');
	await at('param-model').fill('meta-llama/Llama-3.1-70B-Instruct');
	await says(at('refused'), 'The model needs');
	assert.equal(await at('create').isDisabled(), true, 'what cannot fit is not made');
	await at('param-quantization').selectOption('awq');
	await says(at('memory'), 'GiB weights');
	wrong.splice(0); // the browser notes each answer of 422
});

test('an endpoint is deployed, serves, and says what it does', async () => {
	await at('choose-echo').click();
	await at('field-name').fill('hello');
	await at('field-active').fill('1');
	await at('field-max').fill('2');
	await says(at('price'), 'an hour');
	await at('create').click();
	await page.getByRole('heading', { name: 'hello', exact: true }).waitFor();
	await page.locator('[data-testid="state-hello"][data-state="running"]').first().waitFor();
	await says(page.locator('[data-testid="state-hello"]').first(), '1/1 Ready');
	const { items } = await dev.ask('GET', '/v1/endpoints');
	for (let i = 0; i < 20; i++) assert.equal(await ask(items[0].url), 200);
	await says(at('scaling-now'), '1 wanted, 1 ready');
	await at('chart-workers').getByText(/ready\s*1/).waitFor();
	await at('chart-requests').locator('svg').waitFor();
	assert.match(await at('chart-workers').locator('svg').getAttribute('aria-label'), /ready 1/);
	await says(at('decisions'), '→ 1');
	await at('decisions').locator('summary').first().click();
	await says(at('decisions').locator('li'), /active|min|floor/i);
});

test('a volume is made, listed and deleted by its name', async () => {
	await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Volumes' }).click();
	await at('volume-name').fill('models');
	await at('volume-create').click();
	await says(at('volumes'), 'models');
	await at('volume-delete-models').click();
	await page.getByRole('dialog').getByRole('textbox').fill('models');
	await at('confirm').click();
	await at('volumes').waitFor({ state: 'detached' });
});

test('on a phone no page about endpoints is wider than the screen', async () => {
	const { items } = await dev.ask('GET', '/v1/endpoints');
	await page.setViewportSize({ width: 375, height: 800 });
	for (const path of ['/endpoints', '/deploy', '/volumes', `/endpoints/${items[0].id}`]) {
		await page.goto(dev.url + path);
		await page.getByRole('heading', { level: 1 }).waitFor();
		if (path === '/deploy') await at('choose-vllm').click();
		if (path === '/deploy') await at('price').waitFor();
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), path);
	}
});
