package api

import (
	"context"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// historyFor is how long what was learnt of earlier operations is used: estimates need not be
// newer, and everybody who watches an operation asks for one each second. Where there were
// few, the next one makes a difference.
const (
	historyFor      = time.Minute
	shortHistoryFor = 2 * time.Second
	fewOperations   = 10
)

// histories remembers how long operations took, by name.
type histories struct {
	mu    sync.Mutex
	known map[string]learnt
}

type learnt struct {
	history fleet.History
	until   time.Time
}

// history is how long operations of that name took lately.
func (s *Server) history(ctx context.Context, op fleet.Operation) (fleet.History, error) {
	s.histories.mu.Lock()
	defer s.histories.mu.Unlock()
	if l, ok := s.histories.known[op.Workflow()]; ok && time.Now().Before(l.until) {
		return l.history, nil
	}
	found, err := s.Store.History(ctx, op.Kind, op.Name)
	if err != nil {
		return nil, err
	}
	if s.histories.known == nil {
		s.histories.known = map[string]learnt{}
	}
	keep := historyFor
	if len(found) < fewOperations {
		keep = shortHistoryFor
	}
	s.histories.known[op.Workflow()] = learnt{found, time.Now().Add(keep)}
	return found, nil
}
