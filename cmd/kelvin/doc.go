// Command kelvin is all of Kelvin in one binary: the parts (server, worker, agent, gateway,
// or all of them as dev), and what people type to use them.
//
// It is the only main, the only place that wires parts together and the only one that
// reads configuration: flags, then KELVIN_… variables, then a file.
package main
