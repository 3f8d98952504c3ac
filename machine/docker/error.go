package docker

import (
	"context"
	"errors"
	"slices"
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
	case cerrdefs.IsNotFound(err), unknown(err):
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
	return says(err,
		"port is already allocated",
		"address already in use",
		"no space left on device",
		"non-overlapping IPv4 address pool",
		"predefined address pools have been fully subnetted",
	)
}

// unknown recognizes a registry's answer that it has no such image, or none for us. Docker's
// own builds class it, Debian's 20.10 passes the registry's text on.
func unknown(err error) bool {
	return says(err,
		"manifest unknown",
		"name unknown",
		"repository name not known to registry",
		"requested access to the resource is denied",
	)
}

func says(err error, signs ...string) bool {
	text := err.Error()
	return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(text, sign) })
}
