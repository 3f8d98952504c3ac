package store

import (
	"cmp"
	"context"
	"net"
	"strconv"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const instanceColumns = `id, account_id, COALESCE(endpoint_id, '') AS endpoint_id, revision, name, spec, ` + lifeColumns + `,
	epoch, serving, cause, snapshot_id, leaving_at, pools, created_at, updated_at`

type instanceRow struct {
	ID         string `db:"id"`
	AccountID  string `db:"account_id"`
	EndpointID string `db:"endpoint_id"`
	Revision   int    `db:"revision"`
	Name       string `db:"name"`
	Spec       string `db:"spec"`
	lifeRow
	Epoch     int64  `db:"epoch"`
	Serving   string `db:"serving"`
	Cause     string `db:"cause"`
	Snapshot  string `db:"snapshot_id"`
	LeavingAt int64  `db:"leaving_at"`
	Pools     string `db:"pools"`
	CreatedAt int64  `db:"created_at"`
	UpdatedAt int64  `db:"updated_at"`
}

func (r instanceRow) instance(t *tx) (fleet.Instance, error) {
	inst := fleet.Instance{
		ID: r.ID, AccountID: r.AccountID, EndpointID: r.EndpointID, Revision: r.Revision, Name: r.Name,
		Life: r.life(), Epoch: r.Epoch, Cause: r.Cause, Snapshot: r.Snapshot, Leaving: r.LeavingAt > 0,
		CreatedAt: at(r.CreatedAt), UpdatedAt: at(r.UpdatedAt),
	}
	var err error
	inst.Spec, err = t.recallInstance(r.Spec)
	inst.Market = cmp.Or(inst.Spec.Market, fleet.OnDemand)
	var pools []string
	if err == nil {
		err = parse(r.Pools, &pools)
	}
	if len(pools) > 0 { // until it has a host
		inst.Pool = pools[0]
	}
	// Gateways are told of ports only; without any, to run is to be ready.
	inst.Ready = r.Serving == ready || r.State == fleet.Running && len(inst.Spec.Ports) == 0
	return inst, err
}

// instance reads an instance with all that belongs to it. NotFound without it.
func (t *tx) instance(id string) (fleet.Instance, error) {
	all, err := t.instances(query{`SELECT ` + instanceColumns + ` FROM instances WHERE id = ?`, []any{id}})
	if err != nil {
		return fleet.Instance{}, err
	}
	if len(all) == 0 {
		return fleet.Instance{}, fleet.Errorf(fleet.NotFound, "there is no instance %s", quote(id))
	}
	return all[0], nil
}

// instances reads instances, in five queries however many they are.
func (t *tx) instances(q query) ([]fleet.Instance, error) {
	var rows []instanceRow
	if err := t.all(&rows, q.text, q.args...); err != nil {
		return nil, err
	}
	all := make([]fleet.Instance, len(rows))
	ids := make([]string, len(rows))
	byID := map[string]*fleet.Instance{}
	for i, r := range rows {
		var err error
		if all[i], err = r.instance(t); err != nil {
			return nil, err
		}
		ids[i], byID[r.ID] = r.ID, &all[i]
	}
	if len(ids) == 0 {
		return all, nil
	}
	if err := t.addMishaps(rows, byID); err != nil {
		return nil, err
	}
	var leases []leaseRow
	if err := t.in(&leases, leaseQuery+` WHERE l.instance_id IN (?) ORDER BY l.epoch`, ids); err != nil {
		return nil, err
	}
	for _, r := range leases {
		inst, lease := byID[r.InstanceID], r.lease()
		inst.Leases = append(inst.Leases, lease)
		if r.Kept {
			inst.Kept = append(inst.Kept, fleet.Kept{LeaseID: r.ID, HostID: r.HostID, Since: at(r.KeptAt)})
		}
		if r.Home {
			inst.Home, inst.Address = lease, r.Address
		}
		if r.Home || inst.Home.ID == "" && !r.Bare && !r.Kept { // it is being made there
			inst.Notice, inst.Market, inst.Pool = r.notice(), r.host().market(), r.host().pool()
			inst.Leaving = inst.Leaving || r.NoticeKind == fleet.NoticeRebalance
		}
	}
	var gpus []gpuRow
	if err := t.in(&gpus, leasedGPUQuery+` WHERE l.home AND l.instance_id IN (?) ORDER BY g.idx, g.id`, ids); err != nil {
		return nil, err
	}
	for _, r := range gpus {
		inst := byID[r.InstanceID]
		inst.GPUs = append(inst.GPUs, r.gpu())
	}
	if err := t.addresses(ids, byID); err != nil {
		return nil, err
	}
	var ports []portRow
	if err := t.in(&ports, portQuery+` WHERE l.home AND l.instance_id IN (?) ORDER BY p.position`, ids); err != nil {
		return nil, err
	}
	for _, r := range ports {
		inst := byID[r.InstanceID]
		inst.Ports = append(inst.Ports, fleet.Published{Container: r.Container, Host: r.Port})
	}
	return all, nil
}

// Instance reads an instance of any account, for the control plane. NotFound without it.
func (s *Store) Instance(ctx context.Context, id string) (fleet.Instance, error) {
	var inst fleet.Instance
	err := s.read(ctx, "read instance", func(t *tx) error {
		var err error
		inst, err = t.instance(id)
		return err
	})
	return inst, err
}

// Workers lists the workers of an endpoint that are not gone, oldest first.
func (s *Store) Workers(ctx context.Context, endpointID string) ([]fleet.Instance, error) {
	return s.instances(ctx, "list workers", query{
		`SELECT ` + instanceColumns + ` FROM instances WHERE endpoint_id = ? AND state <> 'terminated' ORDER BY id`, []any{endpointID},
	})
}

// GetInstance reads an instance of an account. NotFound if the account has no such one.
func (s *Store) GetInstance(ctx context.Context, accountID, id string) (fleet.Instance, error) {
	q := selecting(instanceColumns, "instances").and(`account_id = ?`, accountID).and(`id = ?`, id)
	all, err := s.instances(ctx, "get instance", q)
	if err == nil && len(all) == 0 {
		err = fleet.Errorf(fleet.NotFound, "there is no instance %s", quote(id))
	}
	if err != nil {
		return fleet.Instance{}, err
	}
	return all[0], nil
}

// ListInstances lists instances of an account, oldest first.
func (s *Store) ListInstances(ctx context.Context, accountID string, f InstanceFilter) ([]fleet.Instance, error) {
	q := selecting(instanceColumns, "instances").and(`account_id = ?`, accountID).
		equal("endpoint_id", f.EndpointID).equal("name", f.Name).equal("state", string(f.State))
	if f.Servers {
		q = q.and(`endpoint_id IS NULL`)
	}
	if !f.Gone {
		q = q.and(`state <> 'terminated'`)
	}
	return s.instances(ctx, "list instances", q.after("id", f.Page).ascending("id", f.Page))
}

func (s *Store) instances(ctx context.Context, what string, q query) ([]fleet.Instance, error) {
	var all []fleet.Instance
	err := s.read(ctx, what, func(t *tx) error {
		var err error
		all, err = t.instances(q)
		return err
	})
	return all, err
}

// address is host:port.
func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
