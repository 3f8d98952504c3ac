package gpu_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// testKey is a key that is the same each time.
func testKey() ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("a key for tests"))
	return ed25519.NewKeyFromSeed(seed[:])
}

func TestASignatureIsOfOneDocument(t *testing.T) {
	t.Parallel()
	x := passing(gpu.LevelRigorous)
	s, err := gpu.Sign(testKey(), x)
	require.NoError(t, err)
	require.NoError(t, s.Verify(x))

	var again gpu.Examination
	copied(t, x, &again)
	require.NoError(t, s.Verify(again), "over the wire")

	again.Result.Mismatches = 1
	require.EqualError(t, s.Verify(again), "the signature is not of this examination")

	scrub := gpu.Scrubbed{Schema: 1, UUID: testUUID, Result: *x.Result}
	ofScrub, err := gpu.Sign(testKey(), scrub)
	require.NoError(t, err)
	require.NoError(t, ofScrub.Verify(scrub))
	require.Error(t, ofScrub.Verify(x))
	scrub.UUID = "GPU-other"
	require.Error(t, ofScrub.Verify(scrub), "of another GPU")
}

func TestASignatureThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	x := passing(gpu.LevelQuick)
	good, err := gpu.Sign(testKey(), x)
	require.NoError(t, err)
	_, other, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	theirs, err := gpu.Sign(other, x)
	require.NoError(t, err)
	for what, change := range map[string]func(*gpu.Signed){
		"algorithm": func(s *gpu.Signed) { s.Algorithm = "none" },
		"no key":    func(s *gpu.Signed) { s.PublicKey = "" },
		"base64":    func(s *gpu.Signed) { s.PublicKey = "***" },
		"short key": func(s *gpu.Signed) { s.PublicKey = "AAAA" },
		"another key under this ID": func(s *gpu.Signed) {
			s.PublicKey, s.Signature = theirs.PublicKey, theirs.Signature
		},
		"another's signature": func(s *gpu.Signed) { s.Signature = theirs.Signature },
		"no signature":        func(s *gpu.Signed) { s.Signature = "" },
		"broken signature":    func(s *gpu.Signed) { s.Signature = "***" },
	} {
		s := good
		change(&s)
		require.Error(t, s.Verify(x), what)
	}
	require.NoError(t, good.Verify(x))
	_, err = gpu.Sign(nil, x)
	require.Error(t, err)
	x.Result.Coverage = math.NaN()
	_, err = gpu.Sign(testKey(), x)
	require.Error(t, err)
	require.Error(t, good.Verify(x))
}

// Whoever adds a field to what is signed makes it omitempty: old signatures stay good.
func TestSignaturesStayGood(t *testing.T) {
	t.Parallel()
	x := passing(gpu.LevelRigorous)
	x.Events = []gpu.Event{xid(13, noon)}
	for want, d := range map[string]gpu.Document{
		"8d377e7ab61be17a": x,
		"251a95e512845406": gpu.Scrubbed{Schema: 1, UUID: testUUID, Result: *x.Result},
	} {
		b, err := gpu.Canonical(d)
		require.NoError(t, err)
		sum := sha256.Sum256(b)
		require.Equal(t, want, hex.EncodeToString(sum[:8]), "its canonical JSON has changed: %s", b)
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"b": 1, "a": [1.50, 1e2, 100.0, -0, 0.0]}`: `{"a":[1.5,100,100,0,0],"b":1}`,
		`18446744073709551615`:                       `18446744073709551615`,
		`"<&>\u00e9\u2028"`:                          "\"<&>é\\u2028\"",
		`{"b":{"d":null,"c":true},"a":""}`:           `{"a":"","b":{"c":true,"d":null}}`,
		`1e21`:                                       `1e+21`,
		`0.1`:                                        `0.1`,
	} {
		got, err := gpu.Canonical(json.RawMessage(in))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		again, err := gpu.Canonical(json.RawMessage(got))
		require.NoError(t, err)
		require.Equal(t, want, string(again))
	}
	_, err := gpu.Canonical(math.NaN())
	require.Error(t, err)
}

func TestAnyExaminationCanBeSigned(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := examinations().Draw(t, "examination")
		if r := x.Result; r != nil && (math.IsNaN(r.Coverage+r.GBps) || math.IsInf(r.Coverage, 0)) {
			x.Result = nil
		}
		s, err := gpu.Sign(testKey(), x)
		require.NoError(t, err)
		var again gpu.Examination
		copied(t, x, &again)
		require.NoError(t, s.Verify(again))
		again.EndedAt = again.EndedAt.Add(time.Nanosecond)
		require.Error(t, s.Verify(again))
	})
}

func FuzzCanonical(f *testing.F) {
	f.Add([]byte(`{"b": 1, "a": [1.50, 1e2, 100.0, -0, 0.0]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := gpu.Canonical(json.RawMessage(in))
		if err != nil {
			return
		}
		again, err := gpu.Canonical(json.RawMessage(got))
		require.NoError(t, err)
		require.Equal(t, string(got), string(again))
	})
}

func BenchmarkSign(b *testing.B) {
	x, key := passing(gpu.LevelRigorous), testKey()
	for b.Loop() {
		if _, err := gpu.Sign(key, x); err != nil {
			b.Fatal(err)
		}
	}
}
