package gateway

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func FuzzEndpointOf(f *testing.F) {
	for _, host := range []string{
		testHost, "EP_06F2.us-east.example.com:8080", "ep-.us-east.x", "[::1]:80", "", ".", "..", "ep-a.us-east..", "ep-a.us-east.x:", "ep-\x00.us-east.x",
		"ep-06f2.us-east.example.com.", "ep-06f2.us-east.x:80:90", "ep-ep-06f2.us-east.x", "ins-06f2.us-east.x", "INS_06F2.us-east.x:1", "ins-.us-east.x", strings.Repeat("ep-a.", 100),
	} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		id, ok := endpointOf(host, "us-east")
		if !ok {
			return
		}
		prefix, rest, _ := strings.Cut(id, "_")
		require.Contains(t, []string{fleet.EndpointPrefix, fleet.InstancePrefix}, prefix+"_")
		require.NotEmpty(t, rest)
		require.NotContains(t, id, ".")
		require.NotContains(t, id, ":")
		require.Equal(t, strings.ToLower(id), id)
		// The ID, written as a label again, is found at the same host.
		_, rest, _ = strings.Cut(host, ".")
		again, ok := endpointOf(fleet.HostLabel(id)+"."+rest, "us-east")
		require.True(t, ok)
		require.Equal(t, id, again)
	})
}
