package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestVerbsOfAServerSendWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	for _, does := range []string{"start", "stop", "freeze", "thaw", "migrate", "recover", "reset", "terminate"} {
		w.answers("POST /v1/instances/{id}/"+does, 202, stopOperation(api.OperationPending))
	}
	week := fleet.Duration(7 * 24 * time.Hour)
	confirm := api.Confirm{Confirm: "notebook"}
	host, snap := id("hst_", 1), id("snp_", 1)
	for line, want := range map[string]string{
		"start notebook":                                `start {}`,
		"start notebook --host a --queue":               `start {"host_id":"` + host + `","wait":true}`,
		"stop notebook":                                 `stop`,
		"stop notebook --hold reserved":                 `stop`,
		"freeze notebook":                               `freeze {}`,
		"freeze notebook --rate-limit 50M":              `freeze {"rate_limit":52428800}`,
		"thaw notebook --queue":                         `thaw {"wait":true}`,
		"migrate notebook":                              `migrate {}`,
		"migrate notebook --host a --rate-limit 1.5GiB": `migrate {"host_id":"` + host + `","rate_limit":1610612736}`,
		"recover notebook --from " + snap:               `recover {"snapshot_id":"` + snap + `"}`,
		"reset notebook --yes":                          text(t, "reset", api.InstanceReset{Confirm: confirm}),
		"reset notebook --yes --keep 7d":                text(t, "reset", api.InstanceReset{Confirm: confirm, Keep: week}),
		"reset notebook --yes --keep 1h --from " + snap: text(t, "reset", api.InstanceReset{Confirm: confirm, Keep: fleet.Duration(time.Hour), SnapshotID: snap}),
		"rm notebook -y":                                text(t, "terminate", api.InstanceTerminate{Confirm: confirm}),
		"rm notebook -y --keep 0s":                      text(t, "terminate", api.InstanceTerminate{Confirm: confirm, Keep: ptr(fleet.Duration(0))}),
		"terminate notebook -y --keep 7d":               text(t, "terminate", api.InstanceTerminate{Confirm: confirm, Keep: &week}),
	} {
		w.mustRun(append([]string{"instance"}, strings.Fields(line)...)...)
		all := w.requests()
		require.Equal(t, "POST /v1/instances/"+id("ins_", 1)+"/"+want, all[len(all)-1], line)
	}
}

func TestBadFlagsOfVerbsAreRefusedBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	for line, says := range map[string]string{
		"stop notebook --hold some":              "allowed: reserved, none",
		"migrate notebook --host nowhere":        "there is no host",
		"migrate notebook --rate-limit fast":     "bytes a second, such as 50M",
		"migrate notebook --rate-limit=-1":       "bytes a second, such as 50M",
		"freeze notebook --rate-limit NaN":       "bytes a second, such as 50M",
		"reset notebook -y --keep week":          "a duration such as 12h, 7d or 1d12h",
		"reset notebook -y --keep -1h":           "a duration such as 12h, 7d or 1d12h",
		"rm notebook -y --keep 999999999d":       "a duration such as 12h, 7d or 1d12h",
		"reset notebook":                         "--yes",
		"create x --image i --snapshot-every 1w": "a duration such as 12h, 7d or 1d12h",
	} {
		r := w.run(append([]string{"instance"}, strings.Fields(line)...)...)
		require.NotZero(t, r.exit, line)
		require.Contains(t, r.err, says, line)
	}
	for _, asked := range w.requests() {
		require.Contains(t, asked, "GET ", "nothing was changed")
	}
}

func TestDurationsAreWrittenInDays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"7d": 168 * time.Hour, "1d12h": 36 * time.Hour, "0s": 0, "90s": 90 * time.Second, "1h30m": 90 * time.Minute, "12h": 12 * time.Hour} {
		var l lasting
		require.NoError(t, l.Set(text), text)
		require.Equal(t, want, l.d, text)
	}
	for d, want := range map[time.Duration]string{168 * time.Hour: "7d", 36 * time.Hour: "1d12h", 0: "0s", 90 * time.Second: "1m30s", 90 * time.Minute: "1h30m", time.Hour: "1h", 20 * time.Minute: "20m"} {
		require.Equal(t, want, inDays(d))
	}
}

// text is an operation's name and the body of a request for it.
func text(t *testing.T, does string, body any) string {
	t.Helper()
	b, err := json.Marshal(body)
	require.NoError(t, err)
	return does + " " + string(b)
}
