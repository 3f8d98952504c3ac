package docker

import (
	"context"
	"errors"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/client"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// fail turns an engine's error into ours, by its class. A caller that has given up gets its
// own context's error.
func fail(ctx context.Context, err error, doing string) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, ours := errors.AsType[*fleet.Error](err); ours {
		return err
	}
	return fleet.Errorf(code(err), "%s: %s", doing, err)
}

func code(err error) fleet.Code {
	switch {
	case client.IsErrConnectionFailed(err):
		return fleet.Unavailable
	case full(err):
		return fleet.Exhausted
	case cerrdefs.IsNotFound(err):
		return fleet.NotFound
	case cerrdefs.IsInvalidArgument(err), cerrdefs.IsOutOfRange(err):
		return fleet.Invalid
	case cerrdefs.IsConflict(err), cerrdefs.IsAlreadyExists(err), cerrdefs.IsFailedPrecondition(err):
		return fleet.Conflict
	case cerrdefs.IsPermissionDenied(err), cerrdefs.IsUnauthorized(err):
		return fleet.Forbidden
	case cerrdefs.IsNotImplemented(err):
		return fleet.Unsupported
	case cerrdefs.IsResourceExhausted(err):
		return fleet.Exhausted
	default:
		// The engine's own "internal" is not a bug of ours, and may pass.
		return fleet.Unavailable
	}
}

// full recognizes what the engine reports as a mere server error: a taken port, a full
// disk, no subnet left. It gives them no class, so there is only their text.
func full(err error) bool {
	text := err.Error()
	for _, sign := range []string{
		"port is already allocated",
		"address already in use",
		"no space left on device",
		"non-overlapping IPv4 address pool",
		"predefined address pools have been fully subnetted",
	} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}
