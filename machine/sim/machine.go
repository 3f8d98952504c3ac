package sim

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// A Machine is an agent's handle on a Host. It implements machine.Machine.
type Machine struct {
	host *Host
	id   string
}

var _ machine.Machine = (*Machine)(nil)

// call does work under the faults that match.
func (m *Machine) call(ctx context.Context, verb, lease, image string, work func() error) error {
	return m.host.call(ctx, Call{Verb: verb, Host: m.id, Lease: lease, Image: image}, work)
}

// find is the container of a lease if it is this host's; the caller holds the lock.
func (m *Machine) find(leaseID string) (*container, error) {
	c := m.host.containers[leaseID]
	if c == nil || c.spec.Lease.HostID != m.id {
		return nil, fleet.Errorf(fleet.NotFound, "there is no container of lease %s here", leaseID)
	}
	return c, nil
}

// Info implements machine.Machine.
func (m *Machine) Info(ctx context.Context) (info machine.Info, err error) {
	err = m.call(ctx, "Info", "", "", func() error {
		o := m.host.options
		info = machine.Info{Driver: "sim", Version: version(), Simulated: true, CPUs: o.CPUs, MemoryMB: o.MemoryMB, Disk: o.Disk, Archives: true, Volumes: true, GPUAccess: fleet.AccessSimulated}
		return nil
	})
	return info, err
}

// Pull implements machine.Machine. An image has all tags, or does not exist.
func (m *Machine) Pull(ctx context.Context, image string, progress func(fleet.Progress)) error {
	return m.call(ctx, "Pull", "", image, func() error {
		known, ok := m.host.options.Registry[repository(image)]
		if !ok {
			return fleet.Errorf(fleet.NotFound, "the simulated registry has no image %s", image)
		}
		m.host.mu.Lock()
		_, there := m.host.pulled[image]
		m.host.mu.Unlock()
		if there {
			return nil
		}
		total := known.Bytes
		if total == 0 {
			total = 12_000_000
		}
		const parts = 4 // at most ten reports a second, whatever the time
		for i := range int64(parts) {
			if err := sleep(ctx, time.Duration(known.Pull)/parts); err != nil {
				return err
			}
			if progress != nil && (time.Duration(known.Pull) >= parts*100*time.Millisecond || i == parts-1) {
				done := total * (i + 1) / parts
				progress(fleet.Progress{Message: "pulling " + image, Done: done, Total: total, Percent: 100 * float64(done) / float64(total)})
			}
		}
		m.host.mu.Lock()
		defer m.host.mu.Unlock()
		m.host.pulled[image] = idOf(image)
		m.host.images[idOf(image)] = true
		return nil
	})
}

// Create implements machine.Machine.
func (m *Machine) Create(ctx context.Context, c fleet.ContainerSpec) error {
	return m.call(ctx, "Create", c.Lease.ID, c.Spec.Image, func() error {
		h := m.host
		h.mu.Lock()
		defer h.mu.Unlock()
		if there := h.containers[c.Lease.ID]; there != nil {
			if there.spec.Lease.HostID != c.Lease.HostID {
				return fleet.Errorf(fleet.Conflict, "another host has a container of lease %s", c.Lease.ID)
			}
			return nil
		}
		if err := machine.Check(c, m.id); err != nil {
			return err
		}
		if len(c.GPUs) > 0 && !c.Simulated {
			return fleet.Errorf(fleet.Unsupported, "a simulated machine has no real GPUs")
		}
		imageID := cmp.Or(c.ImageID, h.pulled[c.Spec.Image])
		if !h.images[imageID] {
			return fleet.Errorf(fleet.NotFound, "image %s is not here", cmp.Or(c.ImageID, c.Spec.Image))
		}
		h.made++
		made := &container{
			spec: c, engineID: fmt.Sprintf("sim-%06d", h.made), imageID: imageID, env: machine.Environment(c), log: newJournal(), tasks: map[string]*task{}, createdAt: now(),
		}
		var err error
		if made.tree, made.files, err = h.plant(c); err != nil {
			_ = h.fell(c.Lease.ID) // the first error counts
			return err
		}
		h.containers[c.Lease.ID] = made
		return nil
	})
}

// Start implements machine.Machine.
func (m *Machine) Start(ctx context.Context, leaseID string) error {
	return m.call(ctx, "Start", leaseID, "", func() error {
		h := m.host
		h.mu.Lock()
		defer h.mu.Unlock()
		c, err := m.find(leaseID)
		if err != nil {
			return err
		}
		if c.run != nil {
			c.run.gate.open()
			return nil
		}
		p, err := publish(c.spec.Ports)
		if err != nil {
			return err
		}
		c.run = newRun(p, h.behaviour(leaseID, c.spec.Spec.Image))
		c.startedAt, c.endedAt, c.exitCode, c.oom = now(), time.Time{}, 0, false
		go h.live(c, c.run)
		h.changed(c)
		return nil
	})
}

// Stop implements machine.Machine.
func (m *Machine) Stop(ctx context.Context, leaseID string, grace time.Duration) error {
	return m.call(ctx, "Stop", leaseID, "", func() error {
		r := m.running(leaseID)
		if r == nil {
			return nil
		}
		r.ask()
		// The kill comes whether or not anyone waits for it.
		timer := time.AfterFunc(grace, func() { r.kill(137) })
		select {
		case <-r.done:
			timer.Stop()
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// Remove implements machine.Machine.
func (m *Machine) Remove(ctx context.Context, leaseID string) error {
	return m.call(ctx, "Remove", leaseID, "", func() error {
		if r := m.running(leaseID); r != nil {
			r.kill(137)
			<-r.done
		}
		m.host.mu.Lock()
		defer m.host.mu.Unlock()
		if _, err := m.find(leaseID); err == nil {
			delete(m.host.containers, leaseID)
			return m.host.fell(leaseID)
		}
		return nil
	})
}

// running is the run of a lease's container; nil if there is none.
func (m *Machine) running(leaseID string) *run {
	m.host.mu.Lock()
	defer m.host.mu.Unlock()
	c, err := m.find(leaseID)
	if err != nil {
		return nil
	}
	return c.run
}

// Inspect implements machine.Machine.
func (m *Machine) Inspect(ctx context.Context, leaseID string) (d machine.Container, err error) {
	err = m.call(ctx, "Inspect", leaseID, "", func() error {
		m.host.mu.Lock()
		defer m.host.mu.Unlock()
		c, err := m.find(leaseID)
		if err == nil {
			d = c.describe()
		}
		return err
	})
	return d, err
}

// List implements machine.Machine.
func (m *Machine) List(ctx context.Context) (all []machine.Container, err error) {
	err = m.call(ctx, "List", "", "", func() error {
		m.host.mu.Lock()
		defer m.host.mu.Unlock()
		for _, lease := range slices.Sorted(maps.Keys(m.host.containers)) {
			if c, err := m.find(lease); err == nil {
				all = append(all, c.describe())
			}
		}
		return nil
	})
	return all, err
}

// Close implements machine.Machine. The machine goes on.
func (m *Machine) Close() error { return nil }

// repository is an image reference without tag and digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image = image[:i]
	}
	return image
}
