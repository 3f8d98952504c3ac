// Package fleet is Kelvin's vocabulary: what there is (accounts, hosts, GPUs, instances,
// endpoints, leases), the states these can be in, the legal moves between states, the ways
// they can go wrong, and the pure decisions over them (validation, placement).
//
// Everything else speaks in its words: the API's bodies, the workflows' inputs, the
// store's rows, the console. It knows nothing of them, does no I/O, reads no clock, and
// imports the standard library only. Time and randomness are passed in, except in NewID.
package fleet
