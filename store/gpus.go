package store

import (
	"context"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const gpuColumns = `g.id, g.host_id, g.idx, g.uuid, g.serial, g.type, g.memory_mb, g.state, g.reason, g.simulated,
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
	Reason     string         `db:"reason"`
	Simulated  bool           `db:"simulated"`
	LeaseID    string         `db:"lease_id"`
	InstanceID string         `db:"instance_id"`
}

func (r gpuRow) gpu() fleet.GPU {
	return fleet.GPU{
		ID: r.ID, HostID: r.HostID, Index: r.Index, UUID: r.UUID, Serial: r.Serial, Type: r.Type, MemoryMB: r.MemoryMB,
		State: r.State, Reason: r.Reason, Simulated: r.Simulated, LeaseID: r.LeaseID, InstanceID: r.InstanceID,
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

func (t *tx) setGPUs(leaseID string, st fleet.GPUState) error {
	_, err := t.exec(`UPDATE gpus SET state = ? WHERE state <> 'quarantined'
		AND id IN (SELECT gpu_id FROM lease_gpus WHERE lease_id = ?)`, st, leaseID)
	return err
}

// QuarantineGPU takes a GPU out: nobody gets it until ReleaseGPU. A lease that has it keeps
// it until it is returned. NotFound without the GPU.
func (s *Store) QuarantineGPU(ctx context.Context, gpuID, reason string) error {
	return s.write(ctx, "quarantine GPU", func(t *tx) error {
		gpu, err := t.gpu(gpuID)
		if err != nil || gpu.State == fleet.GPUQuarantined {
			return err
		}
		if _, err := t.exec(`UPDATE gpus SET state = 'quarantined', reason = ? WHERE id = ?`, text(reason), gpuID); err != nil {
			return err
		}
		return t.event(fleet.Event{Name: "gpu.quarantined", HostID: gpu.HostID, Message: gpuID + ": " + reason})
	})
}

// ReleaseGPU ends a quarantine: the GPU is free, or its lease's. NotFound without the GPU,
// Conflict if it is not quarantined.
func (s *Store) ReleaseGPU(ctx context.Context, gpuID string) error {
	return s.write(ctx, "release GPU", func(t *tx) error {
		gpu, err := t.gpu(gpuID)
		if err != nil {
			return err
		}
		if gpu.State != fleet.GPUQuarantined {
			return fleet.Errorf(fleet.Conflict, "GPU %s is not quarantined, but %s", gpuID, gpu.State)
		}
		state := fleet.GPUFree
		if gpu.LeaseID != "" {
			state = fleet.GPUReserved
		}
		if _, err := t.exec(`UPDATE gpus SET state = ?, reason = '' WHERE id = ?`, state, gpuID); err != nil {
			return err
		}
		return t.event(fleet.Event{Name: "gpu.released", HostID: gpu.HostID, Message: gpuID})
	})
}

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
