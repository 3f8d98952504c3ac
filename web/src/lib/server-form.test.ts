import { expect, test } from 'vitest';
import { blankServer, serverFields, serverRequest, tick } from './server-form';
import type { Template } from './types';

const ssh = { name: 'ssh', parameters: [{ name: 'keys', required: true }, { name: 'port' }] } as Template;

test('a server is asked for without what was left empty', () => {
	expect(serverRequest({ ...blankServer(), name: ' a ', image: 'b:1' })).toEqual({ name: 'a', image: 'b:1', gpus: 1, recover: 'auto', disk_path: '/workspace' });
});

test('ports, variables and labels are read from their lines', () => {
	const body = serverRequest({ ...blankServer(), name: 'a', image: 'b', ports: '8888, 22', env: 'A=1', labels: 'team=ml\n', snapshot_every: '1h', cpus: 2.5, protected: true });
	expect(body).toMatchObject({ ports: [8888, 22], env: { A: '1' }, labels: { team: 'ml' }, snapshot_every: '1h', cpus: 2.5, protected: true });
	expect(() => serverRequest({ ...blankServer(), ports: 'http' })).toThrow('not a whole number');
});

test('templates bring what was said of their parameters', () => {
	const form = blankServer();
	tick(form, ssh, true);
	form.templates[0]!.parameters['keys'] = 'ssh-ed25519 AAAA';
	expect(serverRequest(form).templates).toEqual([{ name: 'ssh', parameters: { keys: 'ssh-ed25519 AAAA' } }]);
	const known = serverFields(form);
	expect(known('templates[0].parameters.keys')).toBe(true);
	expect(known('templates[1].parameters.keys')).toBe(false);
	expect(known('ports')).toBe(true);
	tick(form, ssh, false);
	expect(serverRequest(form).templates).toBeUndefined();
});
