package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func crashed() api.Failure {
	code := 3
	return api.Failure{
		ID: id("mis_", 1), Cause: fleet.Crash, InstanceID: id("ins_", 9), Worker: "llama-x1y2", EndpointID: id("ep_", 1), Revision: 4, ExitCode: &code,
		Message: "it ended before it was ready: exit code 3", LastLines: "loading weights\n\x1b[31mno such file", Times: 1,
		FirstAt: testNow.Add(-time.Minute), At: testNow.Add(-time.Minute),
	}
}

func rolling() api.Rollout {
	return api.Rollout{
		State: "rolling", Message: "1 of 2 workers on revision 4, 1 on older ones", Revision: 4, From: 3, OperationID: id("op_", 7), Wanted: 2,
		New: api.Workers{Total: 2, Ready: 1}, Old: api.Workers{Total: 1, Ready: 1}, StartedAt: testNow.Add(-time.Minute), Deadline: testNow.Add(time.Hour),
	}
}

func TestTroubleIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := llama()
	e.Trouble = &api.Trouble{Cause: fleet.Crash, Word: "crash loop", Loop: true, Times: 5, Since: testNow.Add(-3 * time.Minute), Message: crashed().Message, Last: crashed(), RetryAt: testNow.Add(16 * time.Second)}
	w.answers("GET /v1/endpoints", 200, page(e))
	w.answers("GET /v1/instances", 200, page[api.Instance]())
	out := w.mustRun("endpoint", "show", "llama")
	require.Contains(t, out, "crash loop, 5 times since 3m ago; the next try is in 16s")
	require.Contains(t, out, "it ended before it was ready: exit code 3")
	require.Contains(t, out, "loading weights")
	require.NotContains(t, out, "\x1b", "a log does not move the cursor")
	w.answers("GET /v1/endpoints/"+id("ep_", 1)+"/failures", 200, page(crashed()))
	out = w.mustRun("endpoint", "failures", "llama")
	require.Contains(t, out, "CAUSE")
	require.Contains(t, out, "llama-x1y2")
	require.Equal(t, exitUsage, w.run("endpoint", "failures", "llama", "--limit", "-1").exit)

	worker := lostWorker()
	f := crashed()
	worker.Failure = &f
	w.answers("GET /v1/instances/"+worker.ID, 200, worker)
	out = w.mustRun("instance", "show", worker.ID)
	require.Contains(t, out, "crash, 1m ago: it ended")
	require.Contains(t, out, "loading weights")
}

func TestShowSaysHowFarARollOutIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := llama()
	e.State = fleet.Updating
	w.answers("GET /v1/endpoints", 200, page(e)) // lists leave it out
	r := rolling()
	e.Rollout = &r
	w.answers("GET /v1/endpoints/"+e.ID, 200, e)
	w.answers("GET /v1/instances", 200, page[api.Instance]())
	require.Contains(t, w.mustRun("endpoint", "show", "llama"), "rolling: 1 of 2 workers on revision 4")
}

func TestRevisions(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	path := "/v1/endpoints/" + id("ep_", 1)
	three := api.Revision{
		Number: 3, State: fleet.RevisionCurrent, Actor: id("key_", 1), Base: 2, CreatedAt: testNow.Add(-time.Hour),
		Changes: []fleet.Change{{Field: "image", From: `"llama:2"`, To: `"llama:3"`}, {Field: "env.TOKEN", To: "***"}},
	}
	w.answers("GET "+path+"/revisions", 200, page(three, api.Revision{Number: 2, State: fleet.RevisionReplaced, Base: 1, Restores: 1, Changes: []fleet.Change{}}, api.Revision{Number: 1, State: fleet.RevisionReplaced}))
	out := w.mustRun("endpoint", "revisions", "ls", "llama")
	require.Contains(t, out, `image "llama:2" → "llama:3"; env.TOKEN – → ***`)
	require.Contains(t, out, "back to revision 1")
	spec := llama().Spec
	three.Spec = &spec
	w.answers("GET "+path+"/revisions/3", 200, three)
	require.Contains(t, w.mustRun("endpoint", "revisions", "show", "llama", "3"), "llama:2")
	for _, bad := range []string{"x", "0", "-1"} {
		require.Equal(t, exitUsage, w.run("endpoint", "revisions", "show", "llama", "--", bad).exit)
		require.Equal(t, exitUsage, w.run("endpoint", "revisions", "rollback", "llama", "--", bad).exit)
	}
	back := stopOperation(api.OperationPending)
	back.Name = "update"
	w.answers("POST "+path+"/rollback", 202, back)
	w.mustRun("endpoint", "revisions", "rollback", "llama", "2")
	require.Equal(t, api.EndpointRollback{Revision: 2}, sent[api.EndpointRollback](t, w, "POST", path+"/rollback"))
}

func TestARollbackCancelsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := llama()
	e.State, e.Target, e.OperationID = fleet.Updating, fleet.Running, id("op_", 7)
	w.answers("GET /v1/endpoints", 200, page(e))
	w.answers("POST /v1/operations/{id}/cancel", 202, stopOperation(api.OperationRunning))
	w.mustRun("endpoint", "revisions", "rollback", "llama")
	require.Contains(t, strings.Join(w.requests(), " "), "POST /v1/operations/"+id("op_", 7)+"/cancel")
}

func TestARollbackThatWaitsDoesNotFailWhenTheRollOutIsUndone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := llama()
	e.State, e.Target, e.OperationID = fleet.Updating, fleet.Running, id("op_", 7)
	w.answers("GET /v1/endpoints", 200, page(e))
	w.answers("POST /v1/operations/{id}/cancel", 202, stopOperation(api.OperationUndone))
	require.Contains(t, w.mustRun("endpoint", "revisions", "rollback", "llama", "--wait"), "undone")
}

func TestARollOutIsFollowedPausedAndResumed(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	path := "/v1/endpoints/" + id("ep_", 1) + "/rollout"
	w.answers("GET "+path, 200, rolling())
	out := w.mustRun("endpoint", "rollout", "status", "llama")
	require.Contains(t, out, "1 of 2 workers on revision 4")
	paused := rolling()
	paused.State, paused.PausedAt, paused.PausedBy = "paused", testNow, "key_1"
	w.answers("POST "+path+"/pause", 200, paused)
	require.Contains(t, w.mustRun("endpoint", "rollout", "pause", "llama"), "by key_1")
	w.answers("POST "+path+"/resume", 200, rolling())
	require.Contains(t, w.mustRun("endpoint", "rollout", "resume", "llama"), "rolling")
	require.Equal(t, "rolling\n", w.mustRun("endpoint", "rollout", "status", "llama", "-o", "name"))
}
