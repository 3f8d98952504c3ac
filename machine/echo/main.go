package echo

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

// Main runs the workload as a process: it listens on $PORT on all addresses, ends on
// SIGTERM or an interrupt, and returns the exit code (2: args are not empty).
func Main(args []string) int {
	if len(args) > 0 {
		fmt.Fprintln(os.Stderr, "echo takes no arguments; its settings are PORT, KELVIN_DATA and ECHO_START_DELAY")
		return 2
	}
	env := environment()
	hostname, _ := os.Hostname() // only shown
	stop, done := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer done()
	w := &Workload{
		Env: env, Hostname: hostname, Files: Dir(data(env)), Log: os.Stdout, Exit: os.Exit,
		Listen: func(port int) (net.Listener, error) { return net.Listen("tcp", ":"+strconv.Itoa(port)) },
	}
	return w.Run(context.Background(), stop.Done())
}

func environment() map[string]string {
	env := map[string]string{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	return env
}
