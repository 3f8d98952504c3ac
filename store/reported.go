package store

import (
	"slices"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A reported is a container as its host reported it last.
type reported struct {
	LeaseID      string `json:"lease_id"`
	InstanceID   string `json:"instance_id"`
	Epoch        int64  `json:"epoch"`
	Running      bool   `json:"running,omitempty"`
	Fenced       bool   `json:"fenced,omitempty"`
	OrphanSince  int64  `json:"orphan_since,omitempty"`  // no lease has named it since
	RunningSince int64  `json:"running_since,omitempty"` // every report since said so
}

// saveReported keeps the containers of a host's report, for the audit.
func (t *tx) saveReported(hostID string, tenants []tenant, reports []fleet.ContainerReport) error {
	var doc string
	if err := t.get(&doc, `SELECT containers FROM hosts WHERE id = ?`, hostID); err != nil {
		return err
	}
	var before []reported
	if err := parse(doc, &before); err != nil {
		return err
	}
	old := map[string]reported{}
	for _, c := range before {
		old[c.LeaseID] = c
	}
	now := make([]reported, 0, len(reports))
	for _, r := range reports {
		was := old[r.LeaseID]
		c := reported{LeaseID: r.LeaseID, InstanceID: r.InstanceID, Epoch: r.Epoch, Running: r.Running, Fenced: r.Fenced}
		if !slices.ContainsFunc(tenants, func(l tenant) bool { return l.LeaseID == r.LeaseID }) {
			c.OrphanSince = was.OrphanSince
			if was.OrphanSince == 0 {
				c.OrphanSince = micros(t.now)
			}
		}
		if r.Running {
			c.RunningSince = was.RunningSince
			if was.RunningSince == 0 {
				c.RunningSince = micros(t.now)
			}
		}
		now = append(now, c)
	}
	slices.SortFunc(now, func(a, b reported) int { return strings.Compare(a.LeaseID, b.LeaseID) })
	after := document(now)
	if after == doc {
		return nil
	}
	_, err := t.exec(`UPDATE hosts SET containers = ? WHERE id = ?`, after, hostID)
	return err
}

// A reportedHost is what a host reported last.
type reportedHost struct {
	ID         string          `db:"id"`
	Name       string          `db:"name"`
	State      fleet.HostState `db:"state"`
	SeenAt     int64           `db:"seen_at"`
	Doc        string          `db:"containers"`
	containers []reported
}

// reportedHosts are the hosts that are not retired, with their containers.
func (t *tx) reportedHosts() ([]reportedHost, error) {
	var hosts []reportedHost
	if err := t.all(&hosts, `SELECT id, name, state, seen_at, containers FROM hosts WHERE retired_at = 0 ORDER BY id`); err != nil {
		return nil, err
	}
	for i := range hosts {
		if err := parse(hosts[i].Doc, &hosts[i].containers); err != nil {
			return nil, err
		}
	}
	return hosts, nil
}

// fresh reports whether what the host reported is about now.
func (h *reportedHost) fresh(now time.Time) bool {
	return h.State == fleet.HostReady && now.Sub(at(h.SeenAt)) < fleet.LeaseTTL
}
