package nvidia

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/nvidia/wire"
)

const (
	resetLimit  = 2 * time.Minute // of nvidia-smi
	returnLimit = time.Minute     // until the driver lists the GPU again
	systemLimit = 30 * time.Second
)

// Reset implements machine.GPUs: a reset of NVIDIA's driver, which wants no client at all. So
// our own watch rests, the configured services are stopped and started again, and nobody else
// may have the GPU open. What describes GPUs to containers is written anew. A GPU that is cut
// into slices is left alone: a reset would remove them.
func (g *GPUs) Reset(ctx context.Context, uuid string) error {
	if strings.HasPrefix(uuid, "MIG-") {
		return fleet.Errorf(fleet.Unsupported, "%s is a slice: only a whole GPU is reset", uuid)
	}
	smi, err := g.smi()
	if err != nil {
		return err
	}
	lock, err := g.Locks.Take(ctx, uuid)
	if err != nil {
		return err
	}
	defer lock.Release()
	if err := g.whole(ctx, uuid); err != nil {
		return err
	}
	resume := g.rest()
	defer resume()
	restart := g.stopClients(ctx)
	defer restart()
	if err := g.free(ctx, uuid); err != nil {
		return err
	}
	if err := g.reset(ctx, smi, uuid); err != nil {
		return err
	}
	g.describe(ctx)
	return g.returned(ctx, uuid)
}

func (g *GPUs) smi() (string, error) {
	path, err := exec.LookPath(cmp.Or(g.o.SMI, "nvidia-smi"))
	if err != nil {
		return "", fleet.Errorf(fleet.Unsupported, "nvidia-smi, which resets GPUs, is not there")
	}
	return path, nil
}

// whole says why a GPU that is listed cannot be reset. One that is not may be just what the
// reset is for.
func (g *GPUs) whole(ctx context.Context, uuid string) error {
	inv, err := g.inventory(ctx)
	if err != nil {
		return err
	}
	for _, d := range inv.Devices {
		if d.UUID == uuid && d.MIG {
			return fleet.Errorf(fleet.Unsupported, "GPU %s is cut into slices, which a reset would remove", uuid)
		}
	}
	if len(inv.Missing) == 0 && !slices.ContainsFunc(inv.Devices, func(d gpu.Device) bool { return d.UUID == uuid }) {
		return fleet.Errorf(fleet.NotFound, "the driver lists no GPU %s", uuid)
	}
	return nil
}

// servesDriver are the driver's own services, which nvidia-smi deals with, or needs.
var servesDriver = []string{"nvidia-persistenced", "nvidia-persiste", "nv-fabricmanager", "nv-fabricmanage"}

// free says who has the GPU open: Conflict.
func (g *GPUs) free(ctx context.Context, uuid string) error {
	all, err := g.holders(ctx, uuid)
	if fleet.Is(err, fleet.NotFound) {
		return nil // it is listed no more, which a reset may mend
	}
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(h gpu.Holder) bool { return h.Monitor && slices.Contains(servesDriver, h.Command) })
	if len(all) > 0 {
		return fleet.Errorf(fleet.Conflict, "GPU %s is in use: %s", uuid, named(all))
	}
	return nil
}

// named are the first of them, for an error.
func named(holders []gpu.Holder) string {
	text := ""
	for i, h := range holders[:min(len(holders), 5)] {
		if i > 0 {
			text += ", "
		}
		text += cmp.Or(h.Command, "?")
		if h.PID > 0 {
			text += " (process " + strconv.Itoa(h.PID) + ")"
		}
	}
	return text
}

// tries is how often a GPU is reset that somebody has opened for a moment.
const tries = 3

