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
	"io"
	"math"
	"strconv"
	"strings"
)

// Signed is a signature of a host's on what it found out: an examination, or a scrub.
type Signed struct {
	Algorithm string `json:"algorithm" doc:"ed25519, over the document's canonical JSON"`
	Key       string `json:"key" doc:"ID of the host's public key"`
	PublicKey string `json:"public_key,omitempty" doc:"The host's public key, in base64"`
	Signature string `json:"signature" doc:"In base64"`
}

// A Document is what can be signed. Fields that are added to one are left out of its JSON when
// they are empty: the signatures of older ones stay good.
type Document interface {
	// document names its kind. A signature is good for one kind only.
	document() string
}

func (Examination) document() string { return "examination" }
func (Scrubbed) document() string    { return "scrub" }
func (Certificate) document() string { return "certificate" }

const algorithm = "ed25519"

// Sign signs a document. It fails on one that has no JSON, as with a number that is none.
func Sign(key ed25519.PrivateKey, d Document) (Signed, error) {
	if len(key) != ed25519.PrivateKeySize {
		return Signed{}, errors.New("sign: it is not an Ed25519 key")
	}
	message, err := signable(d)
	if err != nil {
		return Signed{}, err
	}
	public, _ := key.Public().(ed25519.PublicKey) // it always is
	return Signed{
		Algorithm: algorithm, Key: KeyID(public), PublicKey: base64.StdEncoding.EncodeToString(public),
		Signature: base64.StdEncoding.EncodeToString(ed25519.Sign(key, message)),
	}, nil
}

// Verify reports whether the signature is of the document, by the key whose ID it names. Whose
// key that is, the caller has to know.
func (s Signed) Verify(d Document) error {
	public, err := base64.StdEncoding.DecodeString(s.PublicKey)
	switch {
	case s.Algorithm != algorithm:
		return fmt.Errorf("the signature is of an unknown kind, %.20q", s.Algorithm)
	case err != nil || len(public) != ed25519.PublicKeySize:
		return errors.New("the signature has no public key")
	case KeyID(public) != s.Key:
		return errors.New("the signature's public key is not the one that it names")
	}
	signature, err := base64.StdEncoding.DecodeString(s.Signature)
	if err != nil {
		return errors.New("the signature is not in base64")
	}
	message, err := signable(d)
	if err != nil {
		return err
	}
	if !ed25519.Verify(public, message, signature) {
		return fmt.Errorf("the signature is not of this %s", d.document())
	}
	return nil
}

// KeyID names a public key: the first 16 bytes of its SHA-256, in hexadecimal.
func KeyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:16])
}

// signable is what of a document is signed: its kind, and its canonical JSON.
func signable(d Document) ([]byte, error) {
	canonical, err := Canonical(d)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return append([]byte("kelvin "+d.document()+" 1\n"), canonical...), nil
}

// Canonical is the JSON of v in one form only, whoever wrote it down and read it in between:
// no white space, the keys of objects in order, and numbers as short as they can be.
func Canonical(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return canonical(raw)
}

func canonical(raw []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("it goes on after its end")
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(plainNumbers(v)); err != nil { // which sorts the keys
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// plainNumbers writes each number in one way: 1.50 as 1.5, 1e2 and 100.0 as 100.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case json.Number:
		if !strings.ContainsAny(v.String(), ".eE") && v != "-0" {
			return v // whole, and of any size
		}
		f, err := v.Float64()
		if err != nil {
			return v // larger than any: it is no number of ours
		}
		if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return json.Number(strconv.FormatInt(int64(f), 10))
		}
		return f
	}
	return v
}
