package fleet

import (
	"fmt"
	"slices"
	"strings"
)

// Heading is the state that a resource of this kind moves towards: its own when it is
// settled. It is Target for those who do not have the open operation's record, since only
// one operation goes by way of each transient state.
func (l *Life) Heading(kind Kind) State {
	op, open := l.passing(kind)
	switch {
	case !open:
		return l.State
	case op.To == AsBefore:
		return l.Was
	default:
		return op.To
	}
}

// Accepts are the names of the operations that a resource of this kind accepts now:
// Legal's when it is settled, and otherwise those that win over the open one.
func (l *Life) Accepts(kind Kind) []string {
	op, open := l.passing(kind)
	if !open {
		return Legal(kind, l.State)
	}
	var names []string
	for _, o := range Operations {
		if o.Kind == kind && l.NextID == "" && slices.Contains(o.Over, op.Name) {
			names = append(names, o.Name)
		}
	}
	return names
}

func (l *Life) passing(kind Kind) (Operation, bool) {
	if l.OperationID == "" {
		return Operation{}, false
	}
	i := slices.IndexFunc(Operations, func(o Operation) bool { return o.Kind == kind && o.Via == l.State })
	if i < 0 {
		return Operation{}, false
	}
	return Operations[i], true
}

// Status is the endpoint in three words, for people: ready workers, all workers, and what
// that means. "1/2 Ready", "0/0 Idle", "0/1 Starting".
func (e *Endpoint) Status() string {
	word := string(e.State)
	switch {
	case e.State != Running:
	case e.WorkersReady > 0:
		word = "ready"
	case e.WorkersTotal == 0:
		word = "idle"
	default:
		word = "starting"
	}
	if word != "" {
		word = strings.ToUpper(word[:1]) + word[1:]
	}
	return fmt.Sprintf("%d/%d %s", e.WorkersReady, e.WorkersTotal, word)
}
