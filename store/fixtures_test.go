package store

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const here = "us-east"

var serial atomic.Int64

// unique is a new name with the prefix.
func unique(prefix string) string { return fmt.Sprintf("%s-%d", prefix, serial.Add(1)) }

// mustAccount makes an account, and the data center.
func mustAccount(t testing.TB, s *Store) fleet.Account {
	t.Helper()
	require.NoError(t, s.EnsureDataCenter(t.Context(), fleet.DataCenter{Name: here, GatewayURL: "http://%s.us-east.localhost:8081"}))
	a, err := s.CreateAccount(t.Context(), unique("account"), false)
	require.NoError(t, err)
	return a
}

// ask is a request of the account with a key of its own.
func ask(a fleet.Account) Ask {
	return Ask{AccountID: a.ID, Actor: "key_test", Key: unique("key"), Digest: "digest"}
}

func serverSpec(gpus int) fleet.InstanceSpec {
	return fleet.InstanceSpec{Image: "kelvin/echo:latest", GPUs: gpus, Ports: []int{8080, 9090}, Env: map[string]string{"A": "b"}}.Defaults()
}

func endpointSpec() fleet.EndpointSpec {
	return fleet.EndpointSpec{Image: "kelvin/echo:latest", ActiveWorkers: 1, MaxWorkers: 3}.Defaults()
}

// report is what the agent of a host with n GPUs sends.
func report(hostID string, n int, containers ...fleet.ContainerReport) fleet.HostReport {
	r := fleet.HostReport{
		Version: "v1", Machine: "sim", Simulated: true, Address: "10.0.0.1", PortFirst: 20000, PortLast: 20999,
		Disk: fleet.Disk{Total: 1 << 40, Free: 1 << 39}, Containers: containers,
	}
	for i := range n {
		r.GPUs = append(r.GPUs, fleet.GPUReport{Index: i, UUID: fmt.Sprintf("GPU-%s-%d", hostID, i), Type: "a100-80gb", MemoryMB: 81920})
	}
	return r
}

// mustHost makes a host that is ready and has n GPUs.
func mustHost(t testing.TB, s *Store, n int) fleet.Host {
	t.Helper()
	_, h, err := s.CreateHost(t.Context(), unique("host"), here)
	require.NoError(t, err)
	mustRenew(t, s, h.ID, n)
	h, err = s.GetHost(t.Context(), h.ID)
	require.NoError(t, err)
	require.Equal(t, fleet.HostReady, h.State)
	require.Len(t, h.GPUs, n)
	return h
}

func mustRenew(t testing.TB, s *Store, hostID string, n int, containers ...fleet.ContainerReport) (fleet.HostOrder, Changes) {
	t.Helper()
	order, changes, err := s.RenewLease(t.Context(), hostID, report(hostID, n, containers...))
	require.NoError(t, err)
	return order, changes
}

// mustCreate accepts and begins a server.
func mustCreate(t testing.TB, s *Store, a fleet.Account, gpus int) fleet.Record {
	t.Helper()
	rec, repeated, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("server"), Spec: serverSpec(gpus)})
	require.NoError(t, err)
	require.False(t, repeated)
	_, rec, err = s.BeginInstance(t.Context(), rec.ID)
	require.NoError(t, err)
	return rec
}

// mustRun makes the instance of a create operation run: placed, moved and done.
func mustRun(t testing.TB, s *Store, rec fleet.Record) fleet.Instance {
	t.Helper()
	lease, err := s.Place(t.Context(), rec.ID, rec.ResourceID)
	require.NoError(t, err)
	require.NoError(t, s.MoveInstance(t.Context(), rec.ResourceID, lease.ID))
	mustEnd(t, s, rec, fleet.Done)
	return mustInstance(t, s, rec.ResourceID)
}

