// Package activities holds the steps operations are made of: Control's never touch a host,
// Host's never see the database. A step does one thing to one system, and can be repeated:
// it may run again after its answer was lost, and its undo may run when it never did.
//
// Inputs and answers are plain structs that travel through Temporal's histories, which are
// no place for secrets: an instance's environment goes from the record to its host without
// them (see Host.Specs). To these structs, fields are only added.
package activities
