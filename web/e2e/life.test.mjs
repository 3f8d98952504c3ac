// A server's whole life in a real browser, against a whole Kelvin on a simulated machine:
// part of npm run test:browser. dev.mjs says which binary; it has the console built into it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, dev, page, says, settles, stage } from './stage.mjs';

stage({ ports: 20_000, path: () => '/servers', seen: 'new-server' });

/** Goes to the page of a server by the list. */
async function visit(name) {
	await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Servers' }).click();
	await at(`server-row-${name}`).getByRole('link', { name, exact: true }).click();
	await at(`terminate-${name}`).waitFor();
}

test('a server is made by its form, and mistakes stand beside their fields', async () => {
	await at('new-server').click();
	assert.equal(await at('create').isDisabled(), true, 'nothing without a name and an image');
	await at('field-name').fill('notebook');
	await at('field-image').fill('kelvin/echo:latest');
	await at('field-ports').fill('0, 8080');
	await at('field-disk').fill('workspace');
	await at('field-gpus').fill('9');
	await at('create').click();
	await says(at('wrong-gpus'), 'Is out of range. Allowed: 0 to 8.');
	assert.equal(await at('field-gpus').evaluate((e) => e === document.activeElement), true, 'the focus is where the mistake is');
	await at('field-gpus').fill('1');
	await at('create').click();
	await says(at('wrong-ports'), 'No. 1 is not a port. Allowed: 1 to 65535.');
	await says(at('wrong-disk_path'), 'Cannot be mounted. Allowed: an absolute path');
	await at('field-ports').fill('http');
	await at('field-disk').fill('/workspace');
	await at('create').click();
	await says(page.getByRole('alert'), '“http” is not a whole number.');
	await at('field-ports').fill('8080');
	await at('template-ssh').check();
	await at('create').click();
	await says(at('wrong-ssh-keys'), 'Is missing. Allowed: Public keys');
	await at('template-ssh').uncheck();
	await at('template-hello').check();
	await page.getByLabel('hello: greeting').fill('Good evening');
	await at('field-snapshot').selectOption('1h');
	await at('create').click();
	await page.getByRole('heading', { name: 'notebook', exact: true }).waitFor();
	await settles('notebook', 'running');
	await says(page.getByRole('region', { name: 'Settings' }), '1h0m0s');
	await says(page.getByRole('region', { name: 'Templates' }), 'attached');
	await page.getByText(/8080 → localhost:\d+/).waitFor();
});

test('a terminal echoes a command', async () => {
	await visit('notebook');
	await at('terminal').click();
	await at('screen').locator('textarea').waitFor();
	await says(at('screen').locator('.xterm-rows'), '/#');
	await page.keyboard.type('echo hello from here\r');
	await says(at('screen').locator('.xterm-rows > div'), /^hello from here/);
	await page.keyboard.type('write /workspace/note kept here\rcat /workspace/note\r');
	await says(at('screen').locator('.xterm-rows > div'), /^kept here/);
	await page.keyboard.press('Control+Shift+ArrowUp');
	assert.equal(await at('terminal').evaluate((e) => e === document.activeElement), true, 'the keyboard leads out of it');
	await at('screen').locator('textarea').focus();
	await page.keyboard.press('Control+d');
	await says(at('shell-ended'), 'The shell ended.');
	await at('terminal').click();
	await at('screen').waitFor({ state: 'detached' });
});

test('a server is frozen and thawed by click', async () => {
	await visit('notebook');
	await at('freeze-notebook').click();
	await says(page.getByRole('dialog'), 'saved in the archive and verified');
	await at('confirm').click();
	await settles('notebook', 'frozen');
	await says(at('toast'), 'notebook was frozen.');
	await at('snapshot-row-freeze').waitFor();
	assert.equal(await at('freeze-notebook').isDisabled(), true);
	await at('thaw-notebook').click();
	await at('choice-wait').check();
	await at('confirm').click();
	await settles('notebook', 'running');
	await says(at('toast'), 'notebook was thawed.');
	const [thaw] = (await dev.ask('GET', '/v1/operations?limit=1')).items;
	assert.deepEqual([thaw.name, thaw.params], ['thaw', { wait: true }]);
});

