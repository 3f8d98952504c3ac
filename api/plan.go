package api

import (
	"context"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// Plan is what an operation would do if it were asked for now. Nothing is held for it: a
// moment later it may be another.
type Plan struct {
	Operation  string        `json:"operation" example:"migrate"`
	InstanceID string        `json:"instance_id"`
	Allowed    bool          `json:"allowed" doc:"The operation would be accepted now"`
	Reason     string        `json:"reason,omitempty" doc:"Why it would not"`
	FromHostID string        `json:"from_host_id,omitempty" doc:"Where the server lives now"`
	HostID     string        `json:"host_id,omitempty" doc:"Where it would live then; absent when that is nowhere, or nobody has room"`
	Capacity   *PlanCapacity `json:"capacity,omitempty" doc:"Of an operation that needs a place, and of a stop that gives one back"`
	Bytes      *int64        `json:"bytes,omitempty" doc:"That would be copied; absent when it copies nothing, or nobody knows how much"`
	BytesFrom  string        `json:"bytes_from,omitempty" doc:"Where that is known from: a snapshot, or an earlier operation"`
	Copies     bool          `json:"copies" doc:"It copies the server's data"`
	Total      *PlanTime     `json:"total,omitempty" doc:"How long it is expected to take, without waiting for a place; absent when nobody knows"`
	Downtime   *PlanTime     `json:"downtime,omitempty" doc:"How long the server is expected not to run, of an operation after which it runs again"`
	Ports      []PlanPort    `json:"ports" doc:"Ports of its host that would be others. Its URL and addresses stay"`
	Keeps      []string      `json:"keeps" enum:"disk,root_filesystem,gpus,host_ports,addresses" doc:"What it has afterwards"`
	GivesBack  []string      `json:"gives_back" enum:"disk,gpus,host_ports" doc:"What others may have afterwards"`
	Loses      []string      `json:"loses" enum:"memory,connections" doc:"What is gone afterwards"`
}

// PlanCapacity is what room there is.
type PlanCapacity struct {
	Now     bool   `json:"now" doc:"There is a place at this moment; for a stop with nothing held: besides the one it gives back"`
	Reason  string `json:"reason,omitempty" doc:"Why there is none"`
	Places  int    `json:"places" doc:"How many servers like it would fit in its data center at this moment"`
	Waiting int    `json:"waiting" doc:"Operations that wait in the queue for the same GPUs"`
}

// PlanTime is how long something is expected to last.
type PlanTime struct {
	Duration fleet.Duration `json:"duration" example:"2m30s"`
	Measured int            `json:"measured" doc:"Earlier operations of its kind that this comes from, the server's own if it has any; 0: none was done yet, and it is a default (100 MiB/s, 10s besides copying, 5s of downtime)"`
}

// PlanPort is a port of the container that would be published elsewhere on its host.
type PlanPort struct {
	Container int `json:"container"`
	From      int `json:"from,omitempty" doc:"Port on its host, now or when it had one"`
	To        int `json:"to" doc:"Port on the host where it would live"`
}

type planInput struct {
	InstancePath
	Operation string `query:"operation" required:"true" enum:"start,stop,freeze,thaw,migrate" doc:"The operation to plan"`
	HostID    string `query:"host_id" maxLength:"64" pattern:"^hst_" patternDescription:"an ID that begins with hst_" doc:"The only host that will do, as with the operation"`
	Hold      string `query:"hold" enum:"reserved,none" doc:"Of stop: what it keeps"`
}

func (s *Server) plan(ctx context.Context, in *planInput) (*shown[Plan], error) {
	who := callerOf(ctx)
	if err := mayChoose(who, in.HostID, "query.host_id"); err != nil {
		return nil, err
	}
	op, _ := fleet.FindOperation(fleet.KindInstance, in.Operation)
	found, err := s.Store.Prospect(ctx, who.AccountID, store.Placing{InstanceID: in.ID, HostID: in.HostID, Archives: in.Operation == fleet.Thaw.Name || in.Operation == fleet.Migrate.Name})
	if err != nil {
		return nil, err
	}
	history, err := s.history(ctx, op)
	if err != nil {
		return nil, err
	}
	return &shown[Plan]{s.planned(op, in.Hold == fleet.HoldNone, found, history.Of(in.ID))}, nil
}

func (s *Server) planned(op fleet.Operation, bare bool, found store.Prospect, history fleet.History) Plan {
	i := found.Instance
	p := Plan{
		Operation: op.Name, InstanceID: i.ID, FromHostID: i.Home.HostID,
		Ports: []PlanPort{}, Keeps: []string{"disk", "root_filesystem"}, GivesBack: []string{}, Loses: []string{},
	}
	p.Allowed, p.Reason = s.allows(op, i)
	keeps := func(what ...string) { p.Keeps = append(p.Keeps, what...) }
	moves := op.Name == fleet.Migrate.Name || op.Name == fleet.Thaw.Name || op.Name == fleet.Start.Name && i.Home.Bare
	if moves {
		p.Capacity = &PlanCapacity{Now: found.Choice.HostID != "", Reason: found.Shortage, Places: found.Places, Waiting: found.Waiting}
		p.HostID, p.Ports = found.Choice.HostID, portChanges(i, found)
	}
	switch op.Name {
	case fleet.Start.Name, fleet.Thaw.Name, fleet.Migrate.Name:
		keeps("gpus", "host_ports")
		if !moves {
			p.HostID = i.Home.HostID
		}
		if op.Name == fleet.Migrate.Name && i.State == fleet.Running {
			p.Loses = []string{"memory", "connections"}
			p.Downtime = show(history.Pause())
		}
	case fleet.Stop.Name:
		p.HostID, p.Loses = i.Home.HostID, []string{"memory", "connections"}
		if !bare {
			keeps("gpus", "host_ports")
			break
		}
		p.GivesBack = []string{"gpus", "host_ports"}
		p.Capacity = &PlanCapacity{Now: found.Places > 0, Places: found.Places, Waiting: found.Waiting}
		if !p.Capacity.Now {
			p.Capacity.Reason = "nobody else has room for it now: a start depends on nobody taking its place meanwhile"
		}
	case fleet.Freeze.Name:
		p.Keeps, p.GivesBack = []string{"disk", "root_filesystem"}, []string{"disk", "gpus", "host_ports"}
		if i.State == fleet.Running {
			p.Loses = []string{"memory", "connections"}
		}
	}
	if len(i.Addresses) > 0 {
		keeps("addresses")
	}
	bytes := int64(0)
	if p.Copies = moves || op.Name == fleet.Freeze.Name; p.Copies {
		bytes = found.Bytes
		if bytes >= 0 {
			p.Bytes, p.BytesFrom = &bytes, found.Source
		}
	}
	if total, ok := history.Total(bytes); ok {
		p.Total = show(total)
	}
	return p
}

// allows reports whether an operation would be accepted, as far as the instance goes.
func (s *Server) allows(op fleet.Operation, i fleet.Instance) (bool, string) {
	switch {
	case !s.supports(op):
		return false, "this fleet cannot " + op.Name + " an instance"
	case i.EndpointID != "":
		return false, "a worker is started and stopped by its endpoint"
	case slices.Contains(i.Accepts(fleet.KindInstance), op.Name):
		return true, ""
	case i.OperationID != "":
		return false, "operation " + i.OperationID + " is open"
	}
	return false, "it is " + string(i.State)
}

// portChanges are the ports that would be others on the host where it would go.
func portChanges(i fleet.Instance, found store.Prospect) []PlanPort {
	changes := []PlanPort{}
	for n, to := range found.Choice.Ports {
		p := PlanPort{Container: i.Spec.Ports[n], To: to}
		for _, last := range found.Last {
			if last.Container == p.Container {
				p.From = last.Host
			}
		}
		if p.From != p.To {
			changes = append(changes, p)
		}
	}
	return changes
}

func show(e fleet.Estimate) *PlanTime {
	return &PlanTime{Duration: fleet.Duration(e.Duration.Round(100 * time.Millisecond)), Measured: e.Measured}
}
