package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine"
	"github.com/kelvin-gpu/kelvin/machine/memtest"
	"github.com/kelvin-gpu/kelvin/machine/nvml"
)

// version is set by the linker.
var version = "devel"

const usage = "usage: kelvin-gpu inventory | health UUID | holders UUID | watch | test | scrub | version"

func main() {
	err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "kelvin-gpu: "+strings.Join(strings.Fields(err.Error()), " "))
	}
	os.Exit(machine.ExitCode(err))
}

func run(args []string, out io.Writer) error {
	if len(args) == 0 {
		return fleet.Errorf(fleet.Invalid, usage)
	}
	switch verb := args[0]; verb {
	case "version":
		fmt.Fprintf(out, "kelvin-gpu %s (%s)\n", version, built())
		return nil
	case "inventory":
		return ask(args, 0, out, func(l *nvml.Library, _ string) (any, error) { return l.Inventory() })
	case "health":
		return ask(args, 1, out, func(l *nvml.Library, uuid string) (any, error) { return l.Health(uuid) })
	case "holders":
		return ask(args, 1, out, func(l *nvml.Library, uuid string) (any, error) { return l.Holders(uuid) })
	case "watch":
		return watch(args[1:], out)
	case "test":
		return memtest.Test(args[1:])
	case "scrub":
		return memtest.Scrub(args[1:])
	default:
		return fleet.Errorf(fleet.Invalid, usage)
	}
}

func built() string {
	if nvml.Built {
		return "with NVML"
	}
	return "without NVML"
}

// untilEnded ends when this program is told to: by a signal, or with its input if it is tied.
func untilEnded() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if os.Getenv("KELVIN_GPU_TIED") == "1" {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // however it ends, it is over
			stop()
		}()
	}
	return ctx, stop
}

// ask asks the driver one thing, about the GPU that the arguments name if they must. When it
// is to end before, the question is left where it is: it can hang.
func ask(args []string, names int, out io.Writer, question func(l *nvml.Library, uuid string) (any, error)) error {
	if len(args) != 1+names {
		return fleet.Errorf(fleet.Invalid, usage)
	}
	ctx, stop := untilEnded()
	defer stop()
	asked := make(chan error, 1)
	var answer any
	go func() {
		asked <- func() error {
			l, err := nvml.Open()
			if err != nil {
				return err
			}
			defer l.Close()
			answer, err = question(l, args[len(args)-1])
			return err
		}()
	}()
	select {
	case err := <-asked:
		if err != nil {
			return err
		}
		return json.NewEncoder(out).Encode(answer)
	case <-ctx.Done():
		return fleet.Errorf(fleet.Unavailable, "ended before the driver answered")
	}
}

// watch writes what happens until it is ended.
func watch(args []string, out io.Writer) error {
	ctx, stop := untilEnded()
	defer stop()
	var o nvml.WatchOptions
	flags := flag.NewFlagSet("watch", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.Kernel, "kernel", "/dev/kmsg", "the kernel's log")
	flags.StringVar(&o.After.Boot, "boot", "", "ID of the kernel's start")
	flags.Uint64Var(&o.After.Sequence, "after", 0, "number of its last line that has been seen")
	if err := flags.Parse(args); err != nil {
		return fleet.Errorf(fleet.Invalid, "%s: %s", usage, err)
	}
	l, err := nvml.Open()
	if err != nil {
		return err
	}
	defer l.Close()
	lines := json.NewEncoder(out)
	return l.Watch(ctx, o, func(s gpu.Seen) error { return lines.Encode(s) })
}