test('a thaw without room waits in the queue, and is cancelled', async () => {
	await visit('notebook');
	await at('freeze-notebook').click();
	await at('confirm').click();
	await settles('notebook', 'frozen');
	await says(at('logs'), 'echo: listening'); // what it wrote stays readable
	const big = await dev.server('big', { gpus: 4, ports: [] });
	await at('thaw-notebook').click();
	await says(at('plan'), /GPU/);
	await at('choice-wait').check();
	await at('confirm').click();
	await says(at('insight'), 'In the queue for a place: number 1');
	await at('operation-progress').getByRole('button', { name: 'Cancel' }).click();
	await says(at('toast'), 'notebook was not thawed: cancelled.');
	await settles('notebook', 'frozen');
	await dev.done(await dev.ask('POST', `/v1/instances/${big}/terminate`, { confirm: 'big' }));
	await at('thaw-notebook').click();
	await at('confirm').click();
	await settles('notebook', 'running');
});

test('a snapshot is taken, and a stop says what is kept', async () => {
	await visit('notebook');
	await at('take-snapshot').click();
	await page.locator('[data-testid="snapshot-row-manual"][data-state="ready"]').waitFor();
	await at('stop-notebook').click();
	await says(page.getByRole('dialog'), 'its GPUs and ports stay reserved');
	await at('choice-hold').selectOption('none');
	await says(page.getByRole('dialog'), 'its GPUs are anybody');
	await at('confirm').click();
	await settles('notebook', 'stopped');
	await page.getByText('its disk only', { exact: true }).waitFor();
	await at('start-notebook').click();
	await at('confirm').click();
	await settles('notebook', 'running');
});

test('a server is made of a snapshot', async () => {
	await visit('notebook');
	await at('snapshot-row-manual').getByRole('button', { name: /^Make a server/ }).click();
	await at('copy-name').fill('notebook');
	await at('confirm').click();
	await says(page.getByRole('dialog').getByRole('alert'), 'The name is taken.');
	await at('copy-name').fill('twin');
	await at('confirm').click();
	await settles('twin', 'running');
	await at('terminate-twin').click();
	await at('choice-keep').selectOption('0s');
	await at('confirm-name').fill('twin');
	await at('confirm').click();
	await says(at('toast'), 'twin was terminated.');
});

test('what is protected is not reset; a reset needs the name, and keeps what it erases', async () => {
	await visit('notebook');
	await at('protect-notebook').click();
	await says(at('protected'), 'yes');
	assert.equal(await at('reset-notebook').isDisabled(), true);
	assert.equal(await at('terminate-notebook').isDisabled(), true);
	await at('protect-notebook').click();
	await says(at('protected'), 'no');
	await at('reset-notebook').click();
	await says(page.getByRole('dialog'), 'This cannot be undone.');
	assert.equal(await at('confirm').isDisabled(), true);
	await at('confirm-name').fill('note');
	assert.equal(await at('confirm').isDisabled(), true);
	await at('choice-keep').selectOption('24h');
	await says(page.getByRole('dialog'), 'A snapshot is taken first');
	await at('confirm-name').fill('notebook');
	await at('confirm').click();
	await says(at('toast'), 'notebook was reset.');
	await page.locator('[data-testid="snapshot-row-safety"][data-state="ready"]').waitFor();
});

test('a schedule is made, warns of the clocks, and is paused', async () => {
	await visit('notebook');
	await at('schedule-instance').click();
	await at('field-name').fill('nights');
	await at('field-from').fill('02:30');
	await at('field-zone').fill('Europe/Nowhere');
	await at('days-sun').check();
	await at('create').click();
	await at('wrong-time_zone').waitFor();
	await at('field-zone').fill('Europe/Berlin');
	await at('create').click();
	await page.getByRole('heading', { name: 'nights' }).waitFor();
	await page.getByText('Stop from 02:30 to 08:00, sun').waitFor();
	assert.equal(await at('next-times').getByRole('listitem').count(), 5);
	await says(at('schedule-warnings'), /02:30 does not exist in Europe\/Berlin/);
	await at('pause-nights').click();
	await page.locator('[data-testid="schedule-state-nights"][data-state="paused"]').waitFor();
	await says(at('next-times'), 'None while it is paused.');
	await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Schedules' }).click();
	await says(at('schedule-row-nights'), 'notebook');
	await at('pause-nights').click();
	await page.locator('[data-testid="schedule-state-nights"][data-state="active"]').waitFor();
	await visit('notebook');
	await page.getByRole('region', { name: 'Schedules' }).getByRole('link', { name: 'nights' }).click();
	await at('delete-nights').click();
	await at('confirm').click();
	await at('new-schedule').waitFor();
});

