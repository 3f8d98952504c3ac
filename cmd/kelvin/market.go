package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/agent"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/spot"
)

// marketFlags say how a host is paid for, and how it hears that it is taken away.
type marketFlags struct {
	market, provider, zone, metadata, socket string
	descriptors                              providersFlag
}

func (m *marketFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&m.market, "market", string(fleet.OnDemand), "how this host is paid for: on-demand, or spot, whose provider may take it away")
	cmd.Flags().StringVar(&m.provider, "provider", "none", "who sells this host: aws, gcp, azure, runpod, none, or one that --providers describes; it says how notices arrive")
	cmd.Flags().StringVar(&m.zone, "zone", "", "the provider's zone of this host, such as us-east-1a; provider, type of GPU and zone are the pool that it is taken back with")
	cmd.Flags().StringVar(&m.metadata, "metadata-url", "", "where the provider's instance metadata is; empty: where it always is, http://169.254.169.254 or http://metadata.google.internal")
	cmd.Flags().StringVar(&m.socket, "notice-socket", "", "Unix socket on which programs of this host say that it is taken away: POST /preempt, as of curl --unix-socket; empty: none")
	m.descriptors.flags(cmd)
}

// notices are how the agent hears, or all that is wrong with the flags.
func (m *marketFlags) notices() (agent.Notices, error) {
	n := agent.Notices{Base: m.metadata, Hook: m.socket}
	var problems []error
	add := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	add(m.market == string(fleet.OnDemand) || m.market == string(fleet.Spot), "--market is on-demand or spot")
	add(fleet.IsPoolName(m.zone), "--zone has letters, digits and . _ : + -, at most 63")
	if m.metadata != "" {
		u, err := url.Parse(m.metadata)
		add(err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "", "--metadata-url is an http or https URL")
	}
	known, err := m.descriptors.load()
	if err != nil {
		return n, errors.Join(append(problems, err)...)
	}
	_, found := known[m.provider]
	add(found, "--provider is one of %s", strings.Join(known.Names(), ", "))
	p := known.Of(m.provider)
	n.Notice = time.Duration(p.Notice)
	switch p.Channel {
	case spot.ChannelAWS:
		n.Source = fleet.NoticeAWS
	case spot.ChannelGCP:
		n.Source = fleet.NoticeGCP
	case spot.ChannelAzure:
		n.Source = fleet.NoticeAzure
	case spot.ChannelHTTP:
		add(m.socket != "", "--provider %s gives notice over HTTP: --notice-socket is needed", m.provider)
	case spot.ChannelNone:
	}
	if m.market != string(fleet.Spot) { // nobody takes it away
		n.Source = ""
	}
	return n, errors.Join(problems...)
}

// providersFlag describes providers that Kelvin does not know, or knows otherwise.
type providersFlag struct{ path string }

func (p *providersFlag) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.path, "providers", "", "JSON file that describes providers of spot hosts, beside and instead of those built in: see docs/guides/spot.md; the same for all parts")
}

// load reads them.
func (p *providersFlag) load() (spot.Providers, error) {
	if p.path == "" {
		return spot.DefaultProviders(), nil
	}
	text, err := os.ReadFile(p.path)
	if err != nil {
		return nil, fmt.Errorf("read --providers: %w", err)
	}
	all, err := spot.ParseProviders(text)
	if err != nil {
		return nil, fmt.Errorf("--providers: %w", err)
	}
	return all, nil
}
