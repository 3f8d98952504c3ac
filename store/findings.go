package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Findings looks for what contradicts itself in the record, and between the record and what
// hosts reported last. What operations have under way is left out, as long as they have time,
// and so is what has been wrong for less than grace.
func (s *Store) Findings(ctx context.Context, grace time.Duration) (found []fleet.Finding, err error) {
	err = s.read(ctx, "audit", func(t *tx) error {
		found = nil
		for _, c := range checks {
			some, err := t.check(c, grace)
			if err != nil {
				return fmt.Errorf("%s: %w", c.kind, err)
			}
			found = append(found, some...)
		}
		some, err := t.checkContainers(grace)
		if err != nil {
			return fmt.Errorf("containers: %w", err)
		}
		found = append(found, some...)
		return t.sinceWhen(found)
	})
	return found, err
}

// A check is a question to the record, which a sound one answers with no rows.
type check struct {
	kind    fleet.FindingKind
	safe    bool // it can be repaired without a look at the host
	message string
	query   string // of findingRows; its ?, if it has one, is a grace ago
}

type findingRow struct {
	Resource   string `db:"resource"`
	AccountID  string `db:"account_id"`
	InstanceID string `db:"instance_id"`
	HostID     string `db:"host_id"`
	Detail     string `db:"detail"`
}

