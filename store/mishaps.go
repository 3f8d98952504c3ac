package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

const (
	// maxMishaps is how many of an endpoint are kept.
	maxMishaps = 200
	// mishapMemory is how long one may hold workers up.
	mishapMemory = 6 * time.Hour
)

const mishapColumns = `id, account_id, endpoint_id, instance_id, worker, revision, cause, code, exit_code, message, last_lines,
	served, host_id, operation_id, times, first_at, at`

// mishapQuery finds them, and when their workers were made.
const mishapQuery = `SELECT ` + mishapColumns + `, (SELECT i.created_at FROM instances i WHERE i.id = mishaps.instance_id) AS made_at FROM mishaps`

type mishapRow struct {
	ID         string        `db:"id"`
	AccountID  string        `db:"account_id"`
	EndpointID string        `db:"endpoint_id"`
	InstanceID string        `db:"instance_id"`
	Worker     string        `db:"worker"`
	Revision   int           `db:"revision"`
	Cause      fleet.Cause   `db:"cause"`
	Code       fleet.Code    `db:"code"`
	ExitCode   sql.NullInt64 `db:"exit_code"`
	Message    string        `db:"message"`
	LastLines  string        `db:"last_lines"`
	Served     int64         `db:"served"`
	HostID     string        `db:"host_id"`
	Operation  string        `db:"operation_id"`
	Times      int           `db:"times"`
	FirstAt    int64         `db:"first_at"`
	At         int64         `db:"at"`
	MadeAt     int64         `db:"made_at"`
}

func (r mishapRow) mishap() fleet.Mishap {
	m := fleet.Mishap{
		ID: r.ID, AccountID: r.AccountID, EndpointID: r.EndpointID, InstanceID: r.InstanceID, Worker: r.Worker, Revision: r.Revision,
		Cause: r.Cause, Code: r.Code, Message: r.Message, LastLines: r.LastLines, Made: at(r.MadeAt), Served: time.Duration(r.Served) * time.Microsecond,
		HostID: r.HostID, Operation: r.Operation, Times: r.Times, First: at(r.FirstAt), At: at(r.At),
	}
	if r.ExitCode.Valid {
		code := int(r.ExitCode.Int64)
		m.ExitCode = &code
	}
	return m
}

// mishap writes down that a worker did not come up, or ended by itself, and tells of it. m says
// what the worker's row does not. A lack of capacity that goes on is one mishap. What happens on
// a host that is taken away is none: the machine goes, and its workers with it.
func (t *tx) mishap(h *holding, actor string, m fleet.Mishap) error {
	var going int
	if err := t.get(&going, `SELECT COUNT(*) FROM hosts WHERE id = ? AND notice_kind = 'preempt'`, m.HostID); err != nil || going > 0 {
		return err
	}
	if err := t.get(&m.Revision, `SELECT revision FROM instances WHERE id = ?`, h.ID); err != nil {
		return err
	}
	m.Message, m.LastLines = text(m.Message), text(fleet.LastLines(m.LastLines))
	var exit any
	if m.ExitCode != nil {
		exit = *m.ExitCode
	}
	counted, err := t.countMishap(h, m)
	if err != nil {
		return err
	}
	if !counted {
		_, err := t.exec(`INSERT INTO mishaps (`+mishapColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)`,
			fleet.NewID(fleet.MishapPrefix, t.now), h.AccountID, h.EndpointID, h.ID, h.Name, m.Revision, m.Cause, m.Code, exit, m.Message, m.LastLines,
			m.Served.Microseconds(), m.HostID, m.Operation, micros(t.now), micros(t.now))
		if err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM mishaps WHERE endpoint_id = ? AND id NOT IN (SELECT id FROM mishaps WHERE endpoint_id = ? ORDER BY at DESC, id DESC LIMIT ?)`,
			h.EndpointID, h.EndpointID, maxMishaps); err != nil {
			return err
		}
	}
	if err := t.tally(TallyMishaps, string(m.Cause), ""); err != nil {
		return err
	}
	if counted {
		return nil
	}
	if err := t.troubled(h, m); err != nil {
		return err
	}
	e := h.happened("worker.failed", actor, m.Operation, fmt.Sprintf("%s: %s", m.Cause.Word(false), m.Message))
	e.HostID = m.HostID
	return t.event(e)
}

