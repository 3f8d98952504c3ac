package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/kelvin-gpu/kelvin/activities"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// CreateInstance makes an instance: a place, a container of its image or with what a snapshot
// holds, and proof that it answers. If it cannot, nothing of it is left but its record.
func CreateInstance(ctx workflow.Context, in activities.Claim) (err error) {
	op, ctx := newOperation(ctx, fleet.Create, in)
	defer op.end(ctx, &err)

	inst, err := op.beginInstance(ctx)
	if err != nil {
		return err
	}
	from := op.params.SnapshotID
	want := activities.Placing{Archives: from != "", Purpose: gpu.ForCreate}
	switch {
	case from != "":
		want.Purpose = gpu.ForThaw
	case inst.EndpointID != "":
		want.Purpose = gpu.ForWorker
	}
	home, err := op.placeTested(ctx, want, func(ctx workflow.Context, home activities.Container) error {
		return when(from == "", run(bulk(ctx, home), metal.PullImage, home))()
	})
	if err != nil {
		return err
	}
	err = inOrder(
		when(from != "", op.restore(ctx, op.at(home, from))),
		when(from == "", step(onHost(ctx, home), op, metal.CreateContainer, metal.RemoveContainer, home)),
		run(onHost(ctx, home), metal.StartContainer, home),
		equip(ctx, home),
		run(probing(ctx, home), metal.ProbeContainer, home),
	)
	if err != nil {
		return err
	}

	// It answers. Past this line it lives there.
	ctx = op.commit(ctx)

	return run(ctx, control.MoveInstance, home)()
}
