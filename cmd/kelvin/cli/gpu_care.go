package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A gpuCare is a command that has something done with GPUs that no instance has.
type gpuCare struct {
	what    fleet.CareKind
	level   *string // nil: it has none
	key     string
	wait    bool
	timeout time.Duration
}

func (a *app) gpuCare(what fleet.CareKind) (func(*cobra.Command, []string) error, *gpuCare) {
	c := &gpuCare{what: what}
	return a.run(c.run), c
}

func (c *gpuCare) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.wait, "wait", false, "Wait until it is over, and end with 1 unless the GPU passed")
	cmd.Flags().DurationVar(&c.timeout, "timeout", 0, "How long to wait, such as 10m; it goes on after that. Default: to the end")
	keyFlag(cmd, &c.key)
}

func (c *gpuCare) run(ctx context.Context, s *session, args []string) error {
	switch {
	case len(args) != 1:
		return usage(s.cmd, "name one GPU: `kelvin gpu ls` shows those there are; several at once are for --local")
	case c.timeout < 0:
		return usage(s.cmd, "--timeout is negative; allowed: 0s for no limit, or a duration such as 10m")
	case c.timeout > 0 && !c.wait:
		return usage(s.cmd, "--timeout goes with --wait")
	case c.level != nil && !slices.Contains(gpu.Levels[1:], gpu.Level(*c.level)):
		return usage(s.cmd, "--level %q is unknown; allowed: %s", *c.level, words(gpu.Levels[1:]))
	}
	for _, name := range []string{"all", "seed", "seconds", "gpu-policy", "gpu-helper"} {
		if s.cmd.Flags().Changed(name) {
			return usage(s.cmd, "--%s goes with --local", name)
		}
	}
	if err := checkKey(s.cmd, c.key); err != nil {
		return err
	}
	g, err := s.findGPU(ctx, args[0])
	if err != nil {
		return err
	}
	in := call{method: http.MethodPost, path: gpus.path + "/" + url.PathEscape(g.it.ID) + "/" + string(c.what), key: firstOf(c.key, newKey())}
	if c.level != nil {
		in.body = api.GPUTest{Level: gpu.Level(*c.level)}
	}
	var care record[api.GPUCare]
	if err := s.do(ctx, in, &care); err != nil {
		return err
	}
	if c.wait {
		return c.await(ctx, s, care)
	}
	return s.printCare(care, "`kelvin gpu show "+g.it.ID+"` shows how far it is.")
}

func (s *session) printCare(care record[api.GPUCare], next string) error {
	switch s.output {
	case formatJSON, formatYAML:
		return writeValue(s.out, s.output, care.raw)
	case formatName:
		_, err := fmt.Fprintln(s.out, care.it.ID)
		return err
	case formatTable:
	}
	line := fmt.Sprintf("%s of GPU %s: %s", care.it.What, care.it.GPUID, care.it.State)
	if care.it.Message != "" {
		line += ": " + care.it.Message
	}
	if _, err := fmt.Fprintln(s.out, clean(line)); err != nil {
		return err
	}
	if next != "" {
		s.say(next)
	}
	return nil
}

// await follows a care to its end, and fails unless the GPU passed.
func (c *gpuCare) await(ctx context.Context, s *session, care record[api.GPUCare]) error {
	id, began, said := care.it.ID, s.now(), ""
	path := gpus.path + "/" + url.PathEscape(care.it.GPUID)
	goesOn := "It goes on; `kelvin gpu show " + care.it.GPUID + "` shows it."
	for care.it.EndedAt.IsZero() {
		if c.timeout > 0 && s.now().Sub(began) >= c.timeout {
			return &failure{exit: exitTimeout, err: fmt.Errorf("it is not over after %s", c.timeout), next: []string{goesOn}}
		}
		if at := fmt.Sprintf("%s %.0f%%", care.it.Phase, care.it.Percent); care.it.Phase != "" && at != said {
			s.say(at)
			said = at
		}
		if err := s.pause(ctx, watchEvery); err != nil {
			s.say(goesOn)
			return errInterrupted
		}
		var now record[struct {
			Care record[api.GPUCare] `json:"care"`
		}]
		if err := s.get(ctx, path, nil, &now); err != nil {
			return err
		}
		if care = now.it.Care; care.it.ID != id {
			return &failure{exit: exitFailed, err: fmt.Errorf("care %s is over, and another one has begun", id), next: []string{"`kelvin gpu history " + care.it.GPUID + "` shows what came of it."}}
		}
	}
	if care.it.State == fleet.CareFailed {
		return &failure{exit: exitFailed, err: fmt.Errorf("it came to no verdict: %s", care.it.Message)}
	}
	if err := s.printCare(care, ""); err != nil {
		return err
	}
	if care.it.DiagnosisID == "" { // it could not be reset, say: then it is out
		var now record[api.GPU]
		if err := s.get(ctx, path, nil, &now); err != nil || now.it.State != fleet.GPUQuarantined {
			return err
		}
		return &failure{exit: exitFailed, err: fmt.Errorf("the GPU did not pass: %s", now.it.Reason)}
	}
	var d record[api.DiagnosisReport]
	if err := s.get(ctx, diagnosesPath+url.PathEscape(care.it.DiagnosisID), nil, &d); err != nil {
		return err
	}
	if !d.it.Verdict.Passed() {
		return &failure{
			exit: exitFailed, err: fmt.Errorf("the GPU did not pass: %s (%s)", d.it.Verdict.Message, d.it.Verdict.Rule),
			next: []string{"`kelvin gpu report " + d.it.ID + "` shows the whole of it."},
		}
	}
	return nil
}

