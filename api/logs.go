package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/store"
)

// Log is embedded in the input of logs.
type Log struct {
	Tail   int       `query:"tail" minimum:"0" maximum:"100000" doc:"Only the last lines, of each container; 0: all"`
	Follow bool      `query:"follow" doc:"Go on with what is written from now on"`
	Since  time.Time `query:"since" doc:"Only what was written since"`
}

func (l Log) path(leaseID string) string {
	q := url.Values{}
	if l.Tail > 0 {
		q.Set("tail", strconv.Itoa(l.Tail))
	}
	if l.Follow {
		q.Set("follow", "true")
	}
	if !l.Since.IsZero() {
		q.Set("since", l.Since.UTC().Format(time.RFC3339Nano))
	}
	return "/v1/leases/" + url.PathEscape(leaseID) + "/logs?" + q.Encode()
}

const plainText = "text/plain; charset=utf-8"

type instanceLogsInput struct {
	InstancePath
	Log
}

func (s *Server) instanceLogs(ctx context.Context, in *instanceLogsInput) (*huma.StreamResponse, error) {
	i, err := s.home(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	// The container's log is opened under a context of the stream's: it lives longer than
	// this call, and ends with the client.
	ctx, cancel := s.untilClosed(ctx)
	body, err := s.tunnels.get(ctx, i.Home.HostID, in.path(i.Home.ID))
	if err != nil {
		cancel()
		return nil, err
	}
	return s.streaming(plainText, func(_ context.Context, out *stream) {
		defer cancel()
		defer body.Close()
		pass(out, body)
	}), nil
}

// home is an instance that has a container, or could have one.
func (s *Server) home(ctx context.Context, id string) (fleet.Instance, error) {
	i, err := s.Store.GetInstance(ctx, callerOf(ctx).AccountID, id)
	if err != nil {
		return i, err
	}
	if i.Home.HostID == "" {
		return i, fleet.Errorf(fleet.Conflict, "the instance lives on no host now")
	}
	return i, nil
}

// pass copies what there is as soon as it is there.
func pass(out *stream, body io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			if _, werr := out.Write(buf[:n]); werr != nil || out.Flush() != nil {
				return
			}
		}
		if err != nil {
			return // the end, or the host's: there is no other way to say so in plain text
		}
	}
}

type endpointLogsInput struct {
	EndpointPath
	Log
}

// endpointLogs merges what the workers write, as it arrives.
func (s *Server) endpointLogs(ctx context.Context, in *endpointLogsInput) (*huma.StreamResponse, error) {
	account := callerOf(ctx).AccountID
	if _, err := s.Store.GetEndpoint(ctx, account, in.ID); err != nil {
		return nil, err
	}
	return s.streaming(plainText, func(ctx context.Context, out *stream) {
		merge := &merger{server: s, out: out, log: in.Log, started: map[string]bool{}}
		merge.run(ctx, account, in.ID)
	}), nil
}

// workersEvery is how often a followed endpoint is asked for new workers.
const workersEvery = 2 * time.Second

// A merger writes the logs of an endpoint's workers to one stream, line by line.
type merger struct {
	server  *Server
	log     Log
	readers sync.WaitGroup
	started map[string]bool // by lease

	mu  sync.Mutex
	out *stream
}

// run ends when the logs do; a followed endpoint has no end but its client's.
func (m *merger) run(ctx context.Context, account, endpointID string) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for ctx.Err() == nil {
		workers, err := m.server.Store.ListInstances(ctx, account, store.InstanceFilter{EndpointID: endpointID, Page: store.Page{Limit: store.MaxLimit}})
		if err != nil {
			break // the record does not answer; what is open goes on
		}
		for _, w := range workers {
			if w.Home.HostID != "" && !m.started[w.Home.ID] {
				m.started[w.Home.ID] = true
				m.readers.Go(func() { m.read(ctx, cancel, w) })
			}
		}
		if !m.log.Follow {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(workersEvery):
		}
	}
	m.readers.Wait()
}

// read passes one worker's lines on. A worker that cannot be read says so in a line of its
// own: the others' are worth having.
func (m *merger) read(ctx context.Context, cancel context.CancelFunc, w fleet.Instance) {
	body, err := m.server.tunnels.get(ctx, w.Home.HostID, m.log.path(w.Home.ID))
	if err != nil {
		var known *fleet.Error
		if errors.As(err, &known) && ctx.Err() == nil {
			m.line(cancel, w.Name, []byte("(no log: "+known.Message+")\n"))
		}
		return
	}
	defer body.Close()
	lines := bufio.NewReaderSize(body, 64<<10)
	for {
		line, err := lines.ReadSlice('\n') // a longer line comes in pieces
		if len(line) > 0 {
			if line[len(line)-1] != '\n' {
				line = append(line, '\n')
			}
			m.line(cancel, w.Name, line)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

func (m *merger) line(cancel context.CancelFunc, worker string, line []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.out.Write(append([]byte(worker+" | "), line...)); err != nil || m.out.Flush() != nil {
		cancel() // the client has gone
	}
}

func (s *Server) instanceStats(ctx context.Context, in *struct{ InstancePath }) (*shown[Stats], error) {
	i, err := s.home(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	body, err := s.tunnels.get(ctx, i.Home.HostID, "/v1/leases/"+url.PathEscape(i.Home.ID)+"/stats")
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var found machine.Stats // as the agent has them
	if err := decode(body, &found); err != nil {
		return nil, fleet.Errorf(fleet.Unavailable, "host %s sent stats that cannot be read", i.Home.HostID)
	}
	return &shown[Stats]{Stats(found)}, nil
}

// decode reads a JSON answer of an agent, which is small.
func decode(r io.Reader, v any) error { return json.NewDecoder(io.LimitReader(r, maxBody)).Decode(v) }
