package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A provider is a server that speaks the instance metadata of AWS, GCP and Azure, as their
// machines see it.
type provider struct {
	*httptest.Server
	mu      sync.Mutex
	action  string    // AWS: terminate, stop; GCP and Azure: not empty
	at      time.Time // when the machine goes
	hint    bool
	tokens  int
	changed chan struct{} // closed with each change
	etag    int
	asked   int
	broken  bool
}

func mustProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{changed: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-aws-ec2-metadata-token-ttl-seconds") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.tokens++
		fmt.Fprintf(w, "token-%d", p.tokens)
	})
	aws := func(doc func() any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.asked++
			switch body := doc(); {
			case p.broken:
				w.WriteHeader(http.StatusInternalServerError)
			case r.Header.Get("X-aws-ec2-metadata-token") != fmt.Sprintf("token-%d", p.tokens):
				w.WriteHeader(http.StatusUnauthorized)
			case body == nil:
				w.WriteHeader(http.StatusNotFound)
			default:
				_ = json.NewEncoder(w).Encode(body)
			}
		}
	}
	mux.HandleFunc("GET /latest/meta-data/spot/instance-action", aws(func() any {
		if p.action == "" {
			return nil
		}
		return map[string]string{"action": p.action, "time": p.at.UTC().Format(time.RFC3339)}
	}))
	mux.HandleFunc("GET /latest/meta-data/events/recommendations/rebalance", aws(func() any {
		if !p.hint {
			return nil
		}
		return map[string]string{"noticeTime": "2026-03-01T12:00:00Z"}
	}))
	mux.HandleFunc("GET /computeMetadata/v1/instance/preempted", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Metadata-Flavor") != "Google" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		p.mu.Lock()
		p.asked++
		changed, etag := p.changed, fmt.Sprint(p.etag)
		p.mu.Unlock()
		if q := r.URL.Query(); q.Get("wait_for_change") == "true" && q.Get("last_etag") == etag {
			select {
			case <-changed:
			case <-r.Context().Done():
			case <-time.After(20 * time.Second):
			}
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		w.Header().Set("ETag", fmt.Sprint(p.etag))
		fmt.Fprint(w, strings.ToUpper(fmt.Sprint(p.action != "")))
	})
	mux.HandleFunc("GET /metadata/instance/compute/name", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "mine") })
	mux.HandleFunc("GET /metadata/scheduledevents", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Metadata") != "true" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked++
		type event struct {
			EventID     string `json:"EventId"`
			EventType   string
			Resources   []string
			EventStatus string
			NotBefore   string
		}
		events := []event{
			{"A", "Freeze", []string{"mine"}, "Scheduled", "Mon, 19 Sep 2016 18:29:47 GMT"},
			{"B", "Preempt", []string{"another"}, "Scheduled", ""},
		}
		if p.action != "" {
			events = append(events, event{"C", "Preempt", []string{"mine"}, "Scheduled", p.at.UTC().Format(http.TimeFormat)})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"DocumentIncarnation": 1, "Events": events})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.CloseClientConnections)
	t.Cleanup(p.Close)
	return p
}

