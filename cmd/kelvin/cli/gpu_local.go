package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	machines "github.com/kelvin-gpu/kelvin/machine"
)

// localGPUs are the flags of a command that works on GPUs of this machine itself, without a
// server and without an agent.
type localGPUs struct {
	*app
	local, all bool
	helper     string
	policy     string
	level      string
	seed       uint64
	seconds    float64
}

const localHelp = `With --local it works on GPUs of this machine, without a server: on GPUs that nobody uses, as
root or whoever may use them. Each is named by its UUID, the beginning of that, or its index. It takes
NVIDIA's driver, and kelvin-gpu beside kelvin.`

// onThisMachine adds --local to a command, which otherwise asks a server; a command that has
// nothing to ask it takes --local only.
func (a *app) onThisMachine(cmd *cobra.Command, do func(context.Context, *cobra.Command, *localGPUs, []string) error) (*cobra.Command, *localGPUs) {
	l := &localGPUs{app: a}
	cmd.Long = strings.TrimSpace(cmd.Long + "\n\n" + localHelp)
	cmd.Flags().BoolVar(&l.local, "local", false, "On this machine, without a server")
	cmd.Flags().StringVar(&l.helper, "gpu-helper", "", "With --local: `path` of kelvin-gpu. Default: beside kelvin")
	remote, here := cmd.RunE, a.local(func(ctx context.Context, cmd *cobra.Command, args []string) error { return do(ctx, cmd, l, args) })
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case l.local:
			return here(cmd, args)
		case remote == nil:
			return usage(cmd, "give --local: %s works on the machine that it is called on", cmd.CommandPath())
		}
		return remote(cmd, args)
	}
	return cmd, l
}

func (a *app) gpuTestLocal() *cobra.Command {
	remote, care := a.gpuCare(fleet.CareTest)
	cmd, l := a.onThisMachine(&cobra.Command{
		Use: "test [GPU…]", Short: "Test the memory of GPUs, and judge them",
		Long: `Reads the counters of GPUs, tests their memory at the speed of that memory, reads the counters again, and
says what follows from all of it. It ends with 1 unless every one of them passed.`,
		ValidArgsFunction: a.completeGPUs(careable), RunE: remote,
	}, localTest)
	care.flags(cmd)
	care.level = &l.level
	cmd.Flags().BoolVar(&l.all, "all", false, "With --local: all GPUs of this machine, at the same time")
	cmd.Flags().StringVar(&l.level, "level", string(gpu.LevelStandard), "How thoroughly: "+words(gpu.Levels[1:]))
	cmd.Flags().Float64Var(&l.seconds, "seconds", 60, "With --local: least duration of a rigorous test")
	cmd.Flags().Uint64Var(&l.seed, "seed", 0, "With --local: of the patterns; 0: another one each time")
	cmd.Flags().StringVar(&l.policy, "gpu-policy", "", "With --local: `file` with the thresholds of the verdict. Default: Kelvin's own")
	complete(cmd, "level", fixed(gpu.Levels[1:]...))
	return cmd
}

func (a *app) gpuScrubLocal() *cobra.Command {
	remote, care := a.gpuCare(fleet.CareScrub)
	cmd, l := a.onThisMachine(&cobra.Command{
		Use: "scrub [GPU…]", Short: "Overwrite all memory of GPUs, and prove it", ValidArgsFunction: a.completeGPUs(careable), RunE: remote,
		Long: `Counts what earlier users left in the memory of GPUs, overwrites all of it with noise and then with zeros,
reads those back, and overwrites the shared memory of every processor. It ends with 1 unless that is
proved of each GPU.`,
	}, localScrub)
	care.flags(cmd)
	cmd.Flags().BoolVar(&l.all, "all", false, "With --local: all GPUs of this machine, at the same time")
	cmd.Flags().Uint64Var(&l.seed, "seed", 0, "With --local: of the noise; 0: another one each time")
	cmd.Flags().StringVar(&l.policy, "gpu-policy", "", "With --local: `file` with the thresholds of the verdict. Default: Kelvin's own")
	return cmd
}

func (a *app) gpuShowLocal() *cobra.Command {
	cmd, _ := a.onThisMachine(&cobra.Command{
		Use: "show [GPU…]", Short: "Show what the driver tells of GPUs, and what is remembered of them",
		Long:              "Shows counters of memory errors, replaced rows, temperatures and more. What cannot be read says so.",
		ValidArgsFunction: a.completeGPUs(nil), RunE: a.run(showGPUs),
	}, localShow)
	return cmd
}

// pick opens this machine's GPUs, and finds those that args name: all if they may, or the
// only one.
func (l *localGPUs) pick(ctx context.Context, cmd *cobra.Command, args []string, byDefault bool) (*machines.Exclusive, []gpu.Device, error) {
	real, err := l.openGPUs(ctx, l.helper)
	if err != nil {
		return nil, nil, err
	}
	gpus := machines.NewExclusive(real)
	devices, err := gpus.Devices(ctx)
	if err == nil {
		devices, err = chosen(cmd, devices, args, l.all || byDefault)
	}
	if err != nil {
		return nil, nil, errors.Join(err, gpus.Close())
	}
	return gpus, devices, nil
}

