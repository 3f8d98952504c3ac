package fleet

import "time"

// MaxEndpointKeys is how many keys one endpoint may have.
const MaxEndpointKeys = 100

// An EndpointKey opens an endpoint that wants one (RequestSpec.Keys), and nothing else. Its
// secret is shown once, when it is made; the store keeps a hash.
type EndpointKey struct {
	ID         string
	EndpointID string
	Name       string
	Actor      string // who made it
	CreatedAt  time.Time
}
