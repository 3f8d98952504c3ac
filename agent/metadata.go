package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A metadata is the part of a provider's instance metadata that says whether the machine is
// taken away.
type metadata interface {
	// look asks once. With nil there is no notice. It may wait for a change, as long as the
	// provider lets it, and never longer than ctx.
	look(ctx context.Context) (*heard, error)
}

// heard is a notice as a provider words it.
type heard struct {
	fleet.NoticeReport
	until time.Time // by this machine's clock; zero: not said
}

// Where the providers' metadata are, for their machines.
const (
	awsMetadata   = "http://169.254.169.254"
	gcpMetadata   = "http://metadata.google.internal"
	azureMetadata = "http://169.254.169.254"
)

// metadataLimit is how long an answer may take that does not wait for anything.
const metadataLimit = 2 * time.Second

// metadataClient asks the link-local address: there is no proxy on the way, and no redirect.
func metadataClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{Proxy: nil, MaxIdleConns: 2, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ask sends a request, and returns status and body.
func ask(ctx context.Context, client *http.Client, method, address string, header map[string]string) (int, http.Header, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return 0, nil, nil, err
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	return resp.StatusCode, resp.Header, body, err
}

// newMetadata is that of a provider, at base or where it always is.
func newMetadata(source fleet.NoticeSource, base string, notice time.Duration) (metadata, error) {
	client := metadataClient()
	base = strings.TrimSuffix(base, "/")
	switch source { //nolint:exhaustive // the others are not asked
	case fleet.NoticeAWS:
		return &aws{client: client, base: orElse(base, awsMetadata)}, nil
	case fleet.NoticeGCP:
		return &gcp{client: client, base: orElse(base, gcpMetadata), notice: notice}, nil
	case fleet.NoticeAzure:
		return &azure{client: client, base: orElse(base, azureMetadata)}, nil
	}
	return nil, fleet.Errorf(fleet.Invalid, "%q has no instance metadata to ask", source)
}

func orElse(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}

// aws is EC2's instance metadata, version 2: with a token.
type aws struct {
	client *http.Client
	base   string
	token  string
	ends   time.Time // of the token
}

const awsTokenTTL = 6 * time.Hour

func (a *aws) look(ctx context.Context) (*heard, error) {
	ctx, cancel := context.WithTimeout(ctx, metadataLimit)
	defer cancel()
	var action struct {
		Action string    `json:"action"` // terminate, stop or hibernate: the GPUs are gone with all of them
		Time   time.Time `json:"time"`
	}
	found, err := a.get(ctx, "/latest/meta-data/spot/instance-action", &action)
	if err != nil {
		return nil, err
	}
	if found {
		if action.Time.IsZero() {
			return nil, fmt.Errorf("the instance action says no time")
		}
		id := fmt.Sprintf("%s:%s", action.Action, action.Time.UTC().Format(time.RFC3339))
		return &heard{NoticeReport: fleet.NoticeReport{Kind: fleet.NoticePreempt, Source: fleet.NoticeAWS, ID: id}, until: action.Time}, nil
	}
	var hint struct {
		NoticeTime time.Time `json:"noticeTime"`
	}
	if found, err = a.get(ctx, "/latest/meta-data/events/recommendations/rebalance", &hint); err != nil || !found {
		return nil, err
	}
	return &heard{NoticeReport: fleet.NoticeReport{Kind: fleet.NoticeRebalance, Source: fleet.NoticeAWS, ID: "rebalance:" + hint.NoticeTime.UTC().Format(time.RFC3339)}}, nil
}

// get reads a document; false if there is none.
func (a *aws) get(ctx context.Context, path string, out any) (bool, error) {
	for try := range 2 {
		if err := a.fetchToken(ctx); err != nil {
			return false, err
		}
		status, _, body, err := ask(ctx, a.client, http.MethodGet, a.base+path, map[string]string{"X-aws-ec2-metadata-token": a.token})
		switch {
		case err != nil:
			return false, err
		case status == http.StatusNotFound:
			return false, nil
		case status == http.StatusUnauthorized && try == 0: // the token is void: another one
			a.token = ""
			continue
		case status != http.StatusOK:
			return false, fmt.Errorf("%s answers %d", path, status)
		}
		return true, json.Unmarshal(body, out)
	}
	return false, fmt.Errorf("%s refuses a new token", path)
}

func (a *aws) fetchToken(ctx context.Context) error {
	if a.token != "" && time.Now().Before(a.ends) {
		return nil
	}
	status, _, body, err := ask(ctx, a.client, http.MethodPut, a.base+"/latest/api/token",
		map[string]string{"X-aws-ec2-metadata-token-ttl-seconds": fmt.Sprint(int(awsTokenTTL.Seconds()))})
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("the token service answers %d", status)
	}
	a.token, a.ends = strings.TrimSpace(string(body)), time.Now().Add(awsTokenTTL-time.Minute)
	return nil
}

