package store

import (
	"context"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// RenewLease renews the lease of a host by its agent's report, and says what belongs there.
// A host that was joining or lost is ready again; what was lost with it, and has not been
// placed elsewhere, is as it was. An instance whose container has ended is stopped, with
// the reason. In Changes are the endpoints whose autoscaler must look, and the host if it
// just joined or returned.
//
// NotFound without the host, Unauthenticated for a retired one, Invalid for a report that
// makes no sense.
func (s *Store) RenewLease(ctx context.Context, hostID string, r fleet.HostReport) (order fleet.HostOrder, changes Changes, err error) {
	if err := checkReport(r); err != nil {
		return order, changes, s.translate("renew lease", err)
	}
	err = s.write(ctx, "renew lease", func(t *tx) error {
		changes = Changes{}
		host, err := t.lockHost(hostID)
		if err == nil && host.RetiredAt > 0 { // it was, while its agent wrote this
			err = fleet.Errorf(fleet.Unauthenticated, "the host is retired")
		}
		if err != nil {
			return err
		}
		if err := t.renewHost(host, r); err != nil {
			return err
		}
		scrub, err := t.syncGPUs(hostID, r)
		if err != nil {
			return err
		}
		if host.State != fleet.HostReady {
			changes.Hosts = []string{hostID}
		}
		tenants, err := t.tenants(hostID)
		if err != nil {
			return err
		}
		if err := t.saveReported(hostID, tenants, r.Containers); err != nil {
			return err
		}
		if err := t.syncContainers(hostID, tenants, r.Containers, &changes); err != nil {
			return err
		}
		order = fleet.HostOrder{
			HostID: hostID, Leases: make([]fleet.LeaseOrder, len(tenants)), Now: t.now,
			TTL: fleet.Duration(fleet.LeaseTTL), Grace: fleet.Duration(fleet.OrphanGrace), Every: fleet.Duration(fleet.LeaseEvery),
			Scrub: scrub,
		}
		for i, l := range tenants {
			order.Leases[i] = fleet.LeaseOrder{
				LeaseID: l.LeaseID, InstanceID: l.InstanceID, Epoch: l.Epoch, Run: l.Home && l.State == fleet.Running && l.OperationID == "", Halt: l.Kept,
			}
		}
		return nil
	})
	return order, changes, err
}

func checkReport(r fleet.HostReport) error {
	const mostGPUs = 1024 // of slices, even
	bad := func(what string) error {
		return fleet.Errorf(fleet.Invalid, "the report of the host makes no sense: %s", what)
	}
	switch {
	case r.PortFirst < 0 || r.PortLast > 65535 || r.PortFirst > r.PortLast:
		return bad("its range of ports")
	case len(r.GPUs) > mostGPUs:
		return bad("too many GPUs")
	case r.GPUAccess != "" && !slices.Contains(fleet.GPUAccesses, r.GPUAccess):
		return bad("how its containers get GPUs")
	case r.Market != "" && r.Market != fleet.OnDemand && r.Market != fleet.Spot:
		return bad("its market")
	case !fleet.IsPoolName(r.Provider) || !fleet.IsPoolName(r.Zone):
		return bad("its provider or its zone")
	}
	seen := map[string]bool{}
	for _, g := range r.GPUs {
		size := len(g.UUID) + len(g.Serial) + len(g.Type) + len(g.Product) + len(g.Driver) + len(g.BusID) + len(g.Parent) + len(g.Profile)
		if g.UUID == "" || seen[g.UUID] || min(g.Index, g.Start, g.Size) < 0 || g.MemoryMB < 0 || size > 1024 {
			return bad("a GPU without a UUID of its own, or out of all bounds")
		}
		seen[g.UUID] = true
	}
	return nil
}

// renewHost writes the host's own row, and what it means that it is there.
func (t *tx) renewHost(host hostRow, r fleet.HostReport) error {
	_, err := t.exec(`UPDATE hosts SET state = 'ready', version = ?, machine = ?, simulated = ?, address = ?, port_first = ?, port_last = ?,
		disk_total = ?, disk_free = ?, archives = ?, volumes = ?, scrubs = ?, gpu_access = ?, spot = ?, provider = ?, zone = ?, gpu_type = ?, seen_at = ?, expires_at = ? WHERE id = ?`,
		text(r.Version), text(r.Machine), r.Simulated, text(r.Address), r.PortFirst, r.PortLast,
		r.Disk.Total, r.Disk.Free, r.Archives, r.Volumes, r.Scrubs, r.GPUAccess, r.Market == fleet.Spot, r.Provider, r.Zone, gpuType(r.GPUs), micros(t.now), micros(t.now.Add(fleet.LeaseTTL)), host.ID)
	if err != nil {
		return err
	}
	if host.Address != r.Address && host.State != fleet.HostJoining {
		if err := t.bump(host.DataCenter); err != nil {
			return err
		}
	}
	switch host.State { //nolint:exhaustive // a ready host is no event
	case fleet.HostJoining:
		return t.event(fleet.Event{Name: "host.joined", HostID: host.ID, Message: host.Name})
	case fleet.HostLost:
		if host.NoticeSource == fleet.NoticeOperator { // it went, as it was said to
			if err := t.saveNotice(&host, fleet.Notice{}); err != nil {
				return err
			}
		}
		return t.event(fleet.Event{Name: "host.returned", HostID: host.ID, Message: host.Name})
	}
	return nil
}

// gpuType is the type of a host's first GPU.
func gpuType(gpus []fleet.GPUReport) string {
	if len(gpus) == 0 {
		return ""
	}
	return text(gpus[0].Type)
}
