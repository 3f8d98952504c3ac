package api

import (
	"sync"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A quota counts what accounts have open on this server. The zero value is ready.
type quota struct {
	mu   sync.Mutex
	open map[string]int
}

// take has one more open, until the function it returns is called. Conflict at most.
func (q *quota) take(accountID string, most int, what string) (release func(), err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.open[accountID] >= most {
		return nil, fleet.Errorf(fleet.Conflict, "the account has %d %s open already: end one first", most, what)
	}
	if q.open == nil {
		q.open = map[string]int{}
	}
	q.open[accountID]++
	return sync.OnceFunc(func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.open[accountID]--; q.open[accountID] == 0 {
			delete(q.open, accountID)
		}
	}), nil
}

// count is how many are open, of all accounts.
func (q *quota) count() (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, open := range q.open {
		n += open
	}
	return n
}
