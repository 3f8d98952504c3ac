package workflows

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// Auditor compares the record with itself, with Temporal, and with what hosts reported.
type Auditor struct {
	Store *store.Store
	// Attended reports whether a workflow works on an operation: Client.Attended. nil: Temporal
	// is not asked.
	Attended func(context.Context, fleet.Record) (bool, error)
	Logger   *slog.Logger
	Every    time.Duration // between two audits of Run; default a minute
	Grace    time.Duration // for which something may be wrong; default fleet.AuditGrace
}

// Run audits until ctx ends, and notes what is new and what is over. Any number of
// processes may run one.
func (a *Auditor) Run(ctx context.Context) {
	every := a.Every
	if every == 0 {
		every = time.Minute
	}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
		if err := a.look(ctx); err != nil && ctx.Err() == nil {
			a.Logger.WarnContext(ctx, "audit", "error", err)
		}
	}
}

func (a *Auditor) grace() time.Duration { return cmp.Or(a.Grace, fleet.AuditGrace) }

func (a *Auditor) look(ctx context.Context) error {
	audit, err := a.Audit(ctx)
	if err != nil {
		return err
	}
	for _, f := range audit.Findings {
		if f.Since.IsZero() {
			a.Logger.WarnContext(ctx, "audit found something", "kind", string(f.Kind), "resource", f.Resource, "instance", f.InstanceID, "host", f.HostID, "message", f.Message)
		}
	}
	return a.Store.NoteFindings(ctx, audit)
}

// Audit looks once, and changes nothing. It is partial if Temporal does not answer.
func (a *Auditor) Audit(ctx context.Context) (fleet.Audit, error) {
	found, err := a.Store.Findings(ctx, a.grace())
	if err != nil {
		return fleet.Audit{}, err
	}
	audit := fleet.Audit{At: a.Store.Now(), Findings: found, Partial: a.Attended == nil}
	if audit.Partial {
		return audit, nil
	}
	unattended, err := a.unattended(ctx)
	if fleet.Is(err, fleet.Unavailable) {
		audit.Partial = true
		return audit, nil
	}
	audit.Findings = append(audit.Findings, unattended...)
	return audit, err
}

// unattended are the operations that nothing works on. An operation ends before its workflow
// does: so one that is still open once its workflow is known to be gone stays so.
func (a *Auditor) unattended(ctx context.Context) (found []fleet.Finding, err error) {
	open, err := a.Store.UnattendedOperations(ctx, a.grace())
	if err != nil {
		return nil, err
	}
	for _, rec := range open {
		ok, err := a.Attended(ctx, rec)
		if err != nil {
			return nil, err
		}
		if ok {
			continue
		}
		now, err := a.Store.GetOperation(ctx, rec.AccountID, rec.ID)
		if err != nil {
			return nil, err
		}
		if now.Outcome != fleet.Open {
			continue
		}
		f := fleet.Finding{Kind: fleet.OperationWithoutWorkflow, Resource: rec.ID, AccountID: rec.AccountID}
		if rec.Kind == fleet.KindInstance {
			f.InstanceID = rec.ResourceID
		}
		f.Message = fmt.Sprintf("%s is open, and no workflow works on it: it has not begun, and is started as soon as Temporal takes it", rec.Name)
		if !rec.BegunAt.IsZero() {
			f.Message = fmt.Sprintf("%s has begun, and its workflow is gone: cancel it, and recover or terminate what it was about", rec.Name)
		}
		found = append(found, f)
	}
	return found, a.Store.AddSince(ctx, found)
}

// Repair audits, and repairs what is safe. In its answer are all findings: those that were
// repaired say so, and those that could not be now say why.
func (a *Auditor) Repair(ctx context.Context) (fleet.Audit, error) {
	audit, err := a.Audit(ctx)
	if err != nil {
		return audit, err
	}
	for i := range audit.Findings {
		f := &audit.Findings[i]
		if !f.Repairable {
			continue
		}
		err := a.Store.Repair(ctx, *f, a.grace())
		switch {
		case fleet.Is(err, fleet.Conflict):
			f.Message += " (not repaired: " + err.Error() + ")"
		case err != nil:
			return audit, fmt.Errorf("repair %s of %s: %w", f.Kind, f.Resource, err)
		default:
			f.Repaired = true
		}
	}
	return audit, nil
}
