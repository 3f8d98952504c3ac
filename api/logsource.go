package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// A logSource is a log that an agent sends.
type logSource struct {
	head  fleet.LogHead
	lines *fleet.LogReader
	close func()

	lease fleet.Lease
	left  int // lines that were there when it was opened; -1: all up to the end

	next fleet.LogLine // the first that was not taken, if there is one
	at   time.Time     // no line to come is older
	err  error         // io.EOF, or why there is no next
}

// advance reads the next of the lines that were there.
func (s *logSource) advance() {
	if s.left == 0 {
		s.err = io.EOF
		return
	}
	if s.next, s.err = s.lines.Next(); s.err == nil && s.left > 0 {
		s.left--
	}
	if s.next.At.After(s.at) {
		s.at = s.next.At
	}
}

// headLimit is how long an agent may take until its log begins.
const headLimit = 20 * time.Second

// openLog asks an agent for a log. Errors as those of tunnels.get.
func (s *Server) openLog(ctx context.Context, hostID, method, path string, body any) (*logSource, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	slow := time.AfterFunc(headLimit, func() { cancel(errSlow) })
	answer, err := s.tunnels.ask(ctx, hostID, method, path, bytes.NewReader(text))
	if err != nil {
		slow.Stop()
		cancel(nil)
		return nil, err
	}
	src := &logSource{lines: fleet.NewLogReader(answer), close: func() { cancel(nil); _ = answer.Close() }, left: -1}
	src.head, err = src.lines.Head()
	if err != nil || !slow.Stop() {
		src.close()
		return nil, fleet.Errorf(fleet.Unavailable, "host %s sends no log: it may run another version of Kelvin", hostID)
	}
	return src, nil
}

var errSlow = errors.New("the agent took too long")

// liveLog is what the container of a lease has written behind a position.
func (s *Server) liveLog(ctx context.Context, lease fleet.Lease, after fleet.LogPosition, q logQuery) (*logSource, error) {
	src, err := s.openLog(ctx, lease.HostID, http.MethodGet, q.path(lease.ID, after), nil)
	if err == nil {
		src.lease, src.left = lease, max(src.head.Count, 0)
	}
	return src, err
}

// archivedLog is what a data center's archive has of instances' logs, as read by the first
// host that can; the likely ones are asked before the others. Unsupported if none keeps logs.
func (s *Server) archivedLog(ctx context.Context, dataCenter string, likely []string, q fleet.LogQuery) (*logSource, error) {
	refused := fleet.Errorf(fleet.Unavailable, "no host of data center %s is connected", dataCenter)
	asked := map[string]bool{}
	ask := func(hosts []string) *logSource {
		for _, host := range hosts {
			if asked[host] || ctx.Err() != nil || !s.tunnels.connected(host) {
				continue
			}
			asked[host] = true
			src, err := s.openLog(ctx, host, http.MethodPost, "/v1/logs", q)
			switch {
			case err == nil:
				return src
			case !fleet.Is(err, fleet.Unsupported):
				s.Logger.WarnContext(ctx, "archived logs not read", slog.String("host", host), slog.Any("error", err))
				refused = fleet.Errorf(fleet.Unavailable, "what the archive has of the log cannot be read now")
			case len(asked) == 1:
				refused = fleet.Errorf(fleet.Unsupported, "the hosts of data center %s keep no logs", dataCenter)
			}
		}
		return nil
	}
	if src := ask(likely); src != nil {
		return src, nil
	}
	hosts, err := s.hostsOf(ctx, dataCenter)
	if err != nil {
		return nil, err
	}
	if src := ask(hosts); src != nil {
		return src, nil
	}
	return nil, refused
}

// hostsOf are the IDs of a data center's hosts.
func (s *Server) hostsOf(ctx context.Context, dataCenter string) (ids []string, err error) {
	for page := (store.HostFilter{Page: store.Page{Limit: store.MaxLimit}}); ; {
		found, err := s.Store.ListHosts(ctx, page)
		if err != nil {
			return nil, err
		}
		for _, h := range found {
			if h.DataCenter == dataCenter {
				ids = append(ids, h.ID)
			}
		}
		if len(found) < page.Limit {
			return ids, nil
		}
		page.After = found[len(found)-1].ID
	}
}
