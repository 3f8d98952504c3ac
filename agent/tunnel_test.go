package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// get asks the server as the account would.
func (s *site) get(ctx context.Context, path string) *http.Response {
	s.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.wire.url+path, nil)
	require.NoError(s, err)
	req.Header.Set("Authorization", "Bearer "+s.key)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s, err)
	s.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// mustConnect waits until the server reaches the agent through its tunnel.
func (s *site) mustConnect(lease fleet.Lease) {
	s.Helper()
	s.eventually(func() bool {
		return s.get(s.Context(), "/v1/instances/"+lease.InstanceID+"/stats").StatusCode == http.StatusOK
	}, "the tunnel is open")
}

func TestServerReadsLogsAndStatsThroughTheTunnel(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	instance := "/v1/instances/" + lease.InstanceID

	var stats api.Stats
	require.NoError(t, json.NewDecoder(s.get(t.Context(), instance+"/stats").Body).Decode(&stats))
	require.Positive(t, stats.MemoryMB)

	ctx, leave := context.WithTimeout(t.Context(), 20*time.Second)
	defer leave()
	log := bufio.NewScanner(s.get(ctx, instance+"/logs?follow=true").Body)
	require.True(t, log.Scan(), "what was written before is there")
	require.NotEmpty(t, log.Text())
	s.machine.Crash(lease.ID, 7)
	for log.Scan() {
		require.NotEmpty(t, log.Text())
	}
	require.NoError(t, log.Err(), "the log ends with the container")
	resp := s.get(t.Context(), instance+"/logs?tail=1")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	tail := bufio.NewScanner(resp.Body)
	require.True(t, tail.Scan())
	require.False(t, tail.Scan(), "one line was asked for")

	resp = s.get(t.Context(), instance+"/stats")
	var problem api.Problem
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&problem))
	require.Equal(t, fleet.Conflict, problem.Code, "it does not run")
}

// attentive is a machine that notices when the reader of a log is done with it.
type attentive struct {
	machine.Machine
	opened, closed chan struct{}
}

type attentiveLog struct {
	io.ReadCloser
	closed chan struct{}
}

func (m attentive) Logs(ctx context.Context, leaseID string, o machine.LogOptions) (io.ReadCloser, error) {
	log, err := m.Machine.Logs(ctx, leaseID, o)
	if err != nil || !o.Follow {
		return log, err
	}
	close(m.opened)
	return attentiveLog{log, m.closed}, nil
}

func (l attentiveLog) Close() error {
	defer close(l.closed)
	return l.ReadCloser.Close()
}

func TestReaderWhoLeavesEndsTheLog(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	opened, closed := make(chan struct{}), make(chan struct{})
	s.handle = attentive{s.engine, opened, closed}
	s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	ctx, leave := context.WithCancel(t.Context())
	_, err := bufio.NewReader(s.get(ctx, "/v1/instances/"+lease.InstanceID+"/logs?follow=true").Body).ReadString('\n')
	require.NoError(t, err)
	wait := func(until chan struct{}, otherwise string) {
		select {
		case <-until:
		case <-time.After(20 * time.Second):
			t.Fatal(otherwise)
		}
	}
	wait(opened, "the agent does not follow the log")
	leave()
	wait(closed, "the agent goes on reading")
	s.mustConnect(lease) // the tunnel goes on
}

func TestTunnelComesBack(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	first := s.mustLease()
	lease := s.mustServer()
	s.mustConnect(lease)
	first.stop()
	s.eventually(func() bool {
		return s.get(t.Context(), "/v1/instances/"+lease.InstanceID+"/stats").StatusCode == http.StatusServiceUnavailable
	}, "the server notices that it is gone")
	s.wire.become(cut)
	s.mustRun()
	time.Sleep(500 * time.Millisecond) // it tries in vain
	s.wire.become(whole)
	s.mustConnect(lease)
}
