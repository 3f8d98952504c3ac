package agent

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// LoadKey reads the key with which the host signs what it finds out about its GPUs, and makes it if it
// is not there. It never leaves the host.
func LoadKey(path string) (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return makeKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the host's key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != keyType {
		return nil, fmt.Errorf("%s is no key of a host: move it away, and another is made", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s is no Ed25519 key: move it away, and another is made", path)
	}
	return key, nil
}

const keyType = "PRIVATE KEY"

// makeKey writes a new key, whole or not at all.
func makeKey(path string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	next := path + ".new"
	if err = os.WriteFile(next, pem.EncodeToMemory(&pem.Block{Type: keyType, Bytes: der}), 0o600); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return nil, fmt.Errorf("keep the host's key: %w", err)
	}
	return key, nil
}

// publicKey is what signatures of the host are checked with, in base64; "" if it signs nothing.
func (a *Agent) publicKey() string {
	if len(a.Key) == 0 {
		return ""
	}
	public, _ := a.Key.Public().(ed25519.PublicKey) // it is
	return base64.StdEncoding.EncodeToString(public)
}
