package store

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// TestRandomHistoriesLeaveAWayOut does what API, workflows, agents and monitors might, in any
// order, and checks after every step that nothing is held by nobody, that what is held can
// be ended, and in the end that everything can be terminated and nothing is left.
func TestRandomHistoriesLeaveAWayOut(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		now := mustClock(t, s)
		a := mustAccount(t, s)
		hosts := []fleet.Host{mustHost(t, s, 3), mustScrubber(t, s, 2)}
		rapid.Check(t, func(r *rapid.T) {
			h := history{t: shrinking{t, r}, s: s, now: now, account: a, hosts: hosts}
			steps := map[string]func(*rapid.T){
				"create": h.create, "accept": h.accept, "start": h.start, "begin": h.begin, "place": h.place,
				"move": h.move, "end": h.end, "cancel": h.cancel, "hold": h.hold, "time": h.time, "renew": h.renew,
				"expire": h.expire, "scrub": h.scrub, "quarantine": h.quarantine, "": h.check,
			}
			r.Repeat(steps)
			h.finish(r)
		})
	})
}

// shrinking is a test whose failures rapid hears of, to find the shortest history.
type shrinking struct {
	testing.TB
	r *rapid.T
}

func (t shrinking) Errorf(format string, args ...any) { t.r.Errorf(format, args...) }
func (t shrinking) FailNow()                          { t.r.FailNow() }

type history struct {
	t         testing.TB
	s         *Store
	now       *clock
	account   fleet.Account
	hosts     []fleet.Host
	instances []string
	records   []fleet.Record
	routes    fleet.Routes // as they last were
}

// fine accepts the refusals that rivals and bad timing earn.
func (h *history) fine(err error) bool {
	if err == nil {
		return true
	}
	require.Contains(h.t, []fleet.Code{fleet.Conflict, fleet.NotFound, fleet.Exhausted}, fleet.CodeOf(err), "%v", err)
	return false
}

func (h *history) create(r *rapid.T) {
	if len(h.instances) == 4 { // few, so that much happens to each
		return
	}
	rec, _, err := h.s.CreateInstance(h.t.Context(), ask(h.account), NewInstance{Name: unique("server"), Spec: serverSpec(rapid.IntRange(0, 2).Draw(r, "gpus"))})
	require.NoError(h.t, err)
	h.instances = append(h.instances, rec.ResourceID)
	h.records = append(h.records, rec)
}

func (h *history) accept(r *rapid.T) {
	if len(h.instances) == 0 {
		return
	}
	var names []string
	for _, op := range fleet.Operations {
		if op.Kind == fleet.KindInstance && op.Name != "create" {
			names = append(names, op.Name)
		}
	}
	id := rapid.SampledFrom(h.instances).Draw(r, "instance")
	rec, _, err := h.s.Accept(h.t.Context(), ask(h.account), fleet.KindInstance, id, rapid.SampledFrom(names).Draw(r, "operation"))
	if h.fine(err) {
		h.records = append(h.records, rec)
	}
}

// some is an operation, more often a late one than not.
func (h *history) some(r *rapid.T) (fleet.Record, bool) {
	if len(h.records) == 0 {
		return fleet.Record{}, false
	}
	late := h.records[max(0, len(h.records)-4):]
	return rapid.SampledFrom(rapid.SampledFrom([][]fleet.Record{late, late, h.records}).Draw(r, "which")).Draw(r, "record"), true
}

func (h *history) start(r *rapid.T) {
	if rec, ok := h.some(r); ok {
		require.NoError(h.t, h.s.MarkStarted(h.t.Context(), rec.ID))
	}
}

func (h *history) begin(r *rapid.T) {
	if rec, ok := h.some(r); ok {
		inst, _, err := h.s.BeginInstance(h.t.Context(), rec.ID)
		if h.fine(err) {
			require.Equal(h.t, rec.ID, inst.OperationID)
		}
	}
}

