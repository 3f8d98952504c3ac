// Package worker runs workflows and steps: it binds them to their task queues, gives every
// step its heartbeat, and keeps the numbers (slots, pollers, caches) in one place.
//
// The control worker runs beside the database and has the workflows. A host's two workers
// run in its agent, one for quick verbs and one for long work, and have that host's steps
// only.
package worker
