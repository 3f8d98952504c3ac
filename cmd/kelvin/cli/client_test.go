package cli

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestEveryRefusalHasItsExitCodeAndNextStep(t *testing.T) {
	t.Parallel()
	for code, want := range map[fleet.Code]struct {
		status, exit int
		says         string
	}{
		fleet.Invalid:         {422, 2, "--gpus: is out of range; allowed: 1 to 8"},
		fleet.Unauthenticated: {401, 5, "The key in KELVIN_API_KEY is not known to"},
		fleet.Forbidden:       {403, 5, "kelvin me"},
		fleet.NotFound:        {404, 3, "there is no endpoint"},
		fleet.Conflict:        {409, 4, "kelvin operation watch " + id("op_", 7)},
		fleet.Fenced:          {409, 4, "detail"},
		fleet.Cancelled:       {409, 1, "detail"},
		fleet.Unsupported:     {501, 1, "detail"},
		fleet.Unhealthy:       {503, 6, "detail"},
		fleet.Timeout:         {504, 1, "detail"},
		fleet.Exhausted:       {503, 6, "fewer GPUs"},
		fleet.Unavailable:     {503, 6, "detail"},
		fleet.Internal:        {500, 1, "req_42"},
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.mux.HandleFunc("GET /v1/endpoints", func(rw http.ResponseWriter, _ *http.Request) {
				p := api.Problem{Status: want.status, Code: code, Detail: "detail", RequestID: "req_42"}
				if code == fleet.Invalid {
					p.Fields = []fleet.FieldError{{Field: "body.gpus_per_worker", Message: "is out of range", Allowed: "1 to 8"}}
				}
				if code == fleet.Conflict {
					p.Operation = id("op_", 7)
				}
				if code == fleet.NotFound {
					answer(rw, 200, page[api.Endpoint]())
					return
				}
				problem(rw, p)
			})
			r := w.run("endpoint", "show", "llama")
			require.Equal(t, want.exit, r.exit, r.err)
			require.Contains(t, r.err, want.says)
			require.Empty(t, r.out)
		})
	}
}

func TestMistakesInUsageEndWith2AndSayWhatToDo(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"endpoint ls --nope":                                  "unknown flag: --nope",
		"endpoint show":                                       "accepts 1 arg(s), received 0",
		"endpoint create x":                                   "--quick-deploy",
		"endpoint create x --image i --active many":           "invalid argument",
		"endpoint create x --image i --env-file /no/such":     "no such file",
		"endpoint create x --image i --env UNSET":             "NAME=VALUE",
		"endpoint create x --image i --timeout 3s":            "--timeout goes with --wait",
		"endpoint create x --image i --wait --timeout=-1s":    "negative",
		"endpoint create x --image i --cancel-on-interrupt":   "goes with --wait",
		"endpoint create x --image i --idempotency-key=":      "1 to 255",
		"endpoint create x --image i --idempotency-key schön": "1 to 255",
		"endpoint update llama":                               "at least one flag",
		"endpoint rm llama":                                   "--yes",
		"endpoint frobnicate":                                 `unknown command "frobnicate"`,
		"endpoint strat":                                      "did you mean start?",
		"instance ls --state hungry":                          "running",
		"instance ls -o xml":                                  "table, json, yaml, name",
		"instance ls --limit -1":                              "negative",
		"instance logs notebook --since yesterday":            "10m",
		"instance logs notebook --until -1h":                  "10m",
		"instance logs notebook -f --until 1h":                "does not go with",
		"frobnicate":                                          `unknown command "frobnicate"`,
		"endpont ls":                                          "did you mean endpoint?",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			r := stocked(newWorld(t)).run(strings.Fields(line)...)
			require.Equal(t, exitUsage, r.exit, r.err)
			require.Contains(t, r.err, says)
			require.Contains(t, r.err, "--help")
		})
	}
}

