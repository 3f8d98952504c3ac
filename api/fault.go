package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Faults are kept by the host that simulates its GPUs, not in the record: the server asks the
// host's agent, and writes down who had what go wrong.

func (s *Server) listFaults(ctx context.Context, in *struct{ HostPath }) (*listed[fleet.GPUFault], error) {
	return s.askFaults(ctx, in.ID, http.MethodGet, "", nil, "")
}

type faultInput struct {
	HostPath
	Mutation
	Body fleet.GPUFaultOrder
}

func (s *Server) injectFault(ctx context.Context, in *faultInput) (*listed[fleet.GPUFault], error) {
	body, err := json.Marshal(in.Body)
	if err != nil {
		return nil, err
	}
	caller := callerOf(ctx)
	found, err := s.askFaults(ctx, in.ID, http.MethodPost, "", body, caller.KeyID+"/"+in.Key)
	if err != nil {
		return nil, err
	}
	return found, s.noteFault(ctx, in.ID, "host.fault_injected", fmt.Sprintf("GPU %s: %s", in.Body.GPU, in.Body.Name))
}

type healInput struct {
	HostPath
	Mutation
	GPU string `query:"gpu" maxLength:"128" doc:"Index of the GPU on its host, or its UUID. Default: all of them"`
}

func (s *Server) healGPUs(ctx context.Context, in *healInput) (*listed[fleet.GPUFault], error) {
	query, what := "", "all GPUs"
	if in.GPU != "" {
		query, what = "?"+url.Values{"gpu": {in.GPU}}.Encode(), "GPU "+in.GPU
	}
	found, err := s.askFaults(ctx, in.ID, http.MethodDelete, query, nil, "")
	if err != nil {
		return nil, err
	}
	return found, s.noteFault(ctx, in.ID, "host.healed", what)
}

// faultTimeout is how long an agent may take.
const faultTimeout = 10 * time.Second

// askFaults asks a host's agent, which answers with the faults that there are then.
func (s *Server) askFaults(ctx context.Context, hostID, method, query string, body []byte, key string) (*listed[fleet.GPUFault], error) {
	if _, err := s.Store.GetHost(ctx, hostID); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, faultTimeout)
	defer cancel()
	answer, err := s.tunnels.askKeyed(ctx, hostID, method, "/v1/faults"+query, bytes.NewReader(body), key)
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	var found []fleet.GPUFault
	if err := json.NewDecoder(answer).Decode(&found); err != nil {
		return nil, fleet.Errorf(fleet.Unavailable, "host %s does not answer as it should", hostID)
	}
	return all(found, func(f fleet.GPUFault) fleet.GPUFault { return f }), nil
}

// noteFault writes down who had what happen.
func (s *Server) noteFault(ctx context.Context, hostID, event, what string) error {
	actor := callerOf(ctx).KeyID
	s.Logger.WarnContext(ctx, "simulated GPUs changed", slog.String("host", hostID), slog.String("event", event), slog.String("what", what), slog.String("actor", actor))
	return s.Store.NoteHost(ctx, hostID, event, actor, "simulated: "+what)
}
