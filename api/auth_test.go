package api

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/store"
)

func TestMeSaysWhoAsks(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	me := must[Me](w, call{as: "alice", do: "GET /v1/me"})
	require.Equal(t, w.account["alice"], me.AccountID)
	require.Equal(t, "alice", me.Account)
	require.Equal(t, fleet.Owner, me.Role)
	require.True(t, me.Fleet)
	require.True(t, me.Simulated)
	require.Equal(t, "http://127.0.0.1:8233", me.TemporalUI)
	require.Empty(t, must[Me](w, call{as: "bob", do: "GET /v1/me"}).TemporalUI, "Temporal's UI knows no accounts")
}

func TestBrowserSignsInAndOut(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar}
	send := func(c call) int {
		resp, err := browser.Do(w.request(c))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		for _, cookie := range resp.Cookies() {
			require.Equal(t, sessionCookie, cookie.Name)
			require.True(t, cookie.HttpOnly)
			require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
			require.Equal(t, c.header["X-Forwarded-Proto"] == "https", cookie.Secure)
		}
		return resp.StatusCode
	}
	create := call{do: "POST /v1/endpoints", key: "-", body: map[string]any{"name": "seen", "quick_deploy": "echo"}}
	console := map[string]string{consoleHeader: "1"}

	require.Equal(t, http.StatusUnauthorized, send(call{do: "GET /v1/me"}))
	require.Equal(t, http.StatusOK, send(call{do: "POST /v1/session", body: SessionCreate{Key: w.keys["alice"]}}))
	require.Equal(t, http.StatusOK, send(call{do: "GET /v1/me"}))
	require.Equal(t, http.StatusForbidden, send(create), "another site's form has no such header")
	create.header = console
	require.Equal(t, http.StatusAccepted, send(create))
	require.Equal(t, http.StatusNoContent, send(call{do: "DELETE /v1/session"}))
	require.Equal(t, http.StatusUnauthorized, send(call{do: "GET /v1/me"}))
	require.Equal(t, http.StatusOK, send(call{do: "POST /v1/session", body: SessionCreate{Key: w.keys["alice"]}, header: map[string]string{"X-Forwarded-Proto": "https"}}))
}

func TestDeletedKeyIsSoonOfNoUse(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	secret, key, err := w.Store.CreateKey(t.Context(), w.account["bob"], "short", fleet.Viewer)
	require.NoError(t, err)
	w.keys["short"] = secret
	require.Equal(t, http.StatusOK, w.call(call{as: "short", do: "GET /v1/me"}).status)
	require.NoError(t, w.Store.DeleteKey(t.Context(), w.account["bob"], key.ID))
	eventually(t, func() bool { return w.call(call{as: "short", do: "GET /v1/me"}).status == http.StatusUnauthorized }, "it is forgotten")
}

func TestCredentialsAreRememberedForAMoment(t *testing.T) {
	t.Parallel()
	var known credentials[string]
	asked := 0
	look := func() string {
		who, err := known.get(t.Context(), "secret", func(context.Context, string) (string, error) {
			asked++
			return "somebody", nil
		})
		require.NoError(t, err)
		return who
	}
	require.Equal(t, look(), look())
	require.Equal(t, 1, asked)
	for hash, r := range known.known {
		r.until = time.Now()
		known.known[hash] = r
	}
	require.Equal(t, "somebody", look())
	require.Equal(t, 2, asked)

	_, err := known.get(t.Context(), "", nil)
	require.True(t, fleet.Is(err, fleet.Unauthenticated))
}

