package archive

import (
	"context"
	"errors"
	"syscall"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/blob"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// failed makes an error of ours from one of the library's or of the system's.
func failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	if _, ours := errors.AsType[*fleet.Error](err); ours {
		return err
	}
	if _, lost := errors.AsType[*damage](err); lost {
		return fleet.Errorf(fleet.Conflict, "%s: the archive is damaged: %v", doing, err)
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, repo.ErrInvalidPassword):
		return fleet.Errorf(fleet.Invalid, "%s: the key is not the one it was made with", doing)
	case errors.Is(err, blob.ErrInvalidCredentials):
		return fleet.Errorf(fleet.Forbidden, "%s: the storage refuses the credentials", doing)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fleet.Errorf(fleet.Exhausted, "%s: the disk is full", doing)
	}
	return fleet.Errorf(fleet.Unavailable, "%s: %v", doing, err)
}

// damage is the error for what was saved and is not there, or not as it was. All other errors
// of a storage may pass.
type damage struct{ error }

func (d *damage) Unwrap() error { return d.error }
