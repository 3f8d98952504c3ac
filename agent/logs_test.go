package agent

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/archive"
	"github.com/kelvin-gpu/kelvin/fleet"
)

// mustKeepLogs gives the site an archive, whose folder it returns.
func (s *site) mustKeepLogs() (dir string) {
	s.Helper()
	dir = s.TempDir()
	kept, err := archive.Open(s.Context(), archive.Options{URL: "file://" + dir, Key: "a key for tests only", CacheDir: s.TempDir()})
	require.NoError(s, err)
	s.Cleanup(func() { _ = kept.Close(context.Background()) })
	logs, err := kept.Logs(s.Context())
	require.NoError(s, err)
	s.Cleanup(func() { _ = logs.Close(context.Background()) })
	s.logs = &Logs{Archive: logs, Retention: time.Hour, Every: 50 * time.Millisecond}
	return filepath.Join(dir, "logs")
}

// say has the container of a lease write lines with these numbers.
func (s *site) say(lease fleet.Lease, from, to int) {
	s.Helper()
	i, err := s.store.Instance(s.Context(), lease.InstanceID)
	require.NoError(s, err)
	url := fmt.Sprintf("http://127.0.0.1:%d/line/", i.Ports[0].Host)
	s.eventually(func() bool { // it has begun to listen
		resp, err := http.Get(url + "0")
		if err == nil {
			_ = resp.Body.Close()
		}
		return err == nil
	}, "it answers")
	for n := from; n <= to; n++ {
		resp, err := http.Get(fmt.Sprint(url, n))
		require.NoError(s, err)
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}

var spoken = regexp.MustCompile(`"/line/(\d+)"`)

// said are the numbers in a log, beside those of the question whether it listens.
func said(log string) (numbers []string) {
	for _, m := range spoken.FindAllStringSubmatch(log, -1) {
		if m[1] != "0" {
			numbers = append(numbers, m[1])
		}
	}
	return numbers
}

func count(from, to int) (numbers []string) {
	for n := from; n <= to; n++ {
		numbers = append(numbers, fmt.Sprint(n))
	}
	return numbers
}

// archived is what the archive has of an instance.
func (s *site) archived(instanceID string) string {
	s.Helper()
	reading, err := s.logs.Archive.Read(s.Context(), fleet.LogQuery{Instances: []string{instanceID}})
	require.NoError(s, err)
	var text strings.Builder
	for line, err := range reading.Lines(s.Context()) {
		require.NoError(s, err)
		fmt.Fprintf(&text, "%s\n", line.Text)
	}
	return text.String()
}

// log is what the API says an instance wrote.
func (s *site) log(instanceID, query string) string {
	s.Helper()
	resp := s.get(s.Context(), "/v1/instances/"+instanceID+"/logs"+query)
	text, err := io.ReadAll(resp.Body)
	require.NoError(s, err)
	require.Equal(s, http.StatusOK, resp.StatusCode, string(text))
	return string(text)
}

func TestLogsSurviveAgentsAndContainers(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustKeepLogs()
	first := s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	s.say(lease, 1, 20)
	s.eventually(func() bool { return len(said(s.log(lease.InstanceID, ""))) == 20 }, "what was said is there")
	require.Equal(t, count(1, 20), said(s.log(lease.InstanceID, "")))
	s.eventually(func() bool { return len(said(s.archived(lease.InstanceID))) == 20 }, "it is in the archive, too")
	require.Equal(t, count(1, 20), said(s.log(lease.InstanceID, "")), "nothing is doubled")
	require.Equal(t, count(16, 20), said(s.log(lease.InstanceID, "?tail=5")))

	first.stop()
	s.say(lease, 21, 40)
	second := s.mustLease()
	s.mustConnect(lease)
	s.say(lease, 41, 60)
	require.NoError(t, s.engine.Stop(t.Context(), lease.ID, time.Second))
	s.eventually(func() bool { return strings.Count(s.archived(lease.InstanceID), "echo: ended") == 1 }, "its last words are in the archive")
	require.NoError(t, s.engine.Start(t.Context(), lease.ID))
	s.say(lease, 61, 80)

	// Made anew under the same lease, as reset does.
	spec, err := s.store.ContainerSpec(t.Context(), s.hostID, lease.ID)
	require.NoError(t, err)
	require.NoError(t, second.Machine.Remove(t.Context(), lease.ID))
	require.Equal(t, count(1, 80), said(s.archived(lease.InstanceID)), "removing waits for the archive")
	s.mustContainer(spec)
	s.say(lease, 81, 100)
	require.NoError(t, second.Machine.Remove(t.Context(), lease.ID))
	require.NoError(t, second.Machine.Remove(t.Context(), lease.ID))
	whole := s.log(lease.InstanceID, "")
	require.Equal(t, count(1, 100), said(whole))
	require.NotContains(t, whole, "missing")
	require.Equal(t, 3, strings.Count(whole, "echo: listening"))

	require.Positive(t, second.metric(t, "kelvin_agent_log_segments_total"))
	require.Positive(t, second.metric(t, "kelvin_agent_log_bytes_total"))
	require.Zero(t, second.metric(t, "kelvin_agent_logs_cut_total"))
	s.eventually(func() bool { return second.metric(t, "kelvin_agent_log_lag_seconds") == 0 }, "nothing is left to ship")
}

func TestFollowingGoesOnOverRestarts(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustKeepLogs()
	a := s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	s.say(lease, 1, 5)
	ctx, leave := context.WithTimeout(t.Context(), 60*time.Second)
	defer leave()
	log := bufio.NewScanner(s.get(ctx, "/v1/instances/"+lease.InstanceID+"/logs?follow=true&timestamps=true").Body)
	next := 1
	until := func(last int) {
		t.Helper()
		for next <= last && log.Scan() {
			stamp, _, _ := strings.Cut(log.Text(), " ")
			at, err := time.Parse(time.RFC3339Nano, stamp)
			require.NoError(t, err, log.Text())
			require.WithinDuration(t, time.Now(), at, time.Minute)
			if found := said(log.Text()); len(found) > 0 {
				require.Equal(t, fmt.Sprint(next), found[0])
				next++
			}
		}
		require.NoError(t, log.Err())
		require.Equal(t, last+1, next)
	}
	until(5)
	_, _, err := s.store.Accept(ctx, s.ask(), fleet.KindInstance, lease.InstanceID, fleet.Restart.Name)
	require.NoError(t, err)
	require.NoError(t, s.engine.Stop(ctx, lease.ID, time.Second))
	require.NoError(t, s.engine.Start(ctx, lease.ID))
	s.say(lease, 6, 10)
	until(10)
	a.stop() // and over those of the agent
	s.mustLease()
	s.mustConnect(lease)
	s.say(lease, 11, 15)
	until(15)
}

func TestAFloodIsCutAndSaid(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustKeepLogs()
	s.logs.Rate = 200 // bytes a second
	a := s.mustLease()
	lease := s.mustServer()
	s.say(lease, 1, 500)
	require.NoError(t, a.Machine.Remove(t.Context(), lease.ID))
	log := s.archived(lease.InstanceID)
	require.Regexp(t, `\(\d+ bytes are missing here: more than 200 bytes a second were written\)`, log)
	require.Less(t, len(log), 5000)
	require.Contains(t, log, `"/line/1"`, "what comes first is within the rate")
	dropped := a.metric(t, "kelvin_agent_log_dropped_bytes_total")
	require.Greater(t, dropped, 5000.0)
	var told float64
	for _, m := range regexp.MustCompile(`\((\d+) bytes are missing`).FindAllStringSubmatch(log, -1) {
		var n float64
		_, _ = fmt.Sscan(m[1], &n)
		told += n
	}
	require.InDelta(t, dropped, told, 0, "it says how much")
}

func TestALogWaitsForItsArchive(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	dir := s.mustKeepLogs()
	a := s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	s.say(lease, 1, 10)
	s.eventually(func() bool { return len(said(s.archived(lease.InstanceID))) == 10 }, "it is in the archive")
	require.NoError(t, os.Rename(dir, dir+"-away"))
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	s.say(lease, 11, 20)
	s.eventually(func() bool { return a.metric(t, "kelvin_agent_log_lag_seconds") > 0.3 }, "it waits")
	partly := s.log(lease.InstanceID, "")
	require.Contains(t, partly, "(older lines are missing here: what the archive has of the log cannot be read now)")
	require.NotContains(t, partly, dir)
	require.Equal(t, count(1, 20), said(partly), "the host has kept them, for now")
	require.NoError(t, os.Remove(dir))
	require.NoError(t, os.Rename(dir+"-away", dir))
	s.eventually(func() bool { return len(said(s.archived(lease.InstanceID))) == 20 }, "it is in the archive after all")
	require.Equal(t, count(1, 20), said(s.archived(lease.InstanceID)))
	require.Equal(t, count(1, 20), said(s.log(lease.InstanceID, "")))
}

func TestAContainerGoesThoughTheArchiveIsAway(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	dir := s.mustKeepLogs()
	a := s.mustLease()
	lease := s.mustServer()
	s.say(lease, 1, 10)
	s.eventually(func() bool { return len(said(s.archived(lease.InstanceID))) == 10 }, "it is in the archive")
	require.NoError(t, os.Rename(dir, dir+"-away"))
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	s.say(lease, 11, 12)
	require.NoError(t, a.Machine.Remove(t.Context(), lease.ID))
	require.False(t, s.exists(lease.ID))
	require.InDelta(t, 1, a.metric(t, "kelvin_agent_logs_cut_total"), 0)
}

func TestOldLogsArePruned(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustKeepLogs()
	a := s.mustLease()
	lease := s.mustServer()
	s.say(lease, 1, 5)
	require.NoError(t, a.Machine.Remove(t.Context(), lease.ID))
	require.NoError(t, a.keeper.prune(t.Context()))
	require.Equal(t, count(1, 5), said(s.archived(lease.InstanceID)))
	a.keeper.Retention = -2 * time.Hour
	require.NoError(t, a.keeper.prune(t.Context()))
	require.Empty(t, s.archived(lease.InstanceID))
}

func TestWithoutAnArchiveLogsLiveWithTheirContainers(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	s.say(lease, 1, 10)
	s.eventually(func() bool { return len(said(s.log(lease.InstanceID, ""))) == 10 }, "what was said is there")
	require.Equal(t, count(6, 10), said(s.log(lease.InstanceID, "?tail=5")))
	require.NoError(t, s.engine.Remove(t.Context(), lease.ID))
	resp := s.get(t.Context(), "/v1/instances/"+lease.InstanceID+"/logs")
	require.Equal(t, http.StatusNotFound, resp.StatusCode, "it went with its container")
}