// becomes has the provider say that the machine goes; nothing, that it stays.
func (p *provider) becomes(action string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.action, p.at, p.etag = action, at, p.etag+1
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *provider) with(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func TestEveryProviderIsUnderstood(t *testing.T) {
	t.Parallel()
	for _, source := range []fleet.NoticeSource{fleet.NoticeAWS, fleet.NoticeGCP, fleet.NoticeAzure} {
		t.Run(string(source), func(t *testing.T) {
			t.Parallel()
			p := mustProvider(t)
			m, err := newMetadata(source, p.URL+"/", 30*time.Second)
			require.NoError(t, err)
			n, err := m.look(t.Context())
			require.NoError(t, err)
			require.Nil(t, n, "no notice, and those of others are not ours")

			at := time.Now().Add(2 * time.Minute).Truncate(time.Second)
			p.becomes("terminate", at)
			if source == fleet.NoticeAWS {
				p.with(func() { p.tokens++ }) // the token it has is void
			}
			n, err = m.look(t.Context())
			require.NoError(t, err)
			require.NotNil(t, n)
			require.Equal(t, fleet.NoticePreempt, n.Kind)
			require.Equal(t, source, n.Source)
			if source == fleet.NoticeGCP { // it does not say when
				require.WithinDuration(t, time.Now().Add(30*time.Second), n.until, 5*time.Second)
				again := n.until
				p.with(func() { p.etag++ })
				n, err = m.look(t.Context())
				require.NoError(t, err)
				require.Equal(t, again, n.until, "the time runs from when it was first seen")
			} else {
				require.True(t, at.Equal(n.until), "%s, not %s", at, n.until)
			}

			p.becomes("", time.Time{})
			n, err = m.look(t.Context())
			require.NoError(t, err)
			require.Nil(t, n)
		})
	}
}

func TestAWSHintsFirst(t *testing.T) {
	t.Parallel()
	p := mustProvider(t)
	m, err := newMetadata(fleet.NoticeAWS, p.URL, 0)
	require.NoError(t, err)
	p.with(func() { p.hint = true })
	n, err := m.look(t.Context())
	require.NoError(t, err)
	require.Equal(t, fleet.NoticeRebalance, n.Kind)
	require.True(t, n.until.IsZero())
	p.becomes("stop", time.Now().Add(time.Minute))
	n, err = m.look(t.Context())
	require.NoError(t, err)
	require.Equal(t, fleet.NoticePreempt, n.Kind)
	p.with(func() { p.broken = true })
	_, err = m.look(t.Context())
	require.Error(t, err, "no answer is not the answer that there is no notice")
	p.Close()
	_, err = m.look(t.Context())
	require.Error(t, err)
	_, err = newMetadata(fleet.NoticeHook, "", 0)
	require.True(t, fleet.Is(err, fleet.Invalid))
}

// GCP's metadata answers when something changes: nothing waits two seconds for the notice.
func TestGCPWaitsForTheChange(t *testing.T) {
	t.Parallel()
	p := mustProvider(t)
	m, err := newMetadata(fleet.NoticeGCP, p.URL, 30*time.Second)
	require.NoError(t, err)
	_, err = m.look(t.Context())
	require.NoError(t, err)
	said := make(chan *heard, 1)
	go func() {
		n, _ := m.look(t.Context())
		said <- n
	}()
	require.Eventually(t, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.asked == 2 }, 10*time.Second, time.Millisecond)
	select {
	case <-said:
		t.Fatal("it answers before anything changed")
	case <-time.After(50 * time.Millisecond):
	}
	p.becomes("yes", time.Time{})
	require.NotNil(t, <-said)
}

func (s *site) hostState() fleet.HostState {
	h, err := s.store.GetHost(context.Background(), s.hostID)
	require.NoError(s, err)
	return h.State
}

func TestANoticeIsReportedAtOnceAndWithdrawn(t *testing.T) {
	t.Parallel()
	for _, source := range []fleet.NoticeSource{fleet.NoticeAWS, fleet.NoticeGCP, fleet.NoticeAzure} {
		t.Run(string(source), func(t *testing.T) {
			t.Parallel()
			p, s := mustProvider(t), mustSite(t)
			s.wire.order.TTL, s.wire.order.Every = fleet.Duration(time.Minute), fleet.Duration(40*time.Second) // renewals tell nothing
			s.mustRunChanged(s.mustFour(), func(a *Agent) {
				a.Market, a.Provider, a.Zone = fleet.Spot, string(source), "z-1"
				a.Notices = Notices{Source: source, Base: p.URL, Notice: 30 * time.Second, Every: 100 * time.Millisecond}
			})
			s.eventually(func() bool { return s.hostState() == fleet.HostReady }, "it joins")
			p.becomes("terminate", time.Now().Add(2*time.Minute))
			s.eventually(func() bool { return s.hostState() == fleet.HostPreempted }, "the notice arrives")
			host, err := s.store.GetHost(t.Context(), s.hostID)
			require.NoError(t, err)
			require.Equal(t, fleet.Spot, host.Market)
			require.Equal(t, string(source)+"/a100-80gb/z-1", host.Pool())
			require.Equal(t, source, host.Notice.Source)
			require.False(t, host.Notice.Deadline.IsZero())
			p.becomes("", time.Time{})
			s.eventually(func() bool { return s.hostState() == fleet.HostReady }, "it is withdrawn")
		})
	}
}

