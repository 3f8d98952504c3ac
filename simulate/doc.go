// Package simulate drives the production policies of fleet/autoscale and fleet/spot over
// recorded and generated load, with a virtual clock, beside other people's policies written
// from their published rules. `kelvin simulate` and `make eval` are its users.
//
// A run is a function of its workload, its options and one seed: no wall clock, no map
// order, no generator but its own. So the same run gives the same bytes everywhere.
//
// It knows fleet and nothing else. It must not know stores, workflows or machines, and must
// never hold a copy of a rule that fleet has.
package simulate
