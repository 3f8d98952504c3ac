package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/store"
)

// A scribe is an agent as far as logs go: package agent has the real one, and tests both
// together.
type scribe struct {
	*http.ServeMux
	t *testing.T

	mu       sync.Mutex
	archived []fleet.LogLine
	keepsNo  bool                       // logs
	written  map[string][]fleet.LogLine // by lease, behind what is archived
	more     chan struct{}              // closed and replaced when there is more
	ended    map[string]bool            // by lease: its container does not run
	asked    []string
	queries  []fleet.LogQuery
	left     chan struct{} // gets one when a follower has gone
}

func newScribe(t *testing.T) *scribe {
	s := &scribe{ServeMux: http.NewServeMux(), t: t, written: map[string][]fleet.LogLine{}, more: make(chan struct{}), ended: map[string]bool{}, left: make(chan struct{}, 100)}
	s.HandleFunc("GET /v1/leases/{lease}/logs", s.live)
	s.HandleFunc("POST /v1/logs", s.past)
	s.HandleFunc("GET /v1/leases/{lease}/stats", func(rw http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(rw).Encode(machine.Stats{CPUPercent: 12.5, MemoryMB: 100, Processes: 3})
	})
	return s
}

var dawn = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func logLine(i fleet.Instance, second int, text string) fleet.LogLine {
	return fleet.LogLine{InstanceID: i.ID, LeaseID: i.Home.ID, At: dawn.Add(time.Duration(second) * time.Second), Text: []byte(text)}
}

// write has a container write lines.
func (s *scribe) write(lines ...fleet.LogLine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range lines {
		s.written[l.LeaseID] = append(s.written[l.LeaseID], l)
	}
	close(s.more)
	s.more = make(chan struct{})
}

func (s *scribe) end(lease string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended[lease] = true
	close(s.more)
	s.more = make(chan struct{})
}

func (s *scribe) past(rw http.ResponseWriter, r *http.Request) {
	var q fleet.LogQuery
	_ = json.NewDecoder(r.Body).Decode(&q)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queries = append(s.queries, q)
	if s.keepsNo {
		s.problem(rw, fleet.Unsupported, "this host keeps no logs")
		return
	}
	head, lines := fleet.LogHead{Count: -1, Ends: map[string]fleet.LogPosition{}}, []fleet.LogLine{}
	for _, l := range s.archived {
		for _, id := range q.Instances {
			if id == l.InstanceID {
				lines = append(lines, l)
			}
		}
		head.Ends[l.LeaseID] = head.Ends[l.LeaseID].Past(l)
	}
	if q.Tail > 0 {
		lines = lines[max(0, len(lines)-q.Tail):]
		head.Count = len(lines)
	}
	out := fleet.NewLogWriter(rw)
	_ = out.Head(head)
	for _, l := range lines {
		_ = out.Line(l)
	}
	_ = out.End(nil)
}

func (s *scribe) problem(rw http.ResponseWriter, code fleet.Code, detail string) {
	rw.Header().Set("Content-Type", "application/problem+json")
	rw.WriteHeader(statuses[code])
	_ = json.NewEncoder(rw).Encode(Problem{Code: code, Detail: detail})
}

func (s *scribe) live(rw http.ResponseWriter, r *http.Request) {
	lease := r.PathValue("lease")
	s.mu.Lock()
	s.asked = append(s.asked, lease+"?"+r.URL.RawQuery)
	lines, known := s.written[lease]
	more, ended := s.more, s.ended[lease]
	s.mu.Unlock()
	if !known {
		s.problem(rw, fleet.NotFound, "there is no container of lease "+lease+" here")
		return
	}
	var after fleet.LogPosition
	require.NoError(s.t, after.UnmarshalText([]byte(r.FormValue("after"))))
	n := 0 // of lines that were sent, or lie before
	for i, l := range lines {
		if !l.At.After(after.At) {
			n = i + 1
		}
	}
	present := lines[n:]
	var tail int
	if _, err := fmt.Sscan(r.FormValue("tail"), &tail); err == nil {
		present = present[max(0, len(present)-tail):]
	}
	out := fleet.NewLogWriter(rw)
	_ = out.Head(fleet.LogHead{Count: len(present)})
	send := func(lines []fleet.LogLine) {
		for _, l := range lines {
			_ = out.Line(l)
		}
		_ = out.Flush()
		_ = http.NewResponseController(rw).Flush()
	}
	send(present)
	for n = len(lines); r.FormValue("follow") == "true" && !ended; {
		select {
		case <-more:
		case <-r.Context().Done():
			s.left <- struct{}{}
			return
		}
		s.mu.Lock()
		lines, more, ended = s.written[lease], s.more, s.ended[lease]
		s.mu.Unlock()
		send(lines[n:])
		n = len(lines)
	}
	_ = out.End(nil)
}

