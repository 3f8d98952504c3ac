package fleet

import "time"

// A Volume is a network volume: a folder in a data center that several workers and servers of
// an account mount at a time. It outlives them.
type Volume struct {
	ID         string
	AccountID  string
	Name       string // in paths of hosts: lower-case letters, digits and hyphens
	DataCenter string
	State      VolumeState
	Actor      string   // who made it
	Users      []string // names of the endpoints and servers that have it
	CreatedAt  time.Time
	DeletedAt  time.Time // when somebody asked for that
}

// VolumeState is what a volume is doing.
type VolumeState string

// The states of a volume.
const (
	VolumeReady    VolumeState = "ready"
	VolumeDeleting VolumeState = "deleting" // nobody gets it any more; its files are being erased
	VolumeDeleted  VolumeState = "deleted"
)

// MaxVolumes are how many volumes an account may have in a data center.
const MaxVolumes = 100

// CheckVolumeName refuses what cannot be the name of a folder.
func CheckVolumeName(name string) error {
	if slug.MatchString(name) {
		return nil
	}
	return &Error{Code: Invalid, Message: "that is not a volume's name", Fields: []FieldError{{
		Field: "body.name", Message: "is not a volume's name", Allowed: "lower-case letters, digits and hyphens, at most 63",
	}}}
}