var checks = []check{
	{
		fleet.LeakedLease, true, "a lease of %s, which is terminated: it holds GPUs or ports that nobody uses",
		`SELECT l.id AS resource, i.account_id, i.id AS instance_id, l.host_id, i.name AS detail
		FROM leases l JOIN instances i ON i.id = l.instance_id WHERE i.state = 'terminated' AND i.since < ?`,
	},
	{
		fleet.LeftoverLease, false, "a lease of %s, which lives elsewhere: an operation left it; stop and start the instance, or terminate it",
		`SELECT l.id AS resource, i.account_id, i.id AS instance_id, l.host_id, i.name AS detail
		FROM leases l JOIN instances i ON i.id = l.instance_id
		WHERE NOT l.home AND NOT l.kept AND i.operation_id IS NULL AND i.state IN ('running', 'stopped', 'frozen') AND i.since < ?`,
	},
	{
		fleet.LeaseOnRetiredHost, false, "%s has a place on a host that is retired: recover it, or terminate it",
		`SELECT l.id AS resource, i.account_id, i.id AS instance_id, l.host_id, i.name AS detail
		FROM leases l JOIN instances i ON i.id = l.instance_id
		WHERE i.state <> 'terminated' AND l.host_id IN (SELECT id FROM hosts WHERE retired_at BETWEEN 1 AND ?)`,
	},
	{
		fleet.UnleasedGPU, true, "it is %s, and no lease has it: nobody gets it",
		`SELECT g.id AS resource, '' AS account_id, '' AS instance_id, g.host_id, g.state AS detail FROM gpus g
		WHERE g.state IN ('reserved', 'assigned') AND NOT EXISTS (SELECT 1 FROM lease_gpus lg WHERE lg.gpu_id = g.id)`,
	},
	{ // 14 minutes in microseconds, besides the grace
		fleet.StrandedGPU, false, "it has been %s for a quarter of an hour, and no lease has it: nobody gets it; see the log of its host's agent, then test or scrub it, or quarantine it",
		`SELECT g.id AS resource, '' AS account_id, '' AS instance_id, g.host_id, g.state AS detail FROM gpus g
		WHERE g.state IN ('testing', 'scrubbing', 'resetting') AND NOT EXISTS (SELECT 1 FROM lease_gpus lg WHERE lg.gpu_id = g.id) AND g.since + 840000000 < ?`,
	},
	{
		fleet.IdleLeasedGPU, true, "it is %s, though a lease has it",
		`SELECT g.id AS resource, '' AS account_id, l.instance_id, g.host_id, g.state AS detail
		FROM gpus g JOIN lease_gpus lg ON lg.gpu_id = g.id JOIN leases l ON l.id = lg.lease_id WHERE g.state IN ('free', 'lost') AND l.created_at < ?`,
	},
	{
		fleet.Homeless, false, "it is %s, and has no place on any host: recover it from a snapshot, or terminate it",
		`SELECT i.id AS resource, i.account_id, i.id AS instance_id, '' AS host_id, i.state AS detail FROM instances i
		WHERE i.operation_id IS NULL AND i.state IN ('running', 'stopped') AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.instance_id = i.id AND l.home) AND i.since < ?`,
	},
	{
		fleet.FrozenWithoutSnapshot, false, "%s is frozen, and there is no whole snapshot of it: it cannot be thawed",
		`SELECT i.id AS resource, i.account_id, i.id AS instance_id, '' AS host_id, i.name AS detail
		FROM instances i LEFT JOIN snapshots s ON s.id = i.snapshot_id
		WHERE i.state = 'frozen' AND (s.id IS NULL OR s.state <> 'ready' OR s.instance_id <> i.id) AND i.since < ?`,
	},
	{
		fleet.StaleOperation, true, "%s is open, and what it is about does not know of it",
		`SELECT o.id AS resource, o.account_id, CASE o.kind WHEN 'instance' THEN o.resource_id ELSE '' END AS instance_id, '' AS host_id, o.name AS detail FROM operations o
		WHERE o.outcome = '' AND o.accepted_at < ?
		AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.operation_id = o.id OR i.next_id = o.id)
		AND NOT EXISTS (SELECT 1 FROM endpoints e WHERE e.operation_id = o.id OR e.next_id = o.id)`,
	},
	{
		fleet.DeadClaim, false, "its operation %s has ended, and it waits for it: nothing ends that by itself",
		`SELECT r.id AS resource, r.account_id, r.instance_id, '' AS host_id, o.id AS detail
		FROM (SELECT id, account_id, id AS instance_id, operation_id, next_id FROM instances WHERE operation_id IS NOT NULL
			UNION ALL SELECT id, account_id, '' AS instance_id, operation_id, next_id FROM endpoints WHERE operation_id IS NOT NULL) r
		JOIN operations o ON (o.id = r.operation_id OR o.id = r.next_id) AND o.outcome <> '' WHERE o.ended_at < ?`,
	},
	{
		fleet.Overdue, false, "it is %s past its deadline: see its operation for the step that does not end",
		`SELECT id AS resource, account_id, id AS instance_id, '' AS host_id, state AS detail FROM instances WHERE operation_id IS NOT NULL AND deadline BETWEEN 1 AND ?`,
	},
	{
		fleet.Overdue, false, "it is %s past its deadline: see its operation for the step that does not end",
		`SELECT id AS resource, account_id, '' AS instance_id, '' AS host_id, state AS detail FROM endpoints WHERE operation_id IS NOT NULL AND deadline BETWEEN 1 AND ?`,
	},
	{
		fleet.StaleAddress, true, "addresses of %s, which is terminated: nobody else gets these ports",
		`SELECT DISTINCT i.id AS resource, i.account_id, i.id AS instance_id, '' AS host_id, i.name AS detail
		FROM addresses a JOIN instances i ON i.id = a.instance_id WHERE i.state = 'terminated' AND i.since < ?`,
	},
	{
		fleet.DeadRoute, true, "gateways send requests to it, though it is %s",
		`SELECT id AS resource, account_id, id AS instance_id, '' AS host_id, state AS detail FROM instances
		WHERE serving <> '' AND operation_id IS NULL AND state <> 'running' AND since < ?`,
	},
	{
		fleet.MissingRoute, true, "it is %s, and gateways send it no requests",
		`SELECT id AS resource, account_id, id AS instance_id, '' AS host_id, state AS detail FROM instances
		WHERE serving <> 'ready' AND operation_id IS NULL AND state = 'running' AND ports > 0 AND since < ?`,
	},
	{
		fleet.StaleQueuePlace, true, "%s has ended, and others queue behind it for a place",
		`SELECT o.id AS resource, o.account_id, o.resource_id AS instance_id, '' AS host_id, o.name AS detail
		FROM queue q JOIN operations o ON o.id = q.operation_id WHERE o.outcome <> '' AND o.ended_at < ?`,
	},
}

