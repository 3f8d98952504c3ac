// The console in a real browser, against the fake server: npm run test:browser.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { complaints, launch, picture } from './browser.mjs';
import { Fake, keys } from './fake.mjs';
import { newDiagnosis } from './world.mjs';

let browser, page, fake, wrong;
before(async () => (browser = await launch()));
after(() => browser.close());

beforeEach(async () => {
	fake = await new Fake().up();
	page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
	page.setDefaultTimeout(10_000);
	wrong = complaints(page);
});

afterEach(async (t) => {
	if (t.error) console.error(`screenshot: ${await picture(page, t.name.replaceAll(/\W+/g, '-'))}`);
	await page.close();
	await fake.down().catch(() => undefined);
	assert.deepEqual(wrong, []);
});

const at = (id) => page.getByTestId(id);

async function signIn(key = keys.operator, path = '/') {
	await page.goto(fake.url + path);
	await at('signin-key').fill(key);
	await at('signin').click();
	await at('account').waitFor();
}

/** Waits until what a locator says matches. */
async function says(locator, text) {
	await locator.filter({ hasText: text }).first().waitFor();
}

test('the story of console.mjs', async () => {
	fake.stepMS = 100;
	const child = spawn(process.execPath, [fileURLToPath(new URL('console.mjs', import.meta.url))], {
		env: { ...process.env, KELVIN_URL: fake.url, KELVIN_KEY: keys.operator, ENDPOINT: 'echo', TIMEOUT_S: '15' },
	});
	let output = '';
	child.stdout.on('data', (text) => (output += text));
	child.stderr.on('data', (text) => (output += text));
	const code = await new Promise((done) => child.on('close', done));
	assert.equal(code, 0, output);
	assert.match(output, /the console works/);
});

test('console.mjs says what failed, and where', async () => {
	const child = spawn(process.execPath, [fileURLToPath(new URL('console.mjs', import.meta.url))], {
		env: { ...process.env, KELVIN_URL: fake.url, KELVIN_KEY: keys.operator, ENDPOINT: 'nobody', TIMEOUT_S: '2', ARTIFACTS: '/tmp/kelvin-console-test' },
	});
	let output = '';
	child.stderr.on('data', (text) => (output += text));
	assert.equal(await new Promise((done) => child.on('close', done)), 1);
	assert.match(output, /screenshot: \/tmp\/kelvin-console-test\/console\.png\n/);
	assert.match(output, /the console failed to find nobody: /);
});

test('a wrong key is refused beside its field, and the key is not kept', async () => {
	await page.goto(`${fake.url}/servers`);
	await at('signin-key').fill('kelvin_sk_wrong');
	await at('signin').click();
	await says(page.locator('#key-wrong'), 'not a key that Kelvin knows');
	await at('signin-key').fill(keys.operator);
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { name: 'Servers' }).waitFor(); // where they wanted to go
	assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie), '{}');
	await at('signout').click();
	await at('signin-key').waitFor();
});

test('states say what they are', async () => {
	await signIn();
	await says(at('state-echo'), /Running\s*2\/2 Ready/);
	await says(at('state-llama-70b'), /Idle\s*0\/0 Idle/);
	await says(at('state-whisper'), 'Stopped');
	await says(at('state-sdxl-turbo'), 'The host did not answer while its GPUs were scrubbed.'.slice(4));
	await page.getByRole('link', { name: 'Servers', exact: true }).click();
	await says(at('state-render-7'), /Lost.*Its host went silent\./s);
	assert.equal(await at('start-sdxl-turbo').count(), 0);
	assert.equal(await at('stop-trainer').isDisabled(), true);
	assert.equal(await at('start-trainer').isDisabled(), false);
});

