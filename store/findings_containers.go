package store

import (
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// An auditedLease is a lease as the audit compares it with containers.
type auditedLease struct {
	ID, InstanceID, AccountID, HostID string
	Home, Settled                     bool
	State                             fleet.State
	Since, CreatedAt                  int64
}

// auditedLeases are the leases on hosts that report. There are many, so rows are narrow.
func (t *tx) auditedLeases() ([]auditedLease, error) {
	rows, err := t.QueryContext(t.ctx, t.Rebind(`SELECT l.id, l.instance_id, i.account_id, l.host_id, l.home, i.operation_id IS NULL, i.state, i.since, l.created_at
		FROM leases l JOIN instances i ON i.id = l.instance_id WHERE l.host_id IN (SELECT id FROM hosts WHERE state = 'ready' AND seen_at > ?)`),
		micros(t.now.Add(-fleet.LeaseTTL)))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var leases []auditedLease
	for rows.Next() {
		var l auditedLease
		if err := rows.Scan(&l.ID, &l.InstanceID, &l.AccountID, &l.HostID, &l.Home, &l.Settled, &l.State, &l.Since, &l.CreatedAt); err != nil {
			return nil, err
		}
		leases = append(leases, l)
	}
	return leases, rows.Err()
}

// checkContainers compares what hosts reported last with the leases they have.
func (t *tx) checkContainers(grace time.Duration) ([]fleet.Finding, error) {
	hosts, err := t.reportedHosts()
	if err != nil {
		return nil, err
	}
	rows, err := t.auditedLeases()
	if err != nil {
		return nil, err
	}
	leases := make(map[string]auditedLease, len(rows))
	for _, l := range rows {
		leases[l.ID] = l
	}
	var found []fleet.Finding
	there := map[string]reported{}
	for i := range hosts {
		h := &hosts[i]
		for _, c := range h.containers {
			there[h.ID+" "+c.LeaseID] = c
			if h.fresh(t.now) {
				found = append(found, t.wrongContainer(h, c, leases, grace)...)
			}
		}
	}
	byID := map[string]*reportedHost{}
	for i := range hosts {
		byID[hosts[i].ID] = &hosts[i]
	}
	for _, l := range rows {
		if h := byID[l.HostID]; h != nil && h.fresh(t.now) {
			c, ok := there[h.ID+" "+l.ID]
			found = append(found, t.missingContainer(l, c, ok, grace)...)
		}
	}
	return append(found, doubles(hosts)...), nil
}

// wrongContainer is what is wrong with a container that is there.
func (t *tx) wrongContainer(h *reportedHost, c reported, leases map[string]auditedLease, grace time.Duration) []fleet.Finding {
	f := fleet.Finding{Resource: c.LeaseID, InstanceID: c.InstanceID, HostID: h.ID}
	if c.OrphanSince > 0 {
		if !t.longAgo(c.OrphanSince, grace) {
			return nil
		}
		f.Kind, f.Message = fleet.OrphanContainer, fmt.Sprintf("a container of epoch %d without a lease since %s: the host's agent should have removed it", c.Epoch, moment(c.OrphanSince))
		return []fleet.Finding{f}
	}
	l := leases[c.LeaseID]
	if l.ID == "" || !c.Running || !l.Settled || !t.longAgo(l.Since, grace) || !t.longAgo(c.RunningSince, grace) {
		return nil // the lease is young, or gone since the report
	}
	f.AccountID = l.AccountID
	switch {
	case !l.Home:
		f.Kind, f.Message = fleet.StaleContainer, fmt.Sprintf("a container of epoch %d runs, though its instance lives elsewhere", c.Epoch)
	case l.State == fleet.Stopped || l.State == fleet.Frozen || l.State == fleet.Terminated:
		f.Kind, f.Message = fleet.UnwantedContainer, fmt.Sprintf("a container runs, though its instance is %s", l.State)
	default:
		return nil
	}
	return []fleet.Finding{f}
}

// missingContainer is what is wrong when the container of a lease is not there, or does not
// run.
func (t *tx) missingContainer(l auditedLease, c reported, there bool, grace time.Duration) []fleet.Finding {
	if !l.Home || !l.Settled || l.State != fleet.Running || !t.longAgo(l.Since, grace) || !t.longAgo(l.CreatedAt, grace) || there && (c.Running || c.Fenced) {
		return nil
	}
	what := "there is no container of it on its host"
	if there {
		what = "its container does not run"
	}
	return []fleet.Finding{{
		Kind: fleet.MissingContainer, Resource: l.InstanceID, AccountID: l.AccountID, InstanceID: l.InstanceID, HostID: l.HostID,
		Message: "it is running, and " + what,
	}}
}

// doubles are instances of which two containers ran at once: the times overlap for which
// every report of their hosts said that they run. Reports are a moment old when they come.
func doubles(hosts []reportedHost) (found []fleet.Finding) {
	type running struct {
		reported
		host        *reportedHost
		first, last time.Time
	}
	seen := map[string][]running{}
	for i := range hosts {
		for _, c := range hosts[i].containers {
			if !c.Running {
				continue
			}
			now := running{c, &hosts[i], at(c.RunningSince), at(hosts[i].SeenAt)}
			for _, other := range seen[c.InstanceID] {
				from, to := now.first, now.last
				if other.first.After(from) {
					from = other.first
				}
				if other.last.Before(to) {
					to = other.last
				}
				if to.Sub(from) < 2*fleet.LeaseEvery {
					continue
				}
				found = append(found, fleet.Finding{
					Kind: fleet.DoubleContainer, Resource: c.InstanceID, InstanceID: c.InstanceID, HostID: now.host.ID,
					Message: fmt.Sprintf("two containers of it run: epoch %d on %s and epoch %d on %s", other.Epoch, other.host.Name, c.Epoch, now.host.Name),
				})
				break
			}
			seen[c.InstanceID] = append(seen[c.InstanceID], now)
		}
	}
	return found
}

func (t *tx) longAgo(when int64, grace time.Duration) bool { return t.now.Sub(at(when)) > grace }

func moment(when int64) string { return at(when).Format(time.RFC3339) }