// chosen are the GPUs that args name. A slice is a device with its own UUID.
func chosen(cmd *cobra.Command, devices []gpu.Device, args []string, all bool) ([]gpu.Device, error) {
	switch {
	case len(devices) == 0:
		return nil, fleet.Errorf(fleet.NotFound, "the driver lists no GPU on this machine")
	case len(args) == 0 && (all || len(devices) == 1):
		return devices, nil
	case len(args) == 0:
		return nil, usage(cmd, "this machine has %d GPUs: name some, or give --all", len(devices))
	}
	var some []gpu.Device
	for _, arg := range args {
		d, err := named(devices, arg)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(some, func(have gpu.Device) bool { return have.UUID == d.UUID }) {
			some = append(some, d)
		}
	}
	return some, nil
}

func named(devices []gpu.Device, arg string) (gpu.Device, error) {
	var fit []gpu.Device
	for _, d := range devices {
		if strconv.Itoa(d.Index) == arg || strings.EqualFold(d.UUID, arg) {
			return d, nil
		}
		for _, s := range d.Slices {
			if strings.EqualFold(s.UUID, arg) {
				d.UUID, d.MemoryMB, d.Slices = s.UUID, s.MemoryMB, nil
				return d, nil
			}
		}
		if len(arg) >= 8 && len(arg) <= len(d.UUID) && strings.EqualFold(d.UUID[:len(arg)], arg) {
			fit = append(fit, d)
		}
	}
	switch len(fit) {
	case 1:
		return fit[0], nil
	case 0:
		return gpu.Device{}, fleet.Errorf(fleet.NotFound, "no GPU of this machine is %q; kelvin gpu show --local lists them", arg)
	}
	return gpu.Device{}, fleet.Errorf(fleet.Conflict, "%q is the beginning of the UUIDs of %d GPUs", arg, len(fit))
}

// A judgement is what was found out about a GPU, and what follows.
type judgement struct {
	Device      gpu.Device       `json:"device"`
	Examination *gpu.Examination `json:"examination,omitempty"`
	Result      *gpu.Result      `json:"result,omitempty"` // of a scrub
	Verdict     gpu.Verdict      `json:"verdict"`
}

func localTest(ctx context.Context, cmd *cobra.Command, l *localGPUs, args []string) error {
	level := gpu.Level(l.level)
	switch {
	case !slices.Contains(gpu.Levels[1:], level):
		return usage(cmd, "--level %q is unknown; allowed: %s", l.level, words(gpu.Levels[1:]))
	case !(l.seconds > 0 && l.seconds <= 86400):
		return usage(cmd, "--seconds is out of range; allowed: above 0, at most 86400")
	}
	return l.each(ctx, cmd, args, func(ctx context.Context, gpus machines.GPUs, p gpu.Policy, d gpu.Device, progress func(gpu.Progress)) (judgement, error) {
		x, err := machines.Examine(ctx, gpus, machines.ExamineOptions{
			UUID: d.UUID, Type: d.Type, Level: level, Purpose: gpu.ForHand, Seed: l.draw(), Seconds: l.seconds,
		}, progress)
		return judgement{Device: d, Examination: &x, Verdict: gpu.Decide(x, gpu.History{}, p)}, err
	})
}

func localScrub(ctx context.Context, cmd *cobra.Command, l *localGPUs, args []string) error {
	return l.each(ctx, cmd, args, func(ctx context.Context, gpus machines.GPUs, p gpu.Policy, d gpu.Device, progress func(gpu.Progress)) (judgement, error) {
		holders, err := gpus.Holders(ctx, d.UUID)
		if err != nil {
			return judgement{}, err
		}
		if len(holders) > 0 {
			return judgement{}, fleet.Errorf(fleet.Conflict, "process %d (%s) has %s open: nothing was scrubbed", holders[0].PID, holders[0].Command, d.UUID)
		}
		r, err := gpus.Scrub(ctx, d.UUID, l.draw(), progress)
		if strings.HasPrefix(d.UUID, "MIG-") {
			p = p.ForSlice()
		}
		return judgement{Device: d, Result: &r, Verdict: gpu.JudgeScrub(r, p)}, err
	})
}

// draw is the seed: what was asked for, or another one each time.
func (l *localGPUs) draw() uint64 {
	if l.seed != 0 {
		return l.seed
	}
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}

