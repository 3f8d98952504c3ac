package gateway

import (
	"strings"
	"unicode/utf8"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// endpointOf reads the ID of an endpoint or server from a Host header of the form
// <label>.<data center>.<domain>[:port], in any case. It does not say that there is such
// a one.
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
	if len(label) > 63 {
		return "", false
	}
	for _, c := range []byte(label) {
		if c >= utf8.RuneSelf { // has no place in a host name, and no lower case that we want
			return "", false
		}
	}
	id = fleet.FromHostLabel(label)
	for _, prefix := range []string{fleet.EndpointPrefix, fleet.InstancePrefix} {
		if strings.HasPrefix(id, prefix) && len(id) > len(prefix) {
			return id, true
		}
	}
	return "", false
}
