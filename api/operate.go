package api

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// InstanceStop says how a server is stopped.
type InstanceStop struct {
	Hold string `json:"hold,omitempty" enum:"reserved,none" doc:"What it keeps besides its disk. reserved, the default: its GPUs and the ports of its host, and it is back in seconds. none: nothing, and a start places it anew, with a copy of its disk where that is another host"`
}

// InstancePlace says where a server that needs a place is to have it: one that is thawed, or
// that was stopped with nothing held and is started.
type InstancePlace struct {
	HostID string `json:"host_id,omitempty" maxLength:"64" pattern:"^hst_" patternDescription:"an ID that begins with hst_" doc:"The only host that will do; for operators of the fleet. Default: any that fits"`
	Wait   bool   `json:"wait,omitempty" doc:"When there is no place for it, wait in the queue, up to 30 days. Default: end undone with exhausted"`

	SkipGPUTests bool `json:"skip_gpu_tests,omitempty" doc:"Give it its data without testing the GPUs of a new place first. It is back up to a minute earlier, perhaps on a GPU that corrupts what it computes. It is recorded"`
}

// InstanceFreeze says how a server is frozen.
type InstanceFreeze struct {
	RateLimit int64 `json:"rate_limit,omitempty" minimum:"0" doc:"Bytes a second that are copied at most, at least 65536; 0: as fast as it goes" example:"104857600"`
}

// InstanceMigrate says how a server is moved.
type InstanceMigrate struct {
	InstancePlace
	InstanceFreeze
}

// InstanceRecover says how a server is brought back.
type InstanceRecover struct {
	InstancePlace
	SnapshotID string `json:"snapshot_id,omitempty" maxLength:"64" pattern:"^snp_" patternDescription:"an ID that begins with snp_" doc:"The snapshot to bring it back from. Default: its newest whole one; where its host answers, the data it has"`
}

// InstanceReset says what becomes of a server's data.
type InstanceReset struct {
	Confirm
	Keep       fleet.Duration `json:"keep,omitempty" doc:"Take a snapshot first, and keep it this long: a reset to it undoes this one. 0s, the default: none. At most 2160h, 90 days" example:"168h"`
	SnapshotID string         `json:"snapshot_id,omitempty" maxLength:"64" pattern:"^snp_" patternDescription:"an ID that begins with snp_" doc:"Restore this snapshot. Default: install the image anew"`
}

// InstanceTerminate says what becomes of an instance's data.
type InstanceTerminate struct {
	Confirm
	Keep *fleet.Duration `json:"keep,omitempty" doc:"Keep its data this long, as a snapshot from which a server can be made. 0s erases it at once. Default: 168h for one that is frozen or lost and has a snapshot, 0s for others. At most 2160h, 90 days" example:"168h"`
}

func (b InstanceStop) params() fleet.Params {
	p := fleet.Params{Hold: b.Hold}
	if p.Hold == fleet.HoldReserved {
		p.Hold = "" // to say so and to say nothing is one request
	}
	return p
}

func (b InstancePlace) params() fleet.Params {
	return fleet.Params{HostID: b.HostID, Wait: b.Wait, SkipTests: b.SkipGPUTests}
}

func (b InstanceFreeze) params() fleet.Params { return fleet.Params{RateLimit: b.RateLimit} }

func (b InstanceMigrate) params() fleet.Params {
	p := b.InstancePlace.params()
	p.RateLimit = b.RateLimit
	return p
}

func (b InstanceRecover) params() fleet.Params {
	p := b.InstancePlace.params()
	p.SnapshotID = b.SnapshotID
	return p
}

type operateInput[B any] struct {
	InstancePath
	Mutation
	Body *B // none: all is as by default
}

// operate handles the operations that need nothing but their instance, and take more.
func operate[B interface{ params() fleet.Params }](s *Server, op fleet.Operation) func(context.Context, *operateInput[B]) (*accepted, error) {
	return func(ctx context.Context, in *operateInput[B]) (*accepted, error) {
		var body B
		if in.Body != nil {
			body = *in.Body
		}
		return s.acceptInstance(ctx, op, in.ID, in.Key, body.params())
	}
}

type operateInstanceInput struct {
	InstancePath
	Mutation
}

func (s *Server) restartInstance(ctx context.Context, in *operateInstanceInput) (*accepted, error) {
	return s.acceptInstance(ctx, fleet.Restart, in.ID, in.Key, fleet.Params{})
}

type resetInstanceInput struct {
	InstancePath
	Mutation
	Body InstanceReset
}

func (s *Server) resetInstance(ctx context.Context, in *resetInstanceInput) (*accepted, error) {
	if _, err := s.confirmed(ctx, in.ID, "body.confirm", in.Body.Confirm.Confirm); err != nil {
		return nil, err
	}
	return s.acceptInstance(ctx, fleet.Reset, in.ID, in.Key, fleet.Params{Keep: in.Body.Keep, SnapshotID: in.Body.SnapshotID})
}

