package spot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A Channel is how a provider says that it takes a machine back.
type Channel string

// The channels. A provider without one is noticed when the machine is gone.
const (
	ChannelAWS   Channel = "aws"   // instance metadata, spot/instance-action
	ChannelGCP   Channel = "gcp"   // instance metadata, instance/preempted
	ChannelAzure Channel = "azure" // scheduled events
	ChannelHTTP  Channel = "http"  // somebody calls the agent's hook
	ChannelNone  Channel = "none"
)

// Channels are all of them.
var Channels = []Channel{ChannelAWS, ChannelGCP, ChannelAzure, ChannelHTTP, ChannelNone}

// A Provider describes how one provider deals with spot machines. The zero Provider is one
// of which nothing is known.
type Provider struct {
	Notice       fleet.Duration `json:"notice,omitempty" doc:"Time between the warning and the end"`
	Channel      Channel        `json:"channel,omitempty" doc:"How the warning arrives: aws, gcp, azure, http, none"`
	CanStop      bool           `json:"can_stop,omitempty" doc:"A spot machine can be stopped, and is not only terminated"`
	StopReleases bool           `json:"stop_releases,omitempty" doc:"A stop gives the GPU back: a start may find none"`
	MinBilling   fleet.Duration `json:"min_billing,omitempty" doc:"What is billed at the least"`
	PriceRatio   float64        `json:"price_ratio,omitempty" doc:"On-demand price divided by spot price, where the prices are not known"`
	LaunchDelay  fleet.Duration `json:"launch_delay,omitempty" doc:"From a decision to a worker that answers (p95), until that is measured"`
}

// What is assumed of a provider that does not say.
const (
	defaultMinBilling  = fleet.Duration(60 * time.Second)
	defaultLaunchDelay = fleet.Duration(60 * time.Second)
	defaultPriceRatio  = 1.6
)

// withDefaults is the provider with what it does not say.
func (p Provider) withDefaults() Provider {
	if p.MinBilling == 0 {
		p.MinBilling = defaultMinBilling
	}
	if p.LaunchDelay == 0 {
		p.LaunchDelay = defaultLaunchDelay
	}
	if p.PriceRatio == 0 {
		p.PriceRatio = defaultPriceRatio
	}
	if p.Channel == "" {
		p.Channel = ChannelNone
	}
	return p
}

// Providers are descriptors by name.
type Providers map[string]Provider

// DefaultProviders are those that Kelvin knows.
func DefaultProviders() Providers {
	seconds := func(n int) fleet.Duration { return fleet.Duration(time.Duration(n) * time.Second) }
	return Providers{
		"aws":    {Notice: seconds(120), Channel: ChannelAWS, CanStop: true, StopReleases: true, MinBilling: seconds(60), PriceRatio: 3},
		"gcp":    {Notice: seconds(25), Channel: ChannelGCP, CanStop: true, StopReleases: true, MinBilling: seconds(1), PriceRatio: 3},
		"azure":  {Notice: seconds(25), Channel: ChannelAzure, CanStop: true, StopReleases: true, MinBilling: seconds(1), PriceRatio: 3},
		"runpod": {Channel: ChannelNone, StopReleases: true, MinBilling: seconds(1), PriceRatio: 1.6},
		"none":   {Channel: ChannelNone},
	}
}

// Of is the descriptor of a provider; of one that is not known, the most careful one: no
// notice, no stop, 60 s.
func (p Providers) Of(name string) Provider { return p[name].withDefaults() }

// Names are the names of all providers, in order.
func (p Providers) Names() []string { return slices.Sorted(maps.Keys(p)) }

var slug = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// ParseProviders reads descriptors in JSON: an object whose fields are the names of
// providers. What it says of a provider replaces what DefaultProviders does, and the others
// stay. What a descriptor does not have is refused.
func ParseProviders(data []byte) (Providers, error) {
	all := DefaultProviders()
	given := map[string]json.RawMessage{}
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&given); err != nil {
		return nil, fleet.Errorf(fleet.Invalid, "the providers are not an object of descriptors by name: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fleet.Errorf(fleet.Invalid, "the providers go on after their end: one object is allowed")
	}
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		p, problems := parseProvider(given[name])
		if !slug.MatchString(name) {
			problems = append(problems, "is not a name of a provider (allowed: lower-case letters, digits and hyphens, at most 63)")
		}
		for _, problem := range problems {
			wrong = append(wrong, fmt.Sprintf("%q %s", name, problem))
		}
		all[name] = p
	}
	if len(wrong) > 0 {
		return nil, fleet.Errorf(fleet.Invalid, "the providers are not valid: %s", strings.Join(wrong, "; "))
	}
	return all, nil
}

// parseProvider reads one descriptor, and says all that is wrong with it.
func parseProvider(data []byte) (p Provider, problems []string) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, []string{"cannot be read: " + err.Error()}
	}
	check := func(ok bool, field, allowed string) {
		if !ok {
			problems = append(problems, fmt.Sprintf("has a %s that is not allowed (allowed: %s)", field, allowed))
		}
	}
	hour := fleet.Duration(time.Hour)
	check(p.Notice >= 0 && p.Notice <= hour, "notice", "0s to 1h")
	check(p.Channel == "" || slices.Contains(Channels, p.Channel), "channel", "aws, gcp, azure, http, none")
	check(p.Notice == 0 || p.Channel != "" && p.Channel != ChannelNone, "notice without a channel", "a channel: aws, gcp, azure, http")
	check(p.MinBilling >= 0 && p.MinBilling <= 24*hour, "min_billing", "0s to 24h")
	check(p.PriceRatio == 0 || p.PriceRatio >= 1 && p.PriceRatio <= 100, "price_ratio", "1 to 100")
	check(p.LaunchDelay >= 0 && p.LaunchDelay <= hour, "launch_delay", "0s to 1h")
	return p, problems
}
