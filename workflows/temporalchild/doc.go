// Package temporalchild runs kelvin-temporal, the Temporal server for
// development and tests, as a child process.
//
// "kelvin dev" and the end-to-end tests use it. It knows how to find the
// program, when the server is truly ready, and how to end it; it knows nothing
// of Kelvin's workflows, and nothing of the Temporal server but its command
// line, so that the main module never depends on the server.
//
// The child never outlives its parent. Its standard input is a pipe whose
// other end only the parent holds, so that it reads an end when the parent is
// gone, however it went; on Linux the kernel kills it besides, which also works
// on a child too stuck to read.
package temporalchild
