package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A quarantine is kept by what the GPU is known by, so that it holds wherever it turns up.
type quarantine struct {
	Identity string `db:"identity"`
	Serial   string `db:"serial"`
	Rule     string `db:"rule"`
	Reason   string `db:"reason"`
}

// remembered is the quarantine of a GPU, or nil. The serial alone tells only of a GPU with a
// new UUID: boards may share one among their GPUs.
func (t *tx) remembered(g fleet.GPUReport, anew bool) (*quarantine, error) {
	var q quarantine
	err := t.get(&q, `SELECT identity, serial, rule, reason FROM gpu_quarantines WHERE identity IN (?, ?) ORDER BY identity LIMIT 1`, g.Identity(), g.Device())
	if errors.Is(err, sql.ErrNoRows) && anew && tells(g.Serial) {
		err = t.get(&q, `SELECT identity, serial, rule, reason FROM gpu_quarantines WHERE serial = ?
			AND NOT EXISTS (SELECT 1 FROM gpus g WHERE g.uuid = ? OR g.parent = ?) ORDER BY identity LIMIT 1`, g.Serial, g.Device(), g.Device())
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	default:
		return &q, nil
	}
}

// tells reports whether a serial is one: some drivers say 0, or that there is none.
func tells(serial string) bool {
	return strings.Trim(serial, "0 ") != "" && !strings.Contains(serial, "N/A")
}

// QuarantineGPU takes a GPU out: nobody gets it until ReleaseGPU, on whichever host it turns
// up. A lease that has it keeps it until it is returned. NotFound without the GPU.
func (s *Store) QuarantineGPU(ctx context.Context, gpuID, reason string) error {
	return s.write(ctx, "quarantine GPU", func(t *tx) error {
		g, err := t.gpu(gpuID)
		if err != nil || g.State == fleet.GPUQuarantined {
			return err
		}
		return t.quarantine(g, g.Identity(), "", reason, "")
	})
}

// QuarantineByHand is QuarantineGPU for somebody who has a reason, which is part of the GPU's
// history. Quarantined already is no error: it stays for the first reason.
func (s *Store) QuarantineByHand(ctx context.Context, gpuID, actor, reason string) error {
	return s.write(ctx, "quarantine GPU", func(t *tx) error {
		g, err := t.gpu(gpuID)
		if err != nil || g.State == fleet.GPUQuarantined {
			return err
		}
		if err := t.noteByHand(g, actor, gpu.Verdict{Outcome: gpu.Quarantine, Rule: ruleByHand, Message: reason, Action: "quarantined"}); err != nil {
			return err
		}
		return t.quarantine(g, g.Identity(), ruleByHand, reason, actor)
	})
}

// ruleByHand is the rule of what people decide.
const ruleByHand = "by-hand"

func (t *tx) noteByHand(g fleet.GPU, actor string, v gpu.Verdict) error {
	_, err := t.insertDiagnosis(g, fleet.Diagnosis{
		ID: fleet.NewID(fleet.DiagnosisPrefix, t.now), Kind: fleet.DiagnosisHand, Actor: actor, Verdict: v, Simulated: g.Simulated, At: t.now,
	})
	return err
}

// quarantine takes a GPU out. Identity is what is remembered: the GPU's own, or its device's,
// and then all slices of that are taken out.
func (t *tx) quarantine(g fleet.GPU, identity, rule, reason, actor string) error {
	if _, err := t.exec(`INSERT INTO gpu_quarantines (identity, serial, gpu_id, host_id, rule, reason, actor, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (identity) DO NOTHING`,
		identity, g.Serial, g.ID, g.HostID, rule, text(reason), actor, micros(t.now)); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE gpus SET state = 'quarantined', since = ?, rule = ?, reason = ?
		WHERE state <> 'quarantined' AND (id = ? OR host_id = ? AND parent <> '' AND parent = ?)`,
		micros(t.now), rule, text(reason), g.ID, g.HostID, identity); err != nil {
		return err
	}
	return t.event(fleet.Event{Name: "gpu.quarantined", HostID: g.HostID, InstanceID: g.InstanceID, Actor: actor, Message: g.ID + ": " + reason})
}

// ReleaseGPU ends a quarantine: the GPU is its lease's, or free once it is scrubbed, and it is
// on probation. If its whole device was quarantined, so are the other slices. The reason is
// part of its history. NotFound without the GPU, Conflict if it is not quarantined or its
// host is retired.
func (s *Store) ReleaseGPU(ctx context.Context, gpuID, actor, reason string) error {
	return s.write(ctx, "release GPU", func(t *tx) error {
		g, err := t.gpu(gpuID)
		if err != nil {
			return err
		}
		if g.State != fleet.GPUQuarantined {
			return fleet.Errorf(fleet.Conflict, "GPU %s is not quarantined, but %s", gpuID, g.State)
		}
		whole, err := t.exec(`DELETE FROM gpu_quarantines WHERE identity = ?`, g.Device())
		if err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM gpu_quarantines WHERE identity = ?`, g.Identity()); err != nil {
			return err
		}
		if tells(g.Serial) { // it came under another UUID
			if _, err := t.exec(`DELETE FROM gpu_quarantines WHERE serial = ? AND NOT EXISTS (SELECT 1 FROM gpus q WHERE q.uuid = gpu_quarantines.identity AND q.state = 'quarantined' AND q.id <> ?)`, g.Serial, g.ID); err != nil {
				return err
			}
		}
		slices := ""
		if whole > 0 {
			slices = g.Parent
		}
		if err := t.released(g, slices); err != nil {
			return err
		}
		if err := t.noteByHand(g, actor, gpu.Verdict{Outcome: gpu.Pass, Rule: ruleByHand, Message: reason, Action: "released"}); err != nil {
			return err
		}
		message := gpuID
		if reason != "" {
			message += ": " + reason
		}
		return t.event(fleet.Event{Name: "gpu.released", HostID: g.HostID, Actor: actor, Message: message})
	})
}

// released gives a GPU its state after a quarantine, and the other slices of the device, if
// one is named.
func (t *tx) released(g fleet.GPU, device string) error {
	_, err := t.exec(`UPDATE gpus SET state = CASE
		WHEN EXISTS (SELECT 1 FROM lease_gpus lg WHERE lg.gpu_id = gpus.id) THEN 'reserved'
		WHEN EXISTS (SELECT 1 FROM gpu_cares c WHERE c.gpu_id = gpus.id AND c.ended_at = 0) THEN 'testing'
		ELSE `+whenReturned+` END, since = ?, rule = '', reason = '', score = ?, probation_until = ?
		WHERE state = 'quarantined' AND (id = ? OR host_id = ? AND parent <> '' AND parent = ?)`,
		micros(t.now), fleet.ScoreFull, micros(t.now.Add(fleet.Probation)), g.ID, g.HostID, device)
	if err != nil {
		return err
	}
	// Where it was before, it is as any GPU that went away.
	_, err = t.exec(`UPDATE gpus SET state = 'lost', since = ?, rule = '', reason = '' WHERE state = 'quarantined' AND uuid = ? AND host_id <> ?`, micros(t.now), g.UUID, g.HostID)
	return err
}
