package agent

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/store"
)

// faults asks the server for something under the host's faults.
func (s *site) faults(key, method, query, body, name string) (int, []byte) {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), method, s.wire.url+"/v1/hosts/"+s.hostID+"/faults"+query, bytes.NewBufferString(body))
	require.NoError(s, err)
	req.Header.Set("Authorization", "Bearer "+key)
	if method != http.MethodGet {
		req.Header.Set("Idempotency-Key", name)
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(s, err)
	return resp.StatusCode, text
}

func (s *site) mustFaults(key, method, query, body, name string) []fleet.GPUFault {
	s.Helper()
	status, text := s.faults(key, method, query, body, name)
	require.Equal(s, 200, status, "%s", text)
	var list api.List[fleet.GPUFault]
	require.NoError(s, json.Unmarshal(text, &list))
	return list.Items
}

// mustOperator is a key of somebody who operates the fleet.
func (s *site) mustOperator() string {
	s.Helper()
	account, err := s.store.CreateAccount(s.Context(), "ops", true)
	require.NoError(s, err)
	key, _, err := s.store.CreateKey(s.Context(), account.ID, "test", fleet.Operator)
	require.NoError(s, err)
	return key
}

func TestFaultsAreInjectedFromAfar(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	ops := s.mustOperator()
	status, _ := s.faults(ops, "GET", "", "", "")
	require.Equal(t, 503, status, "there is no agent yet")
	a := s.mustLease()
	s.eventually(func() bool { status, _ := s.faults(ops, "GET", "", "", ""); return status == 200 }, "the tunnel is open")
	require.Empty(t, s.mustFaults(ops, "GET", "", "", ""))

	uuid := a.ward.reports()[2].UUID
	for range 2 { // the second is the same request
		got := s.mustFaults(ops, "POST", "", `{"gpu":"2","name":"uncorrected-contained","params":{"when":"now","times":"3"}}`, "k1")
		require.Len(t, got, 1)
		require.Equal(t, uuid, got[0].GPU)
		require.Equal(t, 2, got[0].Index)
		require.Equal(t, 2, got[0].Left)
		require.NotEmpty(t, got[0].Does)
	}
	h, err := a.GPUs.Health(t.Context(), uuid)
	require.NoError(t, err)
	require.Equal(t, gpu.Known[uint64](1), h.Volatile.Uncorrected)
	s.eventually(func() bool { return len(a.ward.watching.Events(uuid, h.At.Add(-1e10))) >= 4 }, "the agent has heard of it")

	got := s.mustFaults(ops, "POST", "", `{"gpu":"`+a.ward.reports()[0].UUID+`","name":"lost","params":{"missing":"true"}}`, "k2")
	require.Equal(t, -1, got[0].Index, "it is not listed")
	require.Len(t, a.ward.reports(), 3)
	require.Len(t, s.mustFaults(ops, "DELETE", "?gpu=2", "", "k3"), 2, "the indexes have moved")
	require.Len(t, s.mustFaults(ops, "DELETE", "?gpu=1", "", "k4"), 1)
	require.Empty(t, s.mustFaults(ops, "DELETE", "", "", "k5"))
	require.Len(t, a.ward.reports(), 4)

	events, err := s.store.ListEvents(t.Context(), "", store.EventFilter{ResourceID: s.hostID})
	require.NoError(t, err)
	names := map[string]int{}
	for _, e := range events {
		names[e.Name]++
	}
	require.Equal(t, 3, names["host.fault_injected"], "%v", events)
	require.Equal(t, 3, names["host.healed"])
}

func TestFaultsThatCannotBe(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	ops := s.mustOperator()
	a := s.mustLease()
	s.eventually(func() bool { status, _ := s.faults(ops, "GET", "", "", ""); return status == 200 }, "the tunnel is open")
	for body, want := range map[string]struct {
		status         int
		field, allowed string
	}{
		`{"gpu":"0","name":"gremlins"}`:                                 {422, "body.name", "access-lost, "},
		`{"gpu":"9","name":"lost"}`:                                     {422, "body.gpu", "a UUID, or an index from 0 to 3"},
		`{"gpu":"-1","name":"lost"}`:                                    {422, "body.gpu", "0 to 3"},
		`{"gpu":"GPU-none","name":"lost"}`:                              {404, "", ""},
		`{"gpu":"0","name":"data-mismatch","params":{"bit":"128"}}`:     {422, "body.params.bit", "0 to 127"},
		`{"gpu":"0","name":"lost","params":{"colour":"red"}}`:           {422, "body.params", "missing"},
		`{"gpu":"0","name":"stray-holder","params":{"command":"a\nb"}}`: {422, "body.params.command", "printed"},
		`{"gpu":"0"}`:                          {422, "body.name", "1 to 64"},
		`{"gpu":"0","name":"lost","why":"so"}`: {422, "body.why", "gpu"},
		`{`:                                    {400, "", ""},
	} {
		status, text := s.faults(ops, "POST", "", body, "bad")
		require.Equal(t, want.status, status, "%s: %s", body, text)
		var p api.Problem
		require.NoError(t, json.Unmarshal(text, &p))
		if want.field != "" {
			require.Equal(t, want.field, p.Fields[0].Field, "%s", text)
			require.Contains(t, p.Fields[0].Allowed, want.allowed, "%s", text)
		}
	}
	status, _ := s.faults(ops, "DELETE", "?gpu=7", "", "bad")
	require.Equal(t, 422, status)
	status, _ = s.faults(s.key, "GET", "", "", "")
	require.Equal(t, 403, status, "who does not operate the fleet")
	status, _ = s.faults(s.key, "POST", "", `{"gpu":"0","name":"lost"}`, "no")
	require.Equal(t, 403, status)
	require.Empty(t, s.mustFaults(ops, "GET", "", "", ""))

	a.stop()
	a = s.mustRunWith(nil)
	s.eventually(a.Leased, "the agent gets its lease")
	s.eventually(func() bool { status, _ := s.faults(ops, "GET", "", "", ""); return status == 501 }, "its GPUs are not simulated: it has none")
}