// logOf reads a log.
func (w *world) logOf(path string) string {
	w.t.Helper()
	got := w.call(call{as: "alice", do: "GET " + path})
	require.Equal(w.t, http.StatusOK, got.status, string(got.body))
	return string(got.body)
}

func TestLogOfAnInstanceComesThroughTheTunnel(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	logs := "/v1/instances/" + i.ID + "/logs"

	got := w.call(call{as: "alice", do: "GET " + logs})
	require.Equal(t, http.StatusServiceUnavailable, got.status)
	require.Equal(t, "host "+w.hostID+" is not connected", got.problem(t).Detail)
	require.Equal(t, "5", got.header.Get("Retry-After"))

	agent := newScribe(t)
	agent.archived = []fleet.LogLine{logLine(i, 1, "one"), logLine(i, 2, "two")}
	agent.write(logLine(i, 2, "two"), logLine(i, 3, "three"), logLine(i, 4, "four"))
	hangUp := w.mustConnect(agent)
	require.True(t, must[Host](w, call{as: "alice", do: "GET /v1/hosts/" + w.hostID}).Connected)

	got = w.call(call{as: "viewer", do: "GET " + logs})
	require.Equal(t, "one\ntwo\nthree\nfour\n", string(got.body), "what is archived and what is not, without doubles")
	require.Equal(t, "text/plain; charset=utf-8", got.header.Get("Content-Type"))
	require.Equal(t, "three\nfour\n", w.logOf(logs+"?tail=2"))
	require.Equal(t, "two\nthree\nfour\n", w.logOf(logs+"?tail=3"))
	require.Equal(t, "2026-01-02T03:04:09.000000000Z four\n", w.logOf(logs+"?tail=1&timestamps=true"))
	agent.queries, agent.asked = nil, nil
	w.logOf(logs + "?tail=5&since=2026-01-02T03:04:05Z&until=2026-01-02T04:04:05%2B01:00")
	require.Len(t, agent.queries, 1)
	q := agent.queries[0]
	require.Equal(t, []string{i.ID}, q.Instances)
	require.Equal(t, 5, q.Tail)
	require.True(t, q.Since.Equal(dawn))
	require.True(t, q.Until.Equal(dawn))
	require.Contains(t, agent.asked[0], i.Home.ID+"?after=")
	require.Contains(t, agent.asked[0], "&since=2026-01-02T03%3A04%3A05Z&tail=5&until=2026-01-02T03%3A04%3A05Z")
	w.logOf(logs + "?since=90m")
	require.WithinDuration(t, time.Now().Add(-90*time.Minute), agent.queries[1].Since, time.Minute)

	require.Equal(t, Stats{CPUPercent: 12.5, MemoryMB: 100, Processes: 3}, must[Stats](w, call{as: "viewer", do: "GET /v1/instances/" + i.ID + "/stats"}))

	ctx, leave := context.WithCancel(t.Context())
	resp, err := http.DefaultClient.Do(w.request(call{as: "alice", do: "GET " + logs + "?follow=true&tail=1"}).WithContext(ctx))
	require.NoError(t, err)
	log := bufio.NewScanner(resp.Body)
	next := func() string { require.True(t, log.Scan()); return log.Text() }
	require.Equal(t, "four", next(), "it is there before the log ends")
	agent.write(logLine(i, 5, "five"))
	require.Equal(t, "five", next())
	leave()
	require.NoError(t, resp.Body.Close())
	<-agent.left // the agent learns of it

	hangUp()
	eventually(t, func() bool { return !w.tunnels.connected(w.hostID) }, "the tunnel is noticed to be gone")
}

