package store

import (
	"context"
	"fmt"

	"github.com/kelvin-gpu/kelvin/fleet"
)

type endpointKeyRow struct {
	ID         string `db:"id"`
	EndpointID string `db:"endpoint_id"`
	Name       string `db:"name"`
	Hash       string `db:"hash"`
	Actor      string `db:"actor"`
	CreatedAt  int64  `db:"created_at"`
}

// CreateEndpointKey makes a key that opens an endpoint, whose gateways hear of it at once.
// The secret is returned this once; the record keeps a hash. NotFound when the account has no
// such endpoint; Invalid for a bad name; Conflict if the endpoint is deleted, the name is
// taken, or there are fleet.MaxEndpointKeys already.
func (s *Store) CreateEndpointKey(ctx context.Context, accountID, actor, endpointID, name string) (secret string, _ fleet.EndpointKey, _ error) {
	var k fleet.EndpointKey
	err := s.write(ctx, "create a key of an endpoint", func(t *tx) error {
		h, err := t.holdOf(accountID, fleet.KindEndpoint, endpointID)
		if err != nil {
			return err
		}
		if err := checkName(name); err != nil {
			return err
		}
		if h.State.Gone() {
			return fleet.Errorf(fleet.Conflict, "the endpoint is deleted")
		}
		n := 0
		if err := t.get(&n, `SELECT COUNT(*) FROM endpoint_keys WHERE endpoint_id = ?`, endpointID); err != nil {
			return err
		}
		if n >= fleet.MaxEndpointKeys {
			return fleet.Errorf(fleet.Conflict, "the endpoint has %d keys, which is as many as it may have", n)
		}
		var hash string
		secret, hash = newSecret(endpointKeyPrefix)
		k = fleet.EndpointKey{ID: fleet.NewID(fleet.EndpointKeyPrefix, t.now), EndpointID: endpointID, Name: name, Actor: actor, CreatedAt: t.now}
		if _, err := t.exec(`INSERT INTO endpoint_keys (id, endpoint_id, name, hash, actor, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
			k.ID, endpointID, name, hash, actor, micros(t.now)); err != nil {
			return t.taken(err)
		}
		if err := t.bump(h.DataCenter); err != nil {
			return err
		}
		return t.event(h.happened("endpoint.key_created", actor, "", fmt.Sprintf("%s, %s", k.ID, name)))
	})
	if err != nil {
		return "", fleet.EndpointKey{}, err
	}
	return secret, k, nil
}

// ListEndpointKeys lists the keys of an endpoint, oldest first. NotFound when the account
// has no such endpoint.
func (s *Store) ListEndpointKeys(ctx context.Context, accountID, endpointID string) ([]fleet.EndpointKey, error) {
	var keys []fleet.EndpointKey
	err := s.read(ctx, "list keys of an endpoint", func(t *tx) error {
		keys = nil
		var found string
		if err := t.get(&found, `SELECT id FROM endpoints WHERE account_id = ? AND id = ?`, accountID, endpointID); err != nil {
			return missing(err, "endpoint", endpointID)
		}
		var rows []endpointKeyRow
		if err := t.all(&rows, `SELECT id, endpoint_id, name, actor, created_at FROM endpoint_keys WHERE endpoint_id = ? ORDER BY id`, endpointID); err != nil {
			return err
		}
		for _, r := range rows {
			keys = append(keys, fleet.EndpointKey{ID: r.ID, EndpointID: r.EndpointID, Name: r.Name, Actor: r.Actor, CreatedAt: at(r.CreatedAt)})
		}
		return nil
	})
	return keys, err
}

// DeleteEndpointKey takes a key of an endpoint back: its gateways refuse it as soon as they
// hear of it. NotFound if the account has no such endpoint, or that no such key.
func (s *Store) DeleteEndpointKey(ctx context.Context, accountID, actor, endpointID, keyID string) error {
	return s.write(ctx, "delete a key of an endpoint", func(t *tx) error {
		h, err := t.holdOf(accountID, fleet.KindEndpoint, endpointID)
		if err != nil {
			return err
		}
		var name string
		if err := t.get(&name, `SELECT name FROM endpoint_keys WHERE endpoint_id = ? AND id = ?`, endpointID, keyID); err != nil {
			return missing(err, "key", keyID)
		}
		if _, err := t.exec(`DELETE FROM endpoint_keys WHERE id = ?`, keyID); err != nil {
			return err
		}
		if err := t.bump(h.DataCenter); err != nil {
			return err
		}
		return t.event(h.happened("endpoint.key_deleted", actor, "", fmt.Sprintf("%s, %s", keyID, name)))
	})
}

// endpointKeys are the hashes of the keys of a data center's endpoints that want one.
func (t *tx) endpointKeys(dataCenter string) (map[string][]string, error) {
	var rows []endpointKeyRow
	if err := t.all(&rows, `SELECT k.endpoint_id, k.hash FROM endpoint_keys k JOIN endpoints e ON e.id = k.endpoint_id
		WHERE e.data_center = ? AND e.state <> 'deleted' ORDER BY k.id`, dataCenter); err != nil {
		return nil, err
	}
	keys := map[string][]string{}
	for _, r := range rows {
		keys[r.EndpointID] = append(keys[r.EndpointID], r.Hash)
	}
	return keys, nil
}
