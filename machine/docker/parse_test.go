package docker

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestASpecificationNamesItsDevices(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"cdiVersion: 0.7.0\nkind: nvidia.com/gpu\ndevices:\n- name: \"0\"\n  containerEdits: {}\n- name: GPU-1\n": {"nvidia.com/gpu=0", "nvidia.com/gpu=GPU-1"},
		`{"kind": "nvidia.com/gpu", "devices": [{"name": "MIG-1"}, {"name": ""}]}`:                                {"nvidia.com/gpu=MIG-1"},
		"devices:\n- name: GPU-1\n": nil,
		"kind: [":                   nil,
		"":                          nil,
	} {
		require.Equal(t, want, parseSpec([]byte(text)), text)
	}
}

func FuzzSpecification(f *testing.F) {
	f.Add("kind: nvidia.com/gpu\ndevices:\n- name: GPU-1\n")
	f.Add(`{"kind": "a", "devices": [{"name": "b"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range parseSpec([]byte(text)) {
			require.Contains(t, name, "=")
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(`["", "operation not permitted"]`, 2)
	f.Add(`[]`, 0)
	f.Fuzz(func(t *testing.T, said string, asked int) {
		wrong, err := answer([]byte(said), asked)
		if err != nil {
			require.Equal(t, fleet.Unavailable, fleet.CodeOf(err))
			return
		}
		require.Len(t, wrong, asked)
	})
}

func FuzzLooker(f *testing.F) {
	f.Add(`["/dev/null", "/no/such"]`)
	f.Fuzz(func(t *testing.T, asked string) {
		var out strings.Builder
		if LookAtDevices(strings.NewReader(asked), &out) == nil {
			require.True(t, strings.HasPrefix(out.String(), "["))
		}
	})
}
