package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const hostColumns = `id, name, data_center, address, state, cordoned, version, machine, simulated, spot,
	port_first, port_last, next_port, disk_total, disk_free, archives, seen_at, expires_at, created_at,
	draining_at, drained_at, drain_parallel, drain_total, drain_actor, retired_at, retired_name, gpu_access,
	provider, zone, gpu_type, notice_kind, notice_source, notice_id, notice_actor, noticed_at, notice_deadline`

type hostRow struct {
	ID         string          `db:"id"`
	Name       string          `db:"name"`
	DataCenter string          `db:"data_center"`
	Address    string          `db:"address"`
	State      fleet.HostState `db:"state"`
	Cordoned   bool            `db:"cordoned"`
	Version    string          `db:"version"`
	Machine    string          `db:"machine"`
	Simulated  bool            `db:"simulated"`
	Spot       bool            `db:"spot"`
	PortFirst  int             `db:"port_first"`
	PortLast   int             `db:"port_last"`
	NextPort   int             `db:"next_port"`
	DiskTotal  int64           `db:"disk_total"`
	DiskFree   int64           `db:"disk_free"`
	Archives   bool            `db:"archives"`
	SeenAt     int64           `db:"seen_at"`
	ExpiresAt  int64           `db:"expires_at"`
	CreatedAt  int64           `db:"created_at"`

	DrainingAt    int64  `db:"draining_at"`
	DrainedAt     int64  `db:"drained_at"`
	DrainParallel int    `db:"drain_parallel"`
	DrainTotal    int    `db:"drain_total"`
	DrainActor    string `db:"drain_actor"`
	RetiredAt     int64  `db:"retired_at"`
	RetiredName   string `db:"retired_name"`

	GPUAccess fleet.GPUAccess `db:"gpu_access"`

	Provider string `db:"provider"`
	Zone     string `db:"zone"`
	GPUType  string `db:"gpu_type"`
	noticeRow
}

type noticeRow struct {
	NoticeKind     fleet.NoticeKind   `db:"notice_kind"`
	NoticeSource   fleet.NoticeSource `db:"notice_source"`
	NoticeID       string             `db:"notice_id"`
	NoticeActor    string             `db:"notice_actor"`
	NoticedAt      int64              `db:"noticed_at"`
	NoticeDeadline int64              `db:"notice_deadline"`
}

func (r noticeRow) notice() fleet.Notice {
	return fleet.Notice{
		Kind: r.NoticeKind, Source: r.NoticeSource, ID: r.NoticeID, Actor: r.NoticeActor,
		At: at(r.NoticedAt), Deadline: at(r.NoticeDeadline),
	}
}

func (r hostRow) market() fleet.Market {
	if r.Spot {
		return fleet.Spot
	}
	return fleet.OnDemand
}

func (r hostRow) host() fleet.Host {
	h := fleet.Host{
		ID: r.ID, Name: r.Name, DataCenter: r.DataCenter, Address: r.Address, State: r.State, Version: r.Version,
		Machine: r.Machine, Simulated: r.Simulated, Market: r.market(), Provider: r.Provider, Zone: r.Zone, GPUType: r.GPUType, Notice: r.notice(), PortFirst: r.PortFirst, PortLast: r.PortLast,
		Disk: fleet.Disk{Total: r.DiskTotal, Free: r.DiskFree}, Archives: r.Archives, GPUAccess: r.GPUAccess,
		SeenAt: at(r.SeenAt), ExpiresAt: at(r.ExpiresAt), CreatedAt: at(r.CreatedAt), RetiredAt: at(r.RetiredAt),
	}
	switch {
	case r.RetiredAt > 0:
		h.State, h.Name = fleet.HostRetired, r.RetiredName
	case r.State != fleet.HostReady: // a lost host is lost first
	case r.NoticeKind == fleet.NoticePreempt:
		h.State = fleet.HostPreempted
	case r.DrainedAt > 0:
		h.State = fleet.HostDrained
	case r.DrainingAt > 0:
		h.State = fleet.HostDraining
	case r.Cordoned:
		h.State = fleet.HostCordoned
	case r.NoticeKind == fleet.NoticeRebalance:
		h.State = fleet.HostWarned
	}
	return h
}