// TestNobodySeesAnothersResources asks for everything of alice's with bob's key, by every
// route that the document has.
func TestNobodySeesAnothersResources(t *testing.T) {
	t.Parallel()
	w := mustWorld(t)
	endpoint := w.mustEndpoint("alice", "hers")
	server := w.mustServer("alice", "hers")
	lease := w.mustRun(server).Home.ID
	schedule := w.mustSchedule("alice", map[string]any{"target": map[string]string{"instance": server.ResourceID}})
	replacer := map[string]string{"schedules": schedule.ID, "endpoints": endpoint.ResourceID, "instances": server.ResourceID, "operations": endpoint.ID, "hosts": w.hostID}
	snapshot := w.mustWhole(server.ResourceID, fleet.SnapshotManual)
	replacer["snapshots"] = snapshot.ID
	gpus, err := w.Store.ListGPUs(t.Context(), store.GPUFilter{})
	require.NoError(t, err)
	replacer["gpus"], replacer["gpu-diagnoses"] = gpus[0].ID, w.mustDiagnose(server, gpus[0], gpu.Pass).ID
	key := must[EndpointKeyCreated](w, call{as: "alice", do: "POST /v1/endpoints/" + endpoint.ResourceID + "/keys", key: "-", body: `{"name":"hers"}`})
	volume := must[Volume](w, call{as: "alice", do: "POST /v1/volumes", key: "-", body: `{"name":"hers"}`})
	replacer["volumes"] = volume.ID
	before := w.census()

	_, document := w.build()
	tried := 0
	for path, item := range document.OpenAPI().Paths {
		noun, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
		id, scoped := replacer[noun]
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op == nil || !scoped || !strings.Contains(path, "{id}") {
				continue
			}
			c := call{as: "bob", do: method + " " + strings.NewReplacer("{id}", id, "{lease}", lease, "{key}", key.ID, "{revision}", "1").Replace(path)}
			switch {
			case strings.HasSuffix(path, "/plan"):
				c.do += "?operation=migrate"
			case strings.HasSuffix(path, "/restore"), method == "POST" && strings.HasSuffix(path, "/keys"):
				c.body = `{"name":"mine"}`
			case method == "PATCH" && noun == "instances":
				c.body = `{"protected":true}`
			case method == "PATCH" && noun == "schedules":
				c.body = `{"name":"mine"}`
			case method == "PATCH":
				c.body = `{"max_workers":2}`
			case strings.HasSuffix(path, "/terminate"), strings.HasSuffix(path, "/reset"):
				c.body = `{"confirm":"hers"}`
			case method == "DELETE" && path == "/v1/instances/{id}":
				c.do += "?confirm=hers"
			case strings.HasSuffix(path, "/exec"):
				c.header = map[string]string{"Upgrade": "websocket"}
			case strings.Contains(path, "/files"):
				c.do += "?path=/"
				c.header = map[string]string{"Content-Type": tarType}
			}
			if method != "GET" {
				c.key = "-"
			}
			want := http.StatusNotFound
			if noun == "hosts" || noun == "gpus" {
				want = http.StatusForbidden
			}
			require.Equal(t, want, w.call(c).status, c.do)
			tried++
		}
	}
	require.GreaterOrEqual(t, tried, 24)
	for _, list := range []string{"endpoints?all=true", "instances?all=true", "operations", "events", "instances?endpoint=" + endpoint.ResourceID, "operations?resource=" + server.ResourceID, "events?resource=" + server.ResourceID, "events?resource=" + w.hostID, "schedules?all=true", "schedules?resource=" + server.ResourceID, "events?resource=" + schedule.ID, "snapshots", "snapshots?instance=" + server.ResourceID} {
		require.JSONEq(t, `{"items":[]}`, string(w.call(call{as: "bob", do: "GET /v1/" + list}).body), list)
	}
	for _, list := range []string{"hosts", "gpus", "gateways"} {
		require.Equal(t, http.StatusForbidden, w.call(call{as: "bob", do: "GET /v1/" + list}).status, list)
	}
	require.Equal(t, before, w.census())

	// Nor does one host see what is on another.
	token, _, err := w.Store.CreateHost(t.Context(), "rack-2", "us-east")
	require.NoError(t, err)
	w.keys["other host"] = token
	require.Equal(t, http.StatusOK, w.call(call{as: "host", do: "GET /v1/agent/leases/" + lease}).status)
	require.Equal(t, http.StatusNotFound, w.call(call{as: "other host", do: "GET /v1/agent/leases/" + lease}).status)

	// The same key of two accounts is two requests.
	one := must[Operation](w, call{as: "alice", do: "POST /v1/endpoints", key: "mine", body: map[string]any{"name": "both", "image": "a:1"}})
	two := must[Operation](w, call{as: "bob", do: "POST /v1/endpoints", key: "mine", body: map[string]any{"name": "both", "image": "a:1"}})
	require.NotEqual(t, one.ID, two.ID)
}
