// Endpoints that are deployed from the catalogue, scaled and explained, in a real browser,
// against a whole Kelvin on a simulated machine: part of npm run test:browser.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { at, dev, page, says, stage, wrong } from './stage.mjs';

stage({ ports: 24_000, path: () => '/endpoints', seen: 'deploy' });

/** Waits until a revision of the endpoint on the page is in a state. */
async function becomes(revision, state) {
	await page.locator(`[data-testid="revision-${revision}"][data-state="${state}"]`).waitFor();
}

/** Asks an endpoint, and returns the status of its answer. */
function ask(url, path = '/', key = '') {
	const { hostname, port } = new URL(url);
	return new Promise((done, failed) => {
		const asked = request({ host: '127.0.0.1', port, path, headers: { Host: `${hostname}:${port}`, ...(key && { Authorization: `Bearer ${key}` }) } }, (answer) => {
			answer.resume();
			answer.on('end', () => done(answer.statusCode));
		});
		asked.on('error', failed);
		asked.end();
	});
}

/** Waits until an endpoint answers with a status: gateways hear of a change within a second. */
async function answers(url, key, status) {
	for (let i = 0; i < 100 && (await ask(url, '/', key)) !== status; i++) await page.waitForTimeout(100);
	assert.equal(await ask(url, '/', key), status);
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
	await page.getByText('The price depends on the type of GPU').waitFor();
	await page.getByLabel('GPU type').fill('a100-80gb');
	await says(at('price'), '1.49 to 2.98 USD an hour');
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

test('the policy is edited, mistakes stand beside their fields, and there is a revision', async () => {
	const { items: [{ id }] } = await dev.ask('GET', '/v1/endpoints');
	await page.goto(`${dev.url}/endpoints/${id}`);
	await at('edit-endpoint').click();
	await at('field-policy').selectOption('fast');
	await at('field-requests-queue_max').fill('7');
	await at('advanced').click();
	assert.equal(await at('field-scaling-up_percent').getAttribute('placeholder'), '-1', 'what fast has');
	await at('field-scaling-hold').fill('5s');
	await at('advanced').click();
	await at('create').click();
	await says(at('wrong-scaling-hold'), 'Allowed: 60s to 24h.');
	await at('field-scaling-hold').fill('90s');
	await at('create').click();
	await says(at('toast'), 'hello was updated.');
	await becomes(2, 'current');
	await says(at('revision-2'), 'requests.queue_max, scaling.hold, scaling.policy');
	await says(page.getByRole('region', { name: 'Settings, revision 2' }), 'policy=fast');

	await at('edit-endpoint').click();
	await at('advanced').click();
	assert.equal(await at('field-scaling-hold').inputValue(), '1m30s');
	await at('field-scaling-hold').fill('');
	await at('create').click();
	await becomes(3, 'current');
	const { spec } = await dev.ask('GET', `/v1/endpoints/${id}`);
	assert.deepEqual([spec.scaling, spec.requests], [{ policy: 'fast' }, { queue_max: 7 }]);
});

test('a roll-out is paused, resumed and cancelled', async () => {
	await at('edit-endpoint').click();
	await page.getByLabel('Environment').fill('ECHO_START_DELAY=1h'); // it does not end by itself
	await at('create').click();
	await becomes(4, 'rolling');
	await says(at('rollout'), 'on revision 4');
	await at('turn-rollout').click();
	await page.locator('[data-testid="rollout"][data-state="paused"]').waitFor();
	await says(at('turn-rollout'), 'Resume');
	assert.equal(await at('rollback-1').isDisabled(), true, 'not while one is under way');
	await at('turn-rollout').click();
	await page.locator('[data-testid="rollout"][data-state="rolling"]').waitFor();
	await page.getByRole('button', { name: 'Cancel', exact: true }).click();
	await becomes(4, 'withdrawn');
	await becomes(3, 'current');
	await at('turn-rollout').waitFor({ state: 'detached' });
});

test('an endpoint is rolled back to what it was', async () => {
	const { items: [{ id }] } = await dev.ask('GET', '/v1/endpoints');
	await dev.done(await dev.ask('PATCH', `/v1/endpoints/${id}`, { env: { COLOUR: 'red' } }));
	await becomes(5, 'current');
	await at('rollback-1').click();
	await says(page.getByRole('dialog'), 'A new revision is made with all settings of revision 1');
	await at('confirm').click();
	await becomes(6, 'current');
	await becomes(5, 'replaced');
	await says(at('revision-6'), 'back to revision 1');
	const { spec } = await dev.ask('GET', `/v1/endpoints/${id}`);
	assert.deepEqual([spec.env, spec.scaling], [undefined, undefined]);
});

test('a key is made, shown once, lets requests in, and is revoked', async () => {
	const { items: [{ id, url }] } = await dev.ask('GET', '/v1/endpoints');
	await at('key-name').fill('web-shop');
	await at('create-key').click();
	const key = await at('key-secret').textContent();
	await says(at('keys-wanted'), 'Requests need no key now');
	await at('edit-endpoint').click();
	await at('field-keys').check();
	await at('create').click();
	await says(at('keys-wanted'), 'Only requests that bear one of these keys');
	assert.equal(await at('key-secret').count(), 0, 'shown once');
	await answers(url, '', 401);
	await answers(url, key, 200);
	await at('revoke-web-shop').click();
	await at('confirm').click();
	await at('keys').waitFor({ state: 'detached' });
	await answers(url, key, 401);
});

test('on a phone no page about endpoints is wider than the screen', async () => {
	const { items } = await dev.ask('GET', '/v1/endpoints');
	await page.setViewportSize({ width: 375, height: 800 });
	for (const path of ['/endpoints', '/endpoints/new', '/deploy', '/volumes', '/controllers', `/endpoints/${items[0].id}`, `/endpoints/${items[0].id}/edit`]) {
		await page.goto(dev.url + path);
		await page.getByRole('heading', { level: 1 }).waitFor();
		if (path === '/deploy') await at('choose-vllm').click();
		if (path === '/deploy') await at('price').waitFor();
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), path);
	}
	await page.setViewportSize({ width: 1280, height: 900 });
});

test('a controller counts down when nothing needs it, and is stopped and started', async () => {
	const { items: [{ id }] } = await dev.ask('GET', '/v1/endpoints');
	await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Controllers' }).click();
	const countdown = at('countdown-us-east');
	await says(at('controller-us-east'), '1 endpoint,');
	await says(countdown, '10 min after it was needed last');
	assert.equal(await at('down-us-east').isDisabled(), true, 'it is needed');
	await dev.done(await dev.ask('DELETE', `/v1/endpoints/${id}`));
	await says(countdown, /^in 9 min/);
	const was = await countdown.textContent();
	await countdown.filter({ hasNotText: was }).waitFor();
	await at('turn-autostop-us-east').click();
	await says(countdown, 'paused');
	await at('turn-autostop-us-east').click();
	await says(countdown, /^in /);
	await at('autostop-us-east').click();
	await at('field-autostop').fill('5s');
	await at('confirm').click();
	await says(at('wrong-autostop'), 'Allowed: 1m to 168h.');
	await at('field-autostop').fill('30m');
	await at('confirm').click();
	await says(countdown, /^in (29|30) min/);
	await at('down-us-east').click();
	await at('confirm').click();
	await page.locator('[data-testid="controller-us-east"][data-state="down"]').waitFor();
	await at('up-us-east').click();
	await page.locator('[data-testid="controller-us-east"][data-state="up"]').waitFor();
	await says(countdown, /^in /);
});
