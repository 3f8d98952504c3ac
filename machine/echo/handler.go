package echo

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Handler is the program's routes:
//
//	GET  /                        who it is and how many requests it has had
//	GET  /healthz                 200 ok
//	GET  /gpus                    the GPUs it was given
//	GET  /env                     PORT and the KELVIN_ variables
//	GET  /counter                 a number that grows by one and is lost when it ends
//	GET  /status/{code}           that status
//	GET  /bytes?n=                n bytes
//	GET  /slow?for=1s&every=      an answer after a while; with every, a line each interval
//	GET  /sse?n=10&every=1s       n server-sent events
//	GET  /ws                      a WebSocket that sends back what it gets
//	GET  /files, /files/{name}    its files; one of them
//	POST /files?name=&bytes=      writes a file of that size, or of the body without bytes
//	ANY  /crash?code=1            ends the process
func (w *Workload) Handler() http.Handler {
	w.start = time.Now()
	if w.stopping == nil {
		w.stopping = make(chan struct{})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", w.self)
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprintln(rw, "ok") })
	mux.HandleFunc("GET /gpus", func(rw http.ResponseWriter, _ *http.Request) { answer(rw, w.gpus()) })
	mux.HandleFunc("GET /env", w.env)
	mux.HandleFunc("GET /counter", func(rw http.ResponseWriter, _ *http.Request) {
		answer(rw, map[string]int64{"count": w.count.Add(1)})
	})
	mux.HandleFunc("/status/{code}", status)
	mux.HandleFunc("GET /bytes", bytes)
	mux.HandleFunc("/slow", w.slow)
	mux.HandleFunc("GET /sse", w.events)
	mux.HandleFunc("GET /ws", w.socket)
	mux.HandleFunc("GET /files", w.listFiles)
	mux.HandleFunc("GET /files/{name}", w.readFile)
	mux.HandleFunc("POST /files", w.writeFile)
	mux.HandleFunc("/crash", w.crash)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.requests.Add(1)
		begun := time.Now()
		mux.ServeHTTP(rw, r)
		if r.URL.Path != "/healthz" {
			// %q: a path is the caller's text, and may hold line breaks.
			fmt.Fprintf(w.Log, "echo: %s %q %s\n", r.Method, r.URL.Path, time.Since(begun).Round(time.Millisecond))
		}
	})
}

// A self is what the program says about itself.
type self struct {
	Instance  string    `json:"instance"`
	Endpoint  string    `json:"endpoint"`
	GPUs      []string  `json:"gpus"` // their UUIDs
	Simulated bool      `json:"simulated"`
	Hostname  string    `json:"hostname"`
	Requests  int64     `json:"requests"` // of this run, with this one
	Started   time.Time `json:"started"`
	Time      time.Time `json:"time"`
}

func (w *Workload) self(rw http.ResponseWriter, _ *http.Request) {
	gpus := w.gpus()
	answer(rw, self{
		Instance: w.Env["KELVIN_INSTANCE_ID"], Endpoint: w.Env["KELVIN_ENDPOINT_ID"],
		GPUs: gpus.UUIDs, Simulated: gpus.Simulated, Hostname: w.Hostname,
		Requests: w.requests.Load(), Started: w.start.UTC(), Time: time.Now().UTC(),
	})
}

type gpus struct {
	Count     int      `json:"count"`
	Type      string   `json:"type,omitempty"`
	UUIDs     []string `json:"uuids"`
	Simulated bool     `json:"simulated"`
}

func (w *Workload) gpus() gpus {
	g := gpus{Type: w.Env["KELVIN_GPU_TYPE"], UUIDs: []string{}, Simulated: w.Env["KELVIN_GPU_SIMULATED"] == "true"}
	if v := w.Env["KELVIN_GPU_UUIDS"]; v != "" {
		g.UUIDs = strings.Split(v, ",")
	}
	g.Count = len(g.UUIDs)
	return g
}

// env shows what Kelvin set and nothing else: the rest may be a tenant's secrets, and the
// route has no password.
func (w *Workload) env(rw http.ResponseWriter, _ *http.Request) {
	shown := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(w.Env)) {
		if name == "PORT" || strings.HasPrefix(name, "KELVIN_") {
			shown[name] = w.Env[name]
		}
	}
	answer(rw, shown)
}

func status(rw http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.PathValue("code"))
	if err != nil || code < 200 || code > 599 {
		http.Error(rw, "a status is a number from 200 to 599", http.StatusBadRequest)
		return
	}
	rw.WriteHeader(code)
	if code != http.StatusNoContent && code != http.StatusNotModified {
		fmt.Fprintln(rw, code, http.StatusText(code))
	}
}

// crash ends the process without an answer, as a crash does.
func (w *Workload) crash(_ http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.URL.Query().Get("code"))
	if err != nil || code < 0 || code > 255 {
		code = 1
	}
	fmt.Fprintln(w.Log, "echo: told to crash with", code)
	exit := w.Exit
	if exit == nil {
		exit = os.Exit
	}
	exit(code)
	abort()
}

func answer(rw http.ResponseWriter, body any) {
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(body) // the caller has gone
}
