// Writes src/lib/schema.d.ts, the types of the API, from its OpenAPI document.
//
//   node scripts/schema.mjs          write it
//   node scripts/schema.mjs --check  fail if it is not what the document says
import { readFile, writeFile } from 'node:fs/promises';
import { argv, env, exit } from 'node:process';
import openapi, { astToString } from 'openapi-typescript';

const document = new URL(env.KELVIN_OPENAPI ?? '../../api/openapi.json', import.meta.url);
const output = new URL('../src/lib/schema.d.ts', import.meta.url);

// What has a default may be left out of a request.
const types = await openapi(document, { defaultNonNullable: false });
const text = `// Made by \`npm run gen\` from the API's OpenAPI document. Do not edit.\n\n${astToString(types)}`;

if (argv.includes('--check')) {
	const current = await readFile(output, 'utf8').catch(() => '');
	if (current !== text) {
		console.error('web/src/lib/schema.d.ts does not match api/openapi.json: run `npm run gen` in web/');
		exit(1);
	}
} else {
	await writeFile(output, text);
}
