package store

import (
	"context"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const gpuColumns = `g.id, g.host_id, g.idx, g.uuid, g.serial, g.type, g.memory_mb, g.state, g.since, g.dirty, g.score, g.probation_until, g.rule, g.reason,
	g.product, g.driver, g.bus_id, g.parent, g.profile, g.slice_start, g.slice_size, g.simulated,
	COALESCE(l.id, '') AS lease_id, COALESCE(l.instance_id, '') AS instance_id`

// gpuQuery selects GPUs as g, with the lease l that has them, if one does; leasedGPUQuery
// those of leases, which are found by l. Callers add WHERE.
const (
	gpuQuery = `SELECT ` + gpuColumns + `
		FROM gpus g LEFT JOIN lease_gpus lg ON lg.gpu_id = g.id LEFT JOIN leases l ON l.id = lg.lease_id`
	leasedGPUQuery = `SELECT ` + gpuColumns + `
		FROM leases l JOIN lease_gpus lg ON lg.lease_id = l.id JOIN gpus g ON g.id = lg.gpu_id`
)

type gpuRow struct {
	ID         string         `db:"id"`
	HostID     string         `db:"host_id"`
	Index      int            `db:"idx"`
	UUID       string         `db:"uuid"`
	Serial     string         `db:"serial"`
	Type       string         `db:"type"`
	MemoryMB   int64          `db:"memory_mb"`
	State      fleet.GPUState `db:"state"`
	Since      int64          `db:"since"`
	Dirty      bool           `db:"dirty"`
	Score      int            `db:"score"`
	Probation  int64          `db:"probation_until"`
	Rule       string         `db:"rule"`
	Reason     string         `db:"reason"`
	Product    string         `db:"product"`
	Driver     string         `db:"driver"`
	BusID      string         `db:"bus_id"`
	Parent     string         `db:"parent"`
	Profile    string         `db:"profile"`
	Start      int            `db:"slice_start"`
	Size       int            `db:"slice_size"`
	Simulated  bool           `db:"simulated"`
	LeaseID    string         `db:"lease_id"`
	InstanceID string         `db:"instance_id"`
}

func (r gpuRow) gpu() fleet.GPU {
	return fleet.GPU{
		ID: r.ID, HostID: r.HostID, Index: r.Index, UUID: r.UUID, Serial: r.Serial, Type: r.Type, MemoryMB: r.MemoryMB,
		State: r.State, Since: at(r.Since), Dirty: r.Dirty, Score: r.Score, Probation: at(r.Probation), Rule: r.Rule, Reason: r.Reason,
		Product: r.Product, Driver: r.Driver, BusID: r.BusID, Parent: r.Parent, Profile: r.Profile, Start: r.Start, Size: r.Size,
		Simulated: r.Simulated, LeaseID: r.LeaseID, InstanceID: r.InstanceID,
	}
}

// held are the states of a GPU that a lease has.
var held = []fleet.GPUState{fleet.GPUReserved, fleet.GPUTesting, fleet.GPUAssigned, fleet.GPUScrubbing, fleet.GPUResetting}

// SetGPUState says what is done with the GPUs of a lease. Quarantined ones stay so.
// NotFound without the lease, Invalid for a state in which no lease has a GPU.
func (s *Store) SetGPUState(ctx context.Context, leaseID string, st fleet.GPUState) error {
	return s.write(ctx, "set GPU state", func(t *tx) error {
		if !slices.Contains(held, st) {
			return fleet.Errorf(fleet.Invalid, "a GPU of a lease cannot be %s", quote(string(st)))
		}
		if _, err := t.lease(leaseID); err != nil {
			return err
		}
		return t.setGPUs(leaseID, st)
	})
}

// setGPUs also makes them dirty, unless they are being scrubbed: whatever else is done with
// them, an instance may come to use them.
func (t *tx) setGPUs(leaseID string, st fleet.GPUState) error {
	_, err := t.exec(`UPDATE gpus SET state = ?, since = CASE WHEN state = ? THEN since ELSE ? END, dirty = (dirty OR ?) WHERE state <> 'quarantined'
		AND id IN (SELECT gpu_id FROM lease_gpus WHERE lease_id = ?)`, st, st, micros(t.now), st != fleet.GPUScrubbing, leaseID)
	return err
}

// setGPU says what one GPU does.
func (t *tx) setGPU(id string, st fleet.GPUState) error {
	_, err := t.exec(`UPDATE gpus SET state = ?, since = ? WHERE id = ? AND state <> ?`, st, micros(t.now), id, st)
	return err
}

// whenReturned is the state of a GPU that nobody has any more. That of a lost host is lost
// until it returns, and one that was to be reset is not fit before that: see NextCares.
const whenReturned = `CASE WHEN gpus.state = 'resetting' OR gpus.reset_later OR EXISTS (SELECT 1 FROM gpu_cares c WHERE c.gpu_id = gpus.id AND c.ended_at = 0 AND c.what = 'reset') THEN 'resetting'
	WHEN EXISTS (SELECT 1 FROM gpu_cares c WHERE c.gpu_id = gpus.id AND c.ended_at = 0) THEN 'testing' ELSE (SELECT CASE WHEN h.state = 'lost' THEN 'lost' WHEN h.scrubs AND gpus.dirty THEN 'scrubbing' ELSE 'free' END
	FROM hosts h WHERE h.id = gpus.host_id) END`

// gpu locks a GPU and reads it.
func (t *tx) gpu(id string) (fleet.GPU, error) {
	var row gpuRow
	if t.engine.lock != "" { // not with the query below: an outer join cannot be locked
		if err := t.get(&row.ID, `SELECT id FROM gpus WHERE id = ?`+t.engine.lock, id); err != nil {
			return fleet.GPU{}, missing(err, "GPU", id)
		}
	}
	err := t.get(&row, gpuQuery+` WHERE g.id = ?`, id)
	return row.gpu(), missing(err, "GPU", id)
}

// GPU reads a GPU of the fleet. NotFound without it.
func (s *Store) GPU(ctx context.Context, id string) (fleet.GPU, error) {
	var row gpuRow
	err := s.read(ctx, "get GPU", func(t *tx) error {
		return missing(t.get(&row, gpuQuery+` WHERE g.id = ?`, id), "GPU", id)
	})
	return row.gpu(), err
}

// LeasedGPUs are the GPUs that a lease has, by index.
func (s *Store) LeasedGPUs(ctx context.Context, leaseID string) ([]fleet.GPU, error) {
	var rows []gpuRow
	err := s.read(ctx, "list GPUs of a lease", func(t *tx) error {
		return t.all(&rows, leasedGPUQuery+` WHERE l.id = ? ORDER BY g.idx, g.id`, leaseID)
	})
	gpus := make([]fleet.GPU, len(rows))
	for i, r := range rows {
		gpus[i] = r.gpu()
	}
	return gpus, err
}

// ListGPUs lists GPUs of the fleet, by ID.
func (s *Store) ListGPUs(ctx context.Context, f GPUFilter) ([]fleet.GPU, error) {
	var rows []gpuRow
	err := s.read(ctx, "list GPUs", func(t *tx) error {
		q := query{text: gpuQuery + ` WHERE 1 = 1`}
		if f.HostID == "" {
			q = q.and(`g.host_id NOT IN (SELECT id FROM hosts WHERE retired_at > 0)`)
		}
		q = q.equal("g.host_id", f.HostID).equal("g.state", string(f.State)).equal("g.type", f.Type)
		q = q.after("g.id", f.Page).ascending("g.id", f.Page)
		return t.all(&rows, q.text, q.args...)
	})
	gpus := make([]fleet.GPU, len(rows))
	for i, r := range rows {
		gpus[i] = r.gpu()
	}
	return gpus, err
}
