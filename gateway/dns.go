package gateway

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"time"

	"github.com/mholt/acmez/v3/acme"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// dnsTimeout limits a dnsCommand: records may take a while until they are seen.
const dnsTimeout = 10 * time.Minute

// A dnsCommand sets TXT records by a program:
//
//	PROGRAM present _acme-challenge.us-east.example.com. VALUE
//	PROGRAM cleanup _acme-challenge.us-east.example.com. VALUE
//
// It has succeeded when it exits with 0, and must do so only once the name servers of the
// domain show the record. Nothing that a client or tenant says is among its arguments.
type dnsCommand struct {
	command []string
}

// Present does nothing, for it must not take long: Wait is called after it.
func (d *dnsCommand) Present(context.Context, acme.Challenge) error { return nil }

// Wait sets the record.
func (d *dnsCommand) Wait(ctx context.Context, c acme.Challenge) error {
	return d.run(ctx, "present", c)
}

// CleanUp removes it.
func (d *dnsCommand) CleanUp(ctx context.Context, c acme.Challenge) error {
	return d.run(context.WithoutCancel(ctx), "cleanup", c)
}

func (d *dnsCommand) run(ctx context.Context, verb string, c acme.Challenge) error {
	ctx, cancel := context.WithTimeout(ctx, dnsTimeout)
	defer cancel()
	args := append(d.command[1:len(d.command):len(d.command)], verb, c.DNS01TXTRecordName()+".", c.DNS01KeyAuthorization())
	cmd := exec.CommandContext(ctx, d.command[0], args...)
	cmd.WaitDelay = time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		text := strings.TrimSpace(said.String())
		return fleet.Errorf(fleet.Unavailable, "%s %s for %s: %v: %.500s", d.command[0], verb, c.Identifier.Value, err, text)
	}
	return nil
}
