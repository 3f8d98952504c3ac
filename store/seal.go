package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A sealer encrypts environment variables and templates' parameters, where tenants keep secrets,
// by AES-256-GCM. The first key encrypts; all of them decrypt, so that keys can be changed.
type sealer struct{ keys []sealKey }

type sealKey struct {
	id   string // the beginning of its hash
	aead cipher.AEAD
}

// sealed begins the name of the one variable that stands for all, sealed. No variable can
// be called so: it has a colon.
const sealed = "sealed:v1:"

// Seal has environment variables kept encrypted from here on. keys are one or more, each 32
// bytes in base64, separated by commas; the first encrypts. Those kept before, in plain
// text or under any of the keys, stay readable. Call it before the first transaction.
// Invalid if a key is not one.
func (s *Store) Seal(keys string) error {
	sealer := &sealer{}
	for text := range strings.SplitSeq(keys, ",") {
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil || len(key) != 32 {
			return fleet.Errorf(fleet.Invalid, "an encryption key is 32 bytes in base64 (openssl rand -base64 32 makes one)")
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return err
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(key)
		sealer.keys = append(sealer.keys, sealKey{id: hex.EncodeToString(sum[:4]), aead: aead})
	}
	s.sealer = sealer
	return nil
}

// seal returns what to keep of env.
func (s *sealer) seal(env map[string]string) map[string]string {
	if s == nil || len(env) == 0 {
		return env
	}
	key := s.keys[0]
	nonce := make([]byte, key.aead.NonceSize())
	_, _ = rand.Read(nonce) // crypto/rand never returns an error
	text := key.aead.Seal(nonce, nonce, []byte(document(env)), []byte(sealed))
	return map[string]string{sealed + key.id: base64.StdEncoding.EncodeToString(text)}
}

// open is the inverse of seal. It is an error not to have the key.
func (s *sealer) open(kept map[string]string) (map[string]string, error) {
	for name, text := range kept {
		id, ok := strings.CutPrefix(name, sealed)
		if !ok {
			return kept, nil
		}
		if s != nil {
			for _, key := range s.keys {
				if key.id == id {
					return key.open(text)
				}
			}
		}
		return nil, fmt.Errorf("the environment is encrypted by key %s, which was not given", id)
	}
	return kept, nil
}

func (k sealKey) open(text string) (env map[string]string, err error) {
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(bytes) < k.aead.NonceSize() {
		return nil, fmt.Errorf("the encrypted environment is damaged")
	}
	nonce, rest := bytes[:k.aead.NonceSize()], bytes[k.aead.NonceSize():]
	plain, err := k.aead.Open(nil, nonce, rest, []byte(sealed))
	if err != nil {
		return nil, fmt.Errorf("decrypt the environment: %w", err)
	}
	return env, json.Unmarshal(plain, &env)
}

// keepInstance is what is kept of a spec, and recallInstance reads it.
func (t *tx) keepInstance(spec fleet.InstanceSpec) string {
	spec.Env = t.sealer.seal(spec.Env)
	spec.Templates = slices.Clone(spec.Templates)
	for i := range spec.Templates {
		spec.Templates[i].Parameters = t.sealer.seal(spec.Templates[i].Parameters)
	}
	return document(spec)
}

func (t *tx) recallInstance(kept string) (spec fleet.InstanceSpec, err error) {
	if err = parse(kept, &spec); err == nil {
		spec.Env, err = t.sealer.open(spec.Env)
	}
	for i := 0; i < len(spec.Templates) && err == nil; i++ {
		spec.Templates[i].Parameters, err = t.sealer.open(spec.Templates[i].Parameters)
	}
	return spec, err
}

// keepEndpoint is what is kept of a spec, and recallEndpoint reads it.
func (t *tx) keepEndpoint(spec fleet.EndpointSpec) string {
	spec.Env = t.sealer.seal(spec.Env)
	return document(spec)
}

func (t *tx) recallEndpoint(kept string) (spec fleet.EndpointSpec, err error) {
	if err = parse(kept, &spec); err == nil {
		spec.Env, err = t.sealer.open(spec.Env)
	}
	return spec, err
}
