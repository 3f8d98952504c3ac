package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestNobodySeesOrTouchesAnotherAccountsResources(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mine, theirs := mustAccount(t, s), mustAccount(t, s)
		mustHost(t, s, 8)
		ep := mustEndpoint(t, s, theirs)
		server, worker := mustServer(t, s, theirs, 1), mustWorker(t, s, ep)
		third := mustAccount(t, s)
		own := mustServer(t, s, third, 0)
		snap := mustSnapshot(t, s, server, fleet.SnapshotManual)
		rec := mustAccept(t, s, server, "stop")
		_, key, err := s.CreateKey(t.Context(), theirs.ID, "laptop", fleet.Viewer)
		require.NoError(t, err)
		ctx := t.Context()
		_, err = s.CreateTemplate(ctx, theirs.ID, "key_theirs", "theirs", templateSpec("echo theirs"))
		require.NoError(t, err)

		for what, call := range map[string]func() error{
			"GetInstance":  func() error { _, err := s.GetInstance(ctx, mine.ID, server.ID); return err },
			"GetEndpoint":  func() error { _, err := s.GetEndpoint(ctx, mine.ID, ep.ID); return err },
			"GetOperation": func() error { _, err := s.GetOperation(ctx, mine.ID, rec.ID); return err },
			"RequestCancel": func() error {
				_, err := s.RequestCancel(ctx, mine.ID, rec.ID)
				return err
			},
			"GetSnapshot": func() error { _, err := s.GetSnapshot(ctx, mine.ID, snap.ID); return err },
			"AskSnapshot": func() error {
				_, _, err := s.AskSnapshot(ctx, mine.ID, "key_mine", server.ID, "snp_mine")
				return err
			},
			"DeleteSnapshot": func() error { return s.DeleteSnapshot(ctx, mine.ID, "key_mine", snap.ID) },
			"CreateInstance from theirs": func() error {
				_, _, err := s.CreateInstance(ctx, ask(mine), NewInstance{Name: "mine", Spec: serverSpec(0), Snapshot: snap.ID})
				return err
			},
			"SetProtected": func() error { return s.SetProtected(ctx, mine.ID, "key_mine", server.ID, true) },
			"NoteInstance": func() error {
				return s.NoteInstance(ctx, mine.ID, "key_mine", server.ID, "instance.exec", "ls")
			},
			"GetTemplate": func() error { _, err := s.GetTemplate(ctx, mine.ID, "theirs"); return err },
			"UpdateTemplate": func() error {
				_, err := s.UpdateTemplate(ctx, mine.ID, "key_mine", "theirs", templateSpec("true"))
				return err
			},
			"DeleteTemplate": func() error { return s.DeleteTemplate(ctx, mine.ID, "key_mine", "theirs") },
			"AttachTemplate to a server": func() error {
				return s.AttachTemplate(ctx, mine.ID, "key_mine", server.ID, fleet.Attachment{Name: "hello"})
			},
			"AttachTemplate of theirs": func() error {
				return s.AttachTemplate(ctx, third.ID, "key_third", own.ID, fleet.Attachment{Name: "theirs"})
			},
			"DetachTemplate": func() error { return s.DetachTemplate(ctx, mine.ID, "key_mine", server.ID, "theirs") },
			"DeleteKey":      func() error { return s.DeleteKey(ctx, mine.ID, key.ID) },
			"Accept on an instance": func() error {
				_, _, err := s.Accept(ctx, ask(mine), fleet.KindInstance, server.ID, "terminate")
				return err
			},
			"Accept on an endpoint": func() error {
				_, _, err := s.Accept(ctx, ask(mine), fleet.KindEndpoint, ep.ID, "delete")
				return err
			},
			"UpdateEndpoint": func() error {
				_, _, err := s.UpdateEndpoint(ctx, ask(mine), ep.ID, "mine", func(spec fleet.EndpointSpec) (fleet.EndpointSpec, error) {
					t.Error("their spec was shown")
					return spec, nil
				})
				return err
			},
			"CreateInstance in an endpoint": func() error {
				_, _, err := s.CreateInstance(ctx, ask(mine), NewInstance{Name: "spy", Spec: ep.Spec.Worker(), EndpointID: ep.ID, Revision: 1})
				return err
			},
		} {
			t.Run(what, func(t *testing.T) { requireCode(t, fleet.NotFound, call()) })
		}

		instances, err := s.ListInstances(ctx, mine.ID, InstanceFilter{Gone: true})
		require.NoError(t, err)
		require.Empty(t, instances)
		templates, err := s.ListTemplates(ctx, mine.ID)
		require.NoError(t, err)
		require.Len(t, templates, len(fleet.Templates))
		instances, err = s.ListInstances(ctx, mine.ID, InstanceFilter{EndpointID: ep.ID, Name: worker.Name})
		require.NoError(t, err)
		require.Empty(t, instances)
		endpoints, err := s.ListEndpoints(ctx, mine.ID, EndpointFilter{Name: ep.Name, Gone: true})
		require.NoError(t, err)
		require.Empty(t, endpoints)
		recs, err := s.ListOperations(ctx, mine.ID, OperationFilter{ResourceID: server.ID})
		require.NoError(t, err)
		require.Empty(t, recs)
		keys, err := s.ListKeys(ctx, mine.ID)
		require.NoError(t, err)
		require.Empty(t, keys)
		names, err := s.ResourceNames(ctx, mine.ID, []string{server.ID, ep.ID})
		require.NoError(t, err)
		require.Empty(t, names)
		for _, id := range []string{"", server.ID, ep.ID, rec.ID} {
			require.Empty(t, eventNames(t, s, mine.ID, id))
		}
		theirEvents, err := s.ListEvents(ctx, theirs.ID, EventFilter{})
		require.NoError(t, err)
		events, err := s.EventsSince(ctx, mine.ID, theirEvents[len(theirEvents)-1].ID, 10)
		require.NoError(t, err)
		require.Empty(t, events)

		require.Empty(t, mustInstance(t, s, server.ID).NextID, "nothing has been touched")
		_, _, err = s.CreateEndpoint(ctx, ask(mine), ep.Name, endpointSpec())
		require.NoError(t, err, "a name taken elsewhere says nothing")
	})
}

func TestTheSameKeyOfTwoAccountsIsTwoOperations(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		one, two := mustAccount(t, s), mustAccount(t, s)
		key := ask(one)
		first, _, err := s.CreateEndpoint(t.Context(), key, "model", endpointSpec())
		require.NoError(t, err)
		key.AccountID = two.ID
		second, repeated, err := s.CreateEndpoint(t.Context(), key, "model", endpointSpec())
		require.NoError(t, err)
		require.False(t, repeated)
		require.NotEqual(t, first.ID, second.ID)
	})
}