test('a stop is confirmed, followed, and told', async () => {
	await signIn();
	await at('stop-echo').click();
	await says(page.getByRole('dialog'), '2 workers will finish the requests in flight (1 min at most)');
	await page.keyboard.press('Escape');
	await page.getByRole('dialog').waitFor({ state: 'detached' });
	assert.equal(await at('stop-echo').evaluate((e) => e === document.activeElement), true, 'the focus returns to the button');
	assert.equal(fake.asked.length, 0);

	await at('stop-echo').click();
	await at('confirm').click();
	await says(at('state-echo'), 'stopping → stopped');
	await says(at('operation-progress'), /Drain · .* of 5 GB · \d+ %/);
	await says(at('toast'), 'echo was stopped.');
	await says(at('state-echo'), 'Stopped');
	await at('operation-progress').waitFor({ state: 'detached' });
	assert.equal(await at('start-echo').isDisabled(), false);
});

test('a start without GPUs is told in plain words', async () => {
	await signIn();
	await at('start-whisper').click();
	await at('confirm').click();
	await says(at('toast'), 'whisper was not started.');
	await says(at('toast'), 'No host has 1 free GPU of any type. Try again later, or stop something else first. It is as it was.');
});

test('a request whose answer was lost is repeated with its key, and done once', async () => {
	await signIn();
	await at('stop-echo').click();
	fake.dropNextAnswer();
	await at('confirm').click();
	await says(at('toast'), 'echo was stopped.');
	assert.equal(fake.asked.length, 2);
	assert.equal(fake.asked[0].key, fake.asked[1].key);
	assert.equal(fake.world.operations.length, 1);
	assert.equal(await at('away').count(), 0);
});

test('a running operation can be cancelled on its page', async () => {
	fake.stepMS = 3000;
	await signIn();
	await at('stop-echo').click();
	await at('confirm').click();
	await at('operation-progress').getByRole('link', { name: 'Stopping echo' }).click();
	await at('cancel-operation').click();
	await at('confirm').click();
	await says(at('operation-outcome'), 'echo was not stopped: cancelled.');
	await says(at('operation-outcome'), 'Take back: Hold the traffic');
	await page.goBack();
	await says(at('state-echo'), 'Running');
});

test('an operation that is stuck says why, and the way out', async () => {
	const [server] = fake.world.instances;
	fake.world.operations.push({
		id: 'op_1', kind: 'instance', resource_id: server.id, resource_name: server.name, name: 'migrate', actor: 'key_1', state: 'running', steps: [{ name: 'SaveSnapshot', title: 'save snapshot', state: 'running', started_at: server.since }], accepted_at: server.since, begun_at: server.since, cancel_requested: false,
		percent: 31.4, eta: '2m30s', stuck: '"save snapshot" has been tried 4 times: the archive does not answer', way_out: 'repair what it says, or cancel the operation',
	});
	await signIn(keys.operator, '/operations/op_1');
	await says(at('stuck'), 'It is not getting on. "save snapshot" has been tried 4 times: the archive does not answer.');
	await says(at('stuck'), 'Repair what it says, or cancel the operation.');
	await says(at('operation-progress'), '31 %, 2 min 30 s left');
});

test('terminate needs the name', async () => {
	await signIn(keys.operator, '/servers');
	await at('terminate-notebook').click();
	assert.equal(await at('confirm').isDisabled(), true);
	await at('confirm-name').fill('note');
	await page.keyboard.press('Enter');
	assert.equal(fake.asked.length, 0);
	await at('confirm-name').fill('notebook');
	await page.keyboard.press('Enter');
	await says(at('toast'), 'notebook was terminated.');
	await at('server-row-notebook').waitFor({ state: 'detached' });
});

test('kept data is let go of by name, and a lost server is recovered', async () => {
	const lost = fake.world.instances.find((i) => i.name === 'render-7');
	lost.kept = [{ lease_id: 'op_kept', host_id: lost.host_id, since: lost.since }];
	await signIn(keys.operator, `/servers/${lost.id}`);
	await at('release-kept').click();
	assert.equal(await at('confirm').isDisabled(), true);
	await at('confirm-name').fill('render-7');
	await at('confirm').click();
	await at('release-kept').waitFor({ state: 'detached' });
	assert.equal(fake.asked.at(-1).path, `/v1/instances/${lost.id}/kept/op_kept`);
	await at('recover-render-7').click();
	await says(page.getByRole('dialog'), 'What was written after that is lost.');
	await at('confirm').click();
	await says(at('state-render-7'), 'recovering → running');
	await says(at('toast'), 'render-7 was recovered.');
});

