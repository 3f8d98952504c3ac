// Package cli is the user side of the kelvin command: what people and scripts type to see
// and move their endpoints, instances and operations, and operators their hosts and GPUs.
//
// cmd/kelvin adds it to its root with AddTo and ends with Report. `kelvin dev` writes the
// context it made with SaveContext, so that the commands beside it need no configuration.
//
// It is a client of the public REST API and nothing more: it shares the types of package
// api and the vocabulary of fleet, and must not know stores, workflows or machines. What is
// legal, valid or permitted is the server's to say; the package only says it well.
package cli
