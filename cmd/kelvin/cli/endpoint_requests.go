package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// requestFlags are the flags that say how gateways treat an endpoint's requests.
type requestFlags struct {
	limit, queueMax             int
	queueTimeout, timeout, idle time.Duration
	maxBody                     int64
	keys                        bool
}

func (r *requestFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&r.limit, "concurrency-limit", 0, "Requests in flight that one worker gets at the most, 1 to 100000; more wait. Default: as --target-concurrency")
	f.IntVar(&r.queueMax, "queue-max", 0, "Requests that may wait for a worker at each gateway, 1 to 100000. Default 1000")
	f.DurationVar(&r.queueTimeout, "queue-timeout", 0, "How long a request may wait for a worker, up to 1h. Default: the gateways', 2m")
	f.DurationVar(&r.timeout, "request-timeout", 0, "How long a worker may take for a request in all, up to 24h. Default: no limit")
	f.DurationVar(&r.idle, "idle-timeout", 0, "How long an answer, a stream or a WebSocket may stand still, up to 24h. Default: no limit")
	f.Int64Var(&r.maxBody, "max-body", 0, "Largest request body in `bytes`. Default: the gateways'")
	f.BoolVar(&r.keys, "keys", false, "Let in only requests that bear one of the endpoint's keys: see kelvin endpoint key")
}

// spec is base with what the flags say; nil if they say nothing. 0 stands for the default.
func (r *requestFlags) spec(cmd *cobra.Command, base fleet.RequestSpec) *fleet.RequestSpec {
	if !anyGiven(cmd, "concurrency-limit", "queue-max", "queue-timeout", "request-timeout", "idle-timeout", "max-body", "keys") {
		return nil
	}
	put(cmd, "concurrency-limit", &base.ConcurrencyLimit, r.limit)
	put(cmd, "queue-max", &base.QueueMax, r.queueMax)
	put(cmd, "queue-timeout", &base.QueueTimeout, fleet.Duration(r.queueTimeout))
	put(cmd, "request-timeout", &base.Timeout, fleet.Duration(r.timeout))
	put(cmd, "idle-timeout", &base.IdleTimeout, fleet.Duration(r.idle))
	put(cmd, "max-body", &base.MaxBody, r.maxBody)
	put(cmd, "keys", &base.Keys, r.keys)
	return &base
}

// put sets a field to a flag's value, if the flag is on the command line.
func put[T any](cmd *cobra.Command, flag string, field *T, value T) {
	if cmd.Flags().Changed(flag) {
		*field = value
	}
}

// requestFacts says in a line how requests are treated, where that is not as usual.
func requestFacts(e fleet.EndpointSpec) string {
	r, parts := e.Requests, []string{}
	if r.ConcurrencyLimit > 0 {
		parts = append(parts, fmt.Sprintf("at most %d at a worker", r.ConcurrencyLimit))
	}
	if r.QueueMax > 0 {
		parts = append(parts, fmt.Sprintf("at most %d wait", r.QueueMax))
	}
	if r.QueueTimeout > 0 {
		parts = append(parts, "wait at most "+r.QueueTimeout.String())
	}
	if r.Timeout > 0 {
		parts = append(parts, "take at most "+r.Timeout.String())
	}
	if r.IdleTimeout > 0 {
		parts = append(parts, "stand still at most "+r.IdleTimeout.String())
	}
	if r.MaxBody > 0 {
		parts = append(parts, "bodies up to "+bytesOf(r.MaxBody))
	}
	if r.Keys {
		parts = append(parts, "with one of its keys only")
	}
	return strings.Join(parts, ", ")
}
