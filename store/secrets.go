package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Prefixes of secrets, so that a leaked one is known for what it is.
const (
	keyPrefix     = "kelvin_sk_"
	hostPrefix    = "kelvin_hst_"
	gatewayPrefix = "kelvin_gw_"

	endpointKeyPrefix = "kep_" // short: it is typed into other people's programs
)

var secretText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newSecret makes a secret of 256 random bits, and its hash.
func newSecret(prefix string) (secret, hash string) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // crypto/rand never returns an error
	secret = prefix + secretText.EncodeToString(b[:])
	return secret, hashOf(secret)
}

// hashOf is what the record keeps of a secret. One round is enough: nobody guesses 256
// random bits. Finding the row by its hash tells a clock nothing about the secret.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// lookUp reads into dest the row of the bearer of a secret: Unauthenticated if the secret
// is not of that kind, or nobody's. The query's one argument is the hash.
func (t *tx) lookUp(dest any, prefix, secret, query string) error {
	nobody := fleet.Errorf(fleet.Unauthenticated, "the credentials are not valid")
	if !strings.HasPrefix(secret, prefix) {
		return nobody
	}
	err := t.get(dest, query, hashOf(secret))
	if fleet.Is(missing(err, "", ""), fleet.NotFound) {
		return nobody
	}
	return err
}
