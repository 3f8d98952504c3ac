package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// An engine is what differs between SQLite and Postgres, beyond the driver.
type engine struct {
	name    string
	lock    string // ends a SELECT whose rows are about to be changed
	problem func(error) problem
}

// A problem is what a database's error means to us.
type problem int

const (
	other      problem = iota // a bug
	rival                     // a rival was in the way: the transaction can be tried again
	duplicate                 // a unique constraint
	down                      // the database does not answer
	unreadable                // text that no database of ours can hold
)

// errAgain is returned inside of a transaction that lost against a rival, to repeat it.
var errAgain = errors.New("lost against a rival")

func (e engine) again(err error) bool {
	return errors.Is(err, errAgain) || e.problem(err) == rival
}

func (e engine) duplicate(err error) bool { return e.problem(err) == duplicate }

// translate is the edge of the package: what leaves it has a code, or is a bug.
func (s *Store) translate(what string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fleet.Error](err); !ok {
		switch problem := s.engine.problem(err); {
		case problem == unreadable:
			err = fleet.Errorf(fleet.Invalid, "text is not valid UTF-8, or has a zero byte")
		case problem == down, problem == rival, errors.Is(err, errAgain), disconnected(err):
			err = unavailable(err)
		}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// unavailable keeps err for logs, and tells users that the database does not answer.
func unavailable(err error) error {
	return fmt.Errorf("%w: %w", fleet.Errorf(fleet.Unavailable, "the database does not answer"), err)
}

// disconnected reports whether err is of the connection, whatever is at its other end; or
// of the caller, who did not wait.
func disconnected(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	for _, known := range []error{
		driver.ErrBadConn, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}
