// Package spot decides which workers of an endpoint are on-demand and which are spot, in
// which pools they are made, and which of them go. How many are wanted in all is not its
// business: package autoscale says that. The decision is a pure function of what is
// observed and of a small memory: no I/O, no clock. The AutoscaleEndpoint workflow calls
// it and carries it out, and so does the simulator.
//
// Providers differ in how they take machines back; a Provider describes one, and nothing
// else here knows any of them by name.
package spot
