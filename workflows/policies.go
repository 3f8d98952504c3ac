package workflows

import (
	"math"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// ControlQueue is where workflows run, and the steps that own the record.
const ControlQueue = "control"

// patient retries as long as the operation's limit allows. (The test environment of the
// SDK reads 0 attempts as ten.)
var patient = temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, MaximumInterval: 5 * time.Second, MaximumAttempts: math.MaxInt32}

// quick is for steps beside the record. Every step has a heartbeat, so that one whose
// process died is tried again within seconds. An operation waits for a step that it
// cancels: nothing may be undone while it is still being done.
var quick = workflow.ActivityOptions{
	TaskQueue:           ControlQueue,
	StartToCloseTimeout: 30 * time.Second,
	HeartbeatTimeout:    heartbeat,
	WaitForCancellation: true,
	RetryPolicy:         &patient,
}

// heartbeat is how long a step may be silent before it counts as dead. Steps beat every
// second.
const heartbeat = 6 * time.Second

// placing is patient with the record, but not with a full fleet: that is said at once.
var placing = func() temporal.RetryPolicy {
	p := patient
	p.NonRetryableErrorTypes = []string{string(fleet.Exhausted)}
	return p
}()

// brief is for verbs of a host: a machine that fails five times in a row fails. One that has
// no room (its disk is full, somebody else listens on the port) does so at once: another
// placement finds another port, or another host.
var brief = temporal.RetryPolicy{
	InitialInterval: time.Second, MaximumInterval: 10 * time.Second, MaximumAttempts: 5,
	NonRetryableErrorTypes: []string{string(fleet.Exhausted)},
}

// copying is for copies, which go on from where they were: they are tried as long as the
// operation's limit allows. A full disk is said at once.
var copying = temporal.RetryPolicy{
	InitialInterval: time.Second, MaximumInterval: time.Minute, MaximumAttempts: math.MaxInt32,
	NonRetryableErrorTypes: []string{string(fleet.Exhausted)},
}

// untilDone is for undoing, and for what comes after the commit.
var untilDone = temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, MaximumInterval: 10 * time.Second, MaximumAttempts: math.MaxInt32}

// undoLimit is how long an undo is tried. Past it the resource is failed, in plain view,
// rather than in transition for ever.
const undoLimit = 30 * time.Minute

type (
	leaseKey     struct{}
	undoKey      struct{}
	steadfastKey struct{}
	committedKey struct{}
)

// waiting is for steps beside the record that wait for something, up to limit.
func waiting(ctx workflow.Context, limit time.Duration) workflow.Context {
	return workflow.WithStartToCloseTimeout(ctx, limit+time.Minute)
}

// onHost sends steps to the host of a container's lease.
func onHost(ctx workflow.Context, c activities.Container) workflow.Context {
	ctx = workflow.WithScheduleToStartTimeout(workflow.WithTaskQueue(ctx, fleet.HostQueue(c.Lease.HostID)), 15*time.Second)
	ctx = workflow.WithStartToCloseTimeout(ctx, time.Minute+time.Duration(c.StopTimeout))
	if ctx.Value(steadfastKey{}) == nil {
		ctx = workflow.WithRetryPolicy(ctx, brief)
	}
	return workflow.WithValue(ctx, leaseKey{}, c.Lease)
}

// bulk is onHost for steps of minutes to hours. They have a queue of their own, so that a
// pull of an hour cannot hold back a stop.
func bulk(ctx workflow.Context, c activities.Container) workflow.Context {
	ctx = workflow.WithStartToCloseTimeout(onHost(ctx, c), 2*time.Hour)
	return workflow.WithTaskQueue(ctx, fleet.BulkQueue(c.Lease.HostID))
}

// copies is bulk for steps that copy.
func copies(ctx workflow.Context, c activities.Container) workflow.Context {
	ctx = bulk(ctx, c)
	if ctx.Value(steadfastKey{}) == nil {
		ctx = workflow.WithRetryPolicy(ctx, copying)
	}
	return ctx
}
