// Package autoscale decides how many workers an endpoint should have, and which of those
// it has should go. The decision is a pure function of what is observed: no I/O, no clock.
// The AutoscaleEndpoint workflow calls it and carries it out.
package autoscale
