package workflows

import (
	"cmp"

	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// RecoverInstance brings back an instance that is lost or failed. Where its host answers, it
// is started again with the data it has. Otherwise it comes back elsewhere, with the data of
// its newest snapshot; what its old host has is kept for its owner to decide.
func RecoverInstance(ctx workflow.Context, in activities.Claim) (err error) {
	op, ctx := newOperation(ctx, fleet.Recover, in)
	defer op.end(ctx, &err)

	inst, err := op.beginInstance(ctx)
	if err != nil {
		return err
	}
	// Nothing of it may run anywhere while it is brought back.
	for _, place := range inst.Leases {
		if err := clearUp(onHost(ctx, place), metal.StopContainer, place)(); err != nil {
			return err
		}
	}
	from := cmp.Or(op.params.SnapshotID, inst.Snapshot)
	if home := inst.Home; from == "" && home.Lease.ID != "" && !home.Lease.Expired && !home.Lease.Bare {
		return op.heal(ctx, inst)
	}
	if from == "" {
		from = inst.Newest
	}
	if from == "" && inst.Home.Lease.ID != "" {
		return fleet.Errorf(fleet.Conflict, "there is no snapshot to recover it from; its data lies on host %s: wait for that, or terminate it", inst.Home.Lease.HostID)
	}

	target, err := op.placeTested(ctx, activities.Placing{Archives: true, Purpose: gpu.ForThaw})
	if err != nil {
		return err
	}
	if from != "" && from == inst.Newest {
		op.moved = inst.Saved
	}
	err = inOrder(
		when(from != "", op.restore(ctx, op.at(target, from))),
		when(from == "", // it never had any data
			run(bulk(ctx, target), metal.PullImage, target),
			step(onHost(ctx, target), op, metal.CreateContainer, metal.RemoveContainer, target)),
		op.wake(ctx, target),
	)
	if err != nil {
		return err
	}

	// It answers. Past this line it lives there.
	ctx = op.commit(ctx)

	if err := run(ctx, control.MoveInstance, target)(); err != nil {
		return err
	}
	for _, place := range inst.Leases {
		leave := op.vacate(ctx, place)
		if place.Lease.ID == inst.Home.Lease.ID || place.Lease.Kept {
			leave = run(ctx, control.KeepLease, place)
		}
		if err := leave(); err != nil {
			return err
		}
	}
	return inOrder(
		when(from != "", run(ctx, control.TellRecovered, activities.Snap{Claim: in, SnapshotID: from})),
		when(inst.Snapshot != "", run(ctx, control.ForgetSnapshot, activities.Snap{Claim: in, SnapshotID: inst.Snapshot})),
	)
}

// heal starts an instance again where it lives. If its container is gone, as after a reset that
// came to nothing, it is made anew with the disk that is there.
func (op *operation) heal(ctx workflow.Context, inst activities.Instance) error {
	home := inst.Home
	err := op.wake(ctx, home)()
	if fleet.Is(FromTemporal(err), fleet.NotFound) {
		err = inOrder(
			run(bulk(ctx, home), metal.PullImage, home),
			run(onHost(ctx, home), metal.CreateContainer, home),
			op.wake(ctx, home),
		)
	}
	if err != nil {
		return err
	}
	ctx = op.commit(ctx)
	for _, place := range inst.Leases {
		if place.Lease.ID == inst.Home.Lease.ID || place.Lease.Kept {
			continue
		}
		if err := op.vacate(ctx, place)(); err != nil {
			return err
		}
	}
	return run(ctx, control.ReleaseTraffic, op.Claim)()
}
