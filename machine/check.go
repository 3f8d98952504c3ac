package machine

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// idForm is what can be part of a container's, a network's or a folder's name.
var idForm = regexp.MustCompile(`^[a-z]+_[A-Za-z0-9_-]{1,64}$`)

// imageForm is what an image's ID looks like.
var imageForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// CheckImageID says why an image cannot have that ID: Invalid. A name in its place could mean
// another image tomorrow.
func CheckImageID(id string) error {
	if !imageForm.MatchString(id) {
		return fleet.Errorf(fleet.Invalid, "an image's ID is sha256: and 64 hexadecimal digits")
	}
	return nil
}

// Check says why a spec can never work on the host: Invalid. The API has checked what a
// tenant wrote; this is the second lock on the door, in front of the engine.
func Check(c fleet.ContainerSpec, hostID string) error {
	for field, id := range map[string]string{
		"lease": c.Lease.ID, "instance": c.Lease.InstanceID, "account": c.AccountID,
	} {
		if !idForm.MatchString(id) {
			return fleet.Errorf(fleet.Invalid, "the container's %s has no proper ID", field)
		}
	}
	if c.Lease.HostID != hostID {
		return fleet.Errorf(fleet.Invalid, "lease %s is another host's", c.Lease.ID)
	}
	if c.ImageID != "" {
		if err := CheckImageID(c.ImageID); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, p := range c.Ports {
		inside, outside := fmt.Sprint("inside ", p.Container), fmt.Sprint("outside ", p.Host)
		if p.Container < 1 || p.Container > 65535 || p.Host < 1 || p.Host > 65535 || seen[inside] || seen[outside] {
			return fleet.Errorf(fleet.Invalid, "ports are from 1 to 65535, each once")
		}
		seen[inside], seen[outside] = true, true
	}
	for name, value := range c.Spec.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) {
			return fleet.Errorf(fleet.Invalid, "an environment variable has a name or value that cannot be set")
		}
	}
	return nil
}
