package api

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// InstancePort is one port of an instance, and where it is reached.
type InstancePort struct {
	Container int    `json:"container" doc:"Port inside the container"`
	Host      int    `json:"host,omitempty" doc:"Port on its host; absent while it lives nowhere, and another one where it lives next"`
	Address   string `json:"address,omitempty" doc:"Where this port of a server is reached over TCP, wherever the server lives, until it is terminated" example:"ins-06f2r3k8x9m4n5p6q7s8t9v0w1.us-east.example.com:10000"`
}

// url is where an instance's requests go: to the first port of a server.
func (s *Server) url(i fleet.Instance) string {
	if s.GatewayURL == nil || len(i.Addresses) == 0 {
		return ""
	}
	return s.GatewayURL(i.Spec.DataCenter, fleet.HostLabel(i.ID))
}

// ports are those of an instance's spec that are reached anywhere.
func (s *Server) ports(i fleet.Instance) []InstancePort {
	host := addressHost(s.url(i))
	ports := []InstancePort{}
	for _, container := range i.Spec.Ports {
		p := InstancePort{Container: container}
		for _, published := range i.Ports {
			if published.Container == container {
				p.Host = published.Host
			}
		}
		for _, a := range i.Addresses {
			if a.Container == container && host != "" {
				p.Address = net.JoinHostPort(host, strconv.Itoa(a.Port))
			}
		}
		if p.Host != 0 || p.Address != "" {
			ports = append(ports, p)
		}
	}
	return ports
}

// addressHost is the host name of a server's URL. Browsers know that what ends in .localhost
// is this machine; what speaks to a TCP port often does not, so there it is localhost.
func addressHost(of string) string {
	u, err := url.Parse(of)
	if err != nil {
		return ""
	}
	if host := u.Hostname(); !strings.HasSuffix(host, ".localhost") {
		return host
	}
	return "localhost"
}