func (t *tx) check(c check, grace time.Duration) ([]fleet.Finding, error) {
	var rows []findingRow
	var args []any
	if strings.Contains(c.query, "?") {
		args = append(args, micros(t.now.Add(-grace)))
	}
	if err := t.all(&rows, c.query+` ORDER BY 1 LIMIT 1000`, args...); err != nil {
		return nil, err
	}
	var found []fleet.Finding
	for _, r := range rows {
		found = append(found, fleet.Finding{
			Kind: c.kind, Resource: r.Resource, AccountID: r.AccountID, InstanceID: r.InstanceID, HostID: r.HostID,
			Message: fmt.Sprintf(c.message, r.Detail), Repairable: c.safe,
		})
	}
	return found, nil
}

// sinceWhen adds when findings were first noted.
func (t *tx) sinceWhen(found []fleet.Finding) error {
	noted, err := t.notedFindings()
	if err != nil {
		return err
	}
	for i := range found {
		if n, ok := noted[nameOf(found[i])]; ok {
			found[i].Since = at(n.Since)
		}
	}
	return nil
}

// AddSince adds when findings were first noted.
func (s *Store) AddSince(ctx context.Context, found []fleet.Finding) error {
	return s.read(ctx, "look at findings", func(t *tx) error { return t.sinceWhen(found) })
}

type findingName struct {
	Kind     fleet.FindingKind `db:"kind"`
	Resource string            `db:"resource"`
}

func nameOf(f fleet.Finding) findingName { return findingName{f.Kind, f.Resource} }

type notedFinding struct {
	findingName
	InstanceID string `db:"instance_id"`
	HostID     string `db:"host_id"`
	Message    string `db:"message"`
	Since      int64  `db:"since"`
}

func (t *tx) notedFindings() (map[findingName]notedFinding, error) {
	var rows []notedFinding
	if err := t.all(&rows, `SELECT kind, resource, instance_id, host_id, message, since FROM findings`); err != nil {
		return nil, err
	}
	noted := make(map[findingName]notedFinding, len(rows))
	for _, r := range rows {
		noted[r.findingName] = r
	}
	return noted, nil
}

// NoteFindings writes down what an audit found: what is new is an event, and so is what is
// over. Of a partial audit, what it did not look for stays.
func (s *Store) NoteFindings(ctx context.Context, audit fleet.Audit) error {
	return s.write(ctx, "note findings", func(t *tx) error {
		noted, err := t.notedFindings()
		if err != nil {
			return err
		}
		var events []fleet.Event
		for _, f := range audit.Findings {
			if _, ok := noted[nameOf(f)]; ok {
				delete(noted, nameOf(f))
				continue
			}
			if _, err := t.exec(`INSERT INTO findings (kind, resource, instance_id, host_id, message, since) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, resource) DO NOTHING`,
				f.Kind, f.Resource, f.InstanceID, f.HostID, text(f.Message), micros(t.now)); err != nil {
				return err
			}
			events = append(events, audited("audit.found", f.InstanceID, f.HostID, f.Kind, f.Resource, f.Message))
		}
		for name, n := range noted {
			if audit.Partial && name.Kind == fleet.OperationWithoutWorkflow {
				continue
			}
			if _, err := t.exec(`DELETE FROM findings WHERE kind = ? AND resource = ?`, name.Kind, name.Resource); err != nil {
				return err
			}
			events = append(events, audited("audit.cleared", n.InstanceID, n.HostID, name.Kind, name.Resource, n.Message))
		}
		for _, e := range events {
			if err := t.event(e); err != nil {
				return err
			}
		}
		return nil
	})
}

func audited(name, instanceID, hostID string, kind fleet.FindingKind, resource, message string) fleet.Event {
	return fleet.Event{Name: name, InstanceID: instanceID, HostID: hostID, Actor: "monitor", Message: fmt.Sprintf("%s %s: %s", kind, resource, message)}
}

// UnattendedOperations are the open operations that a workflow should have had for a while:
// those that wait for another are left out. Oldest first.
func (s *Store) UnattendedOperations(ctx context.Context, older time.Duration) ([]fleet.Record, error) {
	return s.records(ctx, "list operations with a workflow", func(t *tx) query {
		return query{`SELECT ` + recordColumns + ` FROM operations WHERE outcome = '' AND NOT waits AND accepted_at < ? AND (started_at = 0 OR started_at < ?)
			ORDER BY accepted_at, id LIMIT 10000`, []any{micros(t.now.Add(-older)), micros(t.now.Add(-older))}}
	})
}
