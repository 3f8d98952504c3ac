package gateway

import "net/netip"

// prefixes are networks.
func prefixes(all ...string) []netip.Prefix {
	var parsed []netip.Prefix
	for _, text := range all {
		parsed = append(parsed, netip.MustParsePrefix(text))
	}
	return parsed
}
