package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// talking is a program that writes numbers in lines, and goes on counting where it was when
// it was asked to end.
const talking = `trap stop=1 TERM; i=$(cat /workspace/n 2>/dev/null || echo 0)
while [ -z "$stop" ]; do i=$((i+1)); echo "line $i"; echo $i > /workspace/n; sleep 0.02; done`

var lineNumber = regexp.MustCompile(`(?m)^(?:[^|\n]* \| )?line (\d+)$`)

// requireLines checks that a log has the lines from 1 on, each once and in order, and returns
// how many.
func requireLines(t testing.TB, log string) int {
	t.Helper()
	last := 0
	for _, m := range lineNumber.FindAllStringSubmatch(log, -1) {
		last++
		require.Equal(t, fmt.Sprint(last), m[1], "a line is missing, doubled, or not in its place")
	}
	require.NotContains(t, log, "missing here")
	return last
}

// A follower is `kelvin instance logs --follow`.
type follower struct {
	cmd *exec.Cmd
	mu  sync.Mutex
	log bytes.Buffer
}

func (s *stack) followLogs(args ...string) *follower {
	s.Helper()
	f := &follower{cmd: exec.CommandContext(s.Context(), binary(s.TB, "kelvin"), append(args, "--follow")...)}
	f.cmd.Env = append(os.Environ(), "KELVIN_SERVER="+s.api, "KELVIN_API_KEY="+s.key)
	out, err := f.cmd.StdoutPipe()
	require.NoError(s, err)
	require.NoError(s, f.cmd.Start())
	go func() {
		for lines := bufio.NewReader(out); ; {
			line, err := lines.ReadBytes('\n')
			f.mu.Lock()
			f.log.Write(line)
			f.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return f
}

func (f *follower) text() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.String()
}

// What a server writes stays readable over all moves of its life, on two hosts, and after it.
func TestLogsSurvive(t *testing.T) {
	s := newStack(t)
	two := s.addHost("two")
	s.must("host", "cordon", two.id)
	s.must("instance", "create", "talker", "--image", s.countingImage(two), "--disk-path", "/workspace", "--command", talking, "--wait")
	id := s.server("talker").ID
	count := func() int {
		t.Helper()
		return requireLines(t, s.must("instance", "logs", "talker"))
	}
	before := 0
	more := func() {
		t.Helper()
		require.Eventually(t, func() bool { n := count(); return n > before+50 }, 30*time.Second, 100*time.Millisecond, "it goes on")
		before = count()
	}
	more()
	// It is followed over all of this.
	f := s.followLogs("instance", "logs", "talker")
	caughtUp := func() {
		t.Helper()
		require.Eventually(t, func() bool { return requireLines(t, f.text()) >= before }, 20*time.Second, 100*time.Millisecond, "who follows is told")
	}

	s.must("instance", "restart", "talker", "--wait")
	more()
	caughtUp()

	// The agent is killed, twice, and starts again; lines are in its memory, in the archive, or in both.
	for range 2 {
		s.kill("agent")
		time.Sleep(time.Second)
		s.start("agent")
		require.Eventually(t, func() bool {
			var host api.Host
			return s.get("/v1/hosts/"+s.host, &host) == nil && host.Connected
		}, 30*time.Second, 50*time.Millisecond)
		more()
		caughtUp()
	}

	// It moves while it runs.
	s.must("host", "uncordon", two.id)
	s.must("host", "cordon", s.host)
	s.operate("talker", "migrate", nil)
	require.Equal(t, two.id, s.server("talker").HostID)
	more()
	caughtUp()

	s.must("instance", "stop", "talker", "--wait")
	stopped := count()
	require.NoError(t, f.cmd.Wait(), "who follows what has stopped has come to the end")
	require.Equal(t, stopped, requireLines(t, f.text()))
	tail := s.must("instance", "logs", "talker", "--tail", "10")
	require.Equal(t, 10, strings.Count(tail, "\n"))
	require.True(t, strings.HasSuffix(tail, fmt.Sprintf("line %d\n", stopped)), tail)
	require.Empty(t, s.must("instance", "logs", "talker", "--until", "24h"))

	s.operate("talker", "freeze", nil)
	require.Equal(t, stopped, count(), "a frozen one's log is in the archive")
	s.must("host", "uncordon", s.host)
	s.must("host", "cordon", two.id)
	s.operate("talker", "thaw", nil)
	more()
	restarted := time.Now()
	s.must("instance", "restart", "talker", "--wait")
	more()
	since := s.must("instance", "logs", "talker", "--timestamps", "--since", restarted.UTC().Format(time.RFC3339Nano))
	for _, line := range strings.Split(strings.TrimSpace(since), "\n") {
		stamp, _, _ := strings.Cut(line, " ")
		at, err := time.Parse(time.RFC3339Nano, stamp)
		require.NoError(t, err, line)
		require.False(t, at.Before(restarted), line)
	}

	// Reset makes it anew: it counts from 1 again, and what it wrote before is still there.
	s.operate("talker", "reset", api.Confirm{Confirm: "talker"})
	var first string
	require.Eventually(t, func() bool {
		whole := s.must("instance", "logs", "talker")
		at := strings.LastIndex(whole, "line 1\n")
		first = whole[:at]
		return requireLines(t, first) >= before && requireLines(t, whole[at:]) > 50
	}, 30*time.Second, 100*time.Millisecond, "both lives are there")

	s.must("instance", "rm", "talker", "--yes", "--wait")
	gone := s.must("instance", "logs", "talker")
	require.True(t, strings.HasPrefix(gone, first))
	require.Greater(t, requireLines(t, gone[len(first):]), 50)
	require.Equal(t, gone, s.must("instance", "logs", id))
	events := s.must("event", "ls", "--resource", "talker")
	for _, name := range []string{"instance.created", "instance.frozen", "instance.thawed", "instance.migrated", "instance.terminated"} {
		require.Contains(t, events, name)
	}
	s.requireClean()
}

// Workers' lines are one stream, and stay when the workers have gone.
func TestLogsOfWorkersSurviveThem(t *testing.T) {
	s := newStack(t)
	command := `trap exit TERM; i=0; (while :; do i=$((i+1)); echo "line $i"; sleep 0.02; done) & exec /kelvin echo`
	s.must("endpoint", "create", "chat", "--image", s.countingImage(), "--port", "8080", "--active", "2", "--command", command, "--wait")
	var workers api.List[api.Instance]
	require.NoError(t, s.get("/v1/instances?endpoint="+s.endpoint("chat").ID, &workers))
	require.Len(t, workers.Items, 2)
	of := func(log, worker string) string {
		var own strings.Builder
		for _, line := range strings.SplitAfter(log, "\n") {
			if strings.HasPrefix(line, worker+" | ") {
				own.WriteString(line)
			}
		}
		return own.String()
	}
	read := func() string { return s.must("endpoint", "logs", "chat") }
	require.Eventually(t, func() bool {
		log := read()
		return requireLines(t, of(log, workers.Items[0].Name)) > 50 && requireLines(t, of(log, workers.Items[1].Name)) > 50
	}, 30*time.Second, 100*time.Millisecond)
	s.must("endpoint", "stop", "chat", "--wait")
	log := read()
	for _, w := range workers.Items {
		require.Greater(t, requireLines(t, of(log, w.Name)), 50)
	}
	stamped := s.must("endpoint", "logs", "chat", "--timestamps")
	var last time.Time
	for _, line := range strings.Split(strings.TrimSpace(stamped), "\n") {
		_, rest, _ := strings.Cut(line, " | ")
		stamp, _, _ := strings.Cut(rest, " ")
		at, err := time.Parse(time.RFC3339Nano, stamp)
		require.NoError(t, err, line)
		require.False(t, at.Before(last.Add(-100*time.Millisecond)), "by time")
		last = at
	}
	s.must("endpoint", "rm", "chat", "--yes", "--wait")
	require.Equal(t, log, read(), "by the name of what is gone")
	status, _, err := s.do(http.MethodGet, "/v1/endpoints/"+fleet.NewID(fleet.EndpointPrefix, time.Now())+"/logs", "", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, status)
}
