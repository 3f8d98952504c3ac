package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// The ways to say who you are.
const (
	schemeKey     = "key"     // bearer kelvin_sk_…
	schemeSession = "session" // the same key in a cookie: the console
	schemeHost    = "host"    // bearer kelvin_hst_…
	schemeGateway = "gateway" // bearer kelvin_gw_…
)

// access is who may use a route. The zero value is everybody.
type access struct {
	scheme string
	role   fleet.Role // of a key
	fleet  bool       // the key's account must operate the fleet
}

// accessKey is where an operation's Metadata has its access.
const accessKey = "access"

var (
	anybody       = access{}
	viewer        = access{scheme: schemeKey, role: fleet.Viewer}
	operator      = access{scheme: schemeKey, role: fleet.Operator}
	fleetViewer   = access{scheme: schemeKey, role: fleet.Viewer, fleet: true}
	fleetOperator = access{scheme: schemeKey, role: fleet.Operator, fleet: true}
	host          = access{scheme: schemeHost}
	gateway       = access{scheme: schemeGateway}
)

// A caller is who asks. Which fields are set depends on the route's scheme.
type caller struct {
	fleet.Principal
	hostID     string
	gatewayID  string
	dataCenter string // of the gateway
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// The session's cookie, and the header that a console sends along with it on whatever
// changes something: another site's page cannot set it.
const (
	sessionCookie = "kelvin_session"
	consoleHeader = "X-Kelvin-Console"
)

// authenticate lets a request through if its caller may use its route.
func (s *Server) authenticate(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		who, err := s.caller(ctx)
		if err != nil {
			p := problemOf(ctx.Context(), err)
			for name, values := range p.GetHeaders() {
				ctx.SetHeader(name, values[0])
			}
			ctx.SetStatus(p.Status)
			ctx.SetHeader("Content-Type", p.ContentType(""))
			_ = api.Marshal(ctx.BodyWriter(), "application/json", p) // nobody is left to tell
			return
		}
		next(huma.WithValue(ctx, callerKey{}, who))
	}
}

func (s *Server) caller(ctx huma.Context) (who caller, err error) {
	need, _ := ctx.Operation().Metadata[accessKey].(access)
	token, bearer := strings.CutPrefix(ctx.Header("Authorization"), "Bearer ")
	switch need.scheme {
	case "":
		return caller{}, nil
	case schemeHost:
		who.hostID, err = s.hosts.get(ctx.Context(), token, s.Store.AuthenticateHost)
		return who, err
	case schemeGateway:
		return s.gateways.get(ctx.Context(), token, func(ctx context.Context, token string) (who caller, err error) {
			who.gatewayID, who.dataCenter, err = s.Store.AuthenticateGateway(ctx, token)
			return who, err
		})
	}
	if !bearer {
		cookie, err := huma.ReadCookie(ctx, sessionCookie)
		if err != nil {
			return who, fleet.Errorf(fleet.Unauthenticated, "an API key is needed: Authorization: Bearer kelvin_sk_…")
		}
		if ctx.Method() != http.MethodGet && ctx.Header(consoleHeader) != "1" {
			return who, fleet.Errorf(fleet.Forbidden, "a session may change something only with the header %s: 1", consoleHeader)
		}
		token = cookie.Value
	}
	if who.Principal, err = s.keys.get(ctx.Context(), token, s.Store.Authenticate); err != nil {
		return who, err
	}
	switch {
	case !who.Role.May(need.role):
		return who, fleet.Errorf(fleet.Forbidden, "this needs the role %s; the key has %s", need.role, who.Role)
	case need.fleet && !who.Fleet:
		return who, fleet.Errorf(fleet.Forbidden, "this is for the operators of the fleet")
	}
	return who, nil
}