func (h *history) place(r *rapid.T) {
	if rec, ok := h.some(r); ok && h.holds(rec) {
		_, err := h.s.Place(h.t.Context(), rec.ID, rec.ResourceID)
		h.fine(err)
	}
}

func (h *history) holds(rec fleet.Record) bool {
	return mustInstance(h.t, h.s, rec.ResourceID).OperationID == rec.ID
}

func (h *history) move(r *rapid.T) {
	if rec, ok := h.some(r); ok && h.holds(rec) {
		h.fine(h.s.MoveInstance(h.t.Context(), rec.ResourceID, rec.ID))
	}
}

func (h *history) end(r *rapid.T) {
	if rec, ok := h.some(r); ok {
		outcome := rapid.SampledFrom([]fleet.Outcome{fleet.Done, fleet.Undone, fleet.Stuck}).Draw(r, "outcome")
		h.fine(h.s.EndOperation(h.t.Context(), Ending{OperationID: rec.ID, Outcome: outcome, Code: fleet.Internal}))
	}
}

func (h *history) cancel(r *rapid.T) {
	if rec, ok := h.some(r); ok {
		_, err := h.s.RequestCancel(h.t.Context(), h.account.ID, rec.ID)
		h.fine(err)
	}
}

func (h *history) hold(r *rapid.T) {
	if rec, ok := h.some(r); ok {
		if rapid.Bool().Draw(r, "release") {
			require.NoError(h.t, h.s.ReleaseTraffic(h.t.Context(), rec.ID, rec.ResourceID))
		} else if h.holds(rec) {
			require.NoError(h.t, h.s.HoldTraffic(h.t.Context(), rec.ID, rec.ResourceID))
		}
	}
}

func (h *history) time(r *rapid.T) {
	h.now.advance(rapid.SampledFrom([]time.Duration{time.Second, 10 * time.Second, time.Minute}).Draw(r, "passes"))
}

func (h *history) renew(r *rapid.T) {
	i := rapid.IntRange(0, len(h.hosts)-1).Draw(r, "host")
	host := h.hosts[i]
	var containers []fleet.ContainerReport
	for _, id := range h.instances {
		if inst := mustInstance(h.t, h.s, id); inst.Home.HostID == host.ID && rapid.Bool().Draw(r, "reported") {
			containers = append(containers, container(inst, rapid.Bool().Draw(r, "running")))
		}
	}
	h.report(i, containers...)
}

// report renews the lease of a host, and has it scrub what it is told to. The first has an old
// agent, which does not scrub.
func (h *history) report(i int, containers ...fleet.ContainerReport) []string {
	host := h.hosts[i]
	r := report(host.ID, len(host.GPUs), containers...)
	r.Scrubs = i > 0
	return mustOrder(h.t, h.s, host.ID, r).Scrub
}

// scrub has a host scrub what it is told to, or what an instance has.
func (h *history) scrub(r *rapid.T) {
	scrub := h.report(1)
	for _, g := range h.gpus(1) {
		ordered := slices.Contains(scrub, g.UUID)
		if !ordered && rapid.Bool().Draw(r, "let it be") {
			continue
		}
		if ordered {
			state, err := h.s.HostScrubbed(h.t.Context(), g.HostID, aScrub(h.s, g), clean)
			require.NoError(h.t, err)
			require.Equal(h.t, fleet.GPUFree, state)
		} else {
			require.NoError(h.t, h.s.ScrubbedGPU(h.t.Context(), g.HostID, aScrub(h.s, g), clean))
		}
	}
}

func (h *history) gpus(i int) []fleet.GPU {
	host, err := h.s.GetHost(h.t.Context(), h.hosts[i].ID)
	require.NoError(h.t, err)
	return host.GPUs
}

// quarantine puts a GPU in quarantine, or takes it out.
func (h *history) quarantine(r *rapid.T) {
	g := rapid.SampledFrom(h.gpus(1)).Draw(r, "gpu")
	if rapid.Bool().Draw(r, "in") {
		require.NoError(h.t, h.s.QuarantineByHand(h.t.Context(), g.ID, "key_test", "it smells"))
	} else {
		h.fine(h.s.ReleaseGPU(h.t.Context(), g.ID, "key_test", "no more"))
	}
}

