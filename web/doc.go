// Package web is the console: a single-page application in Svelte, built by Vite into
// dist, and the handler that serves it out of the binary.
//
// cmd/kelvin hands Handler to the API server, which gives it every path that is not the
// API's. The console is a client of the API like any other: it knows /v1 and nothing else,
// so this package must know neither the store nor the fleet.
package web
