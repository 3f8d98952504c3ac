package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
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

// ask asks the driver one thing, about the GPU that the arguments name if they must.
func ask(args []string, names int, out io.Writer, question func(l *nvml.Library, uuid string) (any, error)) error {
	if len(args) != 1+names {
		return fleet.Errorf(fleet.Invalid, usage)
	}
	l, err := nvml.Open()
	if err != nil {
		return err
	}
	defer l.Close()
	answer, err := question(l, args[len(args)-1])
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(answer)
}
