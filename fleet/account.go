package fleet

import (
	"slices"
	"time"
)

// An Account owns resources and pays for them. Nobody sees another account's.
type Account struct {
	ID        string
	Name      string
	Fleet     bool // it operates the fleet: its operators see and change hosts and GPUs
	CreatedAt time.Time
}

// A Role is what a key, or a member, may do within its account.
type Role string

// The roles: each may do what those before it may.
const (
	Viewer   Role = "viewer"   // look
	Operator Role = "operator" // start, stop, create, delete
	Owner    Role = "owner"    // hand out keys, too
)

// Roles are all of them, the least first.
var Roles = []Role{Viewer, Operator, Owner}

// May reports whether the role includes what need may do.
func (r Role) May(need Role) bool {
	return slices.Index(Roles, r) >= slices.Index(Roles, need) && slices.Contains(Roles, r)
}

// A Principal is who asks: the holder of an API key.
type Principal struct {
	AccountID   string
	AccountName string
	KeyID       string
	Role        Role
	Fleet       bool
}

// An APIKey opens an account. Its secret is shown once, when it is made; the store keeps
// a hash.
type APIKey struct {
	ID        string
	AccountID string
	Name      string
	Role      Role
	CreatedAt time.Time
}