type terminateInstanceInput struct {
	InstancePath
	Mutation
	Body InstanceTerminate
}

func (s *Server) terminateInstance(ctx context.Context, in *terminateInstanceInput) (*accepted, error) {
	return s.terminate(ctx, in.ID, in.Key, "body.confirm", in.Body.Confirm.Confirm, in.Body.Keep)
}

type deleteInstanceInput struct {
	InstancePath
	Mutation
	Confirm string `query:"confirm" required:"true" doc:"The instance's name"`
	Keep    string `query:"keep" pattern:"^([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$" patternDescription:"a duration such as 30s or 1h30m" doc:"As that of terminate"`
}

func (s *Server) deleteInstance(ctx context.Context, in *deleteInstanceInput) (*accepted, error) {
	var keep *fleet.Duration
	if in.Keep != "" {
		keep = new(fleet.Duration)
		if err := keep.UnmarshalText([]byte(in.Keep)); err != nil {
			return nil, keepError("query.keep")
		}
	}
	return s.terminate(ctx, in.ID, in.Key, "query.confirm", in.Confirm, keep)
}

func keepError(field string) error {
	return &fleet.Error{Code: fleet.Invalid, Message: field + " is out of range; allowed: 0s to 2160h, which is 90 days", Fields: []fleet.FieldError{
		{Field: field, Message: "is out of range", Allowed: "0s to 2160h, which is 90 days"},
	}}
}

// terminate keeps an instance's data for as long as it is asked to. Left to itself it decides
// by the state of the instance, which is no part of the request: repeated later, that is the
// same one.
func (s *Server) terminate(ctx context.Context, id, key, field, name string, keep *fleet.Duration) (*accepted, error) {
	found, err := s.confirmed(ctx, id, field, name)
	if err != nil {
		return nil, err
	}
	if keep == nil {
		return s.acceptAs(ctx, fleet.Terminate, id, key, fleet.Params{Keep: fleet.DefaultKeepOf(found.Life)}, nil)
	}
	if *keep < 0 || *keep > fleet.MaxKeep {
		return nil, keepError(field[:len(field)-len("confirm")] + "keep")
	}
	return s.acceptAs(ctx, fleet.Terminate, id, key, fleet.Params{Keep: *keep}, keep)
}

// confirmed is the instance, if name is its name.
func (s *Server) confirmed(ctx context.Context, id, field, name string) (fleet.Instance, error) {
	found, err := s.Store.GetInstance(ctx, callerOf(ctx).AccountID, id)
	if err != nil {
		return found, err
	}
	if found.Name != name {
		return found, &fleet.Error{Code: fleet.Invalid, Message: "erasing needs the instance's name as confirmation", Fields: []fleet.FieldError{
			{Field: field, Message: "is not the instance's name", Allowed: "the instance's name"},
		}}
	}
	return found, nil
}

func (s *Server) acceptInstance(ctx context.Context, op fleet.Operation, id, key string, params fleet.Params) (*accepted, error) {
	var asked any
	if params != (fleet.Params{}) {
		asked = params
	}
	return s.acceptAs(ctx, op, id, key, params, asked)
}

// acceptAs accepts an operation on an instance. asked is what tells the request from another
// under the same key, if there is more to it than operation and instance.
func (s *Server) acceptAs(ctx context.Context, op fleet.Operation, id, key string, params fleet.Params, asked any) (*accepted, error) {
	if !s.supports(op) {
		return nil, fleet.Errorf(fleet.Unsupported, "this fleet cannot %s an instance", op.Name)
	}
	if err := params.Validate(); err != nil {
		return nil, err
	}
	if err := mayChoose(callerOf(ctx), params.HostID, "body.host_id"); err != nil {
		return nil, err
	}
	sum, err := digest(op.Workflow(), id, asked)
	if err != nil {
		return nil, err
	}
	return s.accept(ctx, key, sum, func(ask store.Ask) (fleet.Record, bool, error) {
		ask.Params = params
		return s.Store.Accept(ctx, ask, fleet.KindInstance, id, op.Name)
	})
}

// mayChoose refuses a host that somebody chooses who does not operate the fleet: others see
// where their instances are, and no more of it.
func mayChoose(who caller, hostID, field string) error {
	if hostID == "" || who.Fleet {
		return nil
	}
	return &fleet.Error{Code: fleet.Forbidden, Message: "hosts are chosen by the operators of the fleet: leave it out, and any that fits is taken", Fields: []fleet.FieldError{
		{Field: field, Message: "is for operators of the fleet", Allowed: "none"},
	}}
}
