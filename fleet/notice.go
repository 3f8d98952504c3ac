package fleet

import (
	"fmt"
	"time"
)

// A Notice is a provider's word that it takes a host away.
type Notice struct {
	Kind     NoticeKind
	Source   NoticeSource
	ID       string    // the provider's; empty: it gives none
	Actor    string    // who said so, of an operator's
	At       time.Time // when Kelvin heard of it
	Deadline time.Time // when the host is gone; zero: nobody knows
}

// NoticeKind is how sure it is that the host goes.
type NoticeKind string

// The kinds of notices.
const (
	NoticePreempt   NoticeKind = "preempt"   // the host goes at the deadline
	NoticeRebalance NoticeKind = "rebalance" // it may go soon; nobody knows when
)

// NoticeKinds are all of them.
var NoticeKinds = []NoticeKind{NoticePreempt, NoticeRebalance}

// NoticeSource is where a notice comes from.
type NoticeSource string

// The sources of notices.
const (
	NoticeAWS      NoticeSource = "aws"      // the instance metadata of the provider
	NoticeGCP      NoticeSource = "gcp"      // likewise
	NoticeAzure    NoticeSource = "azure"    // likewise
	NoticeHook     NoticeSource = "hook"     // something on the host told its agent
	NoticeOperator NoticeSource = "operator" // somebody told the server
)

// NoticeSources are all of them.
var NoticeSources = []NoticeSource{NoticeAWS, NoticeGCP, NoticeAzure, NoticeHook, NoticeOperator}

const (
	// MaxNotice is the longest that a host may be given notice.
	MaxNotice = 24 * time.Hour

	// NoticeMargin is how long before the deadline of a notice everything on the host is to
	// be over: providers are not that exact.
	NoticeMargin = 5 * time.Second

	// NoticeSpared is how long after its deadline a host that is still there, and whose
	// provider does not repeat the notice, counts as spared.
	NoticeSpared = 10 * time.Minute
)

// Given reports whether there is a notice.
func (n Notice) Given() bool { return n.Kind != "" }

// Preempts reports whether the host goes.
func (n Notice) Preempts() bool { return n.Kind == NoticePreempt }

// Cut is when nothing on the host may serve any more; zero unless it goes.
func (n Notice) Cut() time.Time {
	if !n.Preempts() || n.Deadline.IsZero() {
		return time.Time{}
	}
	return n.Deadline.Add(-NoticeMargin)
}

// Words says for people what the notice says.
func (n Notice) Words(now time.Time) string {
	left := n.Deadline.Sub(now).Round(time.Second)
	switch {
	case n.Kind == NoticeRebalance:
		return fmt.Sprintf("its provider may take it away soon (%s)", n.Source)
	case n.Deadline.IsZero() || left <= 0:
		return fmt.Sprintf("its provider takes it away now (%s)", n.Source)
	default:
		return fmt.Sprintf("its provider takes it away in %s (%s)", left, n.Source)
	}
}

// IsPoolName reports whether a provider or a zone can be called so; "" is one that nobody
// said.
func IsPoolName(name string) bool { return name == "" || poolName.MatchString(name) }

// A HostNotice is what an agent says of the notice that its host was given, whenever that
// changes, and when it begins.
type HostNotice struct {
	Notice *NoticeReport `json:"notice" doc:"null: none, or it was withdrawn"`
}

// A NoticeReport is a notice on its way to the server. It says how long there is left, not
// until when: clocks differ.
type NoticeReport struct {
	Kind   NoticeKind   `json:"kind"`
	Source NoticeSource `json:"source"`
	ID     string       `json:"id,omitempty"`
	Left   Duration     `json:"left,omitempty" doc:"Until the host is gone"`
}
