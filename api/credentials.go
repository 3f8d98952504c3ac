package api

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// credentialTTL is how long a good credential is remembered: a console and its agents ask
// often, and a key that was deleted must soon be of no use.
const credentialTTL = 3 * time.Second

// maxCredentials bounds what is remembered. Bad credentials are not, so it takes that many
// good ones to fill it.
const maxCredentials = 10_000

// credentials remembers for a moment whom a credential stands for. The zero value is
// ready. It holds hashes, so that a dump of memory holds no secrets for longer than a
// request.
type credentials[T any] struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]remembered[T]
}

type remembered[T any] struct {
	who   T
	until time.Time
}

// get returns whom secret stands for, asking lookup if it does not remember.
func (c *credentials[T]) get(ctx context.Context, secret string, lookup func(context.Context, string) (T, error)) (T, error) {
	if secret == "" {
		var nobody T
		return nobody, fleet.Errorf(fleet.Unauthenticated, "a credential is needed: Authorization: Bearer …")
	}
	hash, now := sha256.Sum256([]byte(secret)), time.Now()
	c.mu.Lock()
	found, ok := c.known[hash]
	c.mu.Unlock()
	if ok && now.Before(found.until) {
		return found.who, nil
	}
	who, err := lookup(ctx, secret)
	if err != nil {
		return who, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= maxCredentials {
		c.known = map[[sha256.Size]byte]remembered[T]{}
	}
	c.known[hash] = remembered[T]{who, now.Add(credentialTTL)}
	return who, nil
}
