package store

import (
	"context"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
)

type keyRow struct {
	ID        string     `db:"id"`
	AccountID string     `db:"account_id"`
	Name      string     `db:"name"`
	Role      fleet.Role `db:"role"`
	CreatedAt int64      `db:"created_at"`
}

// CreateKey makes a key of an account. The secret is returned this once; the record keeps a
// hash. NotFound without the account, Invalid for a bad name or role.
func (s *Store) CreateKey(ctx context.Context, accountID, name string, role fleet.Role) (secret string, _ fleet.APIKey, _ error) {
	var k fleet.APIKey
	err := s.write(ctx, "create key", func(t *tx) error {
		if err := checkName(name); err != nil {
			return err
		}
		if !slices.Contains(fleet.Roles, role) {
			return fleet.Errorf(fleet.Invalid, "a role is one of viewer, operator and owner")
		}
		var found string
		if err := t.get(&found, `SELECT id FROM accounts WHERE id = ?`, accountID); err != nil {
			return missing(err, "account", accountID)
		}
		var hash string
		secret, hash = newSecret(keyPrefix)
		k = fleet.APIKey{ID: fleet.NewID(fleet.KeyPrefix, t.now), AccountID: accountID, Name: name, Role: role, CreatedAt: t.now}
		_, err := t.exec(`INSERT INTO api_keys (id, account_id, name, role, hash, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
			k.ID, k.AccountID, k.Name, k.Role, hash, micros(k.CreatedAt))
		return err
	})
	if err != nil {
		return "", fleet.APIKey{}, err
	}
	return secret, k, nil
}

// ListKeys lists the keys of an account, oldest first.
func (s *Store) ListKeys(ctx context.Context, accountID string) ([]fleet.APIKey, error) {
	var rows []keyRow
	err := s.read(ctx, "list keys", func(t *tx) error {
		return t.all(&rows, `SELECT id, account_id, name, role, created_at FROM api_keys WHERE account_id = ? ORDER BY id`, accountID)
	})
	keys := make([]fleet.APIKey, len(rows))
	for i, r := range rows {
		keys[i] = fleet.APIKey{ID: r.ID, AccountID: r.AccountID, Name: r.Name, Role: r.Role, CreatedAt: at(r.CreatedAt)}
	}
	return keys, err
}

// DeleteKey takes a key back, at once. NotFound if the account has no such key.
func (s *Store) DeleteKey(ctx context.Context, accountID, keyID string) error {
	return s.write(ctx, "delete key", func(t *tx) error {
		n, err := t.exec(`DELETE FROM api_keys WHERE account_id = ? AND id = ?`, accountID, keyID)
		if err == nil && n == 0 {
			return fleet.Errorf(fleet.NotFound, "there is no key %s", quote(keyID))
		}
		return err
	})
}

// Authenticate says who holds a key's secret. Unauthenticated if nobody does.
func (s *Store) Authenticate(ctx context.Context, secret string) (fleet.Principal, error) {
	var row struct {
		KeyID       string     `db:"id"`
		AccountID   string     `db:"account_id"`
		AccountName string     `db:"name"`
		Role        fleet.Role `db:"role"`
		Fleet       bool       `db:"fleet"`
	}
	err := s.read(ctx, "authenticate", func(t *tx) error {
		return t.lookUp(&row, keyPrefix, secret, `SELECT k.id, k.account_id, a.name, k.role, a.fleet
			FROM api_keys k JOIN accounts a ON a.id = k.account_id WHERE k.hash = ?`)
	})
	if err != nil {
		return fleet.Principal{}, err
	}
	return fleet.Principal{AccountID: row.AccountID, AccountName: row.AccountName, KeyID: row.KeyID, Role: row.Role, Fleet: row.Fleet}, nil
}
