package activities

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// Host does the steps that touch one host. It runs in the host's agent.
type Host struct {
	Machine machine.Machine
	Specs   Specs
	Probe   *http.Client // asks containers whether they are ready
	Address string       // where their ports are published, as the agent reaches them
	Logger  *slog.Logger
	Archive Archive  // nil: it has none, and nothing can be frozen or moved
	GPUs    Examiner // nil: it has none

	Settling time.Duration // how long services are watched for a failure when they start; 0: a second
}

// Specs answers what a container is to be: the record, asked directly. It is NotFound when
// the lease is not this host's.
type Specs func(ctx context.Context, leaseID string) (fleet.ContainerSpec, error)

// PullImage makes the image present.
func (h *Host) PullImage(ctx context.Context, in Container) error {
	return because(fleet.PullError, h.Machine.Pull(ctx, in.Image, func(p fleet.Progress) { Report(ctx, p) }))
}

// CreateContainer makes the container, stopped.
func (h *Host) CreateContainer(ctx context.Context, in Container) error {
	spec, err := h.Specs(ctx, in.Lease.ID)
	if err != nil {
		return fmt.Errorf("ask for the container's spec: %w", err)
	}
	return h.Machine.Create(ctx, spec)
}

// StartContainer starts it.
func (h *Host) StartContainer(ctx context.Context, in Container) error {
	return h.Machine.Start(ctx, in.Lease.ID)
}

// StopContainer stops it, with time to end by itself.
func (h *Host) StopContainer(ctx context.Context, in Container) error {
	Report(ctx, fleet.Progress{Message: fmt.Sprintf("up to %s to end by itself", in.StopTimeout)})
	return h.Machine.Stop(ctx, in.Lease.ID, time.Duration(in.StopTimeout))
}

// RemoveContainer removes it with its disk. It need not be there.
func (h *Host) RemoveContainer(ctx context.Context, in Container) error {
	return h.Machine.Remove(ctx, in.Lease.ID)
}

// ProbeContainer waits until the container answers below 500 on its probe path; without a
// path, that it runs; and that it has the GPUs it was given, as far as anybody can tell. It fails
// for good when the container ends first, or lacks a GPU.
func (h *Host) ProbeContainer(ctx context.Context, in Container) error {
	for wait := 5 * time.Millisecond; ; wait = min(wait*3/2, time.Second) {
		c, err := h.Machine.Inspect(ctx, in.Lease.ID)
		if err != nil {
			return err
		}
		if !c.Running {
			return h.endedEarly(ctx, in, c)
		}
		if in.ProbePath == "" {
			return h.hasGPUs(ctx, in)
		}
		wrong := h.ask(ctx, in, c)
		if wrong == "" {
			return h.hasGPUs(ctx, in)
		}
		if !c.StartedAt.IsZero() && time.Since(c.StartedAt) > in.StartWithin() {
			return h.neverReady(ctx, in, wrong)
		}
		Report(ctx, fleet.Progress{Message: "waiting until it answers: " + wrong})
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// hasGPUs looks into the container for the GPUs of its lease. Where nobody can tell, it is
// believed.
func (h *Host) hasGPUs(ctx context.Context, in Container) error {
	if in.Held == 0 {
		return nil
	}
	err := h.Machine.GPUsVisible(ctx, in.Lease.ID)
	if fleet.Is(err, fleet.Unhealthy) || ctx.Err() != nil {
		return err
	}
	return nil
}

// ask probes once. It returns what was wrong, or nothing.
func (h *Host) ask(ctx context.Context, in Container, c machine.Container) string {
	for _, p := range c.Ports {
		if p.Container != in.ProbePort {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s:%d%s", h.Address, p.Host, in.ProbePath), nil)
		if err != nil {
			return err.Error()
		}
		req.Header.Set("User-Agent", "kelvin-probe")
		resp, err := h.Probe.Do(req)
		if err != nil {
			return "it does not listen on port " + fmt.Sprint(in.ProbePort)
		}
		_ = resp.Body.Close() // only the status matters
		if resp.StatusCode >= 500 {
			return "it answers " + resp.Status
		}
		return ""
	}
	return fmt.Sprintf("port %d is not published", in.ProbePort)
}
