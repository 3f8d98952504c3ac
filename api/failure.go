package api

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// Failure is why a worker did not come up, or ended though nobody asked it to.
type Failure struct {
	ID          string         `json:"id" example:"mis_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	Cause       fleet.Cause    `json:"cause" doc:"pull_error: its image could not be fetched. no_capacity: no host has room. crash: its process ended by itself. out_of_memory: it was killed for its memory. failing_probe: it runs, and does not answer. unhealthy_gpu: its GPUs failed their diagnostics. host_error: its host could not make or start it"`
	InstanceID  string         `json:"instance_id" doc:"The worker; the last one, if it happened several times"`
	Worker      string         `json:"worker" doc:"Its name"`
	EndpointID  string         `json:"endpoint_id"`
	Revision    int            `json:"revision" doc:"Of the endpoint's spec that it ran"`
	ExitCode    *int           `json:"exit_code,omitempty" doc:"Of its process, if that ended"`
	Message     string         `json:"message"`
	LastLines   string         `json:"last_lines,omitempty" doc:"The end of its log, at most 2048 bytes"`
	Served      fleet.Duration `json:"served,omitempty" doc:"How long it had been running; absent if it never was ready" example:"12m3s"`
	HostID      string         `json:"host_id,omitempty"`
	OperationID string         `json:"operation_id,omitempty" doc:"That was to make it; absent if it was running"`
	Times       int            `json:"times" doc:"In a row, with nothing between: more than once of a lack of capacity only"`
	FirstAt     time.Time      `json:"first_at"`
	At          time.Time      `json:"at" doc:"The last time"`
}

// Trouble is what the failures of an endpoint's workers come to.
type Trouble struct {
	Cause   fleet.Cause `json:"cause" doc:"Of the last failure"`
	Word    string      `json:"word" doc:"For people" example:"crash loop"`
	Loop    bool        `json:"loop" doc:"It happened three times or more, one after the other"`
	Times   int         `json:"times" doc:"In a row"`
	Since   time.Time   `json:"since"`
	Message string      `json:"message"`
	Last    Failure     `json:"last"`
	RetryAt time.Time   `json:"retry_at,omitzero" doc:"No worker is made before it; absent when it is past. A lack of capacity is tried again as soon as there is some"`
}

func showFailure(m fleet.Mishap) Failure {
	return Failure{
		ID: m.ID, Cause: m.Cause, InstanceID: m.InstanceID, Worker: m.Worker, EndpointID: m.EndpointID, Revision: m.Revision, ExitCode: m.ExitCode,
		Message: m.Message, LastLines: m.LastLines, Served: fleet.Duration(m.Served.Round(time.Millisecond)), HostID: m.HostID, OperationID: m.Operation,
		Times: m.Times, FirstAt: m.First, At: m.At,
	}
}

func showTrouble(t *fleet.Trouble) *Trouble {
	if t == nil {
		return nil
	}
	out := &Trouble{Cause: t.Cause, Word: t.Word(), Loop: t.Loop(), Times: t.Times, Since: t.Since, Message: t.Last.Message, Last: showFailure(t.Last)}
	if time.Now().Before(t.Until) {
		out.RetryAt = t.Until
	}
	return out
}

type listFailuresInput struct {
	EndpointPath
	Page
}

// listFailures lists what befell an endpoint's workers.
func (s *Server) listFailures(ctx context.Context, in *listFailuresInput) (*listed[Failure], error) {
	who := callerOf(ctx)
	if _, err := s.Store.GetEndpoint(ctx, who.AccountID, in.ID); err != nil {
		return nil, err
	}
	found, err := s.Store.Mishaps(ctx, who.AccountID, store.MishapFilter{EndpointID: in.ID, Page: in.more()})
	if err != nil {
		return nil, err
	}
	return list(in.Page, found, func(m fleet.Mishap) string { return m.ID }, showFailure), nil
}