test('a new endpoint: mistakes stand beside their fields', async () => {
	await signIn();
	await at('new-endpoint').click();
	await at('field-name').fill('echo');
	await at('field-quick-deploy').selectOption('vllm');
	assert.equal(await page.getByLabel('MODEL').inputValue(), 'Qwen/Qwen2.5-7B-Instruct');
	await at('field-active').fill('3');
	await at('field-max').fill('2');
	await at('create').click();
	await says(at('wrong-name'), 'Is taken.');
	await says(at('wrong-max_workers'), 'Allowed: 3 to 1000.');
	assert.equal(await at('field-name').getAttribute('aria-invalid'), 'true');
	await at('field-name').fill('chat');
	await at('field-max').fill('4');
	await at('create').click();
	await page.getByRole('heading', { name: 'chat' }).waitFor();
	await says(at('state-chat'), '3/3 Ready');
	await says(at('toast'), 'chat was created.');
});

test('the page of an endpoint has its workers, labelled GPUs, logs and history', async () => {
	await signIn();
	await at('stop-echo').waitFor();
	await at('endpoint-row-echo').getByRole('link', { name: 'echo', exact: true }).click();
	await says(at('logs'), 'GET /healthz 200');
	await says(at('logs'), 'POST / 200'); // it follows
	assert.equal(await page.getByRole('table').first().getByText('simulated').count(), 2);
	await at('stop-echo').click();
	await at('confirm').click();
	await says(page.getByRole('region', { name: 'Events' }), 'endpoint.stopped');
	await says(page.getByRole('region', { name: 'Operations' }), 'done');
	await page.getByRole('link', { name: 'in Temporal' }).first().waitFor();
});

test('a viewer looks and does not touch, and has no hosts', async () => {
	await signIn(keys.viewer);
	await at('endpoint-row-echo').waitFor();
	assert.equal(await at('stop-echo').isDisabled(), true);
	assert.equal(await at('new-endpoint').count(), 0);
	assert.equal(await page.getByRole('link', { name: /Hosts|Controllers/ }).count(), 0);
});

test('hosts show their GPUs, and are cordoned', async () => {
	await signIn(keys.operator, '/hosts');
	await page.getByLabel('GPU 7, a100-80gb, 80 GiB, simulated: quarantined, uncorrectable ECC errors').waitFor();
	await page.getByRole('button', { name: 'Cordon gpu-01' }).click();
	await page.getByRole('button', { name: 'Uncordon gpu-01' }).waitFor();
});

test('GPUs are listed by state, type and host', async () => {
	await signIn(keys.operator, '/gpus');
	await at('gpu-row').first().waitFor();
	assert.equal(await at('gpu-row').count(), 18);
	await at('filter-state').selectOption('quarantined');
	await page.waitForFunction(() => document.querySelectorAll('[data-testid="gpu-row"]').length === 1);
	await says(at('gpu-row'), 'Uncorrectable ECC errors.');
	await says(at('gpu-row'), 'gpu-01');
	await at('filter-type').selectOption('h100-80gb');
	await page.getByText('There are none like that.').waitFor();
	await at('filter-state').selectOption('');
	await at('filter-host').selectOption({ label: 'gpu-02' });
	await page.waitForFunction(() => document.querySelectorAll('[data-testid="gpu-row"]').length === 8);
});

