// Package store is the record: what exists, who holds it, what was asked and how it ended.
// It is the only home of SQL, and runs on SQLite (development, tests, one machine) and
// Postgres (production) from one series of migrations.
//
// The API, the control steps (activities.Control), the monitors and the gateway's
// controller use it. It knows nothing of them, of Temporal or of machines: it speaks
// fleet's words, and fleet's pure functions (Life.Accept, Life.Settle, Place) decide what it
// then writes.
//
// Every exported method is one whole transaction with one now. Errors are *fleet.Error
// where the caller can do something about them (NotFound, Conflict, Invalid, Exhausted,
// Unauthenticated, Unavailable when the database does not answer); anything else is
// Internal by fleet.CodeOf.
package store
