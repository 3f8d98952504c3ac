// Package agent is Kelvin on a host. It renews the host's lease with what the host has and
// runs, takes the steps that operations send there, and keeps two promises that the rest
// of the system builds on:
//
//   - A host without its lease runs nothing that others may take over (it fences itself).
//   - An order with an older epoch than the host has seen is refused, and a step that is
//     already running is joined rather than started twice (the journal).
//
// It makes outbound connections only: HTTP to the server, gRPC to Temporal. It holds no
// database password, and knows nothing of accounts beyond the labels of its containers.
package agent
