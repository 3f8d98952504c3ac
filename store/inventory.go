package store

import (
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// idle is a condition on gpus: nobody has it, and it is free or about to be. What is tested
// or reset stays what it is: whoever does that says how it ends.
const idle = `(state = 'free' OR state = 'scrubbing' AND NOT EXISTS (SELECT 1 FROM lease_gpus lg WHERE lg.gpu_id = gpus.id))`

// An inventory is what is known of a host's GPUs, to compare with what it reports.
type inventory struct {
	byIdentity map[string]*gpuRow
	byUUID     map[string]*gpuRow
}

func (t *tx) inventory(hostID string) (inventory, error) {
	var rows []gpuRow
	err := t.all(&rows, gpuQuery+` WHERE g.host_id = ?`, hostID)
	inv := inventory{map[string]*gpuRow{}, map[string]*gpuRow{}}
	for i := range rows {
		g := rows[i].gpu()
		inv.byIdentity[g.Identity()], inv.byUUID[g.UUID] = &rows[i], &rows[i]
	}
	return inv, err
}

// syncGPUs writes what is new about a host's GPUs, and returns the UUIDs of those that it is
// to scrub. One that is not reported is lost, unless a lease, a quarantine or a care has it;
// one that is again, is free as soon as it is clean.
func (t *tx) syncGPUs(hostID string, r fleet.HostReport) (scrub []string, err error) {
	known, err := t.inventory(hostID)
	if err != nil {
		return nil, err
	}
	seen := map[string]*gpuRow{} // by identity
	for _, g := range r.GPUs {
		identity := g.Identity()
		if seen[identity] != nil {
			continue // two slices in one place: the first counts
		}
		row := known.byIdentity[identity]
		if err := t.vacateUUID(known, g.UUID, row); err != nil {
			return nil, err
		}
		if row == nil {
			row, err = t.addGPU(hostID, g, r.Simulated)
		} else {
			err = t.syncGPU(row, g, r)
		}
		if err != nil {
			return nil, err
		}
		seen[identity] = row
		if row.State == fleet.GPUScrubbing && row.LeaseID == "" && r.Scrubs {
			scrub = append(scrub, row.UUID)
		}
	}
	for identity, gone := range known.byIdentity {
		if seen[identity] != nil || gone.State == fleet.GPULost {
			continue
		}
		if _, err := t.exec(`UPDATE gpus SET state = 'lost', since = ? WHERE id = ? AND `+idle, micros(t.now), gone.ID); err != nil {
			return nil, err
		}
	}
	if err := t.saveHealth(r.Health, seen); err != nil {
		return nil, err
	}
	return t.withoutCare(hostID, scrub)
}

// vacateUUID takes a UUID from another GPU of the host than row: slices get new ones when
// they are made again, and may get one that another had before.
func (t *tx) vacateUUID(known inventory, uuid string, row *gpuRow) error {
	holder := known.byUUID[uuid]
	if holder == nil || holder == row {
		return nil
	}
	delete(known.byUUID, uuid)
	holder.UUID = holder.ID
	_, err := t.exec(`UPDATE gpus SET uuid = id WHERE id = ?`, holder.ID)
	return err
}

// addGPU writes down a GPU that the host has not had before. One that was quarantined
// elsewhere is here, too.
func (t *tx) addGPU(hostID string, g fleet.GPUReport, simulated bool) (*gpuRow, error) {
	row := gpuRow{
		ID: fleet.NewID(fleet.GPUPrefix, t.now), HostID: hostID, UUID: g.UUID, State: fleet.GPUFree, Since: micros(t.now), Score: fleet.ScoreFull,
		Parent: g.Parent, Profile: g.Profile, Start: g.Start, Size: g.Size,
	}
	quarantine, err := t.remembered(g, true)
	if err != nil {
		return nil, err
	}
	if quarantine != nil {
		row.State, row.Rule, row.Reason = fleet.GPUQuarantined, quarantine.Rule, quarantine.Reason
	}
	if _, err := t.exec(`INSERT INTO gpus (id, host_id, idx, uuid, serial, type, memory_mb, state, since, rule, reason, product, driver, bus_id, parent, profile, slice_start, slice_size, simulated)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		row.ID, hostID, g.Index, g.UUID, g.Serial, g.Type, g.MemoryMB, row.State, row.Since, row.Rule, row.Reason,
		g.Product, g.Driver, g.BusID, g.Parent, g.Profile, g.Start, g.Size, simulated); err != nil {
		return nil, err
	}
	if quarantine != nil {
		return &row, t.event(fleet.Event{Name: "gpu.quarantined", HostID: hostID, Actor: "monitor", Message: row.ID + ": known as bad, it turned up again: " + quarantine.Reason})
	}
	return &row, nil
}

func (t *tx) syncGPU(row *gpuRow, g fleet.GPUReport, r fleet.HostReport) error {
	old := *row
	row.UUID, row.Index, row.Serial, row.Type, row.MemoryMB, row.Simulated = g.UUID, g.Index, g.Serial, g.Type, g.MemoryMB, r.Simulated
	row.Product, row.Driver, row.BusID, row.Size = g.Product, g.Driver, g.BusID, g.Size
	if *row != old {
		if _, err := t.exec(`UPDATE gpus SET uuid = ?, idx = ?, serial = ?, type = ?, memory_mb = ?, simulated = ?, product = ?, driver = ?, bus_id = ?, slice_size = ? WHERE id = ?`,
			row.UUID, row.Index, row.Serial, row.Type, row.MemoryMB, row.Simulated, row.Product, row.Driver, row.BusID, row.Size, row.ID); err != nil {
			return err
		}
	}
	switch {
	case old.State == fleet.GPULost && old.LeaseID == "":
		return t.backAgain(row, g, r.Scrubs)
	case old.State == fleet.GPUFree && old.Dirty && r.Scrubs: // its agent has learned it since
		return t.turnGPU(row, fleet.GPUScrubbing)
	}
	return nil
}

// backAgain is for a GPU that is there again.
func (t *tx) backAgain(row *gpuRow, g fleet.GPUReport, scrubs bool) error {
	quarantine, err := t.remembered(g, false)
	switch {
	case err != nil:
		return err
	case quarantine != nil:
		row.Rule, row.Reason = quarantine.Rule, quarantine.Reason
		if _, err := t.exec(`UPDATE gpus SET rule = ?, reason = ? WHERE id = ?`, row.Rule, row.Reason, row.ID); err != nil {
			return err
		}
		return t.turnGPU(row, fleet.GPUQuarantined)
	}
	care, err := t.openCare(row.ID)
	switch {
	case err != nil:
		return err
	case care != nil: // it goes on
		return t.turnGPU(row, fleet.GPUTesting)
	case row.Dirty && scrubs:
		return t.turnGPU(row, fleet.GPUScrubbing)
	default:
		return t.turnGPU(row, fleet.GPUFree)
	}
}

// turnGPU changes the state of a GPU, unless a rival has.
func (t *tx) turnGPU(row *gpuRow, to fleet.GPUState) error {
	n, err := t.exec(`UPDATE gpus SET state = ?, since = ? WHERE id = ? AND state = ?`, to, micros(t.now), row.ID, row.State)
	if n > 0 {
		row.State = to
	}
	return err
}

// saveHealth keeps what the drivers of the GPUs told; of a device, for all of its slices.
func (t *tx) saveHealth(all []gpu.Health, gpus map[string]*gpuRow) error {
	const most = 64 << 10 // of one, in bytes: no driver says as much
	for i := range all {
		doc := document(all[i])
		if len(doc) > most {
			continue
		}
		for _, row := range gpus {
			if all[i].UUID == "" || all[i].UUID != row.UUID && all[i].UUID != row.Parent {
				continue
			}
			if err := t.keepHealth(row.ID, doc); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tx) keepHealth(gpuID, doc string) error {
	_, err := t.exec(`INSERT INTO gpu_health (gpu_id, health, checked_at) VALUES (?, ?, ?)
		ON CONFLICT (gpu_id) DO UPDATE SET health = excluded.health, checked_at = excluded.checked_at`, gpuID, doc, micros(t.now))
	return err
}

// withoutCare leaves out the GPUs that somebody else cares for.
func (t *tx) withoutCare(hostID string, scrub []string) ([]string, error) {
	if len(scrub) == 0 {
		return nil, nil
	}
	var left []string
	err := t.in(&left, `SELECT g.uuid FROM gpus g WHERE g.host_id = ? AND g.uuid IN (?)
		AND NOT EXISTS (SELECT 1 FROM gpu_cares c WHERE c.gpu_id = g.id AND c.ended_at = 0) ORDER BY g.idx, g.id`, hostID, scrub)
	return left, err
}
