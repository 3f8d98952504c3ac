package store

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestPagesAreWholeAndWithoutOverlap(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		host := mustHost(t, s, 7)
		for range 7 {
			mustEnd(t, s, mustCreate(t, s, a, 0), fleet.Done)
			mustEndpoint(t, s, a)
			now.advance(time.Second)
		}
		walk := func(list func(Page) ([]string, error)) []string {
			var all []string
			for page := (Page{Limit: 3}); ; page.After = all[len(all)-1] {
				ids, err := list(page)
				require.NoError(t, err)
				require.LessOrEqual(t, len(ids), 3)
				if len(ids) == 0 {
					return all
				}
				all = append(all, ids...)
			}
		}
		for what, list := range map[string]func(Page) ([]string, error){
			"instances": func(p Page) ([]string, error) {
				all, err := s.ListInstances(t.Context(), a.ID, InstanceFilter{Page: p})
				return idsOf(all, func(i fleet.Instance) string { return i.ID }), err
			},
			"endpoints": func(p Page) ([]string, error) {
				all, err := s.ListEndpoints(t.Context(), a.ID, EndpointFilter{Page: p})
				return idsOf(all, func(e fleet.Endpoint) string { return e.ID }), err
			},
			"GPUs": func(p Page) ([]string, error) {
				all, err := s.ListGPUs(t.Context(), GPUFilter{HostID: host.ID, State: fleet.GPUFree, Page: p})
				return idsOf(all, func(g fleet.GPU) string { return g.ID }), err
			},
		} {
			ids := walk(list)
			require.Len(t, ids, 7, what)
			require.True(t, slices.IsSorted(ids), what)
		}
		for what, list := range map[string]func(Page) ([]string, error){
			"operations": func(p Page) ([]string, error) {
				all, err := s.ListOperations(t.Context(), a.ID, OperationFilter{Page: p})
				require.True(t, slices.IsSortedFunc(all, func(a, b fleet.Record) int { return b.AcceptedAt.Compare(a.AcceptedAt) }))
				return idsOf(all, func(r fleet.Record) string { return r.ID }), err
			},
			"events": func(p Page) ([]string, error) {
				all, err := s.ListEvents(t.Context(), a.ID, EventFilter{Page: p})
				require.True(t, slices.IsSortedFunc(all, func(a, b fleet.Event) int { return b.At.Compare(a.At) }))
				return idsOf(all, func(e fleet.Event) string { return e.ID }), err
			},
		} {
			ids := walk(list)
			slices.Sort(ids)
			want := map[string]int{"operations": 14, "events": 28}[what]
			require.Len(t, slices.Compact(ids), want, what)
		}
		hosts, err := s.ListHosts(t.Context(), HostFilter{})
		require.NoError(t, err)
		require.Len(t, hosts, 1)
		require.Len(t, hosts[0].GPUs, 7)
		hosts, err = s.ListHosts(t.Context(), HostFilter{Page: Page{After: host.ID}})
		require.NoError(t, err)
		require.Empty(t, hosts)
	})
}

func idsOf[T any](all []T, id func(T) string) []string {
	ids := make([]string, len(all))
	for i, v := range all {
		ids[i] = id(v)
	}
	return ids
}

