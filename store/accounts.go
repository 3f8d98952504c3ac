package store

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kelvin-gpu/kelvin/fleet"
)

type accountRow struct {
	ID        string `db:"id"`
	Name      string `db:"name"`
	Fleet     bool   `db:"fleet"`
	CreatedAt int64  `db:"created_at"`
}

func (r accountRow) account() fleet.Account {
	return fleet.Account{ID: r.ID, Name: r.Name, Fleet: r.Fleet, CreatedAt: at(r.CreatedAt)}
}

// CreateAccount makes an account; with isFleet its members see and change hosts. Conflict
// if the name is taken, Invalid if it is none.
func (s *Store) CreateAccount(ctx context.Context, name string, isFleet bool) (fleet.Account, error) {
	var a fleet.Account
	err := s.write(ctx, "create account", func(t *tx) error {
		if err := checkName(name); err != nil {
			return err
		}
		a = fleet.Account{ID: fleet.NewID(fleet.AccountPrefix, t.now), Name: name, Fleet: isFleet, CreatedAt: t.now}
		_, err := t.exec(`INSERT INTO accounts (id, name, fleet, created_at) VALUES (?, ?, ?, ?)`,
			a.ID, a.Name, a.Fleet, micros(a.CreatedAt))
		return t.taken(err)
	})
	return a, err
}

// AccountByName finds an account. NotFound if there is none of that name.
func (s *Store) AccountByName(ctx context.Context, name string) (fleet.Account, error) {
	var row accountRow
	err := s.read(ctx, "find account", func(t *tx) error {
		return missing(t.get(&row, `SELECT id, name, fleet, created_at FROM accounts WHERE name = ?`, name), "account", name)
	})
	return row.account(), err
}

// checkName says what is wrong with the name of an account, a key, a host or a gateway.
func checkName(name string) error {
	if n := utf8.RuneCountInString(name); utf8.ValidString(name) && n >= 1 && n <= fleet.MaxName &&
		!strings.ContainsFunc(name, unicode.IsControl) && strings.TrimSpace(name) == name {
		return nil
	}
	return &fleet.Error{Code: fleet.Invalid, Message: "the name is not one", Fields: []fleet.FieldError{{
		Field: "body.name", Message: "is not a name", Allowed: "1 to 128 printable characters without white space around them",
	}}}
}

// taken turns a duplicate, after an INSERT where only the name can be one, into Conflict.
func (t *tx) taken(err error) error {
	if err == nil || !t.engine.duplicate(err) {
		return err
	}
	return &fleet.Error{Code: fleet.Conflict, Message: "the name is taken", Fields: []fleet.FieldError{{
		Field: "body.name", Message: "is taken", Allowed: "a name that is not in use",
	}}}
}
