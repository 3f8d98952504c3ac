package api

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/store"
)

const plainText = "text/plain; charset=utf-8"

type instanceLogsInput struct {
	InstancePath
	Log
}

// instanceLogs is what all containers of an instance wrote, one after the other.
func (s *Server) instanceLogs(ctx context.Context, in *instanceLogsInput) (*huma.StreamResponse, error) {
	account := callerOf(ctx).AccountID
	q, err := in.query(time.Now())
	if err != nil {
		return nil, err
	}
	inst, err := s.Store.GetInstance(ctx, account, in.ID)
	if err != nil {
		return nil, err
	}
	return s.logs(ctx, &logs{server: s, query: q, dataCenter: inst.Spec.DataCenter, ids: []string{inst.ID}, now: []fleet.Instance{inst}, look: func(ctx context.Context) ([]fleet.Instance, error) {
		inst, err := s.Store.GetInstance(ctx, account, in.ID)
		return []fleet.Instance{inst}, err
	}})
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

type endpointLogsInput struct {
	EndpointPath
	Log
}

const (
	// pastWorkers is how many of an endpoint's workers that are gone are read at the most.
	pastWorkers = 1000
	// pastLimit is how long a worker may be gone, unless since says more.
	pastLimit = 31 * 24 * time.Hour
)

// endpointLogs is what an endpoint's workers wrote, past and present ones, by time.
func (s *Server) endpointLogs(ctx context.Context, in *endpointLogsInput) (*huma.StreamResponse, error) {
	account := callerOf(ctx).AccountID
	q, err := in.query(time.Now())
	if err != nil {
		return nil, err
	}
	ep, err := s.Store.GetEndpoint(ctx, account, in.ID)
	if err != nil {
		return nil, err
	}
	since := q.since
	if since.IsZero() {
		since = time.Now().Add(-pastLimit)
	}
	names, err := s.Store.PastWorkers(ctx, account, ep.ID, since, pastWorkers)
	if err != nil {
		return nil, err
	}
	l := &logs{server: s, query: q, dataCenter: ep.Spec.DataCenter, names: names, look: func(ctx context.Context) (all []fleet.Instance, err error) {
		for page := (store.Page{Limit: store.MaxLimit}); ; {
			found, err := s.Store.ListInstances(ctx, account, store.InstanceFilter{EndpointID: ep.ID, Page: page})
			if all = append(all, found...); err != nil || len(found) < page.Limit {
				return all, err
			}
			page.After = found[len(found)-1].ID
		}
	}}
	if l.now, err = l.look(ctx); err != nil {
		return nil, err
	}
	for id := range names {
		l.ids = append(l.ids, id)
	}
	for _, w := range l.now {
		l.ids, names[w.ID] = append(l.ids, w.ID), w.Name
	}
	return s.logs(ctx, l)
}

// logs opens what there is, so that what is wrong can still be said, and then streams it.
func (s *Server) logs(ctx context.Context, l *logs) (*huma.StreamResponse, error) {
	// The logs are opened under a context of the stream's: it lives longer than this call, and
	// ends with the client.
	ctx, cancel := s.untilClosed(ctx)
	if err := l.open(ctx); err != nil {
		l.close()
		cancel()
		return nil, err
	}
	return s.streaming(plainText, func(_ context.Context, out *stream) {
		defer cancel()
		defer l.close()
		l.out = out
		l.run(ctx)
	}), nil
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