func TestAChangeIsRepeatedUnderTheSameKeyUntilItIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers("GET /v1/endpoints/{id}", 200, llama())
	statuses := []int{502, 503, 504, 202}
	var keys []string
	w.mux.HandleFunc("POST /v1/endpoints/{id}/stop", func(rw http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		status := statuses[0]
		statuses = statuses[1:]
		if status == 202 {
			answer(rw, 202, stopOperation(api.OperationPending))
			return
		}
		rw.Header().Set("Retry-After", "3")
		rw.WriteHeader(status)
	})
	r := w.run("endpoint", "stop", id("ep_", 1))
	require.Zero(t, r.exit, r.err)
	require.Equal(t, "stop endpoint llama: accepted\n  Operation:  "+id("op_", 7)+"\n  Follow it:  kelvin operation watch "+id("op_", 7)+"\n", r.out)
	require.Len(t, keys, 4)
	require.Len(t, map[string]bool{keys[0]: true, keys[1]: true, keys[2]: true, keys[3]: true}, 1)
	require.GreaterOrEqual(t, len(keys[0]), 20)
	require.Equal(t, []time.Duration{3 * time.Second, 3 * time.Second, 3 * time.Second}, w.waits)
	require.Contains(t, r.err, "trying again in 3s")

	statuses = []int{202}
	w.mustRun("endpoint", "stop", id("ep_", 1), "--idempotency-key", "mine")
	require.Equal(t, "mine", keys[4])
	statuses = []int{202}
	w.mustRun("endpoint", "stop", id("ep_", 1))
	require.NotEqual(t, keys[0], keys[5], "each invocation has a key of its own")
}

func TestAChangeIsRepeatedWhenTheConnectionBreaks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers("GET /v1/endpoints/{id}", 200, llama())
	keys := map[string]int{}
	w.mux.HandleFunc("POST /v1/endpoints/{id}/stop", func(rw http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if keys[key]++; keys[key] < 4 { // net/http repeats one of these by itself
			panic(http.ErrAbortHandler)
		}
		answer(rw, 202, stopOperation(api.OperationPending))
	})
	w.mustRun("endpoint", "stop", id("ep_", 1))
	require.Len(t, keys, 1)
	require.NotEmpty(t, w.waits)
}

func TestAChangeThatWasNeverAnsweredSaysHowToRepeatIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers("GET /v1/endpoints/{id}", 200, llama())
	w.mux.HandleFunc("POST /v1/endpoints/{id}/stop", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	r := w.run("endpoint", "stop", id("ep_", 1), "--idempotency-key", "mine")
	require.Equal(t, exitUnavailable, r.exit)
	require.Contains(t, r.err, "add --idempotency-key mine")
	require.Len(t, w.waits, mutationTries-1)
}

func TestWhatCannotHelpIsNotRepeated(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]api.Problem{
		"conflict":  {Status: 409, Code: fleet.Conflict},
		"unhealthy": {Status: 503, Code: fleet.Unhealthy},
		"internal":  {Status: 500, Code: fleet.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.answers("GET /v1/endpoints/{id}", 200, llama())
			w.mux.HandleFunc("POST /v1/endpoints/{id}/stop", func(rw http.ResponseWriter, _ *http.Request) { problem(rw, answer) })
			require.NotZero(t, w.run("endpoint", "stop", id("ep_", 1)).exit)
			require.Empty(t, w.waits)
		})
	}
}

func TestALongRetryAfterIsLeftToTheUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mux.HandleFunc("GET /v1/me", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", "120")
		problem(rw, api.Problem{Status: 503, Code: fleet.Exhausted, Detail: "no GPU is free"})
	})
	r := w.run("me")
	require.Equal(t, exitUnavailable, r.exit)
	require.Empty(t, w.waits)
	require.Contains(t, r.err, "wait 2m0s")
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-7": 0, "soon": 0,
		testNow.Add(9 * time.Second).Format(http.TimeFormat): 9 * time.Second, testNow.Add(-time.Hour).Format(http.TimeFormat): 0,
	} {
		require.Equal(t, want, retryAfter(header, testNow), header)
	}
}

func TestAServerThatIsNotThereIsNamedWithWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Close()
	r := w.run("me")
	require.Equal(t, exitUnavailable, r.exit)
	require.Contains(t, r.err, "cannot reach "+w.server.URL)
	require.Contains(t, r.err, "kelvin dev")
	require.Len(t, w.waits, 2, "reading is tried three times")
}

func TestVerboseShowsRequestsAndNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers("POST /v1/endpoints", 202, stopOperation(api.OperationPending))
	w.answers("GET /v1/endpoints/{id}", 200, llama())
	r := w.run("endpoint", "create", "x", "--image", "i", "--env", "TOKEN=hunter2", "--verbose", "--idempotency-key", "k1")
	require.Zero(t, r.exit, r.err)
	require.Contains(t, r.err, "> POST "+w.server.URL+"/v1/endpoints Idempotency-Key: k1\n")
	require.Contains(t, r.err, "< 202 Accepted")
	require.NotContains(t, r.err, testKey)
	require.NotContains(t, r.err, "hunter2")
	require.NotContains(t, r.out, "hunter2")
}

func TestTheKeyIsSentAndFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	w := newWorld(t)
	w.mux.Handle("GET /v1/me", http.RedirectHandler(elsewhere.URL+"/v1/me", http.StatusPermanentRedirect))
	r := w.run("me")
	require.Equal(t, exitFailed, r.exit)
	require.Contains(t, r.err, elsewhere.URL)
	require.Equal(t, "Bearer "+testKey, w.asked[0].header.Get("Authorization"))
	require.Equal(t, "kelvin-cli", w.asked[0].header.Get("User-Agent"))
}

func TestAnAnswerThatIsNotKelvinsIsAnErrorWithoutPanic(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"html":     func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("<html>")) },
		"html 404": func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "<html>", 404) },
		"an array": func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("[]")) },
		"cut short": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Length", "100")
			_, _ = rw.Write([]byte("{"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.mux.HandleFunc("GET /v1/me", handler)
			r := w.run("me")
			require.NotZero(t, r.exit)
			require.True(t, strings.HasPrefix(r.err, "Error: "), r.err)
		})
	}
}

func TestAServerMayLiveUnderAPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["KELVIN_SERVER"] += "/kelvin/"
	w.answers("GET /kelvin/v1/quick-deploys/{name}", 200, api.QuickDeploy{Name: "a/b"})
	w.mustRun("quick-deploy", "show", "a/b")
	require.Equal(t, []string{"GET /kelvin/v1/quick-deploys/a%2Fb"}, w.requests())
}

func TestBackoffDoublesUpToItsLimit(t *testing.T) {
	t.Parallel()
	require.Equal(t, 250*time.Millisecond, backoff(1))
	require.Equal(t, 4*time.Second, backoff(5))
	require.Equal(t, maxBackoff, backoff(6))
	require.Equal(t, maxBackoff, backoff(1_000_000))
}

func TestNamesAreLookedUpAndIDsAreNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mux.HandleFunc("GET /v1/endpoints", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("name") != "my & model" {
			answer(rw, 200, page[api.Endpoint]())
			return
		}
		e := llama()
		e.Name = "my & model"
		answer(rw, 200, page(e))
	})
	w.answers("GET /v1/endpoints/{id}", 200, llama())
	w.answers("POST /v1/endpoints/{id}/start", 202, stopOperation(api.OperationPending))
	w.mustRun("ep", "start", "my & model")
	w.mustRun("ep", "start", id("ep_", 1))
	require.Equal(t, []string{
		"GET /v1/endpoints?" + url.Values{"limit": {strconv.Itoa(pageSize)}, "name": {"my & model"}}.Encode(),
		"POST /v1/endpoints/" + id("ep_", 1) + "/start",
		"GET /v1/endpoints/" + id("ep_", 1),
		"POST /v1/endpoints/" + id("ep_", 1) + "/start",
	}, w.requests())
	require.Equal(t, exitNotFound, w.run("ep", "start", "ep_but_a_name").exit)
}

func TestANameThatSeveralHaveIsAConflictThatListsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := notebook(), lostWorker()
	two.Name = one.Name
	w.answers("GET /v1/instances", 200, page(one, two))
	r := w.run("instance", "stop", "notebook")
	require.Equal(t, exitConflict, r.exit)
	require.Contains(t, r.err, one.ID+", "+two.ID)
}
