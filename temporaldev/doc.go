// Kelvin-temporal is a Temporal server with its web UI and a SQLite file, all
// in one process, for development and tests.
//
// "kelvin dev" and the end-to-end tests start it as a child (see package
// workflows/temporalchild); people start it to look at a copied database.
// Production runs a normal Temporal cluster on Postgres instead.
//
// It is a module of its own because the server's dependencies are many and
// strictly pinned: Kelvin itself needs Temporal's SDK only, and must never
// import this module or the server.
//
// Everything it opens is on the loopback interface, without authentication,
// and it never calls out: no version check, no news, no telemetry.
//
// When it is listening it prints one line of JSON on standard output, the type
// [Ready], and nothing else; its log is on standard error. It stops on SIGTERM
// and SIGINT, and with --exit-with-stdin also when its standard input ends,
// which is how a parent that dies takes it along.
package main
