package cli

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// errNoContext is what a newcomer sees first.
var errNoContext = &failure{
	exit: exitUsage, err: errors.New("no server to talk to: there is no context yet"),
	next: []string{
		"Run `kelvin dev` to start one on this machine, or",
		"`kelvin context set NAME --server URL` to use one that runs elsewhere.",
	},
}

// place is where a command goes, with what key, and where that was said.
type place struct {
	Context
	name string // of the context; empty when flags or the environment say it all
}

// resolve finds the server and the key: flags before environment before the context file.
// A context that was named by a flag is used as it is. A context's key goes to its own
// server only, so that a mistyped --server does not give it away.
func (a *app) resolve() (place, error) {
	path, err := contextPath(a.getenv)
	if err != nil {
		return place{}, err
	}
	all, err := loadContexts(path)
	if err != nil {
		return place{}, err
	}
	name := all.Current
	if a.context != "" {
		name = a.context
	}
	at := place{Context: all.Contexts[name], name: name}
	if _, ok := all.Contexts[name]; !ok {
		if a.context != "" {
			return place{}, unknownContext(name, all)
		}
		at.name = ""
	}

	server, key := a.server, a.getenv("KELVIN_API_KEY")
	if a.context == "" && server == "" {
		server = a.getenv("KELVIN_SERVER")
	}
	if a.context != "" && at.Key != "" {
		key = at.Key
	}
	switch {
	case server == "" && at.Server == "":
		return place{}, errNoContext
	case server != "" && !sameServer(server, at.Server):
		if key == "" || (a.context != "" && key == at.Key) {
			return place{}, &failure{
				exit: exitForbidden, err: fmt.Errorf("there is no key for %s", server),
				next: []string{"Set KELVIN_API_KEY, or run `kelvin context set NAME --server " + server + "`.", "A context's key is sent to its own server only."},
			}
		}
		at = place{Context: Context{Server: server}}
	}
	if key != "" {
		at.Key = key
	}
	return at, nil
}

func sameServer(a, b string) bool {
	return strings.TrimRight(a, "/") == strings.TrimRight(b, "/")
}

func unknownContext(name string, all Contexts) error {
	f := &failure{exit: exitNotFound, err: fleet.Errorf(fleet.NotFound, "there is no context %q", name)}
	if len(all.Contexts) == 0 {
		f.next = errNoContext.next
	} else {
		f.next = []string{"There are: " + strings.Join(slices.Sorted(maps.Keys(all.Contexts)), ", ")}
	}
	return f
}

// parseServer checks the URL of a server.
func parseServer(server string) (*url.URL, error) {
	u, err := url.Parse(server)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, &failure{
			exit: exitUsage, err: errors.New("the server is not given as a URL"), // which may hold a password
			next: []string{"A server is written like https://kelvin.example.com or http://127.0.0.1:8080."},
		}
	}
	return u, nil
}
