package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Server is Kelvin's server as an agent sees it.
type Server struct {
	URL   string // http://127.0.0.1:8080
	Token string // of the host
	HTTP  *http.Client
}

// Renew renews the host's lease, and answers what belongs on the host.
func (s *Server) Renew(ctx context.Context, report fleet.HostReport) (fleet.HostOrder, error) {
	var order fleet.HostOrder
	return order, s.do(ctx, http.MethodPost, "/v1/agent/lease", report, &order)
}

// Spec asks what the container of a lease is to be. It is an activities.Specs.
func (s *Server) Spec(ctx context.Context, leaseID string) (fleet.ContainerSpec, error) {
	var spec fleet.ContainerSpec
	return spec, s.do(ctx, http.MethodGet, "/v1/agent/leases/"+url.PathEscape(leaseID), nil, &spec)
}

// Report tells what the drivers of the host's GPUs report by themselves.
func (s *Server) Report(ctx context.Context, events fleet.GPUEvents) error {
	return s.do(ctx, http.MethodPost, "/v1/agent/events", events, nil)
}

// Collect offers to clear up the archive.
func (s *Server) Collect(ctx context.Context) (fleet.CollectOrder, error) {
	var order fleet.CollectOrder
	return order, s.do(ctx, http.MethodPost, "/v1/agent/collect", nil, &order)
}

// Scrubbed tells what came of scrubbing GPUs.
func (s *Server) Scrubbed(ctx context.Context, scrubbed []fleet.GPUScrubbed) error {
	return s.do(ctx, http.MethodPost, "/v1/agent/scrubs", scrubbed, nil)
}

// do asks the server. Without out the answer does not matter, if it is no error.
func (s *Server) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.HTTP.Do(req)
	if err != nil {
		return fleet.Errorf(fleet.Unavailable, "the server does not answer: %v", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return problem(resp)
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return fleet.Errorf(fleet.Unavailable, "read the server's answer: %v", err)
	}
	return nil
}

// problem turns an error answer into the error it stands for.
func problem(resp *http.Response) error {
	var p struct {
		Code   fleet.Code `json:"code"`
		Detail string     `json:"detail"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&p); err != nil || p.Code == "" {
		return fleet.Errorf(fleet.Unavailable, "the server answers %s", resp.Status)
	}
	return &fleet.Error{Code: p.Code, Message: fmt.Sprintf("the server says: %s", p.Detail)}
}
