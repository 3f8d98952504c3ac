// Package api is Kelvin's REST API: routes, authentication, validation, problem details,
// server-sent events, and the tunnels through which it reaches the agents of hosts. The
// console, the command line, agents and gateways are its callers; cmd/kelvin serves it.
//
// A handler is three moves: its input type decodes and validates, it calls one thing, and
// it encodes the answer. What is legal is decided in fleet, what is so is in store, and
// operations run in workflows, which it reaches through Starter: it knows nothing of
// Temporal, drives no machine, and does not know how an operation is done.
//
// The document at /openapi.json is made from the types here. api/openapi.json is a copy
// that a test holds to it, and from which the console's client is generated.
package api