func TestFollowingAnInstanceEndsWhenItRests(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	agent := newScribe(t)
	agent.write(logLine(i, 1, "one"))
	w.mustConnect(agent)
	resp, err := http.DefaultClient.Do(w.request(call{as: "alice", do: "GET /v1/instances/" + i.ID + "/logs?follow=true"}))
	require.NoError(t, err)
	defer resp.Body.Close()
	log := bufio.NewScanner(resp.Body)
	require.True(t, log.Scan())
	require.Equal(t, "one", log.Text())
	stop := must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/stop", key: "-"})
	agent.write(logLine(i, 2, "last words"))
	agent.end(i.Home.ID)
	require.True(t, log.Scan())
	require.Equal(t, "last words", log.Text())
	w.mustEnd(stop.ID, fleet.Done)
	require.False(t, log.Scan(), log.Text())
	require.NoError(t, log.Err())
	require.Equal(t, "one\nlast words\n", w.logOf("/v1/instances/"+i.ID+"/logs?follow=true"), "and at once, if it rests already")
}

func TestLogsOfWhatIsGoneComeFromTheArchive(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	agent := newScribe(t)
	agent.archived = []fleet.LogLine{logLine(i, 1, "one"), logLine(i, 2, "two")}
	terminate := must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/terminate", key: "-", body: map[string]any{"confirm": "box"}})
	require.NoError(t, w.Store.ReturnLease(t.Context(), i.Home.ID))
	w.mustEnd(terminate.ID, fleet.Done)

	logs := "GET /v1/instances/" + i.ID + "/logs"
	require.Equal(t, fleet.Unavailable, w.call(call{as: "alice", do: logs}).problem(t).Code, "no host is there to read it")
	w.mustConnect(agent)
	require.Equal(t, "one\ntwo\n", w.logOf("/v1/instances/"+i.ID+"/logs"))
	require.Equal(t, "one\ntwo\n", w.logOf("/v1/instances/"+i.ID+"/logs?follow=true"))
	require.Equal(t, fleet.NotFound, w.call(call{as: "bob", do: logs}).problem(t).Code)
	events := must[List[Event]](w, call{as: "alice", do: "GET /v1/events?resource=" + i.ID})
	require.NotEmpty(t, events.Items, "so are its events")
	require.Equal(t, "instance.terminated", events.Items[0].Name)

	agent.keepsNo = true
	p := w.call(call{as: "alice", do: logs}).problem(t)
	require.Equal(t, fleet.Conflict, p.Code)
	require.Equal(t, "the instance lives on no host now, and the hosts of data center us-east keep no logs", p.Detail)
}

func TestAgentSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	answers := map[string]http.HandlerFunc{
		"tail=1": func(rw http.ResponseWriter, _ *http.Request) { http.NotFound(rw, nil) },
		"tail=2": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/problem+json")
			rw.WriteHeader(http.StatusConflict)
			_ = json.NewEncoder(rw).Encode(Problem{Code: fleet.Conflict, Detail: "the container does not run"})
		},
		"tail=3": func(rw http.ResponseWriter, _ *http.Request) {
			http.Error(rw, "SECRET", http.StatusInternalServerError)
		},
		"tail=4": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"tail=5": func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprintln(rw, "SECRET, as agents once sent it") },
	}
	agent := newScribe(t)
	agent.keepsNo = true
	w.mustConnect(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if answer := answers[r.URL.RawQuery]; answer != nil {
			answer(rw, r)
			return
		}
		agent.ServeHTTP(rw, r)
	}))
	for query, want := range map[string]fleet.Code{"tail=1": fleet.NotFound, "tail=2": fleet.Conflict, "tail=3": fleet.Unavailable, "tail=4": fleet.Unavailable, "tail=5": fleet.Unavailable} {
		got := w.call(call{as: "alice", do: "GET /v1/instances/" + i.ID + "/logs?" + query})
		require.Equal(t, want, got.problem(t).Code, query)
		require.NotContains(t, string(got.body), "SECRET")
	}
}

