package store

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const (
	oneKey     = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	anotherKey = "YWJjZGVmZ2hpamFiY2RlZmdoaWphYmNkZWZnaGlqYWI="
)

func TestEnvironmentsAreKeptEncrypted(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		mustHost(t, s, 8)
		specs := func() []string {
			var all []string
			require.NoError(t, s.writer.SelectContext(t.Context(), &all, `SELECT spec FROM instances UNION ALL SELECT spec FROM endpoint_revisions`))
			return all
		}
		make := func(name string) (instance, endpoint string) {
			env := map[string]string{"TOKEN": "very secret"}
			spec := fleet.InstanceSpec{Image: "x", Env: env}.Defaults()
			rec, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: name, Spec: spec})
			require.NoError(t, err)
			ep, _, err := s.CreateEndpoint(t.Context(), ask(a), name, fleet.EndpointSpec{Image: "x", Env: env}.Defaults())
			require.NoError(t, err)
			return rec.ResourceID, ep.ResourceID
		}
		readable := func(instance, endpoint string) {
			require.Equal(t, "very secret", mustInstance(t, s, instance).Spec.Env["TOKEN"])
			ep, err := s.Endpoint(t.Context(), endpoint)
			require.NoError(t, err)
			require.Equal(t, map[string]string{"TOKEN": "very secret"}, ep.Spec.Env)
		}
		plainInstance, plainEndpoint := make("plain")
		require.Contains(t, specs()[0], "very secret")

		require.NoError(t, s.Seal(oneKey))
		instance, endpoint := make("sealed")
		readable(instance, endpoint)
		readable(plainInstance, plainEndpoint)
		found := 0
		for _, spec := range specs() {
			if len(spec) > 0 && !strings.Contains(spec, "very secret") {
				require.NotContains(t, spec, "TOKEN")
				found++
			}
		}
		require.Equal(t, 2, found)

		require.NoError(t, s.Seal(anotherKey+","+oneKey))
		readable(instance, endpoint)
		require.NoError(t, s.Seal(anotherKey))
		_, err := s.Instance(t.Context(), instance)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "very secret")
	})
}

func TestAKeyThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"", "short", oneKey + ",", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MA=="} {
		requireCode(t, fleet.Invalid, (&Store{}).Seal(keys))
	}
}
