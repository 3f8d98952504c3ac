package gateway

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// An address is one port of a server, as clients know it, and where that leads now. Its
// server's lock guards it.
type address struct {
	port   int
	target string // host:port; empty while nothing runs there
	open   int    // streams
}

// asEndpoint is how a server's requests go: to the one worker that it is itself, at its
// first port.
func asEndpoint(s fleet.ServerRoute) fleet.EndpointRoute {
	route := fleet.EndpointRoute{EndpointID: s.InstanceID, AccountID: s.AccountID, Open: s.Open}
	if len(s.Ports) > 0 && s.Ports[0].Target != "" {
		route.Workers = []fleet.WorkerRoute{{InstanceID: s.InstanceID, Address: s.Ports[0].Target, Draining: !s.Ready}}
	}
	return route
}

// lead makes ports the truth of a server. Streams end whose container the routes name no
// more, or name elsewhere: a server never runs twice, so nothing is at their other end.
func (e *endpoint) lead(ports []fleet.PortRoute) {
	if !e.server {
		return
	}
	before := e.addresses
	e.addresses = make(map[int]*address, len(ports))
	for _, p := range ports {
		a := before[p.Port]
		if a == nil {
			a = &address{port: p.Port}
		}
		a.target = p.Target
		e.addresses[p.Port] = a
	}
	w := e.workers[e.id]
	for s := range e.streams {
		a := e.addresses[s.address.port]
		moved := len(e.ready) > 0 && a != nil && a.target != s.target
		if a == nil || w == nil || w.absent || moved {
			s.breakOff()
		}
	}
}

// fresh counts the streams that began after young, or have not reached the server yet.
func (e *endpoint) fresh(young time.Time) int {
	n := 0
	for s := range e.streams {
		if s.server == nil || s.boarded.After(young) {
			n++
		}
	}
	return n
}
