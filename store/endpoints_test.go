package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// image is a change of an endpoint's image.
func image(name string) func(fleet.EndpointSpec) (fleet.EndpointSpec, error) {
	return func(s fleet.EndpointSpec) (fleet.EndpointSpec, error) {
		s.Image = name
		return s, nil
	}
}

func TestAnUpdateIsANewRevisionThatRunsWhenItIsSet(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		ep := mustEndpoint(t, s, a)
		key := ask(a)
		rec, _, err := s.UpdateEndpoint(t.Context(), key, ep.ID, "renamed", image("kelvin/echo:2"))
		require.NoError(t, err)
		require.Equal(t, 2, rec.Params.Revision)
		begun, got, err := s.BeginEndpoint(t.Context(), rec.ID)
		require.NoError(t, err)
		require.Equal(t, 2, got.Params.Revision)
		require.Equal(t, 1, begun.Revision, "until it is set")
		require.Equal(t, "kelvin/echo:latest", begun.Spec.Image)
		require.Equal(t, "renamed", begun.Name)
		require.Equal(t, fleet.Updating, begun.State)

		before := mustVersion(t, s)
		require.NoError(t, s.SetRevision(t.Context(), ep.ID, 2))
		require.Greater(t, mustVersion(t, s), before)
		ep, err = s.Endpoint(t.Context(), ep.ID)
		require.NoError(t, err)
		require.Equal(t, 2, ep.Revision)
		require.Equal(t, "kelvin/echo:2", ep.Spec.Image)
		require.NoError(t, s.SetRevision(t.Context(), ep.ID, 1), "its undo")
		mustEnd(t, s, rec, fleet.Undone)
		ep, err = s.Endpoint(t.Context(), ep.ID)
		require.NoError(t, err)
		require.Equal(t, "kelvin/echo:latest", ep.Spec.Image)
		require.Equal(t, fleet.Running, ep.State)

		again, repeated, err := s.UpdateEndpoint(t.Context(), key, ep.ID, "renamed", image("kelvin/echo:2"))
		require.NoError(t, err)
		require.True(t, repeated)
		require.Equal(t, rec, again)
		rec, _, err = s.UpdateEndpoint(t.Context(), ask(a), ep.ID, "", image("kelvin/echo:3"))
		require.NoError(t, err)
		require.Equal(t, 3, rec.Params.Revision, "a number is given once")
		requireCode(t, fleet.NotFound, s.SetRevision(t.Context(), ep.ID, 9))
		requireCode(t, fleet.NotFound, s.SetRevision(t.Context(), "ep_none", 1))
	})
}

func TestAnUpdateThatCannotBeIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		require.NoError(t, s.EnsureDataCenter(t.Context(), fleet.DataCenter{Name: "eu-west"}))
		ep, other := mustEndpoint(t, s, a), mustEndpoint(t, s, a)
		update := func(name string, change func(fleet.EndpointSpec) (fleet.EndpointSpec, error)) error {
			_, _, err := s.UpdateEndpoint(t.Context(), ask(a), ep.ID, name, change)
			return err
		}
		e := requireCode(t, fleet.Invalid, update("", func(s fleet.EndpointSpec) (fleet.EndpointSpec, error) {
			s.DataCenter = "eu-west"
			return s, nil
		}))
		require.Equal(t, "body.data_center", e.Fields[0].Field)
		requireCode(t, fleet.Invalid, update("", image("")))
		requireCode(t, fleet.Conflict, update(other.Name, image("kelvin/echo:2")))
		requireCode(t, fleet.Unsupported, update("", func(s fleet.EndpointSpec) (fleet.EndpointSpec, error) {
			return s, fleet.Errorf(fleet.Unsupported, "not today")
		}))
		got, err := s.Endpoint(t.Context(), ep.ID)
		require.NoError(t, err)
		require.Equal(t, ep, got)
	})
}

func TestTheFailuresOfWorkers(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		now := mustClock(t, s)
		ep := mustEndpoint(t, s, a)
		begin := now.now()
		end := func(e Ending) string {
			rec, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: "worker", Spec: ep.Spec.Worker(), EndpointID: ep.ID, Revision: 1})
			require.NoError(t, err)
			e.OperationID = rec.ID
			require.NoError(t, s.EndOperation(t.Context(), e))
			now.advance(time.Second)
			return rec.ID
		}
		want := []string{end(Ending{Outcome: fleet.Undone, Code: fleet.Timeout}), end(Ending{Outcome: fleet.Stuck, Code: fleet.Internal})}
		end(Ending{Outcome: fleet.Undone, Code: fleet.Cancelled})
		end(Ending{Outcome: fleet.Done})
		failures, err := s.WorkerFailures(t.Context(), ep.ID, begin)
		require.NoError(t, err)
		require.Equal(t, want, idsOf(failures, func(r fleet.Record) string { return r.ID }))
		failures, err = s.WorkerFailures(t.Context(), ep.ID, begin.Add(time.Second))
		require.NoError(t, err)
		require.Len(t, failures, 1)
	})
}

func TestAnEndpointIsOpenWhileItIsUpdatedIfItWas(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		ep := mustEndpoint(t, s, a)
		open := func() bool {
			routes, err := s.Routes(t.Context(), here)
			require.NoError(t, err)
			return routes.Endpoints[0].Open
		}
		update := func() fleet.Record {
			rec, _, err := s.UpdateEndpoint(t.Context(), ask(a), ep.ID, "", image("kelvin/echo:2"))
			require.NoError(t, err)
			return rec
		}
		rec := update()
		require.True(t, open())
		mustEnd(t, s, rec, fleet.Done)
		rec, _, err := s.Accept(t.Context(), ask(a), fleet.KindEndpoint, ep.ID, "stop")
		require.NoError(t, err)
		require.False(t, open())
		mustEnd(t, s, rec, fleet.Done)
		update()
		require.False(t, open())
	})
}
