package fleet

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStateAloneTellsWhereAResourceHeads(t *testing.T) {
	t.Parallel()
	for _, op := range Operations {
		for _, from := range op.From {
			var l Life
			l.State = from
			rec := &Record{ID: "op_1", Kind: op.Kind, Name: op.Name}
			require.NoError(t, l.Accept(rec, nil, time.Unix(0, 0)))
			require.Equal(t, l.Target(rec), l.Heading(op.Kind), "%s %s from %q", op.Name, op.Kind, from)
		}
	}
	settled := Life{State: Stopped}
	require.Equal(t, Stopped, settled.Heading(KindInstance))
}

func TestAcceptsAgreesWithAccept(t *testing.T) {
	t.Parallel()
	for _, open := range Operations {
		for _, then := range Operations {
			if open.Kind != then.Kind {
				continue
			}
			l := Life{State: open.From[0]}
			first := &Record{ID: "op_1", Kind: open.Kind, Name: open.Name}
			require.NoError(t, l.Accept(first, nil, time.Unix(0, 0)))
			names := l.Accepts(open.Kind)
			err := l.Accept(&Record{ID: "op_2", Kind: then.Kind, Name: then.Name}, first, time.Unix(0, 0))
			if err == nil {
				require.Contains(t, names, then.Name, "over %s", open.Name)
				require.Empty(t, l.Accepts(open.Kind), "one is next already")
			} else {
				require.NotContains(t, names, then.Name, "over %s", open.Name)
			}
		}
	}
}

func TestStatusOfAnEndpoint(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]Endpoint{
		"1/2 Ready":        {Life: Life{State: Running}, WorkersReady: 1, WorkersTotal: 2},
		"0/0 Idle":         {Life: Life{State: Running}},
		"0/1 Starting":     {Life: Life{State: Running}, WorkersTotal: 1},
		"0/0 Stopped":      {Life: Life{State: Stopped}},
		"0/1 Provisioning": {Life: Life{State: Provisioning}, WorkersTotal: 1},
	} {
		require.Equal(t, want, e.Status())
	}
}
