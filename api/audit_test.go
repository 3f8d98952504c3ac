package api

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// auditor finds what it is told to.
type auditor struct{ found []fleet.Finding }

func (a *auditor) Audit(context.Context) (fleet.Audit, error) {
	return fleet.Audit{Findings: a.found}, nil
}

func (a *auditor) Repair(context.Context) (fleet.Audit, error) {
	repaired := fleet.Audit{}
	for _, f := range a.found {
		f.Repaired = f.Repairable
		repaired.Findings = append(repaired.Findings, f)
	}
	return repaired, nil
}

func TestTheFleetIsAudited(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	require.Equal(t, fleet.Unsupported, w.call(call{as: "viewer", do: "GET /v1/audit"}).problem(t).Code)
	finds := &auditor{}
	w.Auditor = finds
	sound := w.call(call{as: "viewer", do: "GET /v1/audit"})
	require.Equal(t, http.StatusOK, sound.status)
	require.Contains(t, string(sound.body), `"findings":[]`)

	finds.found = []fleet.Finding{
		{Kind: fleet.StaleAddress, Resource: "ins_1", InstanceID: "ins_1", Message: "addresses", Repairable: true},
		{Kind: fleet.Overdue, Resource: "ins_2", Message: "late"},
	}
	got := must[Audit](w, call{as: "viewer", do: "GET /v1/audit"})
	require.Len(t, got.Findings, 2)
	require.False(t, got.Findings[0].Repaired)
	got = must[Audit](w, call{as: "alice", do: "POST /v1/audit/repair", key: "-"})
	require.True(t, got.Findings[0].Repaired)
	require.False(t, got.Findings[1].Repaired)

	for who, do := range map[string]string{"viewer": "POST /v1/audit/repair", "bob": "GET /v1/audit"} {
		p := w.call(call{as: who, do: do, key: "-"}).problem(t)
		require.Equal(t, fleet.Forbidden, p.Code)
	}
	require.Equal(t, 422, w.call(call{as: "alice", do: "POST /v1/audit/repair"}).status, "it needs a key")
	metrics := w.call(call{do: "GET /metrics"})
	require.Contains(t, string(metrics.body), `kelvin_audit_findings{kind="overdue"} 0`)
}
