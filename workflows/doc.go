// Package workflows holds the operations: one file, one function, one move through the life
// of an instance or an endpoint, as a list of steps, each beside the step that takes it
// back. It decides order and nothing else: what is legal is in fleet, what a step does is
// in activities. Beside them: the autoscaler of an endpoint, the typed client that starts
// all of these, and the outbox that starts what a crash left behind.
//
// # The idiom
//
// One line is one step: where it runs, what it does, how it is taken back, with what.
//
//   - The undo is noted before the work: a step that failed may still have happened.
//   - Cancel is a failure until the commit, and nothing after it. Undos run newest first,
//     on a disconnected context, and stop at one that fails: the resource is then failed.
//   - A limit undoes. After the commit there is none; the work is finished instead.
//   - Prove it, commit, record it, tell the callers, remove the rest, in that order.
package workflows
