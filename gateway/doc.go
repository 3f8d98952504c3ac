// Package gateway is the reverse proxy of a data center: requests for an endpoint's host
// name go to the ready worker with the fewest in flight. It streams, speaks HTTP/1.1,
// HTTP/2 and WebSockets, with TLS and without, holds requests for a moment while no worker
// is ready, and sends a request a second time only if it never reached a worker.
//
// To servers it is that, too, and a TCP proxy: it listens on the ports that are their
// addresses, and passes on what connects there, byte by byte.
//
// It is also the witness of every drain. It follows the routes that the server publishes,
// and reports what it has in flight. A report with version N promises that no request will
// be sent to a worker which those routes call draining or leave out, so that a worker that
// is empty in such a report stays empty. Picking a worker and counting the request in
// happen under the lock that new routes take; the promise rests on that.
//
// cmd/kelvin runs it. It knows fleet and the server's two gateway routes. It must not know
// the database, Temporal or the API's code, and it decides nothing about readiness: only
// ready and draining workers are in the routes.
package gateway
