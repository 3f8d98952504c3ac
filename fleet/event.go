package fleet

import "time"

// An Event is something that happened, named noun.past: instance.stopped, host.lost.
// Events are for people and programs of their account; the fleet's own have no account.
type Event struct {
	ID          string
	AccountID   string
	Name        string
	InstanceID  string
	EndpointID  string
	HostID      string
	OperationID string
	ScheduleID  string
	Actor       string
	Message     string
	At          time.Time
}
