package workflows

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/store"
)

// Timekeeper keeps Temporal's schedules like the record's: it tells of what a crash left
// untold, and compares the two now and then. Any number of processes may run one.
type Timekeeper struct {
	Store   *store.Store
	Client  *Client
	Logger  *slog.Logger
	Every   time.Duration // between two looks; default 1 s
	Compare time.Duration // between two comparisons; default 30 s
}

// Run looks until ctx ends.
func (k *Timekeeper) Run(ctx context.Context) {
	every, compare := k.Every, k.Compare
	if every == 0 {
		every = time.Second
	}
	if compare == 0 {
		compare = 30 * time.Second
	}
	var compared time.Time
	for ctx.Err() == nil {
		err := k.Look(ctx)
		if err == nil && time.Since(compared) >= compare {
			if err = k.compare(ctx); err == nil {
				compared = time.Now()
			}
		}
		if err != nil && ctx.Err() == nil {
			k.Logger.WarnContext(ctx, "timekeeper", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
}

// enough failures in one look are: Temporal is away, and each costs a timeout.
const enough = 3

// Look tells Temporal of schedules that have changed, and of triggers it may not have heard.
func (k *Timekeeper) Look(ctx context.Context) error {
	unsynced, err := k.Store.UnsyncedSchedules(ctx, 100)
	if err != nil {
		return err
	}
	failures := 0
	for _, id := range unsynced {
		if err := k.Client.SyncSchedule(ctx, id); err != nil {
			k.Logger.WarnContext(ctx, "schedule not synced", "schedule", id, "error", err)
			if failures++; failures == enough {
				return nil
			}
		}
	}
	pending, err := k.Store.PendingRuns(ctx, 2*time.Second, 100)
	if err != nil {
		return err
	}
	for _, run := range pending {
		if err := k.Client.TriggerSchedule(ctx, run.ScheduleID, run.At); err != nil {
			k.Logger.WarnContext(ctx, "schedule not triggered", "schedule", run.ScheduleID, "error", err)
			if failures++; failures == enough {
				return nil
			}
		}
	}
	return nil
}

// settled is how old a change must be before a comparison looks at it: Temporal's list is
// a moment behind.
const settled = time.Minute

// compare repairs differences: a schedule that Temporal has lost is made again, one that the
// record does not know is deleted, one that was changed past us is put right. What was due
// and has not happened is made to happen while it is not too late.
func (k *Timekeeper) compare(ctx context.Context) error {
	// Temporal's first: the record is written before Temporal is told, so what it lists and
	// the record does not know by then is nobody's.
	theirs := map[string]*client.ScheduleListEntry{}
	list, err := k.Client.Temporal.ScheduleClient().List(ctx, client.ScheduleListOptions{PageSize: 500})
	if err != nil {
		return fmt.Errorf("list Temporal's schedules: %w", err)
	}
	for list.HasNext() {
		entry, err := list.Next()
		if err != nil {
			return fmt.Errorf("list Temporal's schedules: %w", err)
		}
		if strings.HasPrefix(entry.ID, fleet.SchedulePrefix) {
			theirs[entry.ID] = entry
		}
	}
	for page := (store.Page{Limit: store.MaxLimit}); ; {
		ours, err := k.Store.LiveSchedules(ctx, page)
		if err != nil {
			return err
		}
		for _, sch := range ours {
			if err := k.repair(ctx, sch, theirs[sch.ID]); err != nil {
				return err
			}
			delete(theirs, sch.ID)
		}
		if len(ours) < page.Limit {
			break
		}
		page.After = ours[len(ours)-1].ID
	}
	for id := range theirs {
		if err := k.Client.Temporal.ScheduleClient().GetHandle(ctx, id).Delete(ctx); err != nil && !notFound(err) {
			return fmt.Errorf("delete schedule %s of nobody: %w", id, err)
		}
		k.Logger.InfoContext(ctx, "schedule of nobody deleted in Temporal", "schedule", id)
	}
	return nil
}

func (k *Timekeeper) repair(ctx context.Context, sch fleet.Schedule, entry *client.ScheduleListEntry) error {
	now := k.Store.Now()
	if !sch.Synced || now.Sub(sch.UpdatedAt) < settled {
		return nil
	}
	if entry == nil || entry.Note != noteOf(sch) || entry.Paused != (sch.State == fleet.SchedulePaused) {
		k.Logger.WarnContext(ctx, "schedule differs in Temporal, and is told anew", "schedule", sch.ID)
		return k.Store.UnsyncSchedule(ctx, sch.ID)
	}
	if sch.State != fleet.ScheduleActive {
		return nil
	}
	table, err := sch.Spec.Timetable()
	if err != nil {
		return err
	}
	last, ok := table.Last(now.Add(-settled - time.Duration(sch.Spec.Jitter)))
	if !ok || now.Sub(last.At) > fleet.CatchUp || !last.At.After(sch.UpdatedAt) {
		return nil
	}
	missing, err := k.Store.RunMissing(ctx, sch.ID, last.At)
	if err != nil || !missing {
		return err
	}
	k.Logger.WarnContext(ctx, "schedule was due and has not fired, and is triggered", "schedule", sch.ID, "due", last.At)
	return k.Client.TriggerSchedule(ctx, sch.ID, last.At)
}
