// What becomes of GPUs that go wrong, in a real browser, against a whole Kelvin on a simulated
// machine: part of npm run test:browser. dev.mjs says which binary.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, dev, page, says, settles, stage } from './stage.mjs';

/** GPUs that the server has at first, and the others of the host, which it gets then. */
let home, others;
let host, server;
stage({
	ports: 22_000,
	settings: { 'sim-gpu-seconds': 3 },
	timeout: 30_000,
	seen: 'freeze-notebook',
	path: async () => {
		[host] = (await dev.ask('GET', '/v1/hosts')).items;
		server = await dev.server('notebook', { gpus: 2 });
		home = (await all()).filter((gpu) => gpu.instance_id);
		others = (await all()).filter((gpu) => !gpu.instance_id);
		assert.deepEqual([home.length, others.length], [2, 2]);
		return `/servers/${server}`;
	},
});

const rests = (state) => page.locator(`[data-testid="gpu-state"][data-state="${state}"]`).waitFor({ timeout: 60_000 });
const all = async () => (await dev.ask('GET', `/v1/gpus?host=${host.id}`)).items.toSorted((a, b) => a.index - b.index);
const harm = (gpu, name, params) => dev.ask('POST', `/v1/hosts/${host.id}/faults`, { gpu: gpu.uuid, name, params });

test('a frozen server is thawed past three GPUs that have gone wrong', async () => {
	await at('freeze-notebook').click();
	await at('confirm').click();
	await settles('notebook', 'frozen');
	// The first place gets a GPU that is quarantined; the second one that a reset cures.
	await harm(home[0], 'data-mismatch', { bit: '5', address: '0x1000' });
	await harm(home[1], 'remap-pending');
	await harm(others[0], 'uncorrected-contained');

	await at('thaw-notebook').click();
	await at('confirm').click();
	await at('operation-progress').getByRole('link', { name: 'Thawing notebook' }).click();
	await says(at('operation-progress'), /GPU GPU-\S+: .* GB\/s/);
	await at('operation-outcome').waitFor({ timeout: 120_000 });
	await says(at('operation-outcome'), 'notebook was thawed.');

	const of = (gpu) => page.getByRole('region', { name: `GPU ${gpu.uuid}` });
	await says(of(home[0]).getByTestId('diagnosis-test'), /quarantine\s*rigorous test.*rule mismatch.*simulated/s);
	await says(of(home[1]).getByTestId('diagnosis-test'), /reset and retest\s*rigorous test.*rule remap-pending/s);
	await says(of(others[0]).getByTestId('diagnosis-test').nth(0), /reset and retest\s*rigorous test/);
	await says(of(others[0]).getByTestId('diagnosis-test').nth(1), /passed.*rigorous test, after a reset/s);
	await says(of(others[1]).getByTestId('diagnosis-test'), /passed\s*rigorous test/);

	await of(home[0]).getByTestId('open-report').first().click();
	await says(of(home[0]).getByTestId('mismatches'), /0x1000\s*5/);
	await says(of(home[0]).getByTestId('phases'), /GB\/s, \d+\.\d % of peak/);
	await says(of(home[0]).getByTestId('health'), 'not supported');
	const link = of(home[0]).locator('[data-testid^="download-"]');
	const report = await page.evaluate(async (href) => (await fetch(href)).json(), await link.getAttribute('href'));
	assert.deepEqual([report.verdict.outcome, report.examination.result.records[0].bits], ['quarantine', [5]]);
});

test('the server runs on GPUs that passed, and its page says so', async () => {
	await page.goto(`${dev.url}/servers/${server}`);
	await settles('notebook', 'running');
	const { gpus } = await dev.ask('GET', `/v1/instances/${server}`);
	assert.deepEqual(gpus.map((gpu) => gpu.id).toSorted(), others.map((gpu) => gpu.id).toSorted());
	await says(at('instance-diagnoses'), 'rigorous test, after a reset');
	assert.equal(await at('instance-diagnoses').getByText('mismatch').count(), 0);
});

test('its host shows what became of the GPUs', async () => {
	await page.getByRole('link', { name: host.id }).click();
	await says(page.getByRole('region', { name: 'GPUs' }), 'quarantined');
	await says(page.getByRole('region', { name: 'Events' }), 'gpu.diagnosed');
	const { items } = await dev.ask('GET', `/v1/events?resource=${host.id}&limit=100`);
	assert.match(items.find((event) => event.name === 'gpu.quarantined').message, /0x1000, bits \[5\]/);
});

test('a quarantined GPU is healed, tested and released', async () => {
	await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'GPUs' }).click();
	await at('filter-state').selectOption('quarantined');
	await at('gpu-row').filter({ hasText: home[0].uuid }).getByRole('link').first().click();
	await rests('quarantined');
	assert.equal(await at('quarantine-gpu').count(), 0);
	await dev.ask('DELETE', `/v1/hosts/${host.id}/faults?gpu=${home[0].uuid}`);
	await at('test-gpu').click();
	await at('confirm').click();
	await says(at('care'), /running\s*Test, rigorous · testing it/);
	await page.locator('[data-testid="care"][data-state="done"]').waitFor({ timeout: 60_000 });
	await says(page.getByTestId('diagnosis-test').first(), /passed/);
	await rests('quarantined'); // a test that passed does not release it
	await at('release-gpu').click();
	await at('gpu-reason').fill('it was healed');
	await at('confirm').click();
	await rests('free');
	await says(page.getByTestId('diagnosis-hand').first(), /released.*It was healed\./s);
	await page.getByText(/on probation for/).waitFor();
});

test('a GPU that was to be reset is, without anybody asking', async () => {
	await page.goto(`${dev.url}/gpus/${home[1].id}`);
	await rests('free');
	await says(at('care'), /done\s*Reset and test/);
});

test('who skips GPU tests is told what that means, and it is written down', async () => {
	await page.goto(`${dev.url}/servers/${server}`);
	await at('freeze-notebook').click();
	await at('confirm').click();
	await settles('notebook', 'frozen');
	await at('thaw-notebook').click();
	await at('choice-skip_gpu_tests').check();
	await says(page.getByRole('dialog'), 'corrupts what it computes');
	await at('confirm').click();
	await settles('notebook', 'running');
	await says(at('instance-diagnoses'), /not tested\s*test skipped by its owner/);
});

test('on a phone no page about GPUs is wider than the screen', async () => {
	const [gpu] = await all();
	const { items } = await dev.ask('GET', `/v1/operations?resource=${server}`);
	const thaw = items.filter((op) => op.name === 'thaw').at(-1);
	const { items: diagnoses } = await dev.ask('GET', `/v1/operations/${thaw.id}/diagnoses`);
	await page.setViewportSize({ width: 390, height: 800 });
	for (const path of ['/gpus', `/gpus/${gpu.id}`, `/hosts/${host.id}`, `/operations/${thaw.id}`, `/diagnoses/${diagnoses[0].id}`, `/servers/${server}`]) {
		await page.goto(dev.url + path);
		await page.getByRole('heading', { level: 1 }).waitFor();
		await page.waitForTimeout(300);
		for (const report of await page.getByTestId('open-report').all()) await report.click();
		await page.waitForTimeout(300);
		const width = await page.evaluate(() => document.documentElement.scrollWidth);
		assert.equal(width, 390, `${path} is ${width} wide`);
	}
});