func (a *app) gpuReset() *cobra.Command {
	remote, care := a.gpuCare(fleet.CareReset)
	level := string(gpu.LevelRigorous)
	care.level = &level
	cmd := &cobra.Command{
		Use: "reset GPU", Short: "Reset a GPU, and test it", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeGPUs(careable), RunE: remote,
		Long: "Has a GPU that no instance has reset by its driver, and tests it. One that is in quarantine stays there.",
	}
	cmd.Flags().StringVar(&level, "level", level, "How thoroughly to test it: "+words(gpu.Levels[1:]))
	complete(cmd, "level", fixed(gpu.Levels[1:]...))
	care.flags(cmd)
	return cmd
}

func (a *app) gpuCancel() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "cancel GPU", Short: "Cancel what is being done with a GPU", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeGPUs(cared),
		Long: "Ends a test, scrub or reset of a GPU, whether somebody asked for it or the GPU's driver reported something. What has been moved off the GPU stays where it is. One that was to be reset and was not is quarantined.",
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			g, err := s.findGPU(ctx, args[0])
			if err != nil {
				return err
			}
			var care record[api.GPUCare]
			in := call{method: http.MethodDelete, path: gpus.path + "/" + url.PathEscape(g.it.ID) + "/care", key: firstOf(key, newKey())}
			if err := s.do(ctx, in, &care); err != nil {
				return err
			}
			return s.printCare(care, "It ends within seconds: `kelvin gpu show "+g.it.ID+"`.")
		}),
	}
	keyFlag(cmd, &key)
	return cmd
}

// cared reports whether something may be under way with a GPU.
func cared(g api.GPU) bool { return g.State != fleet.GPUFree && g.State != fleet.GPULost }

func (a *app) gpuQuarantine() *cobra.Command {
	return a.gpuReasoned("quarantine", "Take a GPU out of service",
		"Nobody gets the GPU until it is released, on whichever host it turns up. An instance that has it keeps it: drain the host, or migrate the instance.",
		func(g api.GPU) bool { return g.State != fleet.GPUQuarantined })
}

func (a *app) gpuRelease() *cobra.Command {
	return a.gpuReasoned("release", "Put a GPU back into service",
		"Ends a quarantine. The GPU is free once it is scrubbed, and is on probation for a week. Test it first: `kelvin gpu test`.",
		func(g api.GPU) bool { return g.State == fleet.GPUQuarantined })
}

func (a *app) gpuReasoned(does, short, long string, keep func(api.GPU) bool) *cobra.Command {
	var key, reason string
	cmd := &cobra.Command{
		Use: does + " GPU", Short: short, Long: long + " The reason is part of the GPU's history.", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeGPUs(keep),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			if reason == "" {
				return usage(s.cmd, "say why with --reason")
			}
			if err := checkKey(s.cmd, key); err != nil {
				return err
			}
			g, err := s.findGPU(ctx, args[0])
			if err != nil {
				return err
			}
			in := call{method: http.MethodPost, path: gpus.path + "/" + url.PathEscape(g.it.ID) + "/" + does, key: firstOf(key, newKey()), body: api.GPUReason{Reason: reason}}
			var now record[api.GPUDetail]
			if err := s.do(ctx, in, &now); err != nil {
				return err
			}
			if s.output != formatTable {
				return s.printGPU(now)
			}
			_, err = fmt.Fprintf(s.out, "GPU %s: %s\n", now.it.ID, now.it.State)
			return err
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "Why, for others to read. Required")
	keyFlag(cmd, &key)
	return cmd
}
