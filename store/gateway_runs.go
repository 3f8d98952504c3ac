package store

import "github.com/kelvin-gpu/kelvin/fleet"

// saveRun notes what a process of a gateway reports. A gateway that is restarted may be two
// for a while: the new one serves, and the old one ends what it has. Both are believed, until
// one ends or falls silent; else a worker would look empty that the old one still needs.
func (t *tx) saveRun(gatewayID string, r fleet.GatewayReport) (known bool, err error) {
	values := []any{r.Version, document(r.InFlight), document(r.Load), micros(t.now)}
	if r.Ended {
		if _, err := t.exec(`DELETE FROM gateway_runs WHERE gateway_id = ? AND run = ?`, gatewayID, text(r.Run)); err != nil {
			return false, err
		}
		values[3] = t.liveSince() // from now on nobody waits for it
	}
	// As almost always: the only one there is. Or nobody has heard of the other for too long.
	n, err := t.exec(`UPDATE gateways SET version = ?, inflight = ?, load = ?, seen_at = ?, run = ?
		WHERE id = ? AND (run = ? OR run = '' OR seen_at <= ?)
		AND NOT EXISTS (SELECT 1 FROM gateway_runs g WHERE g.gateway_id = gateways.id AND g.run = ?)`,
		append(values, text(r.Run), gatewayID, text(r.Run), t.liveSince(), text(r.Run))...)
	if err != nil || n > 0 || r.Ended {
		return n > 0 || r.Ended, err
	}
	// It is on its way out, and the one after it lives.
	n, err = t.exec(`UPDATE gateway_runs SET version = ?, inflight = ?, load = ?, seen_at = ? WHERE gateway_id = ? AND run = ?
		AND EXISTS (SELECT 1 FROM gateways g WHERE g.id = gateway_runs.gateway_id AND g.seen_at > ?)`,
		append(values, gatewayID, text(r.Run), t.liveSince())...)
	if err != nil || n > 0 {
		return n > 0, err
	}
	// It is new, and the one before it lives; or the one after it does not, and it stays.
	if _, err := t.exec(`DELETE FROM gateway_runs WHERE seen_at <= ? OR gateway_id = ? AND run = ?`, t.liveSince(), gatewayID, text(r.Run)); err != nil {
		return false, err
	}
	if _, err := t.exec(`INSERT INTO gateway_runs (gateway_id, run, version, inflight, load, seen_at)
		SELECT id, run, version, inflight, load, seen_at FROM gateways WHERE id = ? AND seen_at > ?`, gatewayID, t.liveSince()); err != nil {
		return false, err
	}
	n, err = t.exec(`UPDATE gateways SET version = ?, inflight = ?, load = ?, seen_at = ?, run = ? WHERE id = ?`,
		append(values, text(r.Run), gatewayID)...)
	return n > 0, err
}

// liveRuns are the processes of a data center's gateways, or of all (""), that still report.
func (t *tx) liveRuns(dataCenter string) ([]Gateway, error) {
	newest := selecting(gatewayColumns, "gateways")
	if dataCenter != "" {
		newest = newest.and(`data_center = ?`, dataCenter)
	}
	all, err := t.gateways(newest.and(`seen_at > ?`, t.liveSince()))
	if err != nil {
		return nil, err
	}
	others, err := t.leavingRuns(dataCenter)
	return append(all, others...), err
}

// leavingRuns are those of them after which another has begun.
func (t *tx) leavingRuns(dataCenter string) ([]Gateway, error) {
	leaving := selecting(`g.id, g.name, g.data_center, r.version, r.inflight, r.load, r.run, r.seen_at, g.created_at`,
		"gateways g JOIN gateway_runs r ON r.gateway_id = g.id")
	if dataCenter != "" {
		leaving = leaving.and(`g.data_center = ?`, dataCenter)
	}
	return t.gateways(leaving.and(`r.seen_at > ?`, t.liveSince()))
}