// countMishap adds a lack of capacity to the one before, if nothing came between. That of a worker
// made before that one was known is the same.
func (t *tx) countMishap(h *holding, m fleet.Mishap) (bool, error) {
	if m.Cause != fleet.NoCapacity {
		return false, nil
	}
	var last []struct {
		ID       string      `db:"id"`
		Cause    fleet.Cause `db:"cause"`
		Revision int         `db:"revision"`
		At       int64       `db:"at"`
	}
	err := t.all(&last, `SELECT id, cause, revision, at FROM mishaps WHERE endpoint_id = ? ORDER BY at DESC, id DESC LIMIT 1`, h.EndpointID)
	if err != nil || len(last) == 0 || last[0].Cause != m.Cause || last[0].Revision != m.Revision || t.now.Sub(at(last[0].At)) > mishapMemory {
		return false, err
	}
	var forgiven int64
	if err := t.get(&forgiven, `SELECT forgiven_at FROM endpoints WHERE id = ?`, h.EndpointID); err != nil || last[0].At < forgiven {
		return false, err
	}
	_, err = t.exec(`UPDATE mishaps SET times = times + CASE WHEN (SELECT i.created_at FROM instances i WHERE i.id = ?) > at THEN 1 ELSE 0 END, at = ?, instance_id = ?, worker = ?, operation_id = ?, code = ?, message = ? WHERE id = ?`,
		h.ID, micros(t.now), h.ID, h.Name, m.Operation, m.Code, m.Message, last[0].ID)
	return err == nil, err
}

// troubled tells, once, that an endpoint's workers fail again and again, or find no room.
func (t *tx) troubled(h *holding, m fleet.Mishap) error {
	ep, err := t.endpoint(h.EndpointID)
	if err != nil || ep.Trouble == nil {
		return err
	}
	tr := ep.Trouble
	if tr.Longer && tr.Loop() && tr.Times == fleet.LoopAfter || tr.Cause == fleet.NoCapacity && tr.Times == 1 {
		return t.event(fleet.Event{
			AccountID: ep.AccountID, EndpointID: ep.ID, InstanceID: h.ID, Name: "endpoint.troubled", Actor: "monitor", OperationID: m.Operation,
			Message: fmt.Sprintf("%s: %s", tr.Word(), m.Message),
		})
	}
	return nil
}

// failed is the mishap of a worker's create that did not end done; nothing of any other.
func (t *tx) failed(h *holding, rec *fleet.Record, fault *fleet.Fault) error {
	if h.kind != fleet.KindInstance || h.EndpointID == "" || rec.Name != fleet.Create.Name || rec.Outcome == fleet.Done || rec.Code == fleet.Cancelled {
		return nil
	}
	steps, err := t.steps(rec.ID)
	if err != nil {
		return err
	}
	m := fleet.Mishap{Code: rec.Code, Message: rec.Message, Operation: rec.ID, Cause: fleet.FaultOf("", rec.Code)}
	if fault != nil {
		m.Cause, m.ExitCode, m.LastLines = fault.Cause, fault.ExitCode, fault.LastLines
		if fault.Message != "" {
			m.Message = fault.Message
		}
	}
	for _, s := range steps {
		if s.HostID != "" {
			m.HostID = s.HostID
		}
	}
	return t.mishap(h, rec.Actor, m)
}

// Mishaps lists what befell the workers of an account's endpoint, newest first; of one of its
// instances, if instanceID is given. NotFound if the account has no such endpoint.
func (s *Store) Mishaps(ctx context.Context, accountID string, f MishapFilter) (all []fleet.Mishap, err error) {
	err = s.read(ctx, "list mishaps", func(t *tx) error {
		q := query{text: mishapQuery + ` WHERE 1 = 1`}.and(`account_id = ?`, accountID).equal("endpoint_id", f.EndpointID).equal("instance_id", f.InstanceID)
		if f.After != "" {
			q = q.and(`id < ?`, f.After)
		}
		q = query{text: q.text + ` ORDER BY id DESC LIMIT ?`, args: append(q.args, f.limit())}
		var err error
		all, err = t.mishaps(q)
		return err
	})
	return all, err
}

func (t *tx) mishaps(q query) ([]fleet.Mishap, error) {
	var rows []mishapRow
	if err := t.all(&rows, q.text, q.args...); err != nil {
		return nil, err
	}
	all := make([]fleet.Mishap, len(rows))
	for i, r := range rows {
		all[i] = r.mishap()
	}
	return all, nil
}

