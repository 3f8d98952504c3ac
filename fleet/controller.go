package fleet

import "time"

// A Controller is the gateway side of a data center as a managed thing: it is up while
// something needs it, and goes down some time after the last endpoint and server is gone.
type Controller struct {
	DataCenter string
	State      ControllerState
	Since      time.Time
	Actor      string // who, or what, brought it there: key_…, submission, autostop
	Paused     bool   // the autostop is
	Autostop   Duration
	IdleSince  time.Time // zero while something needs it
	Endpoints  int       // that are not deleted
	Servers    int       // with ports, that are not terminated
	Gateways   []Gateway
}

// A Gateway is one gateway process of a data center, as it reported last.
type Gateway struct {
	ID      string
	Name    string
	Live    bool
	Version int64 // of the routes it follows
	SeenAt  time.Time
}

// ControllerState is what a controller is doing.
type ControllerState string

// The states of a controller. Starting ends when a gateway follows its routes.
const (
	ControllerDown     ControllerState = "down"
	ControllerStarting ControllerState = "starting"
	ControllerUp       ControllerState = "up"
)

// Limits of a controller's autostop.
const (
	DefaultAutostop = Duration(10 * time.Minute)
	MinAutostop     = Duration(time.Minute)
	MaxAutostop     = Duration(7 * 24 * time.Hour)
)

// StopsAt is when the controller goes down by itself if nothing comes: zero while it is down,
// needed, or its autostop is paused.
func (c Controller) StopsAt() time.Time {
	if c.State == ControllerDown || c.Paused || c.IdleSince.IsZero() {
		return time.Time{}
	}
	return c.IdleSince.Add(time.Duration(c.Autostop))
}

// CheckAutostop refuses a time that is out of range.
func CheckAutostop(after Duration) error {
	if after >= MinAutostop && after <= MaxAutostop {
		return nil
	}
	return &Error{Code: Invalid, Message: "the autostop is out of range", Fields: []FieldError{{
		Field: "body.autostop", Message: "is out of range", Allowed: "1m to 168h",
	}}}
}