test('a migrate shows its plan, is tried again when there is room, and says its downtime', async () => {
	await visit('notebook');
	await at('migrate-notebook').click();
	await says(at('plan'), 'No host is ready to take it');
	await at('confirm').click();
	await says(at('toast'), 'notebook was not migrated.');
	await at('retry-operation').waitFor();

	const second = await dev.host('second');
	await at('migrate-notebook').click();
	await says(at('plan'), `host ${second}`);
	await says(at('plan'), /8080: \d+ → 20500 on its host/);
	await says(at('plan'), /Loses\s*what is only in memory, open connections/);
	await at('choice-host_id').selectOption(second);
	await page.keyboard.press('Escape');
	await at('retry-operation').click();
	await at('confirm').click();
	await says(at('toast'), /notebook was migrated\.\s*It did not run for \d/);
	await page.getByRole('link', { name: second }).waitFor();
	await page.getByRole('region', { name: 'Operations' }).getByRole('link', { name: 'migrate' }).first().click();
	await says(at('insight'), /Downtime: \d/);
	await says(at('operation-outcome'), 'restore snapshot');
});

test('a host is drained, and retired by its name', async () => {
	await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Hosts' }).click();
	await at('host-row-second').getByRole('link', { name: 'second', exact: true }).click();
	await at('drain-second').click();
	await at('drain-parallel').fill('4');
	await at('confirm').click();
	await says(at('drain'), '1 of 1 have left');
	await page.locator('[data-testid="host-state"][data-state="drained"]').waitFor();
	await page.getByRole('button', { name: 'Uncordon second' }).click();
	await page.locator('[data-testid="host-state"][data-state="ready"]').waitFor();
	await page.getByRole('button', { name: 'Cordon second' }).click();
	await at('retire-second').click();
	assert.equal(await at('confirm').isDisabled(), true, 'to retire a host needs its name');
	await at('confirm-name').fill('second');
	await at('confirm').click();
	await page.locator('[data-testid="host-state"][data-state="retired"]').waitFor();
});

test('an endpoint is edited, and only what was changed is asked for', async () => {
	const op = await dev.ask('POST', '/v1/endpoints', { name: 'api', quick_deploy: 'echo', active_workers: 0, max_workers: 1 });
	await dev.done(op);
	await page.goto(`${dev.url}/endpoints/${op.resource_id}`);
	await at('edit-endpoint').click();
	await at('field-name').waitFor();
	await at('create').click();
	await says(page.getByRole('alert'), 'Nothing was changed.');
	await at('field-max').fill('0');
	await at('create').click();
	await says(at('wrong-max_workers'), 'Allowed: 1 to 1000.');
	await at('field-max').fill('3');
	await at('create').click();
	await says(at('toast'), 'api was updated.');
	const { spec, revision } = await dev.ask('GET', `/v1/endpoints/${op.resource_id}`);
	assert.deepEqual([spec.max_workers, revision], [3, 2]);
});

test('on a phone no page is wider than the screen', async () => {
	const { items } = await dev.ask('GET', '/v1/instances');
	await page.setViewportSize({ width: 390, height: 800 });
	for (const path of ['/servers', `/servers/${items[0].id}`, '/servers/new', '/schedules', `/schedules/new/${items[0].id}`, '/hosts', '/operations']) {
		await page.goto(dev.url + path);
		await page.getByRole('heading', { level: 1 }).waitFor();
		await page.waitForTimeout(200);
		const width = await page.evaluate(() => document.documentElement.scrollWidth);
		assert.equal(width, 390, `${path} is ${width} wide`);
	}
	await page.setViewportSize({ width: 1280, height: 900 });
});