// mustServer makes a server that runs.
func mustServer(t testing.TB, s *Store, a fleet.Account, gpus int) fleet.Instance {
	t.Helper()
	inst := mustRun(t, s, mustCreate(t, s, a, gpus))
	require.Equal(t, fleet.Running, inst.State)
	return inst
}

// mustEndpoint makes an endpoint that runs, without workers.
func mustEndpoint(t testing.TB, s *Store, a fleet.Account) fleet.Endpoint {
	t.Helper()
	rec, _, err := s.CreateEndpoint(t.Context(), ask(a), unique("endpoint"), endpointSpec())
	require.NoError(t, err)
	_, _, err = s.BeginEndpoint(t.Context(), rec.ID)
	require.NoError(t, err)
	mustEnd(t, s, rec, fleet.Done)
	ep, err := s.Endpoint(t.Context(), rec.ResourceID)
	require.NoError(t, err)
	return ep
}

// mustWorker makes a worker of the endpoint that runs.
func mustWorker(t testing.TB, s *Store, ep fleet.Endpoint) fleet.Instance {
	t.Helper()
	a := fleet.Account{ID: ep.AccountID}
	rec, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{
		Name: unique("worker"), Spec: ep.Spec.Worker(), EndpointID: ep.ID, Revision: ep.Revision,
	})
	require.NoError(t, err)
	_, _, err = s.BeginInstance(t.Context(), rec.ID)
	require.NoError(t, err)
	return mustRun(t, s, rec)
}

// mustAccept accepts and begins an operation on an instance.
func mustAccept(t testing.TB, s *Store, inst fleet.Instance, operation string) fleet.Record {
	t.Helper()
	rec, _, err := s.Accept(t.Context(), ask(fleet.Account{ID: inst.AccountID}), fleet.KindInstance, inst.ID, operation)
	require.NoError(t, err)
	_, rec, err = s.BeginInstance(t.Context(), rec.ID)
	require.NoError(t, err)
	return rec
}

func mustEnd(t testing.TB, s *Store, rec fleet.Record, outcome fleet.Outcome) {
	t.Helper()
	e := Ending{OperationID: rec.ID, Outcome: outcome}
	if outcome != fleet.Done {
		e.Code, e.Message = fleet.Timeout, "took too long"
	}
	require.NoError(t, s.EndOperation(t.Context(), e))
}

func mustInstance(t testing.TB, s *Store, id string) fleet.Instance {
	t.Helper()
	inst, err := s.Instance(t.Context(), id)
	require.NoError(t, err)
	return inst
}

func mustRecord(t testing.TB, s *Store, rec fleet.Record) fleet.Record {
	t.Helper()
	rec, err := s.GetOperation(t.Context(), rec.AccountID, rec.ID)
	require.NoError(t, err)
	return rec
}

// container is a report of the instance's container.
func container(inst fleet.Instance, running bool) fleet.ContainerReport {
	return fleet.ContainerReport{LeaseID: inst.Home.ID, InstanceID: inst.ID, Epoch: inst.Home.Epoch, Running: running}
}

// eventNames are the names of the account's events about a resource, oldest first.
func eventNames(t testing.TB, s *Store, accountID, resourceID string) []string {
	t.Helper()
	events, err := s.ListEvents(t.Context(), accountID, EventFilter{ResourceID: resourceID, Page: Page{Limit: MaxLimit}})
	require.NoError(t, err)
	var names []string
	for _, e := range events {
		names = append([]string{e.Name}, names...)
	}
	return names
}

// requireCode checks the code of an error, and that its message is fit for people.
func requireCode(t testing.TB, code fleet.Code, err error) *fleet.Error {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, fleet.CodeOf(err), "%v", err)
	var e *fleet.Error
	require.ErrorAs(t, err, &e)
	require.NotEmpty(t, e.Message)
	for _, leak := range []string{"SQLSTATE", "constraint", "SELECT", "INSERT", "UPDATE "} {
		require.NotContains(t, e.Message, leak)
	}
	return e
}