func (h *history) expire(*rapid.T) {
	_, err := h.s.ExpireHosts(h.t.Context())
	require.NoError(h.t, err)
}

// check is what holds at any time.
func (h *history) check(*rapid.T) {
	routes, err := h.s.Routes(h.t.Context(), here)
	require.NoError(h.t, err)
	if routes.Version == h.routes.Version {
		require.Equal(h.t, h.routes, routes, "gateways hear of every change")
	}
	h.routes = routes
	for _, g := range h.gpus(1) {
		if g.State == fleet.GPUFree {
			require.False(h.t, g.Dirty, "nobody gets what another one had before it is scrubbed")
		}
	}
	for _, id := range h.instances {
		inst := mustInstance(h.t, h.s, id)
		open, err := h.s.ListOperations(h.t.Context(), h.account.ID, OperationFilter{ResourceID: id, Open: true})
		require.NoError(h.t, err)
		var want []string
		for _, id := range []string{inst.NextID, inst.OperationID} {
			if id != "" {
				want = append(want, id)
			}
		}
		require.ElementsMatch(h.t, want, idsOf(open, func(r fleet.Record) string { return r.ID }), "an open operation holds its instance, or waits for it")
		if inst.OperationID == "" && !inst.State.Gone() {
			require.NotEmpty(h.t, fleet.Legal(fleet.KindInstance, inst.State), "no way out of %s", inst.State)
		}
		if inst.OperationID != "" {
			require.False(h.t, inst.Deadline.IsZero())
			require.Equal(h.t, open[slices.IndexFunc(open, func(r fleet.Record) bool { return r.ID == inst.OperationID })].Operation().Via, inst.State)
		}
		require.Equal(h.t, inst.State.Gone(), len(inst.Addresses) == 0)
		if inst.Ready {
			require.True(h.t, inst.State == fleet.Running || inst.OperationID != "" && inst.Was == fleet.Running, "%s gets requests", inst.State)
		}
	}
}

// finish terminates everything, over whatever is open, and finds nothing left.
func (h *history) finish(*rapid.T) {
	for i := range h.hosts {
		h.report(i)
	}
	for _, id := range h.instances {
		for range 5 {
			inst := mustInstance(h.t, h.s, id)
			if inst.State.Gone() {
				break
			}
			rec, _, err := h.s.Accept(h.t.Context(), ask(h.account), fleet.KindInstance, id, "terminate")
			if err != nil { // another one waits, or is open
				var e *fleet.Error
				require.ErrorAs(h.t, err, &e)
				rec = fleet.Record{ID: e.Operation}
			}
			_, _, err = h.s.BeginInstance(h.t.Context(), rec.ID)
			h.fine(err)
			if err == nil {
				require.NoError(h.t, h.s.EndOperation(h.t.Context(), Ending{OperationID: rec.ID, Outcome: fleet.Done}))
			}
		}
		inst := mustInstance(h.t, h.s, id)
		require.True(h.t, inst.State.Gone(), "%s cannot be terminated", inst.State)
		require.Empty(h.t, inst.Addresses)
		for _, lease := range inst.Leases {
			require.NoError(h.t, h.s.ReturnLease(h.t.Context(), lease.ID))
		}
	}
	for _, g := range h.gpus(1) {
		if g.State == fleet.GPUQuarantined {
			require.NoError(h.t, h.s.ReleaseGPU(h.t.Context(), g.ID, "key_test", "no more"))
		}
	}
	for _, g := range h.gpus(1) {
		if slices.Contains(h.report(1), g.UUID) {
			_, err := h.s.HostScrubbed(h.t.Context(), g.HostID, aScrub(h.s, g), clean)
			require.NoError(h.t, err)
		}
	}
	for i := range h.hosts {
		for _, g := range h.gpus(i) {
			require.Equal(h.t, fleet.GPUFree, g.State)
		}
	}
}