// addMishaps adds to workers that do not serve any more why.
func (t *tx) addMishaps(rows []instanceRow, byID map[string]*fleet.Instance) error {
	var ids []string
	for _, r := range rows {
		if r.EndpointID != "" && r.State != fleet.Running && r.State != fleet.Provisioning {
			ids = append(ids, r.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var found []mishapRow
	if err := t.in(&found, mishapQuery+` WHERE instance_id IN (?) ORDER BY at, id`, ids); err != nil {
		return err
	}
	for _, r := range found {
		m := r.mishap()
		byID[r.InstanceID].Mishap = &m
	}
	return nil
}

// MishapsSince are those of an endpoint's workers that run what it wants now, and that began
// after since. Oldest first.
func (s *Store) MishapsSince(ctx context.Context, endpointID string, since time.Time) (all []fleet.Mishap, err error) {
	err = s.read(ctx, "find mishaps", func(t *tx) error {
		ep, err := t.endpoint(endpointID)
		if err != nil {
			return err
		}
		found, err := t.mishaps(query{mishapQuery + ` WHERE endpoint_id = ? AND at >= ? ORDER BY at, id`, []any{endpointID, micros(since)}})
		if err != nil {
			return err
		}
		all, err = t.ofNow(&ep, found)
		return err
	})
	return all, err
}

// ofNow leaves out the mishaps of workers that were asked to be something else than what the
// endpoint wants now.
func (t *tx) ofNow(ep *fleet.Endpoint, all []fleet.Mishap) (out []fleet.Mishap, err error) {
	same := map[int]bool{ep.Revision: true}
	for _, m := range all {
		ok, known := same[m.Revision]
		if !known {
			spec, err := t.specOf(ep.ID, m.Revision)
			if err != nil {
				return nil, err
			}
			ok = ep.Runs(&fleet.Instance{Revision: m.Revision, Spec: spec.Worker()})
			same[m.Revision] = ok
		}
		if ok {
			out = append(out, m)
		}
	}
	return out, nil
}

// addTroubles adds to endpoints what their workers' mishaps come to.
func (t *tx) addTroubles(ids []string, byID map[string]*fleet.Endpoint, forgiven map[string]int64) error {
	var rows []mishapRow
	if err := t.in(&rows, mishapQuery+` WHERE endpoint_id IN (?) AND at > ? ORDER BY at DESC, id DESC`, ids, micros(t.now.Add(-mishapMemory))); err != nil {
		return err
	}
	found := map[string][]fleet.Mishap{}
	for _, r := range rows {
		if r.At >= forgiven[r.EndpointID] && byID[r.EndpointID].Serving() {
			found[r.EndpointID] = append(found[r.EndpointID], r.mishap())
		}
	}
	for id, mishaps := range found {
		ep := byID[id]
		mishaps, err := t.ofNow(ep, mishaps)
		if err != nil {
			return err
		}
		var workers []instanceRow
		if err := t.all(&workers, `SELECT `+instanceColumns+` FROM instances WHERE endpoint_id = ? AND state = 'running'`, id); err != nil {
			return err
		}
		running := make([]fleet.Instance, len(workers))
		for i, r := range workers {
			running[i] = fleet.Instance{Life: r.life(), Ready: r.Serving == ready, CreatedAt: at(r.CreatedAt)}
		}
		ep.Trouble = fleet.TroubleOf(mishaps, running, t.now)
	}
	return nil
}

// CapacityBack are the endpoints whose workers found no place, and would find one now.
func (s *Store) CapacityBack(ctx context.Context) (back []string, err error) {
	err = s.read(ctx, "look for capacity", func(t *tx) error {
		back = nil
		var ids []string
		if err := t.all(&ids, `SELECT DISTINCT endpoint_id FROM mishaps WHERE cause = 'no_capacity' AND at BETWEEN ? AND ? ORDER BY endpoint_id`,
			micros(t.now.Add(-2*time.Minute)), micros(t.now.Add(-fleet.Regain))); err != nil {
			return err
		}
		for _, id := range ids {
			ep, err := t.endpoint(id)
			if err != nil {
				return err
			}
			if ep.Trouble == nil || !ep.Trouble.Capacity {
				continue
			}
			fits, err := t.fits(&ep)
			if err != nil {
				return err
			}
			if fits {
				back = append(back, id)
			}
		}
		return nil
	})
	return back, err
}

// Regained reports whether an endpoint that waits for capacity alone would find some now: then
// its workers need not be held up any longer.
func (s *Store) Regained(ctx context.Context, endpointID string) (yes bool, err error) {
	err = s.read(ctx, "look for capacity", func(t *tx) error {
		ep, err := t.endpoint(endpointID)
		if err != nil || ep.Trouble == nil || !ep.Trouble.Capacity || t.now.Sub(ep.Trouble.Last.At) < fleet.Regain {
			return err
		}
		yes, err = t.fits(&ep)
		return err
	})
	return yes, err
}

// fits reports whether another worker of an endpoint would find a place.
func (t *tx) fits(ep *fleet.Endpoint) (bool, error) {
	spec := ep.Spec.Worker()
	want := fleet.Want{GPUs: spec.GPUs, GPUType: spec.GPUType, Ports: len(spec.Ports), PreferPorts: make([]int, len(spec.Ports)), EndpointID: ep.ID}
	hosts, err := t.views(spec.DataCenter, want)
	if err != nil {
		return false, err
	}
	_, err = t.choose(want, hosts)
	if fleet.Is(err, fleet.Exhausted) && ep.Spec.Spot.Market == fleet.Spot {
		want.Market = fleet.Spot
		_, err = t.choose(want, hosts)
	}
	if fleet.Is(err, fleet.Exhausted) {
		return false, nil
	}
	return err == nil, err
}

// A MishapFilter selects mishaps of an account; the zero value selects all.
type MishapFilter struct {
	EndpointID string
	InstanceID string
	Page
}