func TestFiltersSelect(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		ep := mustEndpoint(t, s, a)
		server, worker := mustServer(t, s, a, 1), mustWorker(t, s, ep)
		gone := mustServer(t, s, a, 0)
		mustEnd(t, s, mustAccept(t, s, gone, "terminate"), fleet.Done)
		instances := func(f InstanceFilter) []string {
			all, err := s.ListInstances(t.Context(), a.ID, f)
			require.NoError(t, err)
			return idsOf(all, func(i fleet.Instance) string { return i.ID })
		}
		require.ElementsMatch(t, []string{server.ID, worker.ID}, instances(InstanceFilter{}))
		require.ElementsMatch(t, []string{server.ID, worker.ID, gone.ID}, instances(InstanceFilter{Gone: true}))
		require.Equal(t, []string{server.ID}, instances(InstanceFilter{Servers: true}))
		require.Equal(t, []string{worker.ID}, instances(InstanceFilter{EndpointID: ep.ID}))
		require.Equal(t, []string{server.ID}, instances(InstanceFilter{Name: server.Name}))
		require.Equal(t, []string{gone.ID}, instances(InstanceFilter{State: fleet.Terminated, Gone: true}))
		require.Empty(t, instances(InstanceFilter{Name: "' OR 1=1 --"}))

		got, err := s.GetEndpoint(t.Context(), a.ID, ep.ID)
		require.NoError(t, err)
		require.Equal(t, 1, got.WorkersTotal)
		require.Equal(t, 1, got.WorkersReady)
		endpoints, err := s.ListEndpoints(t.Context(), a.ID, EndpointFilter{Name: ep.Name})
		require.NoError(t, err)
		require.Equal(t, []fleet.Endpoint{got}, endpoints)
		rec, _, err := s.Accept(t.Context(), ask(a), fleet.KindEndpoint, ep.ID, "delete")
		require.NoError(t, err)
		open, err := s.ListOperations(t.Context(), a.ID, OperationFilter{Open: true})
		require.NoError(t, err)
		require.Equal(t, []string{rec.ID}, idsOf(open, func(r fleet.Record) string { return r.ID }))
		mustEnd(t, s, rec, fleet.Done)
		endpoints, err = s.ListEndpoints(t.Context(), a.ID, EndpointFilter{})
		require.NoError(t, err)
		require.Empty(t, endpoints)
		endpoints, err = s.ListEndpoints(t.Context(), a.ID, EndpointFilter{Gone: true})
		require.NoError(t, err)
		require.Len(t, endpoints, 1)

		require.Equal(t, []string{"operation.accepted", "endpoint.deleted"}, eventNames(t, s, a.ID, rec.ID))
		names, err := s.ResourceNames(t.Context(), a.ID, []string{ep.ID, server.ID, "ins_none"})
		require.NoError(t, err)
		require.Equal(t, map[string]string{ep.ID: ep.Name, server.ID: server.Name}, names)
	})
}

func TestFollowingEventsMissesNone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		const writers, each = 8, 10
		done := make(chan struct{})
		seen := make(chan []string, 1)
		go func() { // follows while the others write
			var ids []string
			last, more := "", true
			for more {
				select {
				case <-done:
					more = false // one last look
				default:
				}
				for {
					events, err := s.EventsSince(t.Context(), a.ID, last, 7)
					if err != nil || len(events) == 0 {
						break
					}
					for _, e := range events {
						ids, last = append(ids, e.ID), e.ID
					}
				}
			}
			seen <- ids
		}()
		errs := race(writers, func(int) error {
			for range each {
				if _, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("server"), Spec: serverSpec(0)}); err != nil {
					return err
				}
			}
			return nil
		})
		close(done)
		for _, err := range errs {
			require.NoError(t, err)
		}
		ids := <-seen
		require.Len(t, ids, writers*each)
		all, err := s.ListEvents(t.Context(), a.ID, EventFilter{Page: Page{Limit: MaxLimit}})
		require.NoError(t, err)
		slices.Reverse(all)
		require.Equal(t, idsOf(all, func(e fleet.Event) string { return e.ID }), ids)
	})
}

func TestCounts(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		mustHost(t, s, 2)
		cordoned := mustHost(t, s, 0)
		require.NoError(t, s.Cordon(t.Context(), cordoned.ID, "key_test"))
		inst := mustServer(t, s, a, 1)
		mustAccept(t, s, mustServer(t, s, a, 0), "restart")
		mustEnd(t, s, mustAccept(t, s, mustServer(t, s, a, 0), "terminate"), fleet.Done)
		_, err := s.PauseSchedule(t.Context(), a.ID, "key_alice", mustSchedule(t, s, a, nights(fleet.ScheduleTarget{Instance: inst.ID})).ID, "")
		require.NoError(t, err)
		c, err := s.Counts(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, c.Findings)
		for kind, n := range c.Findings {
			require.Zero(t, n, kind)
		}
		c.Findings = nil
		require.Equal(t, Counts{
			Instances: map[fleet.State]int{fleet.Running: 1, fleet.Restarting: 1},
			Hosts:     map[fleet.HostState]int{fleet.HostReady: 1, fleet.HostCordoned: 1},
			GPUs:      []GPUCount{{"a100-80gb", fleet.GPUAssigned, 1}, {"a100-80gb", fleet.GPUFree, 1}},
			Open:      map[string]int{"restart": 1},
			Schedules: map[fleet.ScheduleState]int{fleet.SchedulePaused: 1},
			Unsynced:  1,
		}, c)
		now.advance(3 * time.Hour)
		c, err = s.Counts(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, c.Overdue)
		require.Equal(t, fleet.Running, inst.State)
	})
}
