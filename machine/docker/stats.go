package docker

import (
	"context"
	"encoding/json"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// sampleGap is the least time between two readings of CPU time that are compared.
const sampleGap = 200 * time.Millisecond

// A sample is a reading of a container's CPU time.
type sample struct {
	at  time.Time
	cpu uint64 // nanoseconds of CPU since its start
}

// Stats implements machine.Machine. CPUPercent is since the call before; the first call
// takes a fifth of a second.
func (e *Engine) Stats(ctx context.Context, leaseID string) (machine.Stats, error) {
	c, err := e.running(ctx, leaseID)
	if err != nil {
		return machine.Stats{}, err
	}
	e.mu.Lock()
	before, known := e.samples[c.ID]
	e.mu.Unlock()
	if !known || time.Since(before.at) < sampleGap {
		first, err := e.read(ctx, c.ID)
		if err != nil {
			return machine.Stats{}, err
		}
		before = sample{at: first.Read, cpu: first.CPUStats.CPUUsage.TotalUsage}
		select {
		case <-ctx.Done():
			return machine.Stats{}, ctx.Err()
		case <-time.After(sampleGap):
		}
	}
	s, err := e.read(ctx, c.ID)
	if err != nil {
		return machine.Stats{}, err
	}
	now := sample{at: s.Read, cpu: s.CPUStats.CPUUsage.TotalUsage}
	e.mu.Lock()
	e.samples[c.ID] = now
	e.mu.Unlock()
	stats := machine.Stats{
		MemoryMB:  float64(s.MemoryStats.Usage-min(cache(s.MemoryStats), s.MemoryStats.Usage)) / (1 << 20),
		Processes: int(s.PidsStats.Current),
	}
	// After a restart the count begins anew.
	if passed := now.at.Sub(before.at); passed > 0 && now.cpu >= before.cpu {
		stats.CPUPercent = 100 * float64(now.cpu-before.cpu) / float64(passed)
	}
	return stats, nil
}

func (e *Engine) read(ctx context.Context, id string) (container.StatsResponse, error) {
	var s container.StatsResponse
	body, err := e.client.ContainerStatsOneShot(ctx, id)
	if err != nil {
		return s, fail(ctx, err, "read a container's statistics")
	}
	defer body.Body.Close()
	if err := json.NewDecoder(body.Body).Decode(&s); err != nil {
		return s, fail(ctx, err, "read a container's statistics")
	}
	if s.Read.IsZero() {
		return s, fleet.Errorf(fleet.Conflict, "the container has just ended")
	}
	return s, nil
}

// forget drops what is known of a container that is gone.
func (e *Engine) forget(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.samples, id)
	delete(e.nodes, id)
}

// cache is memory that the kernel would give back at once: it is no use of the container's.
func cache(m container.MemoryStats) uint64 {
	if v, ok := m.Stats["total_inactive_file"]; ok { // control groups, version 1
		return v
	}
	return m.Stats["inactive_file"]
}
