import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// Where `npm run dev` finds the API.
const server = process.env.KELVIN_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
	plugins: [svelte()],
	build: {
		target: 'es2022',
		assetsInlineLimit: 0, // the content security policy allows no data: URLs
		modulePreload: { polyfill: false },
	},
	server: {
		proxy: Object.fromEntries(['/v1', '/docs', '/openapi.json'].map((path) => [path, server])),
	},
	test: {
		include: ['src/**/*.test.ts'],
	},
	// Svelte's stores run as they do in the browser, not as on a server.
	resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
});
