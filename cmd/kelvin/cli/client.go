package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	requestTimeout = 30 * time.Second
	maxAnswer      = 64 << 20 // bytes of a JSON answer
)

// A client speaks HTTP with one server.
type client struct {
	server *url.URL
	key    string
	name   string // of the context, for hints
	http   *http.Client
	trace  io.Writer // of --verbose; nil is quiet
	note   func(string)
	clock  func() time.Time
	sleep  func(context.Context, time.Duration) error
	tries  int // of a request that only reads; one that changes something gets more

	silence time.Duration // after which a stream is taken for dead
}

func newClient(at place, a *app) (*client, error) {
	server, err := parseServer(at.Server)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	return &client{
		server: server, key: at.Key, name: at.name, clock: a.now, sleep: a.pause, tries: 3, silence: silence,
		note: func(string) {},
		http: &http.Client{
			Transport: transport,
			// An API does not redirect; what does is a proxy that wants another URL, and the
			// key should not go there unasked.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// A call is one request. One with a key changes something, and may be repeated under it.
type call struct {
	method string
	path   string // /v1/…, escaped
	query  url.Values
	body   any
	key    string // Idempotency-Key
}

// get reads path into into.
func (c *client) get(ctx context.Context, path string, query url.Values, into any) error {
	return c.do(ctx, call{method: http.MethodGet, path: path, query: query}, into)
}

// do sends a call, again where that is safe and can help, and decodes the answer into into.
func (c *client) do(ctx context.Context, in call, into any) error {
	body, err := encode(in.body)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		err := c.once(ctx, in, body, into, try)
		wait, again := c.again(err, in, try)
		if err == nil || !again || ctx.Err() != nil {
			return lastWord(err, in)
		}
		if wait >= time.Second {
			c.note(fmt.Sprintf("%v; trying again in %s", err, wait.Round(time.Second)))
		}
		if err := c.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func encode(body any) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("write request: %w", err)
	}
	return text, nil
}

func (c *client) once(ctx context.Context, in call, body []byte, into any, try int) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	header := http.Header{"Accept": {"application/json"}}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	if in.key != "" {
		header.Set("Idempotency-Key", in.key)
	}
	answer, err := c.send(ctx, in, header, body, try)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return c.unreachable(err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return &failure{
			exit: exitFailed, err: fmt.Errorf("%s did not answer as Kelvin does: %w", c.server.Redacted(), err),
			next: []string{"Is that the URL of a Kelvin server, and as new as this command?"},
		}
	}
	return nil
}

// send sends one request and returns the answer, with its body open, unless it is an error.
func (c *client) send(ctx context.Context, in call, header http.Header, body []byte, try int) (*http.Response, error) {
	return c.sendBody(ctx, in, header, bytes.NewReader(body), try)
}

// sendBody is send for a body that may be a stream.
func (c *client) sendBody(ctx context.Context, in call, header http.Header, body io.Reader, try int) (*http.Response, error) {
	target := c.server.JoinPath(in.path)
	target.RawQuery = in.query.Encode()
	request, err := http.NewRequestWithContext(ctx, in.method, target.String(), body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	request.Header = header
	request.Header.Set("User-Agent", "kelvin-cli")
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	c.tracef("> %s %s%s%s", in.method, target.Redacted(), again(try), keyed(in.key))
	began := c.clock()
	answer, err := c.http.Do(request)
	took := c.clock().Sub(began).Round(time.Millisecond)
	if err != nil {
		err = c.unreachable(err)
		c.tracef("< %v (%s)", err, took)
		return nil, err
	}
	c.tracef("< %s (%s) %s", answer.Status, took, answer.Header.Get("X-Request-Id"))
	if answer.StatusCode >= 300 {
		defer answer.Body.Close()
		return nil, c.refused(answer)
	}
	return answer, nil
}

func (c *client) tracef(format string, args ...any) {
	if c.trace != nil {
		fmt.Fprintln(c.trace, clean(fmt.Sprintf(format, args...)))
	}
}

func again(try int) string {
	if try == 1 {
		return ""
	}
	return fmt.Sprintf(" (try %d)", try)
}

func keyed(key string) string {
	if key == "" {
		return ""
	}
	return " Idempotency-Key: " + key
}