// reset runs nvidia-smi, while nobody of ours asks the driver anything.
func (g *GPUs) reset(ctx context.Context, smi, uuid string) error {
	g.driver.Lock()
	defer g.driver.Unlock()
	for try := 1; ; try++ {
		var out bounded
		cmd := exec.Command(smi, "-r", "-i", uuid)
		cmd.Env = append(os.Environ(), g.o.Env...)
		cmd.Stdout = &out
		said, err := g.run(ctx, cmd, resetLimit)
		if err == nil {
			return nil
		}
		text := lastLine(out.String() + "\n" + said.String())
		if status, ok := errors.AsType[*exec.ExitError](err); ok {
			err = resetError(uuid, status.ExitCode(), text)
		} else if ctx.Err() == nil {
			err = fleet.Errorf(fleet.Unavailable, "GPU %s was not reset: nvidia-smi: %v", uuid, err)
		}
		if try == tries || !fleet.Is(err, fleet.Conflict) {
			return err
		}
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
	}
}

// resetError says what an exit status of nvidia-smi means: NVML's numbers, and a few of its
// own.
func resetError(uuid string, status int, said string) error {
	said = cmp.Or(wire.Text(said), "it said nothing")
	lower := strings.ToLower(said)
	code := fleet.Unavailable
	switch {
	case strings.Contains(lower, "in use") || strings.Contains(lower, "being used"):
		code = fleet.Conflict
	case status == 6 || strings.Contains(lower, "no devices were found"):
		code = fleet.NotFound
	case status == 2 || status == 3 || status == 9 || status == 12 || status == 13:
		code = fleet.Unsupported
	case status == 19:
		code = fleet.Conflict
	}
	return fleet.Errorf(code, "GPU %s was not reset: nvidia-smi (status %d): %s", uuid, status, said)
}

// lastLine is the last line that says something.
func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(s, "?")), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// returned waits until the driver lists the GPU again, and does not want it reset any more.
func (g *GPUs) returned(ctx context.Context, uuid string) error {
	ctx, cancel := context.WithTimeout(ctx, returnLimit)
	defer cancel()
	for {
		h, err := g.Health(ctx, uuid)
		switch {
		case err == nil && !h.Lost && !h.ResetRequired:
			return nil
		case err == nil:
			err = errors.New("the driver does not take it back into use")
		}
		if pause(ctx, time.Second) != nil {
			return fleet.Errorf(fleet.Unavailable, "GPU %s was reset, and is not back: %v", uuid, err)
		}
	}
}

// stopClients stops the services that have GPUs open, and answers what starts those again that
// ran.
func (g *GPUs) stopClients(ctx context.Context) (restart func()) {
	var stopped []string
	for _, unit := range g.o.Clients {
		if g.system(ctx, "is-active", "--quiet", unit) != nil {
			continue
		}
		if err := g.system(ctx, "stop", unit); err != nil {
			g.o.Logger.WarnContext(ctx, "a service that has GPUs open was not stopped", "service", unit, "error", err)
			continue
		}
		stopped = append(stopped, unit)
	}
	return func() {
		for _, unit := range slices.Backward(stopped) {
			if err := g.system(context.WithoutCancel(ctx), "start", unit); err != nil {
				g.o.Logger.ErrorContext(ctx, "a service that was stopped for a reset did not start again", "service", unit, "error", err)
			}
		}
	}
}

func (g *GPUs) system(ctx context.Context, args ...string) error {
	said, err := g.run(ctx, exec.Command("systemctl", args...), systemLimit)
	if err != nil {
		return fmt.Errorf("systemctl %s: %w: %s", args[0], err, said.String())
	}
	return nil
}

// describe has the descriptions of GPUs for containers written anew, where there are some. An
// old one could name what is no more.
func (g *GPUs) describe(ctx context.Context) {
	ctk, err := exec.LookPath("nvidia-ctk")
	if err != nil {
		return
	}
	for _, dir := range g.o.CDI {
		file := filepath.Join(dir, "nvidia.yaml")
		if _, err := os.Stat(file); err != nil {
			continue
		}
		if said, err := g.run(ctx, exec.Command(ctk, "cdi", "generate", "--output="+file), systemLimit); err != nil {
			g.o.Logger.WarnContext(ctx, "GPUs are not described anew to containers", "file", file, "error", err, "said", said.String())
		}
	}
}
