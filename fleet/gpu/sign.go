package gpu

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// Ed25519 is the one Algorithm of a signature.
const Ed25519 = "ed25519"

// Sign signs a document: an Examination, or what a host says of a scrub.
func Sign(key ed25519.PrivateKey, document any) (*Signed, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, errors.New("that is no key to sign with")
	}
	text, err := canonical(document)
	if err != nil {
		return nil, err
	}
	public, _ := key.Public().(ed25519.PublicKey) // it is
	return &Signed{Algorithm: Ed25519, Key: KeyID(public), Signature: base64.StdEncoding.EncodeToString(ed25519.Sign(key, text))}, nil
}

// Verify says what is wrong with the signature of a document: nothing, if whoever has the key
// has signed it as it is.
func (s *Signed) Verify(key ed25519.PublicKey, document any) error {
	if s.Algorithm != Ed25519 {
		return fmt.Errorf("the signature is of %q, not of %s", s.Algorithm, Ed25519)
	}
	if len(key) != ed25519.PublicKeySize || s.Key != KeyID(key) {
		return errors.New("the signature is of another key")
	}
	signature, err := base64.StdEncoding.DecodeString(s.Signature)
	if err != nil {
		return errors.New("the signature is not in base64")
	}
	text, err := canonical(document)
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, text, signature) {
		return errors.New("the document is not what was signed")
	}
	return nil
}

// KeyID names a public key: the first half of its SHA-256, in hexadecimal.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:16])
}

// canonical is a document as its signature has it: JSON without spaces, fields in their order
// here, keys of maps sorted, nothing escaped that need not be, no newline at its end.
func canonical(document any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(document); err != nil {
		return nil, fmt.Errorf("write the document down: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