func TestLogOfAnEndpointIsThatOfItsWorkers(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	e := w.mustEndpoint("alice", "chat").ResourceID
	logs := "/v1/endpoints/" + e + "/logs"
	require.Empty(t, w.logOf(logs))
	var workers []fleet.Instance
	for n := range 3 {
		workers = append(workers, w.mustWorker(e, fmt.Sprintf("chat-%d", n)))
	}
	for _, worker := range workers {
		require.Contains(t, w.logOf(logs), worker.Name+" | (no newer lines: host "+w.hostID+" is not connected)\n")
	}

	agent := newScribe(t)
	var want []string
	long := strings.Repeat("x", 100<<10) // longer than a buffer
	for n := range 90 {
		worker := workers[n%3]
		text := fmt.Sprint("line ", n)
		if n == 60 {
			text = long
		}
		want = append(want, worker.Name+" | "+text)
		if n < 30 {
			agent.archived = append(agent.archived, logLine(worker, n, text))
			agent.write(logLine(worker, n, text))
			continue
		}
		agent.write(logLine(worker, n, text))
	}
	w.mustConnect(agent)
	read := func(query string) []string { return strings.Split(strings.TrimSpace(w.logOf(logs+query)), "\n") }
	require.Equal(t, want, read(""), "by time")
	require.Equal(t, want[80:], read("?tail=10"))

	// One of them goes.
	gone := workers[1]
	terminate, _, err := w.Store.Accept(t.Context(), store.Ask{AccountID: w.account["alice"], Actor: "autoscaler", Key: "gone"}, fleet.KindInstance, gone.ID, "terminate")
	require.NoError(t, err)
	require.NoError(t, w.Store.ReturnLease(t.Context(), gone.Home.ID))
	w.mustEnd(terminate.ID, fleet.Done)
	agent.mu.Lock()
	var rest []fleet.LogLine
	for _, l := range agent.written[gone.Home.ID] {
		if !l.At.Before(dawn.Add(30 * time.Second)) {
			rest = append(rest, l)
		}
	}
	agent.archived = append(agent.archived, rest...)
	delete(agent.written, gone.Home.ID)
	agent.mu.Unlock()
	require.ElementsMatch(t, want, read(""), "its lines stay")
	require.Contains(t, agent.queries[len(agent.queries)-1].Instances, gone.ID)
	w.logOf(logs + "?since=" + time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	require.NotContains(t, agent.queries[len(agent.queries)-1].Instances, gone.ID, "it had gone before")
}

func TestFollowedEndpointShowsWorkersThatComeLater(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	e := w.mustEndpoint("alice", "chat").ResourceID
	agent := newScribe(t)
	w.mustConnect(agent)
	ctx, leave := context.WithTimeout(t.Context(), 20*time.Second)
	defer leave()
	resp, err := http.DefaultClient.Do(w.request(call{as: "alice", do: "GET /v1/endpoints/" + e + "/logs?follow=true"}).WithContext(ctx))
	require.NoError(t, err)
	defer resp.Body.Close()
	late := w.mustWorker(e, "late")
	agent.write(logLine(late, 1, "up"))
	line := make([]byte, len("late | up\n"))
	_, err = io.ReadFull(resp.Body, line)
	require.NoError(t, err)
	require.Equal(t, "late | up\n", string(line))
}

func TestFollowersAreToldTheLastWordsOfWhatHasMoved(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	i := w.mustRun(w.mustServer("alice", "box"))
	agent := newScribe(t)
	agent.write(logLine(i, 1, "one"))
	hangUp := w.mustConnect(agent)
	ctx, leave := context.WithTimeout(t.Context(), 20*time.Second)
	defer leave()
	resp, err := http.DefaultClient.Do(w.request(call{as: "alice", do: "GET /v1/instances/" + i.ID + "/logs?follow=true"}).WithContext(ctx))
	require.NoError(t, err)
	defer resp.Body.Close()
	log := bufio.NewScanner(resp.Body)
	require.True(t, log.Scan())
	require.Equal(t, "one", log.Text())

	// While nobody hears the host, the container ends, and its lease is returned.
	hangUp()
	eventually(t, func() bool { return !w.tunnels.connected(w.hostID) }, "the tunnel is noticed to be gone")
	require.True(t, log.Scan())
	require.Equal(t, "(no newer lines: host "+w.hostID+" is not connected)", log.Text())
	terminate := must[Operation](w, call{as: "alice", do: "POST /v1/instances/" + i.ID + "/terminate", key: "-", body: map[string]any{"confirm": "box"}})
	agent.archived = []fleet.LogLine{logLine(i, 2, "last words")} // behind the position that it is asked for
	w.mustConnect(agent)
	agent.mu.Lock()
	delete(agent.written, i.Home.ID)
	agent.mu.Unlock()
	require.NoError(t, w.Store.ReturnLease(t.Context(), i.Home.ID))
	require.True(t, log.Scan())
	require.Equal(t, "last words", log.Text())
	w.mustEnd(terminate.ID, fleet.Done)
	require.False(t, log.Scan(), log.Text())
	agent.mu.Lock()
	defer agent.mu.Unlock()
	last := agent.queries[len(agent.queries)-1]
	require.Equal(t, map[string]fleet.LogPosition{i.Home.ID: fleet.LogPosition{}.Past(logLine(i, 1, "one"))}, last.After)
}
