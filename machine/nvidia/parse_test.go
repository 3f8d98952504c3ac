package nvidia

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

func TestInventoriesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		``, `[]`, `{"devices":{}}`, `{"devices":[{"uuid":""}]}`, `{"devices":[{"uuid":"GPU-1"},{"uuid":"GPU-1"}]}`, `{"devices":[{"uuid":"GPU-../../x"}]}`,
		`{"devices":[{"uuid":"GPU-1","index":-1}]}`, `{"devices":[{"uuid":"GPU-1","memory_mb":-1}]}`, `{"devices":[{"uuid":"GPU-1","slices":[{"uuid":"GPU-1"}]}]}`,
		`{} {}`,
	} {
		_, err := parseInventory([]byte(answer))
		require.ErrorContains(t, err, "makes no sense", answer)
	}
	inv, err := parseInventory([]byte(`{"devices":[{"uuid":"GPU-2","index":1,"product":"a\u001b[2J"},{"uuid":"GPU-1","index":0}]}`))
	require.NoError(t, err)
	require.Equal(t, "GPU-1", inv.Devices[0].UUID, "by index")
	require.Equal(t, "a?[2J", inv.Devices[1].Product)
}

func FuzzParseInventory(f *testing.F) {
	f.Add([]byte(`{"driver":"580","devices":[{"index":0,"uuid":"GPU-1","slices":[{"uuid":"MIG-1"}],"links":[{"peer":"GPU-2"}]}],"missing":[{"index":1,"lost":true}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		inv, err := parseInventory(b)
		if err != nil {
			return
		}
		again, err := json.Marshal(inv)
		require.NoError(t, err)
		twice, err := parseInventory(again)
		require.NoError(t, err)
		last, err := json.Marshal(twice)
		require.NoError(t, err)
		require.Equal(t, string(again), string(last))
		for _, d := range inv.Devices {
			require.NoError(t, CheckUUID(d.UUID))
		}
	})
}

func FuzzParseHealth(f *testing.F) {
	b, err := json.Marshal(gpu.Health{UUID: "GPU-1", ECCCurrent: gpu.Known(true)})
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte(`{"at":"2026-01-01T00:00:00Z","uuid":"GPU-1","recovery":{"value":1,"error":"x"},"power":{"value":1e300}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := parseHealth(b, "GPU-1")
		if err != nil {
			return
		}
		require.Equal(t, "GPU-1", h.UUID)
		_, err = json.Marshal(h)
		require.NoError(t, err)
	})
}

func FuzzParseHolders(f *testing.F) {
	f.Add([]byte(`[{"pid":1,"command":"x","memory_bytes":1,"container":"c"}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := parseHolders(b)
		if err != nil {
			return
		}
		for _, h := range all {
			require.GreaterOrEqual(t, h.PID, 0)
			require.Empty(t, h.LeaseID, "only the agent knows that")
		}
	})
}

func FuzzParseSeen(f *testing.F) {
	f.Add([]byte(`{"watching":{"gpus":8,"kernel":true}}`))
	f.Add([]byte(`{"event":{"at":"2026-01-01T00:00:00Z","uuid":"GPU-1","kind":"xid","xid":79,"source":"kernel"},"mark":{"boot":"b","sequence":7}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseSeen(b)
		if err != nil {
			return
		}
		require.NotEqual(t, s.Event == nil, s.Watching == nil)
	})
}
