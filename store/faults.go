package store

import (
	"fmt"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// Watchman is who acts on what GPUs report.
const Watchman = "monitor"

// reactToAll does what follows from events that are new, and from the health that came along
// with those which say nothing without it. It returns the events to be written down last.
func (t *tx) reactToAll(known inventory, fresh []gpu.Event, health []gpu.Health) (then []fleet.Event, err error) {
	for _, e := range fresh {
		more, err := t.react(known.byIdentity, e.UUID, gpu.React(e))
		if err != nil {
			return nil, err
		}
		then = append(then, more...)
	}
	for i := range health {
		more, err := t.react(known.byIdentity, health[i].UUID, gpu.ReactHealth(health[i]))
		if err != nil {
			return nil, err
		}
		then = append(then, more...)
	}
	return then, nil
}

// react does what follows from an event of a device, for all GPUs that are parts of it, and
// returns the events to be written down last.
func (t *tx) react(rows map[string]*gpuRow, device string, r gpu.Reaction) (then []fleet.Event, err error) {
	if r.Do == gpu.DoNothing || r.Do == gpu.DoRead {
		return nil, nil
	}
	for _, row := range rows {
		if part := row.gpu(); part.Device() != device {
			continue
		}
		g, err := t.gpu(row.ID)
		if err != nil {
			return nil, err
		}
		more, err := t.reactTo(g, r)
		if err != nil {
			return nil, err
		}
		then = append(then, more...)
	}
	return then, nil
}

func (t *tx) reactTo(g fleet.GPU, r gpu.Reaction) ([]fleet.Event, error) {
	then := []fleet.Event{{
		Name: "gpu.fault", HostID: g.HostID, Actor: Watchman,
		Message: fmt.Sprintf("%s: %s (%s): %s", g.ID, r.Message, r.Rule, r.Action),
	}}
	if r.Lower {
		if _, err := t.exec(`UPDATE gpus SET score = ? WHERE id = ? AND score > ?`, fleet.ScoreDegraded, g.ID, fleet.ScoreDegraded); err != nil {
			return nil, err
		}
	}
	if g.State == fleet.GPUQuarantined || g.State == fleet.GPULost {
		then[0].Message = fmt.Sprintf("%s: %s (%s): it is %s already", g.ID, r.Message, r.Rule, g.State)
		return then, nil
	}
	open, err := t.openCare(g.ID)
	if err != nil {
		return nil, err
	}
	if r.Later {
		_, err := t.exec(`UPDATE gpus SET reset_later = ? WHERE id = ?`, true, g.ID)
		return then, err // NextCares has it reset when nobody has it
	}
	care, acts := careFor(r)
	if !acts {
		return then, nil
	}
	if r.Do == gpu.DoQuarantine {
		if err := t.quarantine(g, g.Device(), r.Rule, r.Message, Watchman); err != nil {
			return nil, err
		}
		g.State = fleet.GPUQuarantined
	}
	switch {
	case open != nil: // which sees it, too
		if _, err := t.exec(`UPDATE gpu_cares SET broken = (broken OR ?) WHERE id = ?`, care.Broken, open.ID); err != nil {
			return nil, err
		}
		return then, nil
	case r.Do == gpu.DoQuarantine && g.LeaseID == "":
		return then, nil
	}
	if _, err := t.insertCare(g, care); err != nil {
		return nil, err
	}
	tenant, err := t.tellTenant(g, r)
	return append(then, tenant...), err
}

// careFor is the care that a reaction asks for.
func careFor(r gpu.Reaction) (care fleet.Care, acts bool) {
	care = fleet.Care{
		What: fleet.CareTest, Level: gpu.LevelRigorous, Actor: Watchman, Drains: true, Rule: r.Rule, Reason: r.Message,
		Broken: r.Do == gpu.DoLost || r.Victims == gpu.VictimsAll,
	}
	switch r.Do {
	case gpu.DoDiagnose:
	case gpu.DoReset:
		care.What = fleet.CareReset
	case gpu.DoQuarantine:
		care.Level = gpu.LevelNone // nothing more is to be found out
	case gpu.DoLost:
		care.Level = gpu.LevelCounters
	default:
		return care, false
	}
	return care, true
}

// tellTenant tells the owner of what has the GPU.
func (t *tx) tellTenant(g fleet.GPU, r gpu.Reaction) ([]fleet.Event, error) {
	if g.InstanceID == "" {
		return nil, nil
	}
	inst, err := t.instance(g.InstanceID)
	if err != nil {
		return nil, err
	}
	spoilt := map[gpu.Victims]string{gpu.VictimsOne: "; the program that had the error has ended", gpu.VictimsAll: "; all programs on it have failed"}[r.Victims]
	return []fleet.Event{{
		AccountID: inst.AccountID, InstanceID: inst.ID, EndpointID: inst.EndpointID, HostID: g.HostID, Actor: Watchman, Name: "instance.gpu_fault",
		Message: fmt.Sprintf("%s reports: %s (%s)%s; it is moved to other GPUs", g.ID, r.Message, r.Rule, spoilt),
	}}, nil
}