test('the report of a GPU says what was read, what was not, and what was wrong', async () => {
	await signIn(keys.operator, '/gpus');
	await at('filter-state').selectOption('quarantined');
	await at('gpu-row').filter({ hasText: 'quarantined' }).getByRole('link').first().click();
	await says(at('diagnosis-test'), /quarantine\s*rigorous test.*rule mismatch.*simulated/s);
	await says(at('diagnosis-test'), 'Memory did not hold what was written, with ECC on.');
	await says(at('diagnosis-test'), '96.8 % of its memory · 1,812 GB/s · 1 min');
	await at('open-report').click();
	const report = page.locator('[data-testid^="report-"]');
	await says(report, 'Coverage96.8 %: 83 GB of 85 GB');
	await says(at('phases'), /hash.*1,812 GB\/s, 88.8 % of peak/s);
	await says(at('mismatches'), /0x2a0000040\s*17.*still wrong: 17; wrong again in a later pass/s);
	const rows = report.getByTestId('health').getByRole('row');
	assert.match(await rows.filter({ hasText: /^Uncorrected/ }).nth(0).innerText(), /0\s+0/);
	assert.match(await rows.filter({ hasText: /^Uncorrected/ }).nth(3).innerText(), /unreadable: NVML does not answer/);
	assert.match(await rows.filter({ hasText: 'Pages retired, single bit' }).innerText(), /not supported/);
	await says(report, 'python3, PID 4242');
	await says(report, /xid\s*94\s*contained memory error/);
	const [download] = await Promise.all([page.waitForEvent('download'), page.locator('[data-testid^="download-dgn_"]').click()]);
	assert.match(download.suggestedFilename(), /^dgn_\d+\.json$/);
	await says(page.getByRole('region', { name: 'What its driver reported by itself' }), /xid.*94\s*3\s*contained/s);
	await page.emulateMedia({ colorScheme: 'dark' });
	await page.setViewportSize({ width: 390, height: 800 });
	assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, 'no wider than a phone');
});

test('a GPU is tested, quarantined and released from its page', async () => {
	fake.stepMS = 700;
	const gpu = fake.world.gpus[4];
	await signIn(keys.operator, `/gpus/${gpu.id}`);
	assert.equal(await at('release-gpu').count(), 0);
	await at('test-gpu').click();
	await says(page.getByRole('dialog'), 'Nobody gets it meanwhile');
	await at('gpu-level').selectOption('quick');
	await at('confirm').click();
	await says(at('care'), /running\s*Test, quick · march c- · 42 %/);
	await page.locator('[data-testid="gpu-state"][data-state="testing"]').waitFor();
	assert.equal(await at('scrub-gpu').isDisabled(), true);
	assert.equal(await at('scrub-gpu').getAttribute('title'), 'Its test is not over yet');
	await says(at('care'), /done\s*Test, quick · passed/);
	assert.deepEqual(fake.asked.at(-1).body, { level: 'quick' });
	await at('care').getByRole('link', { name: 'its diagnosis' }).click();
	await page.getByRole('heading', { name: 'GPU diagnosis' }).waitFor();
	await page.goBack();

	await at('quarantine-gpu').click();
	await at('confirm').click();
	assert.equal(await at('gpu-reason').evaluate((e) => e.validity.valueMissing), true, 'it needs a reason');
	await at('gpu-reason').fill('smells burnt');
	await at('confirm').click();
	await page.locator('[data-testid="gpu-state"][data-state="quarantined"]').waitFor();
	await says(at('gpu-state'), 'Smells burnt.');
	await at('release-gpu').click();
	await at('gpu-reason').fill('it was the fan');
	await at('confirm').click();
	await page.locator('[data-testid="gpu-state"][data-state="free"]').waitFor();
	await page.getByText('80 of 100, on probation for').waitFor();
	assert.equal(new Set(fake.asked.map((a) => a.key)).size, 3);

	await at('reset-gpu').click();
	await at('confirm').click();
	await at('cancel-care').click();
	await says(page.getByRole('dialog'), 'was to be reset and was not is quarantined');
	await at('confirm').click();
	await says(at('care'), /failed\s*Reset and test, rigorous · cancelled/);

	Object.assign(gpu, { instance_id: fake.world.instances[0].id }); // meanwhile: the page does not know yet
	await at('scrub-gpu').click();
	await at('confirm').click();
	await says(page.getByRole('dialog').getByRole('alert'), 'migrate, stop or freeze that first');
});

