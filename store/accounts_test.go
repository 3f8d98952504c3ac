package store

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestAKeyOpensItsAccountUntilItIsDeleted(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, err := s.CreateAccount(t.Context(), "acme", true)
		require.NoError(t, err)
		_, err = s.CreateAccount(t.Context(), "acme", false)
		requireCode(t, fleet.Conflict, err)
		_, err = s.CreateAccount(t.Context(), " acme", false)
		requireCode(t, fleet.Invalid, err)
		found, err := s.AccountByName(t.Context(), "acme")
		require.NoError(t, err)
		require.Equal(t, a, found)
		_, err = s.AccountByName(t.Context(), "nobody")
		requireCode(t, fleet.NotFound, err)

		secret, key, err := s.CreateKey(t.Context(), a.ID, "laptop", fleet.Operator)
		require.NoError(t, err)
		require.Regexp(t, `^kelvin_sk_[0-9a-z]{52}$`, secret)
		who, err := s.Authenticate(t.Context(), secret)
		require.NoError(t, err)
		require.Equal(t, fleet.Principal{AccountID: a.ID, AccountName: "acme", KeyID: key.ID, Role: fleet.Operator, Fleet: true}, who)
		keys, err := s.ListKeys(t.Context(), a.ID)
		require.NoError(t, err)
		require.Equal(t, []fleet.APIKey{key}, keys)

		for _, wrong := range []string{"", secret[:len(secret)-1], secret + "x", strings.Replace(secret, "sk", "hst", 1), "kelvin_sk_' OR 1=1"} {
			_, err := s.Authenticate(t.Context(), wrong)
			requireCode(t, fleet.Unauthenticated, err)
		}
		_, err = s.AuthenticateHost(t.Context(), secret)
		requireCode(t, fleet.Unauthenticated, err)
		_, _, err = s.AuthenticateGateway(t.Context(), secret)
		requireCode(t, fleet.Unauthenticated, err)

		require.NoError(t, s.DeleteKey(t.Context(), a.ID, key.ID))
		requireCode(t, fleet.NotFound, s.DeleteKey(t.Context(), a.ID, key.ID))
		_, err = s.Authenticate(t.Context(), secret)
		requireCode(t, fleet.Unauthenticated, err)
		_, _, err = s.CreateKey(t.Context(), a.ID, "laptop", "king")
		requireCode(t, fleet.Invalid, err)
		_, _, err = s.CreateKey(t.Context(), "acc_none", "laptop", fleet.Viewer)
		requireCode(t, fleet.NotFound, err)
	})
}

func TestSecretsAreNotInTheRecord(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		secret, _, err := s.CreateKey(t.Context(), a.ID, "laptop", fleet.Owner)
		require.NoError(t, err)
		host, _, err := s.CreateHost(t.Context(), "alpha", here)
		require.NoError(t, err)
		gateway, _, err := s.CreateGateway(t.Context(), "gate", here)
		require.NoError(t, err)
		for query, secret := range map[string]string{
			`SELECT hash FROM api_keys`: secret, `SELECT token_hash FROM hosts`: host, `SELECT token_hash FROM gateways`: gateway,
		} {
			var kept string
			require.NoError(t, s.reader.GetContext(t.Context(), &kept, query))
			require.Equal(t, hashOf(secret), kept)
			require.Len(t, kept, 64)
		}
	})
}

func TestDataCenters(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		one := fleet.DataCenter{Name: "us-east", GatewayURL: "http://old/%s"}
		require.NoError(t, s.EnsureDataCenter(t.Context(), one))
		one.GatewayURL = "http://%s.us-east.example.com"
		require.NoError(t, s.EnsureDataCenter(t.Context(), one))
		two := fleet.DataCenter{Name: "eu-west"}
		require.NoError(t, s.EnsureDataCenter(t.Context(), two))
		all, err := s.DataCenters(t.Context())
		require.NoError(t, err)
		require.Equal(t, []fleet.DataCenter{two, one}, all)
		requireCode(t, fleet.Invalid, s.EnsureDataCenter(t.Context(), fleet.DataCenter{Name: "Up.Down"}))
	})
}
