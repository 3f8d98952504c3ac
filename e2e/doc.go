// Package e2e tests the whole system on real parts: kelvin's processes as an operator runs
// them, kelvin-temporal, a real Docker engine, a real browser. What is here is what the
// README promises, and what must hold when any process is killed between any two steps.
//
// The record is SQLite, or the empty Postgres database that KELVIN_E2E_STORE names (for
// one test at a time: -run).
//
// It needs what `make build` builds and `make test` installs, and says so if that is not
// there. Nothing here is skipped.
package e2e
