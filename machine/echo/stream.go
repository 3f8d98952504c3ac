package echo

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/coder/websocket"
)

const (
	maxBytes  = 1 << 30
	maxWait   = time.Hour
	maxEvents = 1_000_000
)

func bytes(rw http.ResponseWriter, r *http.Request) {
	n, err := strconv.ParseInt(r.URL.Query().Get("n"), 10, 64)
	if err != nil || n < 0 || n > maxBytes {
		http.Error(rw, "n is a number of bytes, at most 1 GiB", http.StatusBadRequest)
		return
	}
	rw.Header().Set("Content-Type", "application/octet-stream")
	rw.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	block := make([]byte, min(n, 64<<10))
	for n > 0 {
		wrote, err := rw.Write(block[:min(n, int64(len(block)))])
		if err != nil {
			return // the caller has gone
		}
		n -= int64(wrote)
	}
}

// slow answers after ?for (default 1s). With ?every it says so in a line each interval, so
// that a proxy's streaming can be watched.
func (w *Workload) slow(rw http.ResponseWriter, r *http.Request) {
	length, err := wait(r, "for", time.Second)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	every, err := wait(r, "every", 0)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	flush := http.NewResponseController(rw)
	begun, done := time.Now(), time.After(length)
	var tick <-chan time.Time
	if every > 0 {
		_ = flush.Flush() // the headers, so that the caller knows it is being served
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		tick = ticker.C
	}
	for {
		select {
		case <-r.Context().Done():
			abort()
		case <-tick:
			fmt.Fprintf(rw, "%s of %s\n", time.Since(begun).Round(time.Millisecond), length)
			_ = flush.Flush()
		case <-done:
			fmt.Fprintf(rw, "done after %s\n", length)
			return
		}
	}
}

// events sends ?n (default 10) server-sent events, one ?every (default 1s), the first at
// once. It goes on after Last-Event-ID.
func (w *Workload) events(rw http.ResponseWriter, r *http.Request) {
	n, first := 10, 1
	var err error
	if v := r.URL.Query().Get("n"); v != "" {
		if n, err = strconv.Atoi(v); err != nil || n < 1 || n > maxEvents {
			http.Error(rw, "n is a number of events from 1 to 1000000", http.StatusBadRequest)
			return
		}
	}
	every, err := wait(r, "every", time.Second)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	if last, err := strconv.Atoi(r.Header.Get("Last-Event-ID")); err == nil && last > 0 {
		first = last + 1
	}
	rw.Header().Set("Content-Type", "text/event-stream")
	rw.Header().Set("Cache-Control", "no-store")
	flush := http.NewResponseController(rw)
	for i := first; i <= n; i++ {
		if i > first {
			select {
			case <-r.Context().Done():
				abort()
			case <-time.After(every):
			}
		}
		fmt.Fprintf(rw, "id: %d\nevent: tick\ndata: {\"n\":%d,\"instance\":%q}\n\n", i, i, w.Env["KELVIN_INSTANCE_ID"])
		_ = flush.Flush()
	}
}

// socket sends back what it gets, until the caller or the program ends.
func (w *Workload) socket(rw http.ResponseWriter, r *http.Request) {
	// Any page may connect: there is nothing here that a cookie or an origin would open.
	conn, err := websocket.Accept(rw, r, &websocket.AcceptOptions{OriginPatterns: []string{"*"}})
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }() // it may be closed already
	conn.SetReadLimit(16 << 20)
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		// Shutdown does not know hijacked connections.
		select {
		case <-w.stopping:
			_ = conn.Close(websocket.StatusGoingAway, "ending")
		case <-ended:
		}
	}()
	for {
		kind, message, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		if err := conn.Write(r.Context(), kind, message); err != nil {
			return
		}
	}
}

// abort breaks the connection off. To return would end the answer as if it were whole, when
// it is this program that was killed.
func abort() { panic(http.ErrAbortHandler) }

func wait(r *http.Request, name string, otherwise time.Duration) (time.Duration, error) {
	v := r.URL.Query().Get(name)
	if v == "" {
		return otherwise, nil
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 || d > maxWait {
		return 0, fmt.Errorf("%s is a duration such as 500ms, at most 1h", name)
	}
	return d, nil
}
