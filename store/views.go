package store

import (
	"github.com/kelvin-gpu/kelvin/fleet"
)

// hostViews are the hosts of a data center as fleet.Place sees them, with what matters to
// want, and without their ports: a fleet has thousands of GPUs, so rows are narrow. It locks
// the data center: one placement at a time there, or rivals would all choose the same best
// fit, and all but one would have to choose again.
func (t *tx) hostViews(dataCenter string, want fleet.Want) ([]fleet.HostView, error) {
	if err := t.lockDataCenter(dataCenter); err != nil {
		return nil, err
	}
	return t.views(dataCenter, want)
}

// views is hostViews, without the lock.
func (t *tx) views(dataCenter string, want fleet.Want) ([]fleet.HostView, error) {
	rows, err := t.QueryContext(t.ctx, t.Rebind(`SELECT id, state, cordoned, archives, expires_at, port_first, port_last, next_port,
		spot, provider, gpu_type, zone, notice_kind FROM hosts WHERE data_center = ? AND retired_at = 0 ORDER BY id`), dataCenter)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var views []fleet.HostView
	for rows.Next() {
		var r hostRow
		if err := rows.Scan(&r.ID, &r.State, &r.Cordoned, &r.Archives, &r.ExpiresAt, &r.PortFirst, &r.PortLast, &r.NextPort, &r.Spot, &r.Provider, &r.GPUType, &r.Zone, &r.NoticeKind); err != nil {
			return nil, err
		}
		view := fleet.HostView{Host: r.host(), NextPort: r.NextPort}
		if view.Host.State == fleet.HostReady && !t.now.Before(view.Host.ExpiresAt) {
			view.Host.State = fleet.HostLost // the monitor has not said so yet
		}
		views = append(views, view)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	byID := map[string]*fleet.HostView{}
	for i := range views {
		byID[views[i].Host.ID] = &views[i]
	}
	if err := t.freeGPUs(dataCenter, want, byID); err != nil {
		return nil, err
	}
	return views, t.loads(want, byID)
}

func (t *tx) lockDataCenter(name string) error {
	var locked string
	err := t.get(&locked, `SELECT name FROM data_centers WHERE name = ?`+t.engine.lock, name)
	return missing(err, "data center", name)
}

// freeGPUs adds the free GPUs to the hosts: those of the type that is wanted, if one is.
func (t *tx) freeGPUs(dataCenter string, want fleet.Want, hosts map[string]*fleet.HostView) error {
	q := query{`SELECT g.id, g.host_id, g.idx, g.type, g.memory_mb, g.score, g.probation_until FROM gpus g JOIN hosts h ON h.id = g.host_id
		WHERE h.data_center = ? AND h.retired_at = 0 AND g.state = 'free'`, []any{dataCenter}}
	if want.GPUs > 0 {
		q = q.equal("g.type", want.GPUType)
	}
	rows, err := t.QueryContext(t.ctx, t.Rebind(q.text), q.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		gpu := fleet.GPU{State: fleet.GPUFree}
		var probation int64
		if err := rows.Scan(&gpu.ID, &gpu.HostID, &gpu.Index, &gpu.Type, &gpu.MemoryMB, &gpu.Score, &probation); err != nil {
			return err
		}
		gpu.Probation = at(probation)
		gpu.Score = gpu.Standing(t.now)
		host := hosts[gpu.HostID]
		host.FreeGPUs = append(host.FreeGPUs, gpu)
	}
	return rows.Err()
}

// loads adds what runs on the hosts: workers of the same endpoint, and for an instance
// without GPUs, whose place depends on it, everything.
func (t *tx) loads(want fleet.Want, hosts map[string]*fleet.HostView) error {
	type load struct {
		HostID string `db:"host_id"`
		Leases int    `db:"leases"`
	}
	if want.EndpointID != "" {
		var same []load
		if err := t.all(&same, `SELECT l.host_id, COUNT(*) AS leases FROM leases l JOIN instances i ON i.id = l.instance_id
			WHERE i.endpoint_id = ? AND i.state <> 'terminated' GROUP BY l.host_id`, want.EndpointID); err != nil {
			return err
		}
		for _, l := range same {
			if host := hosts[l.HostID]; host != nil {
				host.SameEndpoint = l.Leases
			}
		}
	}
	if want.GPUs > 0 {
		return nil
	}
	var all []load
	if err := t.all(&all, `SELECT host_id, COUNT(*) AS leases FROM leases GROUP BY host_id`); err != nil {
		return err
	}
	for _, l := range all {
		if host := hosts[l.HostID]; host != nil { // of this data center
			host.Instances = l.Leases
		}
	}
	return nil
}
