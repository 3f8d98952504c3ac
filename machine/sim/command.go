package sim

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/machine"
)

// shells are those a simulated image has.
var shells = []string{"/bin/sh", "/bin/bash"}

// isShell reports whether a simulated image has a shell of that name, or at that path.
func isShell(name string) bool {
	return slices.Contains(shells, name) || slices.Contains(shells, "/bin/"+name)
}

// notFound is a shell's exit code for a command that is not there.
const notFound = 127

// command runs one without a shell and returns its exit code.
func (p process) command(words []string) int {
	name, args := words[0], words[1:]
	switch {
	case name == "true":
		return 0
	case name == "false":
		return 1
	case name == "echo":
		fmt.Fprintln(p.stdout, strings.Join(args, " "))
		return 0
	case name == "hostname":
		fmt.Fprintln(p.stdout, p.container.hostname())
		return 0
	case name == "env":
		env := p.environment()
		for _, k := range slices.Sorted(maps.Keys(env)) {
			fmt.Fprintf(p.stdout, "%s=%s\n", k, env[k])
		}
		return 0
	case name == "pwd":
		fmt.Fprintln(p.stdout, cmp.Or(p.dir, "/"))
		return 0
	case slices.Equal(words, []string{"/kelvin", "--version"}):
		fmt.Fprintln(p.stdout, "kelvin (simulated)")
		return 0
	case name == "size":
		return p.size()
	case name == "cat" && len(args) == 0:
		if p.stdin != nil {
			if _, err := io.Copy(p.stdout, p.stdin); err != nil {
				return 1
			}
		}
		return 0
	case slices.Contains(fileCommands, name):
		return p.file(name, args)
	case name == "sleep" && len(args) == 1:
		return p.sleep(args[0])
	case slices.Equal(words, machine.LoginShell), isShell(name) && (len(args) == 0 || len(args) == 1 && args[0] == "-l"):
		return p.converse()
	case isShell(name) && len(args) == 2 && args[0] == "-c":
		return p.shell(args[1])
	case slices.Contains(shells, name) && len(args) > 3 && args[0] == "-c" && args[2] == machine.TaskName:
		return p.task(args[3:])
	}
	fmt.Fprintf(p.stderr, "%s: not found\n", name)
	return notFound
}

// environment are the variables that a command sees.
func (p process) environment() map[string]string {
	env := maps.Clone(p.container.env)
	for _, pair := range p.env {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	return env
}

// sleep waits for seconds or a duration. SIGTERM ends it, as it ends a process that does
// not handle it.
func (p process) sleep(arg string) int {
	d, err := time.ParseDuration(arg)
	if err != nil {
		seconds, err := strconv.ParseFloat(arg, 64)
		if err != nil {
			fmt.Fprintln(p.stderr, "sleep: not a time")
			return 1
		}
		d = time.Duration(seconds * float64(time.Second))
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		p.run.gate.pass(p.run.ctx.Done())
		return 0
	case <-p.run.term:
		return 143
	case <-p.run.ctx.Done():
		return 137
	}
}

// number is the argument of exit.
func number(words []string) int {
	if len(words) == 0 {
		return 0
	}
	n, err := strconv.Atoi(words[0])
	if err != nil {
		return 2
	}
	return n & 0xff
}
