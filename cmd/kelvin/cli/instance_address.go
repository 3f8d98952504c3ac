package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/kelvin-gpu/kelvin/api"
)

// addresses are where the ports of an instance are reached: at its address that stays, or
// for want of one at its host's. localhost:10000→8080.
func addresses(i api.Instance) []string {
	var all []string
	for _, port := range i.Ports {
		at := port.Address
		if at == "" {
			at = fmt.Sprintf("%s:%d", i.Address, port.Host)
		}
		all = append(all, fmt.Sprintf("%s→%d", at, port.Container))
	}
	return all
}

// published are the ports on the host where a server lives now.
func published(i api.Instance) []string {
	var all []string
	for _, port := range i.Ports {
		if port.Host != 0 && port.Address != "" { // else addresses has it
			all = append(all, fmt.Sprintf("%s:%d→%d", i.Address, port.Host, port.Container))
		}
	}
	return all
}

// introduceServer adds a new server's ID, URL and addresses.
func (s *session) introduceServer(ctx context.Context, op api.Operation, f *facts) {
	f.add("ID:", op.ResourceID)
	var made api.Instance
	if err := s.get(ctx, instances.path+"/"+url.PathEscape(op.ResourceID), nil, &made); err == nil { // else show has them
		f.add("URL:", made.URL)
		f.add("Addresses:", strings.Join(addresses(made), "\n"))
	}
	if op.Ended() {
		f.add("See it:", "kelvin instance show "+op.ResourceID)
	}
}
