package fleet

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestADiffNamesFieldsAndKeepsSecrets(t *testing.T) {
	t.Parallel()
	a := EndpointSpec{Image: "a:1", ActiveWorkers: 1, Env: map[string]string{"TOKEN": "hush", "SAME": "same", "GONE": "hush"}, Labels: map[string]string{"team": "ml"}}.Defaults()
	require.Empty(t, Diff(a, a))
	b := a
	b.Image, b.ActiveWorkers, b.DrainTimeout = "a:2", 0, Duration(90*time.Second)
	b.Env = map[string]string{"TOKEN": "hush hush", "SAME": "same", "NEW": "hush"}
	b.Labels = map[string]string{"team": "nlp"}
	b.Scaling.Policy = "fast"
	b.Requests.Keys = true
	require.Equal(t, []Change{
		{Field: "active_workers", From: "1", To: "0"},
		{Field: "drain_timeout", From: `"1m0s"`, To: `"1m30s"`},
		{Field: "env.GONE", From: Masked},
		{Field: "env.NEW", To: Masked},
		{Field: "env.TOKEN", From: Masked, To: Masked},
		{Field: "image", From: `"a:1"`, To: `"a:2"`},
		{Field: "labels.team", From: `"ml"`, To: `"nlp"`},
		{Field: "requests.keys", To: "true"},
		{Field: "scaling.policy", To: `"fast"`},
	}, Diff(a, b))
}

func TestARollOutInWords(t *testing.T) {
	t.Parallel()
	r := Rollout{OperationID: "op_1", From: 6, Revision: 7, New: 3, NewReady: 2, Old: 3, OldReady: 3, Wanted: 5}
	require.Equal(t, "rolling", r.State())
	require.Equal(t, "2 of 5 workers on revision 7, 3 on older ones", r.Message())
	r.PausedAt = time.Now()
	r.Trouble = &Trouble{Cause: Crash, Times: 3, Last: Mishap{Message: "exit code 1"}}
	require.Equal(t, "paused", r.State())
	require.Equal(t, "2 of 5 workers on revision 7, 3 on older ones; crash loop: exit code 1", r.Message())
	require.Equal(t, "done", (&Rollout{}).State())
}
