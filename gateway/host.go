package gateway

import (
	"strings"
	"unicode/utf8"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// endpointOf reads the endpoint's ID from a Host header of the form
// <endpoint>.<data center>.<domain>[:port], in any case. It does not say that there is such
// an endpoint.
func endpointOf(host, dataCenter string) (id string, ok bool) {
	host, port, _ := strings.Cut(host, ":")
	for _, c := range []byte(port) {
		if c < '0' || c > '9' {
			return "", false
		}
	}
	label, rest, _ := strings.Cut(host, ".")
	place, domain, _ := strings.Cut(rest, ".")
	if domain == "" || domain == "." || !strings.EqualFold(place, dataCenter) {
		return "", false
	}
	if len(label) <= len(fleet.EndpointPrefix) || len(label) > 63 {
		return "", false
	}
	for _, c := range []byte(label) {
		if c >= utf8.RuneSelf { // has no place in a host name, and no lower case that we want
			return "", false
		}
	}
	id = fleet.FromHostLabel(label)
	return id, strings.HasPrefix(id, fleet.EndpointPrefix)
}
