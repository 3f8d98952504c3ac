package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A workload has the flags that endpoints and servers have in common: what runs, on what.
type workload struct {
	dataCenter, image, command, shell, gpuType, volume, mountPath, probePath string

	env, envFiles, unsetEnv, labels, unsetLabels []string

	gpus     int
	cpus     float64
	memoryMB int64
	drain    time.Duration
	start    time.Duration
}

func (w *workload) flags(a *app, cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&w.image, "image", "", "Container `image`: name, name:tag or name@digest, at most 512 characters")
	f.StringVar(&w.command, "command", "", "Start `command`, run by --shell, at most 32768 bytes. Default: the image's entrypoint and command")
	f.StringVar(&w.shell, "shell", "", "Shell that runs --command, an absolute `path`. Default "+fleet.DefaultShell)
	f.StringVar(&w.gpuType, "gpu-type", "", "GPU `type`, such as a100-80gb. Default: any")
	f.StringArrayVarP(&w.env, "env", "e", nil, "Environment variable as `NAME=VALUE`, or NAME to pass on its value here; repeatable, 256 at most")
	f.StringArrayVar(&w.envFiles, "env-file", nil, "`File` of lines NAME=VALUE, taken as they are; # begins a comment, - is standard input; --env goes before it")
	f.StringVar(&w.volume, "volume", "", "`Name` of a network volume; goes with --mount-path. Default: none")
	f.StringVar(&w.mountPath, "mount-path", "", "Where --volume is mounted: an absolute `path`, such as /data")
	f.Float64Var(&w.cpus, "cpus", 0, "CPU limit, 0 to 512 CPUs. Default: the host's")
	f.Int64Var(&w.memoryMB, "memory-mb", 0, "Memory limit, 6 to 8388608 MiB. Default: the host's")
	f.DurationVar(&w.drain, "drain-timeout", 0, "How long to keep requests in flight when it leaves, 0s to 1h. Default "+short(time.Duration(fleet.DefaultDrainTimeout)))
	f.DurationVar(&w.start, "start-timeout", 0, "How long it may take, once it runs, until its probe is answered, 1s to 45m. Default 45m")
	f.StringArrayVarP(&w.labels, "label", "l", nil, "Label of your own as `NAME=VALUE`; repeatable, 32 at most")
	complete(cmd, "gpu-type", a.completeGPUTypes)
}

func (w *workload) placeFlag(a *app, cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.dataCenter, "data-center", "", "`Name` of the place where it runs. Default "+fleet.DefaultDataCenter+", or the only data center")
	complete(cmd, "data-center", completeFlag(a, dataCenters, nil))
}

func (w *workload) unsetFlags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&w.unsetEnv, "unset-env", nil, "Environment variable to take away, by `name`; repeatable")
	cmd.Flags().StringArrayVar(&w.unsetLabels, "unset-label", nil, "Label to take away, by `name`; repeatable")
}

// given is the value of a flag, nil if it is not on the command line.
func given[T any](cmd *cobra.Command, flag string, value *T) *T {
	if !cmd.Flags().Changed(flag) {
		return nil
	}
	return value
}

func anyGiven(cmd *cobra.Command, flags ...string) bool {
	for _, flag := range flags {
		if cmd.Flags().Changed(flag) {
			return true
		}
	}
	return false
}

// environment is base with what the flags add and take away; nil if they do neither.
// Errors never hold a value, which may be a secret.
func (w *workload) environment(a *app, cmd *cobra.Command, base map[string]string) (*map[string]string, error) {
	if !anyGiven(cmd, "env", "env-file", "unset-env") {
		return nil, nil
	}
	env := maps.Clone(base)
	if env == nil {
		env = map[string]string{}
	}
	for _, name := range w.unsetEnv {
		delete(env, name)
	}
	for _, path := range w.envFiles {
		if err := readEnvFile(path, cmd.InOrStdin(), env); err != nil {
			return nil, usage(cmd, "--env-file %s: %w", path, err)
		}
	}
	for _, pair := range w.env {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			if value = a.getenv(name); value == "" {
				return nil, usage(cmd, "--env: a variable without a value is not set here either; allowed: NAME=VALUE, or the NAME of one that is")
			}
		}
		env[name] = value
	}
	return &env, nil
}