// CreateHost makes a host that is joining: its agent, which bears the token, has not been
// heard of. The token is returned this once. Conflict if the name is taken, Invalid if
// there is no such data center.
func (s *Store) CreateHost(ctx context.Context, name, dataCenter string) (token string, _ fleet.Host, _ error) {
	var h fleet.Host
	err := s.write(ctx, "create host", func(t *tx) error {
		if err := checkName(name); err != nil {
			return err
		}
		if err := t.checkDataCenter(dataCenter); err != nil {
			return err
		}
		var hash string
		token, hash = newSecret(hostPrefix)
		h = fleet.Host{ID: fleet.NewID(fleet.HostPrefix, t.now), Name: name, DataCenter: dataCenter, State: fleet.HostJoining, CreatedAt: t.now}
		_, err := t.exec(`INSERT INTO hosts (id, name, data_center, token_hash, state, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
			h.ID, h.Name, h.DataCenter, hash, h.State, micros(h.CreatedAt))
		return t.taken(err)
	})
	if err != nil {
		return "", fleet.Host{}, err
	}
	return token, h, nil
}

// AuthenticateHost says which host's agent bears the token. Unauthenticated if none does.
func (s *Store) AuthenticateHost(ctx context.Context, token string) (hostID string, _ error) {
	err := s.read(ctx, "authenticate host", func(t *tx) error {
		return t.lookUp(&hostID, hostPrefix, token, `SELECT id FROM hosts WHERE token_hash = ?`)
	})
	return hostID, err
}

func (t *tx) lockHost(id string) (hostRow, error) {
	var row hostRow
	err := t.get(&row, `SELECT `+hostColumns+` FROM hosts WHERE id = ?`+t.engine.lock, id)
	return row, missing(err, "host", id)
}

// GetHost reads a host, with its GPUs. NotFound without it.
func (s *Store) GetHost(ctx context.Context, id string) (fleet.Host, error) {
	var hosts []fleet.Host
	err := s.read(ctx, "get host", func(t *tx) error {
		var row hostRow
		if err := t.get(&row, `SELECT `+hostColumns+` FROM hosts WHERE id = ?`, id); err != nil {
			return missing(err, "host", id)
		}
		var err error
		hosts, err = t.withGPUs([]hostRow{row})
		return err
	})
	if err != nil {
		return fleet.Host{}, err
	}
	return hosts[0], nil
}

// ListHosts lists hosts with their GPUs, oldest first.
func (s *Store) ListHosts(ctx context.Context, f HostFilter) ([]fleet.Host, error) {
	var hosts []fleet.Host
	err := s.read(ctx, "list hosts", func(t *tx) error {
		var rows []hostRow
		q := selecting(hostColumns, "hosts")
		if !f.Retired {
			q = q.and(`retired_at = 0`)
		}
		if f.Market != "" {
			q = q.and(`spot = ?`, f.Market == fleet.Spot)
		}
		q = q.after("id", f.Page).ascending("id", f.Page)
		if err := t.all(&rows, q.text, q.args...); err != nil {
			return err
		}
		var err error
		hosts, err = t.withGPUs(rows)
		return err
	})
	return hosts, err
}

// withGPUs makes hosts of rows.
func (t *tx) withGPUs(rows []hostRow) ([]fleet.Host, error) {
	hosts := make([]fleet.Host, len(rows))
	byID := map[string]*fleet.Host{}
	ids := make([]string, len(rows))
	for i, r := range rows {
		hosts[i] = r.host()
		ids[i], byID[r.ID] = r.ID, &hosts[i]
	}
	if len(ids) == 0 {
		return hosts, nil
	}
	var gpus []gpuRow
	if err := t.in(&gpus, gpuQuery+` WHERE g.host_id IN (?) ORDER BY g.host_id, g.idx, g.id`, ids); err != nil {
		return nil, err
	}
	for _, g := range gpus {
		host := byID[g.HostID]
		host.GPUs = append(host.GPUs, g.gpu())
	}
	return hosts, nil
}
