package api

import (
	"context"
	"strconv"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// Revision is one version of an endpoint's spec.
type Revision struct {
	Number      int                 `json:"revision"`
	State       fleet.RevisionState `json:"state" doc:"pending: asked for. rolling: its workers take the place of older ones. current: it is what the endpoint runs. replaced: by a newer one. withdrawn: it could not be, or somebody cancelled it"`
	Actor       string              `json:"actor,omitempty" doc:"Who asked for it"`
	OperationID string              `json:"operation_id,omitempty" doc:"That moves the endpoint to it"`
	Base        int                 `json:"base,omitempty" doc:"The revision that ran when it was asked for"`
	Restores    int                 `json:"restores,omitempty" doc:"Of a rollback: the revision whose spec it has"`
	Changes     []fleet.Change      `json:"changes" doc:"Against base, field by field. Values of environment variables are masked"`
	Code        fleet.Code          `json:"code,omitempty" doc:"Why it was withdrawn"`
	Message     string              `json:"message,omitempty"`
	CreatedAt   time.Time           `json:"created_at" doc:"When it was asked for"`
	ReadyAt     time.Time           `json:"ready_at,omitzero" doc:"When a worker that was made for it was ready first; absent if none has been, as of one that replaces no worker"`
	// Spec shows viewers the names of environment variables, not their values.
	Spec *fleet.EndpointSpec `json:"spec,omitempty" doc:"Not in lists"`
}

// Rollout is how far an endpoint is on its way from one revision to the next.
type Rollout struct {
	State       string    `json:"state" enum:"rolling,paused,done"`
	Message     string    `json:"message" example:"2 of 5 workers on revision 7, 3 on older ones"`
	Revision    int       `json:"revision" doc:"That it moves to; the one that runs, when it is done"`
	From        int       `json:"from" doc:"The revision that ran before"`
	OperationID string    `json:"operation_id,omitempty"`
	Wanted      int       `json:"wanted" doc:"Workers in all, as the autoscaler last said"`
	New         Workers   `json:"new" doc:"Workers that are as the revision wants them"`
	Old         Workers   `json:"old" doc:"Workers that are not, and will be replaced"`
	PausedAt    time.Time `json:"paused_at,omitzero"`
	PausedBy    string    `json:"paused_by,omitempty"`
	StartedAt   time.Time `json:"started_at,omitzero"`
	Deadline    time.Time `json:"deadline,omitzero" doc:"When it is taken back unless it is done. Time that it is paused is not counted"`
	Trouble     *Trouble  `json:"trouble,omitempty" doc:"Why it is not getting on"`
}

func showRollout(r fleet.Rollout) Rollout {
	return Rollout{
		State: r.State(), Message: r.Message(), Revision: r.Revision, From: r.From, OperationID: r.OperationID, Wanted: r.Wanted,
		New: Workers{r.New, r.NewReady}, Old: Workers{r.Old, r.OldReady}, PausedAt: r.PausedAt, PausedBy: r.PausedBy,
		StartedAt: r.StartedAt, Deadline: r.Deadline, Trouble: showTrouble(r.Trouble),
	}
}

func showRevision(r fleet.Revision) Revision {
	out := Revision{
		Number: r.Number, State: r.State, Actor: r.Actor, OperationID: r.OperationID, Base: r.Base, Restores: r.Restores, Changes: r.Changes,
		Code: r.Code, Message: r.Message, CreatedAt: r.CreatedAt, ReadyAt: r.ReadyAt,
	}
	if out.Changes == nil {
		out.Changes = []fleet.Change{}
	}
	return out
}

type listRevisionsInput struct {
	EndpointPath
	Limit int `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Items on a page"`
	After int `query:"after" minimum:"1" doc:"The next of the page before: only revisions of lower numbers"`
}

func (s *Server) listRevisions(ctx context.Context, in *listRevisionsInput) (*listed[Revision], error) {
	page := Page{Limit: in.Limit}
	if in.After > 0 {
		page.After = strconv.Itoa(in.After)
	}
	found, err := s.Store.Revisions(ctx, callerOf(ctx).AccountID, in.ID, page.more())
	if err != nil {
		return nil, err
	}
	return list(page, found, func(r fleet.Revision) string { return strconv.Itoa(r.Number) }, showRevision), nil
}

type getRevisionInput struct {
	EndpointPath
	Revision int `path:"revision" minimum:"1" doc:"Its number"`
}

func (s *Server) getRevision(ctx context.Context, in *getRevisionInput) (*shown[Revision], error) {
	who := callerOf(ctx)
	r, err := s.Store.Revision(ctx, who.AccountID, in.ID, in.Revision)
	if err != nil {
		return nil, err
	}
	out := showRevision(r)
	out.Spec = &r.Spec
	out.Spec.Env = who.mask(r.Spec.Env)
	return &shown[Revision]{out}, nil
}

// EndpointRollback says where to go back to.
type EndpointRollback struct {
	Revision int `json:"revision,omitempty" minimum:"1" doc:"Whose spec to have again. Default: the revision before the one that runs"`
}

type rollbackInput struct {
	EndpointPath
	Mutation
	Body *EndpointRollback // none: to the one before
}

// rollbackEndpoint moves an endpoint on to what it was before.
func (s *Server) rollbackEndpoint(ctx context.Context, in *rollbackInput) (*accepted, error) {
	var body EndpointRollback
	if in.Body != nil {
		body = *in.Body
	}
	sum, err := digest("rollback-endpoint", in.ID, body)
	if err != nil {
		return nil, err
	}
	return s.accept(ctx, in.Key, sum, func(ask store.Ask) (fleet.Record, bool, error) {
		return s.Store.RollbackEndpoint(ctx, ask, in.ID, body.Revision)
	})
}

func (s *Server) getRollout(ctx context.Context, in *struct{ EndpointPath }) (*shown[Rollout], error) {
	r, err := s.Store.Rollout(ctx, callerOf(ctx).AccountID, in.ID)
	if err != nil {
		return nil, err
	}
	return &shown[Rollout]{showRollout(r)}, nil
}

type rolloutInput struct {
	EndpointPath
	Mutation
}

func (s *Server) pauseRollout(ctx context.Context, in *rolloutInput) (*shown[Rollout], error) {
	return s.changeRollout(ctx, in, s.Store.PauseRollout)
}

func (s *Server) resumeRollout(ctx context.Context, in *rolloutInput) (*shown[Rollout], error) {
	return s.changeRollout(ctx, in, s.Store.ResumeRollout)
}

// changeRollout changes the record, and has the autoscaler look.
func (s *Server) changeRollout(ctx context.Context, in *rolloutInput, change func(ctx context.Context, accountID, actor, endpointID string) error) (*shown[Rollout], error) {
	who := callerOf(ctx)
	if err := change(ctx, who.AccountID, who.KeyID, in.ID); err != nil {
		return nil, err
	}
	waking, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTimeout)
	defer cancel()
	if err := s.Operations.Wake(waking, in.ID); err != nil {
		s.Logger.WarnContext(ctx, "autoscaler not woken", "endpoint", in.ID, "error", err)
	}
	return s.getRollout(ctx, &struct{ EndpointPath }{in.EndpointPath})
}
