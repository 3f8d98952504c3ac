package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// showGPUs shows GPUs of the fleet.
func showGPUs(ctx context.Context, s *session, args []string) error {
	if len(args) == 0 {
		return usage(s.cmd, "name a GPU: `kelvin gpu ls` shows those there are")
	}
	var all []record[api.GPUDetail]
	for _, arg := range args {
		found, err := s.findGPU(ctx, arg)
		if err != nil {
			return err
		}
		all = append(all, found)
	}
	if len(all) > 1 && (s.output == formatJSON || s.output == formatYAML) {
		return writeValue(s.out, s.output, all)
	}
	for i, g := range all {
		if i > 0 && s.output == formatTable {
			fmt.Fprintln(s.out)
		}
		if err := s.printGPU(g); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) printGPU(g record[api.GPUDetail]) error {
	return printOne(s, g.it, g.raw, func(g api.GPUDetail) (id, name string) { return g.ID, "" }, showGPU)
}

func showGPU(g api.GPUDetail, now time.Time) facts {
	var f facts
	f.add("GPU", g.ID)
	if g.Simulated {
		f.add("Simulated", "yes: it is declared, not found")
	}
	f.add("State", string(g.State))
	f.add("Since", moment(g.Since, now))
	f.add("Instance", g.InstanceID)
	f.add("Quarantined for", strings.TrimPrefix(g.Rule+": "+g.Reason, ": "))
	f.add("Score", fmt.Sprintf("%d of 100", g.Score))
	f.add("Probation until", moment(g.ProbationUntil, now))
	f.add("Scrubbed", yes(!g.Dirty, "no: an instance had it since"))
	f.add("Host", g.HostID)
	f.add("Index", fmt.Sprint(g.Index))
	f.add("UUID", g.UUID)
	f.add("Serial", g.Serial)
	f.add("Bus", g.BusID)
	f.add("Type", g.Type)
	f.add("Product", g.Product)
	f.add("Driver", g.Driver)
	f.add("Memory", bytesOf(g.MemoryMB<<20))
	if g.Slice != nil {
		f.add("Slice", fmt.Sprintf("%s at %d of %s", g.Slice.Profile, g.Slice.Start, g.Slice.Device))
	}
	f.add("Found well", moment(g.CertifiedAt, now))
	f.add("Uncorrected errors", times(g.Uncorrected, now))
	f.add("NVLink errors", times(g.LinkErrors, now))
	for _, e := range g.Unjudged {
		f.add("Not judged yet", reportedBy(e)+", "+moment(e.At, now))
	}
	if h := g.Health; h != nil {
		f.add("Checked", moment(g.CheckedAt, now))
		showHealth(h, &f)
	}
	showCare(g.Care, now, &f)
	return f
}

func showHealth(h *gpu.Health, f *facts) {
	f.add("ECC", readFlag(h.ECCCurrent))
	f.add("Corrected", reading(h.Volatile.Corrected)+" since its driver was loaded, "+reading(h.Aggregate.Corrected)+" in its life")
	f.add("Uncorrected", reading(h.Volatile.Uncorrected)+" since its driver was loaded, "+reading(h.Aggregate.Uncorrected)+" in its life")
	f.add("Rows replaced", reading(h.Remap.Corrected)+" for corrected errors, "+reading(h.Remap.Uncorrected)+" for uncorrected")
	f.add("Row pending", readFlag(h.Remap.Pending))
	f.add("Row failed", readFlag(h.Remap.Failed))
	f.add("Temperature", reading(h.Temperature)+" °C, memory "+reading(h.MemoryTemperature)+" °C")
	if h.Lost {
		f.add("Lost", "its driver cannot reach it")
	}
	if h.ResetRequired {
		f.add("Reset", "its driver does nothing with it before one")
	}
}

func showCare(c *api.GPUCare, now time.Time, f *facts) {
	if c == nil {
		return
	}
	name := "Last care"
	if c.EndedAt.IsZero() {
		name = "Care"
	}
	text := fmt.Sprintf("%s: %s, asked for by %s %s", c.What, c.State, c.Actor, moment(c.AskedAt, now))
	if c.Phase != "" {
		text += fmt.Sprintf(", %s, %.0f%%", c.Phase, c.Percent)
	}
	if c.Message != "" {
		text += ": " + c.Message
	}
	f.add(name, text)
	f.add("Its diagnosis", c.DiagnosisID)
}

// reportedBy is what a driver reported, in words.
func reportedBy(e gpu.Event) string {
	what := string(e.Kind)
	if e.Kind == gpu.EventXid {
		what = fmt.Sprintf("Xid %d (%s)", e.Xid, gpu.XidOf(e.Xid).Name)
	}
	if e.Message != "" {
		what += ": " + e.Message
	}
	return what
}

func times(all []time.Time, now time.Time) string {
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprintf("%d, the last %s", len(all), moment(all[len(all)-1], now))
}

func readFlag(f gpu.Flag) string {
	v, ok := f.Get()
	if !ok {
		return reading(f)
	}
	return yes(v, "no")
}

// completeGPUs completes IDs of GPUs.
func (a *app) completeGPUs(keep func(api.GPU) bool) completer {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		return completeFlag(a, gpus, keep)(cmd, args, toComplete)
	}
}

// careable are GPUs that no instance has.
func careable(g api.GPU) bool { return g.InstanceID == "" && g.State != fleet.GPULost }
