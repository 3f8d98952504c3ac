package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

func TestKelvinAudit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kelvin.db")
	s, err := store.Open(t.Context(), "sqlite:"+path)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Migrate(t.Context()))
	require.NoError(t, s.EnsureDataCenter(t.Context(), fleet.DataCenter{Name: "us-east"}))
	_, host, err := s.CreateHost(t.Context(), "rack-1", "us-east")
	require.NoError(t, err)
	report := fleet.HostReport{PortFirst: 1, PortLast: 9, GPUs: []fleet.GPUReport{{UUID: "GPU-1"}}}
	_, _, err = s.RenewLease(t.Context(), host.ID, report)
	require.NoError(t, err)
	audit := func(args ...string) (string, error) {
		var out bytes.Buffer
		root := newRoot()
		root.SetOut(&out)
		root.SetErr(&out)
		root.SetArgs(append([]string{"audit", "--store", "sqlite:" + path, "--temporal", ""}, args...))
		err := root.ExecuteContext(t.Context())
		return out.String(), err
	}

	out, err := audit()
	require.NoError(t, err)
	require.Equal(t, "Nothing found.\n", out)

	// An hour ago a create was undone, and its lease forgotten.
	s.Now = func() time.Time { return time.Now().UTC().Add(-time.Hour) }
	account, err := s.CreateAccount(t.Context(), "acme", false)
	require.NoError(t, err)
	_, _, err = s.RenewLease(t.Context(), host.ID, report)
	require.NoError(t, err)
	rec, _, err := s.CreateInstance(t.Context(), store.Ask{AccountID: account.ID, Key: "key"}, store.NewInstance{Name: "mine", Spec: fleet.InstanceSpec{Image: "a", GPUs: 1}.Defaults()})
	require.NoError(t, err)
	_, err = s.Place(t.Context(), rec.ID, rec.ResourceID)
	require.NoError(t, err)
	require.NoError(t, s.EndOperation(t.Context(), store.Ending{OperationID: rec.ID, Outcome: fleet.Undone}))
	out, err = audit()
	require.ErrorContains(t, err, "there is 1 finding")
	require.Contains(t, out, "leaked_lease")
	require.Contains(t, out, "--repair")
	out, err = audit("--output", "json")
	require.Error(t, err)
	var found api.Audit
	require.NoError(t, json.Unmarshal([]byte(out[:bytes.LastIndexByte([]byte(out), '}')+1]), &found))
	require.Equal(t, fleet.LeakedLease, found.Findings[0].Kind)
	require.True(t, found.Partial)

	out, err = audit("--repair")
	require.Error(t, err, "nobody knows what runs there")
	require.Contains(t, out, "has not reported what runs there")
	s.Now = func() time.Time { return time.Now().UTC() }
	_, _, err = s.RenewLease(t.Context(), host.ID, report)
	require.NoError(t, err)
	out, err = audit("--repair")
	require.NoError(t, err)
	require.Contains(t, out, "done")
	_, err = audit()
	require.NoError(t, err)

	_, err = audit("--output", "xml")
	require.ErrorContains(t, err, "table or json")
	_, err = audit("--grace", "0s")
	require.ErrorContains(t, err, "at least 1s")
	_, err = audit("--temporal", "127.0.0.1:1")
	require.NoError(t, err, "there was nothing to ask Temporal for")
}