test('an operation shows how its GPUs were found', async () => {
	const [server] = fake.world.instances;
	const [good, bad] = fake.world.gpus;
	fake.world.operations.push({ id: 'op_1', kind: 'instance', resource_id: server.id, resource_name: server.name, name: 'thaw', actor: 'key_1', state: 'done', steps: [], accepted_at: server.since, begun_at: server.since, ended_at: server.since, cancel_requested: false });
	fake.world.diagnoses.push(
		newDiagnosis(good, 'reset_and_retest', 'remap-pending', 'a row is to be remapped', { operation_id: 'op_1' }),
		newDiagnosis(bad, 'quarantine', 'mismatch', 'memory did not hold what was written', { operation_id: 'op_1' }),
		newDiagnosis(good, 'pass', 'pass', 'nothing is wrong', { operation_id: 'op_1', retest: true }),
	);
	server.gpus = [{ id: good.id, uuid: good.uuid, type: good.type, index: 0, simulated: true }];
	await signIn(keys.operator, '/operations/op_1');
	await at('diagnoses-of-gpu').nth(1).waitFor();
	const [first, second] = await at('diagnoses-of-gpu').all();
	await says(first, /reset and retest\s*rigorous test.*passed\s*rigorous test, after a reset/s);
	await says(second, /quarantine/);
	await page.getByRole('link', { name: server.name }).click();
	await says(at('instance-diagnoses'), 'rigorous test, after a reset');
	assert.equal(await at('instance-diagnoses').getByText('quarantine').count(), 0, 'only those that it has');
});

test('a thaw without GPU tests is a choice with a warning', async () => {
	const frozen = fake.world.instances.find((i) => i.name === 'archive');
	frozen.spec.gpus = 2;
	await signIn(keys.operator, `/servers/${frozen.id}`);
	await at('thaw-archive').click();
	await says(page.getByRole('dialog'), 'whose GPUs are tested');
	await at('choice-skip_gpu_tests').check();
	await says(page.getByRole('dialog'), 'one that is damaged corrupts what it computes, and nobody notices. That it was your choice is recorded.');
	await at('confirm').click();
	await says(at('toast'), 'archive was thawed.');
	assert.deepEqual(fake.asked.at(-1).body, { skip_gpu_tests: true });
});

test('while the server is away it says so, and catches up by itself', async () => {
	await signIn();
	await at('endpoint-row-echo').waitFor();
	await fake.down();
	await says(at('away'), 'Kelvin does not answer.');
	await says(at('state-echo'), 'Running'); // what was known stays
	fake.world.endpoints[0].name = 'echo-2';
	await fake.up();
	await at('endpoint-row-echo-2').waitFor({ timeout: 15_000 });
	await at('away').waitFor({ state: 'detached' });
});

test('a session that ended asks to sign in, and goes on where it was', async () => {
	await signIn(keys.operator, '/operations');
	await page.getByRole('heading', { name: 'Operations' }).waitFor();
	await page.context().clearCookies();
	await page.getByLabel('Only open ones').click({ timeout: 1000 }).catch(() => undefined); // unless the page has found out by itself
	await page.getByText('Your session is over.').waitFor();
	await at('signin-key').fill(keys.operator);
	await at('signin').click();
	await page.getByRole('heading', { name: 'Operations' }).waitFor();
});

test('the keyboard alone is enough', async () => {
	await signIn();
	await at('endpoint-row-echo').waitFor();
	await at('stop-echo').focus();
	await page.keyboard.press('Enter');
	await page.getByRole('dialog').waitFor();
	for (let i = 0; i < 4; i++) {
		await page.keyboard.press('Tab');
		assert.equal(await page.evaluate(() => Boolean(document.activeElement.closest('[role=dialog]'))), true, 'the focus stays in the dialog');
	}
	await at('confirm').focus();
	await page.keyboard.press('Enter');
	await says(at('toast'), 'echo was stopped.');
});