func TestANoticeIsSaidUntilTheServerHears(t *testing.T) {
	t.Parallel()
	p, s := mustProvider(t), mustSite(t)
	s.wire.order.TTL = fleet.Duration(time.Minute)
	a := s.mustRunChanged(s.mustFour(), func(a *Agent) {
		a.Market, a.Notices = fleet.Spot, Notices{Source: fleet.NoticeAWS, Base: p.URL, Every: 50 * time.Millisecond}
	})
	s.eventually(func() bool { return s.hostState() == fleet.HostReady }, "it joins")
	s.wire.become(cut)
	p.becomes("terminate", time.Now().Add(2*time.Minute))
	time.Sleep(300 * time.Millisecond)
	s.wire.become(whole)
	s.eventually(func() bool { return s.hostState() == fleet.HostPreempted }, "the notice arrives")
	require.Positive(t, a.metric(t, "kelvin_agent_metadata_requests_total", "ok"))

	// The next agent, of a machine that was started anew, has nothing to say of it.
	a.stop()
	p.becomes("", time.Time{})
	s.mustRunChanged(s.mustFour(), func(a *Agent) { a.Market = fleet.Spot })
	s.eventually(func() bool { return s.hostState() == fleet.HostReady }, "it is another machine")
}

func TestTheHookTakesNotices(t *testing.T) {
	t.Parallel()
	s := mustSite(t)
	dir, err := os.MkdirTemp("", "kelvin") // the names of sockets are short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "notice.sock")
	left, err := net.Listen("unix", path) // by an agent that died
	require.NoError(t, err)
	left.(*net.UnixListener).SetUnlinkOnClose(false)
	require.NoError(t, left.Close())
	s.mustRunChanged(s.mustFour(), func(a *Agent) { a.Notices = Notices{Hook: path, Notice: 40 * time.Second} })
	s.eventually(func() bool { return s.hostState() == fleet.HostReady }, "it joins")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	hook := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	do := func(method, body string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, "http://agent/preempt", strings.NewReader(body))
		require.NoError(t, err)
		resp, err := hook.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(text)
	}
	for body, status := range map[string]int{
		`{`: 400, `{"in":"soon"}`: 400, `{"when":"1s"}`: 400, `{"in":"1s","deadline":"2026-03-01T12:00:00Z"}`: 422,
		`{"in":"48h"}`: 422, `{"kind":"rumour"}`: 422, `{"deadline":"2020-03-01T12:00:00Z"}`: 422, `{"id":"` + strings.Repeat("x", 300) + `"}`: 422,
	} {
		got, text := do(http.MethodPost, body)
		require.Equal(t, status, got, body)
		require.Contains(t, text, `"code":"invalid"`)
	}
	require.Equal(t, fleet.HostReady, s.hostState())
	status, _ := do(http.MethodPost, `{"in":"50s","id":"x"}`)
	require.Equal(t, http.StatusAccepted, status)
	s.eventually(func() bool { return s.hostState() == fleet.HostPreempted }, "the notice arrives")
	host, err := s.store.GetHost(t.Context(), s.hostID)
	require.NoError(t, err)
	require.Equal(t, fleet.NoticeHook, host.Notice.Source)
	require.WithinDuration(t, time.Now().Add(50*time.Second), host.Notice.Deadline, 15*time.Second)
	_, text := do(http.MethodGet, "")
	require.Contains(t, text, `"kind":"preempt"`)
	status, _ = do(http.MethodDelete, "")
	require.Equal(t, http.StatusNoContent, status)
	s.eventually(func() bool { return s.hostState() == fleet.HostReady }, "it is withdrawn")
	status, _ = do(http.MethodPost, "")
	require.Equal(t, http.StatusAccepted, status)
	s.eventually(func() bool { return s.hostState() == fleet.HostPreempted }, "without a time, what the provider promises counts")
	status, _ = do(http.MethodPost, `{"kind":"rebalance"}`)
	require.Equal(t, http.StatusAccepted, status)
}

// What is heard between the moment in which a report is made up and the one in which it is sent
// is reported after it.
func TestNoNoticeIsLostBehindTheOneBefore(t *testing.T) {
	t.Parallel()
	h := newHerald(&Agent{})
	report, sent := h.take()
	require.Nil(t, report.Notice)
	require.False(t, sent, "once at the beginning")
	h.hear(&h.asked, &heard{NoticeReport: fleet.NoticeReport{Kind: fleet.NoticePreempt, Source: fleet.NoticeAWS}, until: time.Now().Add(time.Minute)})
	report, sent = h.take()
	require.Equal(t, fleet.NoticePreempt, report.Notice.Kind)
	require.False(t, sent)
	_, sent = h.take()
	require.True(t, sent)
	h.unsent()
	_, sent = h.take()
	require.False(t, sent)
}