// gcp is Compute Engine's instance metadata. It says only that the machine is preempted; how
// long there is left is what the provider promises, from when that is first seen.
type gcp struct {
	client *http.Client
	base   string
	notice time.Duration
	etag   string
	until  time.Time // of a preemption that was seen
}

// gcpWait is how long a question waits for a change.
const gcpWait = 20 * time.Second

func (g *gcp) look(ctx context.Context) (*heard, error) {
	limit, query := metadataLimit, url.Values{}
	if g.etag != "" {
		limit += gcpWait
		query = url.Values{"wait_for_change": {"true"}, "last_etag": {g.etag}, "timeout_sec": {fmt.Sprint(int(gcpWait.Seconds()))}}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	address := g.base + "/computeMetadata/v1/instance/preempted"
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	status, header, body, err := ask(ctx, g.client, http.MethodGet, address, map[string]string{"Metadata-Flavor": "Google"})
	if err != nil {
		g.etag = ""
		return nil, err
	}
	if status != http.StatusOK {
		g.etag = ""
		return nil, fmt.Errorf("instance/preempted answers %d", status)
	}
	g.etag = header.Get("ETag")
	if !strings.EqualFold(strings.TrimSpace(string(body)), "TRUE") {
		g.until = time.Time{}
		return nil, nil //nolint:nilnil // no notice is an answer
	}
	if g.until.IsZero() {
		g.until = time.Now().Add(g.notice)
	}
	return &heard{NoticeReport: fleet.NoticeReport{Kind: fleet.NoticePreempt, Source: fleet.NoticeGCP, ID: "preempted"}, until: g.until}, nil
}

// azure are the scheduled events of a virtual machine.
type azure struct {
	client *http.Client
	base   string
	name   string // of this machine; empty: not asked yet
}

const (
	azureEvents   = "/metadata/scheduledevents?api-version=2020-07-01"
	azureName     = "/metadata/instance/compute/name?api-version=2021-02-01&format=text"
	azureDeadline = 25 * time.Second // of an event that says no time: it has begun
)

// azureTaken are the types of events after which the machine is gone.
var azureTaken = []string{"Preempt", "Terminate"}

func (a *azure) look(ctx context.Context) (*heard, error) {
	ctx, cancel := context.WithTimeout(ctx, metadataLimit)
	defer cancel()
	header := map[string]string{"Metadata": "true"}
	if a.name == "" { // an event is for one machine of a set, or for others
		status, _, body, err := ask(ctx, a.client, http.MethodGet, a.base+azureName, header)
		if err != nil {
			return nil, err
		}
		if status == http.StatusOK {
			a.name = strings.TrimSpace(string(body))
		}
	}
	status, _, body, err := ask(ctx, a.client, http.MethodGet, a.base+azureEvents, header)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("the scheduled events answer %d", status)
	}
	var doc struct {
		Events []struct {
			ID        string   `json:"EventId"`
			Type      string   `json:"EventType"`
			Resources []string `json:"Resources"`
			NotBefore string   `json:"NotBefore"`
		} `json:"Events"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("the scheduled events cannot be read: %w", err)
	}
	for _, e := range doc.Events {
		if !slices.Contains(azureTaken, e.Type) || a.name != "" && !slices.Contains(e.Resources, a.name) {
			continue
		}
		h := &heard{NoticeReport: fleet.NoticeReport{Kind: fleet.NoticePreempt, Source: fleet.NoticeAzure, ID: e.ID}}
		if e.NotBefore != "" {
			if h.until, err = http.ParseTime(e.NotBefore); err != nil {
				return nil, fmt.Errorf("the time of event %q cannot be read: %w", e.ID, err)
			}
		} else {
			h.Left = fleet.Duration(azureDeadline)
		}
		return h, nil
	}
	return nil, nil //nolint:nilnil // no notice is an answer
}
