package gateway

import (
	"errors"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Config says which data center a Gateway serves and where it learns its routes.
type Config struct {
	// Server is the base URL of the Kelvin server, such as http://127.0.0.1:8080. Run needs it.
	Server string
	// Token is the gateway's bearer token, kelvin_gw_….
	Token string
	// DataCenter is the second label of the host names that are served.
	DataCenter string
	// Logger gets a line at Debug for every request and stream, at Info for failures of the
	// gateway's own (at most one a second for each endpoint). Default: none.
	Logger *slog.Logger
	// HTTPClient talks to the server, not to workers. Default: a new one.
	HTTPClient *http.Client
	// Registerer gets the metrics. Default: a registry of the gateway's own.
	Registerer prometheus.Registerer
	// AccessLog gets a line at Info for every request. Default: none.
	AccessLog *slog.Logger
	Options   Options
}

// A Gateway is the reverse proxy of a data center. It is an http.Handler; make one with
// New, feed it with Run, let it listen with Serve.
type Gateway struct {
	run        string // names this process
	server     string
	token      string
	dataCenter string
	logger     *slog.Logger
	errorLog   *log.Logger // what net/http has to say
	accessLog  *slog.Logger
	client     *http.Client
	options    Options
	gatherer   prometheus.Gatherer
	http, grpc *http.Transport // to workers

	// table is what requests read. It is nil until there are routes.
	table   atomic.Pointer[table]
	leaving atomic.Bool  // it accepts no more connections
	clock   atomic.Int64 // nanoseconds of Unix time, as of when requests were last watched; 0: they are not
	unknown *endpoint    // stands for all that is not in the table, in counters and logs

	mu    sync.Mutex           // held by Apply and Report as a whole
	known map[string]*endpoint // those in table, and those that left it with requests in flight

	routed chan struct{} // closed when there are routes

	soon  chan struct{} // asks for a report now
	moved chan struct{} // the ports in table may be others
	bound bound
	door  door
}

// A table is the endpoints and servers of one version of the routes.
type table struct {
	version   int64
	endpoints map[string]*endpoint
	ports     map[int]*endpoint // the addresses of servers
}

// New makes a Gateway that has no routes yet. It returns Invalid if c can never work.
func New(c Config) (*Gateway, error) {
	if c.DataCenter == "" || strings.Contains(c.DataCenter, ".") {
		return nil, fleet.Errorf(fleet.Invalid, "data center must be one DNS label")
	}
	if u, err := url.Parse(c.Server); err != nil || c.Server != "" && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return nil, fleet.Errorf(fleet.Invalid, "server must be a URL such as http://127.0.0.1:8080")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.HTTPClient == nil {
		c.HTTPClient = &http.Client{}
	}
	o := c.Options.withDefaults()
	g := &Gateway{
		run: newID(), server: strings.TrimRight(c.Server, "/"), token: c.Token, dataCenter: c.DataCenter,
		logger: c.Logger, errorLog: slog.NewLogLogger(c.Logger.Handler(), slog.LevelDebug),
		accessLog: c.AccessLog, client: c.HTTPClient, options: o,
		http: newTransport(o), grpc: newGRPCTransport(o),
		unknown: newEndpoint("unknown", 0), known: map[string]*endpoint{}, routed: make(chan struct{}), soon: make(chan struct{}, 1), moved: make(chan struct{}, 1),
	}
	if err := g.register(c.Registerer); err != nil {
		return nil, err
	}
	return g, nil
}

// register makes the metrics visible. A Registerer that also gathers, as registries do, is
// what AdminHandler shows.
func (g *Gateway) register(r prometheus.Registerer) error {
	if r == nil {
		r = prometheus.NewRegistry()
	}
	g.gatherer = prometheus.DefaultGatherer
	if own, ok := r.(prometheus.Gatherer); ok {
		g.gatherer = own
	}
	if err := r.Register(collector{g}); err != nil {
		if _, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
			return fleet.Errorf(fleet.Conflict, "another gateway has registered its metrics here")
		}
		return fleet.Errorf(fleet.Internal, "register the gateway's metrics: %v", err)
	}
	return nil
}

// Handler serves the requests of tenants: every path is theirs.
func (g *Gateway) Handler() http.Handler { return g }

// Apply makes routes the truth. Once it has returned, no request is sent to a worker that
// they call draining or leave out. Run calls it, and tests do.
func (g *Gateway) Apply(routes fleet.Routes) {
	g.mu.Lock()
	defer g.mu.Unlock()
	endpoints := make(map[string]*endpoint, len(routes.Endpoints)+len(routes.Servers))
	ports := map[int]*endpoint{}
	for _, route := range routes.Endpoints {
		e := g.know(route.EndpointID)
		e.follow(route, nil)
		endpoints[e.id] = e
	}
	for _, route := range routes.Servers {
		e := g.know(route.InstanceID)
		if leaving := e.follow(asEndpoint(route), route.Ports); leaving {
			time.AfterFunc(g.options.StreamGrace, g.reportSoon)
		}
		endpoints[e.id] = e
		for _, p := range route.Ports {
			ports[p.Port] = e
		}
	}
	for id, e := range g.known {
		if endpoints[id] == nil && !e.leave() {
			delete(g.known, id)
		}
	}
	if g.table.Load() == nil {
		defer close(g.routed)
	}
	g.table.Store(&table{version: routes.Version, endpoints: endpoints, ports: ports})
	g.door.set(routes.Closed)
	g.reportSoon()
	select {
	case g.moved <- struct{}{}:
	default: // they will be looked at anyway
	}
}

// know returns what is known of an endpoint or server, with the lock of g held.
func (g *Gateway) know(id string) *endpoint {
	e := g.known[id]
	if e == nil {
		e = newEndpoint(id, g.options.SlowStart)
		g.known[id] = e
	}
	return e
}

// Report tells what is in flight, and what was counted since the process began, of the
// endpoints that have something to say. It promises that no request will be sent to a worker
// that is draining or absent in the routes of its version, until newer ones make that worker
// ready. Nothing is reported as empty that a request is still on its way to.
func (g *Gateway) Report() fleet.GatewayReport {
	g.mu.Lock()
	defer g.mu.Unlock()
	report := fleet.GatewayReport{Run: g.run, InFlight: map[string]int{}, Load: map[string]fleet.EndpointLoad{}}
	if t := g.table.Load(); t != nil {
		report.Version = t.version
	}
	now := time.Now()
	young := now.Add(-g.options.StreamGrace)
	for id, e := range g.known {
		if e.report(&report, now, young) {
			delete(g.known, id)
		}
	}
	return report
}

// silence is how long after its last request an endpoint is still reported.
const silence = time.Minute

// report adds what the endpoint has in flight, and its load if it has some or had a moment
// ago; a server's load is nobody's business, and of its streams those count that began after
// young. It reports whether the endpoint left the routes and is empty by now.
func (e *endpoint) report(r *fleet.GatewayReport, now, young time.Time) (over bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	inflight := 0
	for id, w := range e.workers {
		if w.inflight > 0 {
			r.InFlight[id] = w.inflight
			inflight += w.inflight
		}
	}
	if e.server {
		if n := e.fresh(young); n > 0 {
			r.InFlight[e.id] += n
		}
		return e.gone && len(e.workers) == 0 && len(e.streams) == 0
	}
	if inflight+e.waiting() > 0 || now.Sub(e.count.active) < silence {
		load := e.count.load()
		load.InFlight, load.Queued, load.Peak = inflight, e.waiting(), e.peak.top(now)
		r.Load[e.id] = load
	}
	return e.gone && len(e.workers) == 0
}