// each does something to all chosen GPUs at once, prints what came of it, and fails unless
// each of them passed.
func (l *localGPUs) each(ctx context.Context, cmd *cobra.Command, args []string,
	do func(context.Context, machines.GPUs, gpu.Policy, gpu.Device, func(gpu.Progress)) (judgement, error),
) error {
	policy, err := gpu.LoadPolicy(l.policy)
	if err != nil {
		return &failure{exit: exitUsage, err: err}
	}
	gpus, devices, err := l.pick(ctx, cmd, args, false)
	if err != nil {
		return err
	}
	defer gpus.Close()
	shown := newGPUProgress(l.app, cmd, devices)
	judged, failures := make([]judgement, len(devices)), make([]error, len(devices))
	var all sync.WaitGroup
	for i, d := range devices {
		all.Go(func() {
			judged[i], failures[i] = do(ctx, gpus, policy, d, func(p gpu.Progress) { shown.show(i, p) })
		})
	}
	all.Wait()
	shown.end()
	if ctx.Err() != nil {
		return errInterrupted
	}
	if err := errors.Join(failures...); err != nil {
		return cmp.Or(failures[0], err)
	}
	if err := l.printJudgements(cmd, judged); err != nil {
		return err
	}
	failed := 0
	for _, j := range judged {
		if !j.Verdict.Passed() {
			failed++
		}
	}
	if failed > 0 {
		return &failure{exit: exitFailed, err: fmt.Errorf("%d of %d GPUs did not pass", failed, len(judged))}
	}
	return nil
}

func (l *localGPUs) printJudgements(cmd *cobra.Command, all []judgement) error {
	out := cmd.OutOrStdout()
	switch l.output {
	case formatJSON, formatYAML:
		return writeValue(out, l.output, all)
	case formatName:
		for _, j := range all {
			fmt.Fprintln(out, j.Device.UUID)
		}
		return nil
	case formatTable:
	}
	t := table{titles: []string{"GPU", "UUID", "TYPE", "VERDICT", "COVERED", "ERRORS", "MOVED", "GB/S", "COPY GB/S", "SECONDS", "MAX °C", "WHY"}}
	for _, j := range all {
		t.lines = append(t.lines, j.cells())
	}
	return t.write(out, !l.noHeaders)
}

func (j *judgement) cells() []string {
	cells := []string{strconv.Itoa(j.Device.Index), j.Device.UUID, j.Device.Type, string(j.Verdict.Outcome)}
	r := j.Result
	simulated := ""
	if x := j.Examination; x != nil {
		r = x.Result
		if x.Simulated {
			simulated = "simulated: "
		}
	}
	if r == nil {
		r = &gpu.Result{}
	}
	none := func(v float64, format string) string {
		if v == 0 {
			return ""
		}
		return fmt.Sprintf(format, v)
	}
	errs := ""
	if r.Covered > 0 {
		errs = strconv.FormatUint(r.Mismatches, 10)
	}
	seconds := max(0, r.EndedAt.Sub(r.StartedAt).Seconds())
	return append(cells, none(100*r.Coverage, "%.1f%%"), errs, none(float64(r.Moved)/1e12, "%.2f TB"), none(r.GBps, "%.0f"), none(r.Copy, "%.0f"),
		none(seconds, "%.1f"), none(float64(r.MaxMemoryTemperature), "%.0f"), simulated+j.Verdict.Rule+": "+j.Verdict.Message)
}

// A gpuProgress shows how far several GPUs are: on a terminal as one line that moves, elsewhere
// as a line for each GPU every few seconds.
type gpuProgress struct {
	*app
	cmd     *cobra.Command
	columns int // 0: not a terminal
	devices []gpu.Device

	mu   sync.Mutex
	at   []gpu.Progress
	told []time.Time
	last time.Time
}

func newGPUProgress(a *app, cmd *cobra.Command, devices []gpu.Device) *gpuProgress {
	p := &gpuProgress{app: a, cmd: cmd, devices: devices, at: make([]gpu.Progress, len(devices)), told: make([]time.Time, len(devices))}
	if terminal, ok := terminalOf(cmd.ErrOrStderr()); ok && a.getenv("TERM") != "dumb" {
		p.columns = width(terminal)
	}
	return p
}

func (p *gpuProgress) show(i int, at gpu.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at[i] = at
	now := p.now()
	if p.columns > 0 {
		if now.Sub(p.last) >= frame {
			p.last = now
			fmt.Fprint(p.cmd.ErrOrStderr(), "\r\x1b[K"+p.line())
		}
		return
	}
	if now.Sub(p.told[i]) >= 5*time.Second {
		p.told[i] = now
		fmt.Fprintln(p.cmd.ErrOrStderr(), p.of(i))
	}
}

// line is as many GPUs as there is room for.
func (p *gpuProgress) line() string {
	var b strings.Builder
	for i := range p.at {
		one := p.of(i)
		if b.Len() > 0 {
			one = "   " + one
		}
		if b.Len()+len(one) >= p.columns {
			break
		}
		b.WriteString(one)
	}
	return b.String()
}

func (p *gpuProgress) of(i int) string {
	at := p.at[i]
	text := fmt.Sprintf("GPU %d: %s %.0f %%", p.devices[i].Index, at.Phase, at.Percent)
	if at.GBps > 0 {
		text += fmt.Sprintf(", %.0f GB/s", at.GBps)
	}
	if at.Found > 0 {
		text += fmt.Sprintf(", %d errors", at.Found)
	}
	return clean(text)
}

func (p *gpuProgress) end() {
	if p.columns > 0 {
		fmt.Fprint(p.cmd.ErrOrStderr(), "\r\x1b[K")
	}
}