func readEnvFile(path string, in io.Reader, into map[string]string) error {
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return errors.Unwrap(err) // without the path, which the caller says
		}
		defer file.Close()
		in = file
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimRight(lines.Text(), "\r")
		if trimmed := strings.TrimSpace(line); trimmed == "" || trimmed[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.TrimSpace(name) == "" {
			return fmt.Errorf("line %d is not NAME=VALUE", n)
		}
		into[strings.TrimSpace(name)] = value
	}
	return lines.Err()
}

// tags is base with what --label and --unset-label say; nil if they say nothing.
func (w *workload) tags(cmd *cobra.Command, base map[string]string) (*map[string]string, error) {
	if !anyGiven(cmd, "label", "unset-label") {
		return nil, nil
	}
	labels := maps.Clone(base)
	if labels == nil {
		labels = map[string]string{}
	}
	for _, name := range w.unsetLabels {
		delete(labels, name)
	}
	for _, pair := range w.labels {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, usage(cmd, "--label %q has no value; allowed: NAME=VALUE", pair)
		}
		labels[name] = value
	}
	return &labels, nil
}

// flagsOfFields names the flags that fill in the fields of requests.
var flagsOfFields = map[string]string{
	"requests.concurrency_limit": "concurrency-limit", "requests.queue_max": "queue-max", "requests.queue_timeout": "queue-timeout",
	"requests.timeout": "request-timeout", "requests.idle_timeout": "idle-timeout", "requests.max_body": "max-body", "requests.keys": "keys",
	"active_workers": "active", "max_workers": "max", "gpus_per_worker": "gpus", "gpus": "gpus", "gpu_type": "gpu-type",
	"image": "image", "command": "command", "shell": "shell", "port": "port", "ports": "port", "env": "env",
	"volume": "volume", "mount_path": "mount-path", "disk_path": "disk-path", "target_concurrency": "target-concurrency",
	"probe_path": "probe-path", "drain_timeout": "drain-timeout", "stop_timeout": "stop-timeout", "start_timeout": "start-timeout", "cpus": "cpus",
	"memory_mb": "memory-mb", "labels": "label", "data_center": "data-center", "quick_deploy": "quick-deploy",
	"read_only": "read-only", "protected": "protected", "templates": "template", "recover": "recover", "snapshot_every": "snapshot-every",
	"hold": "hold", "host_id": "host", "rate_limit": "rate-limit", "keep": "keep", "snapshot_id": "from",
	"target.instance": "instance", "target.endpoint": "endpoint", "target.selector": "selector", "action": "action",
	"end_active_workers": "end-active", "when.at": "at", "when.from": "from", "when.to": "to", "when.cron": "cron",
	"scaling.policy": "scaling-policy", "scaling.up_percent": "up-percent", "scaling.down_count": "down-count", "scaling.down_percent": "down-percent",
	"scaling.low_percent": "low-percent", "scaling.hold": "low-hold", "scaling.zero_hold": "zero-hold", "scaling.drain": "queue-drain",
	"scaling.min_arrivals": "min-arrivals", "scaling.cancel_after": "cancel-after",
	"market":      "market",
	"spot.market": "market", "spot.base_on_demand": "base-on-demand", "spot.dynamic_fallback": "dynamic-fallback", "spot.spare": "spare",
	"when.days": "days", "when.end_days": "end-days", "time_zone": "time-zone", "only_if.states": "only-if",
	"only_if.for": "only-if-for", "jitter": "jitter", "note": "note", "edge": "edge",
}

// withoutDefaults takes the defaults out of the flags' help: what a change leaves out
// stays as it is.
func withoutDefaults(cmd *cobra.Command) {
	for _, name := range flagsOfFields {
		if flag := cmd.Flags().Lookup(name); flag != nil {
			usage, _, _ := strings.Cut(flag.Usage, ". Default")
			flag.Usage = usage
		}
	}
}
