package fleet

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Defaults and limits of specs. The API's schema and the database's constraints repeat the
// limits; a test compares them.
const (
	DefaultDataCenter   = "us-east"
	DefaultShell        = "/bin/sh"
	DefaultPort         = 8080
	DefaultConcurrency  = 100
	DefaultDrainTimeout = Duration(60 * time.Second)
	DefaultStopTimeout  = Duration(10 * time.Second)

	MaxName         = 128 // characters
	MaxWorkers      = 1000
	MaxGPUs         = 8
	MaxConcurrency  = 10000
	MaxDrainTimeout = Duration(time.Hour)
	MaxStopTimeout  = Duration(10 * time.Minute)
	MaxStartTimeout = Duration(45 * time.Minute) // and the default
	MaxEnv          = 256
	MaxEnvValue     = 32 << 10 // bytes
	MaxLabels       = 32
)

var (
	slug      = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	imageRef  = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._/:@-]{0,511}$`)
	envName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
	poolName  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._:+-]{0,62})?$`)
	labelName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$`)
)

// problems collects what is wrong with a request, so that all of it is said at once.
type problems []FieldError

func (p *problems) add(ok bool, field, message, allowed string) {
	if !ok {
		*p = append(*p, FieldError{Field: field, Message: message, Allowed: allowed})
	}
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	message := p[0].Field + " " + p[0].Message
	if p[0].Allowed != "" {
		message += "; allowed: " + p[0].Allowed
	}
	if len(p) > 1 {
		message += fmt.Sprintf(" (and %d more)", len(p)-1)
	}
	return &Error{Code: Invalid, Message: message, Fields: p}
}

// Defaults fills in what a request for an endpoint left out. ActiveWorkers has no default
// here, since 0 is a wish of its own: the API fills in 1 when the field is absent.
func (s EndpointSpec) Defaults() EndpointSpec {
	s.DataCenter = or(s.DataCenter, DefaultDataCenter)
	s.MaxWorkers = or(s.MaxWorkers, max(s.ActiveWorkers, 1))
	s.GPUsPerWorker = or(s.GPUsPerWorker, 1)
	s.Shell = or(s.Shell, DefaultShell)
	s.Port = or(s.Port, DefaultPort)
	s.TargetConcurrency = or(s.TargetConcurrency, DefaultConcurrency)
	s.ProbePath = or(s.ProbePath, "/")
	s.DrainTimeout = or(s.DrainTimeout, DefaultDrainTimeout)
	return s
}

// Defaults fills in what a request for a server left out.
func (s InstanceSpec) Defaults() InstanceSpec {
	s.DataCenter = or(s.DataCenter, DefaultDataCenter)
	s.Shell = or(s.Shell, DefaultShell)
	s.DrainTimeout = or(s.DrainTimeout, DefaultDrainTimeout)
	s.StopTimeout = or(s.StopTimeout, DefaultStopTimeout)
	s.Recover = or(s.Recover, RecoverAuto)
	return s
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Validate says everything that is wrong with an endpoint's name and spec, after Defaults.
func (s EndpointSpec) Validate(name string) error {
	var p problems
	validateName(&p, name)
	p.add(s.ActiveWorkers >= 0 && s.ActiveWorkers <= MaxWorkers, "body.active_workers", "is out of range", fmt.Sprintf("0 to %d", MaxWorkers))
	p.add(s.MaxWorkers >= 1 && s.MaxWorkers <= MaxWorkers, "body.max_workers", "is out of range", fmt.Sprintf("1 to %d", MaxWorkers))
	p.add(s.MaxWorkers >= s.ActiveWorkers, "body.max_workers", "is less than active_workers", fmt.Sprintf("%d to %d", s.ActiveWorkers, MaxWorkers))
	p.add(s.GPUsPerWorker >= 1 && s.GPUsPerWorker <= MaxGPUs, "body.gpus_per_worker", "is out of range", fmt.Sprintf("1 to %d", MaxGPUs))
	p.add(s.TargetConcurrency >= 1 && s.TargetConcurrency <= MaxConcurrency, "body.target_concurrency", "is out of range", fmt.Sprintf("1 to %d", MaxConcurrency))
	p.add(s.Port >= 1 && s.Port <= 65535, "body.port", "is not a port", "1 to 65535")
	s.Scaling.validate(&p)
	s.Requests.validate(&p)
	s.Spot.validate(&p, s.MaxWorkers)
	s.Worker().validate(&p)
	return p.err()
}

func (s ScalingSpec) validate(p *problems) {
	p.add(s.Policy == "" || s.Policy == "default" || s.Policy == "fast", "body.scaling.policy", "is not a policy", "default, fast")
	p.add(s.UpPercent >= -1 && s.UpPercent <= 10_000, "body.scaling.up_percent", "is out of range", "-1 to 10000")
	p.add(s.DownCount >= -1 && s.DownCount <= MaxWorkers, "body.scaling.down_count", "is out of range", fmt.Sprintf("-1 to %d", MaxWorkers))
	p.add(s.DownPercent >= 0 && s.DownPercent <= 100, "body.scaling.down_percent", "is out of range", "0 to 100")
	p.add(s.LowPercent >= 0 && s.LowPercent <= 100, "body.scaling.low_percent", "is out of range", "0 to 100")
	p.add(s.Hold == 0 || s.Hold >= Duration(time.Minute) && s.Hold <= Duration(24*time.Hour), "body.scaling.hold", "is out of range", "60s to 24h")
	p.add(s.ZeroHold == 0 || s.ZeroHold >= Duration(time.Minute) && s.ZeroHold <= Duration(24*time.Hour), "body.scaling.zero_hold", "is out of range", "60s to 24h")
	p.add(s.Drain == 0 || s.Drain >= Duration(time.Second) && s.Drain <= Duration(time.Hour), "body.scaling.drain", "is out of range", "1s to 1h")
	p.add(s.MinArrivals >= -1 && s.MinArrivals <= 1000, "body.scaling.min_arrivals", "is out of range", "-1 to 1000")
	p.add(s.CancelAfter == 0 || s.CancelAfter == Duration(-time.Second) || s.CancelAfter >= Duration(time.Second) && s.CancelAfter <= Duration(50*time.Second), "body.scaling.cancel_after", "is out of range", "-1s, or 1s to 50s")
}

func (s RequestSpec) validate(p *problems) {
	p.add(s.ConcurrencyLimit >= 0 && s.ConcurrencyLimit <= 100_000, "body.requests.concurrency_limit", "is out of range", "0 to 100000")
	p.add(s.QueueMax >= 0 && s.QueueMax <= 100_000, "body.requests.queue_max", "is out of range", "0 to 100000")
	p.add(s.QueueTimeout >= 0 && s.QueueTimeout <= Duration(time.Hour), "body.requests.queue_timeout", "is out of range", "0s to 1h")
	p.add(s.Timeout >= 0 && s.Timeout <= Duration(24*time.Hour), "body.requests.timeout", "is out of range", "0s to 24h")
	p.add(s.IdleTimeout >= 0 && s.IdleTimeout <= Duration(24*time.Hour), "body.requests.idle_timeout", "is out of range", "0s to 24h")
	p.add(s.MaxBody >= 0, "body.requests.max_body", "is negative", "0 or more")
}

func (s SpotSpec) validate(p *problems, most int) {
	p.add(s.Market == "" || s.Market == OnDemand || s.Market == Spot, "body.spot.market", "is not a market", "on-demand, spot")
	p.add(s.BaseOnDemand >= 0 && (s.BaseOnDemand <= most || s.Market != Spot), "body.spot.base_on_demand", "is out of range", fmt.Sprintf("0 to max_workers (%d)", most))
	p.add(s.Spare == nil || *s.Spare >= 0 && *s.Spare <= 100, "body.spot.spare", "is out of range", "0 to 100")
}

// Validate says everything that is wrong with a server's name and spec, after Defaults.
func (s InstanceSpec) Validate(name string) error {
	var p problems
	validateName(&p, name)
	p.add(s.GPUs >= 0 && s.GPUs <= MaxGPUs, "body.gpus", "is out of range", fmt.Sprintf("0 to %d", MaxGPUs))
	p.add(len(s.Ports) <= 16, "body.ports", "are too many", "at most 16")
	seen := map[int]bool{}
	for i, port := range s.Ports {
		field := fmt.Sprintf("body.ports[%d]", i)
		p.add(port >= 1 && port <= 65535, field, "is not a port", "1 to 65535")
		p.add(!seen[port], field, "is there twice", "different ports")
		seen[port] = true
	}
	p.add(s.Market == "" || s.Market == OnDemand || s.Market == Spot, "body.market", "is not a market", "on-demand, spot")
	p.add(s.ProbePath == "" || len(s.Ports) > 0, "body.probe_path", "needs a port to ask", "at least one entry in ports")
	p.add(s.Recover == "" || s.Recover == RecoverAuto || s.Recover == RecoverWait, "body.recover", "is not a policy", "auto, wait")
	p.add(s.SnapshotEvery == 0 || s.SnapshotEvery >= MinSnapshotEvery, "body.snapshot_every", "is too short", "0s, or at least 5m")
	s.validateTemplates(&p)
	s.validate(&p)
	return p.err()
}

func validateName(p *problems, name string) {
	n := utf8.RuneCountInString(name)
	p.add(utf8.ValidString(name) && n >= 1 && n <= MaxName, "body.name", "has the wrong length", fmt.Sprintf("1 to %d characters of UTF-8", MaxName))
	p.add(!strings.ContainsFunc(name, unicode.IsControl), "body.name", "has control characters", "printable characters")
	p.add(strings.TrimSpace(name) == name, "body.name", "begins or ends with white space", "a name without white space around it")
}

// validate checks what servers and workers have in common.
func (s InstanceSpec) validate(p *problems) {
	p.add(slug.MatchString(s.DataCenter), "body.data_center", "is not a data center's name", "lower-case letters, digits and hyphens, at most 63")
	p.add(imageRef.MatchString(s.Image), "body.image", "is not an image reference", "name, name:tag or name@digest, at most 512 characters")
	p.add(s.GPUType == "" || slug.MatchString(s.GPUType), "body.gpu_type", "is not a GPU type", "lower-case letters, digits and hyphens, such as a100-80gb")
	p.add(len(s.Command) <= 32<<10 && !strings.ContainsRune(s.Command, 0), "body.command", "is too long or has a zero byte", "at most 32768 bytes")
	p.add(path.IsAbs(s.Shell) && len(s.Shell) <= 256 && !strings.ContainsRune(s.Shell, 0), "body.shell", "is not an absolute path", "a path like /bin/sh, at most 256 bytes")
	p.add(s.Volume == "" || slug.MatchString(s.Volume), "body.volume", "is not a volume's name", "lower-case letters, digits and hyphens, at most 63")
	p.add((s.Volume == "") == (s.MountPath == ""), "body.mount_path", "goes with volume", "both or neither")
	validatePath(p, "body.mount_path", s.MountPath)
	validatePath(p, "body.disk_path", s.DiskPath)
	p.add(s.DiskPath == "" || s.DiskPath != s.MountPath, "body.disk_path", "is the mount_path of the volume", "another path")
	p.add(s.ProbePath == "" || (strings.HasPrefix(s.ProbePath, "/") && len(s.ProbePath) <= 2048 && !strings.ContainsFunc(s.ProbePath, func(r rune) bool { return r <= ' ' || r == 0x7f })),
		"body.probe_path", "is not a path", "a path like /health")
	p.add(s.DrainTimeout >= 0 && s.DrainTimeout <= MaxDrainTimeout, "body.drain_timeout", "is out of range", "0s to 1h")
	p.add(s.StartTimeout == 0 || s.StartTimeout >= Duration(time.Second) && s.StartTimeout <= MaxStartTimeout, "body.start_timeout", "is out of range", "0s for the default of 45m, or 1s to 45m")
	p.add(s.StopTimeout >= 0 && s.StopTimeout <= MaxStopTimeout, "body.stop_timeout", "is out of range", "0s to 10m")
	p.add(s.CPUs >= 0 && s.CPUs <= 512, "body.cpus", "is out of range", "0 to 512")
	p.add(s.MemoryMB == 0 || s.MemoryMB >= 6 && s.MemoryMB <= 8<<20, "body.memory_mb", "is out of range", "0, or 6 to 8388608")
	p.add(len(s.Env) <= MaxEnv, "body.env", "has too many variables", fmt.Sprintf("at most %d", MaxEnv))
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		if !envName.MatchString(name) {
			p.add(false, "body.env", "has a name that is not one", "letters, digits and _, not beginning with a digit, at most 128")
			continue
		}
		field := "body.env." + name
		p.add(!ReservedEnv(name), field, "is set by Kelvin", "names other than NVIDIA_…, CUDA_VISIBLE_DEVICES and KELVIN_…")
		p.add(len(s.Env[name]) <= MaxEnvValue && !strings.ContainsRune(s.Env[name], 0), field, "is too long or has a zero byte", "at most 32768 bytes")
	}
	p.add(len(s.Labels) <= MaxLabels, "body.labels", "are too many", fmt.Sprintf("at most %d", MaxLabels))
	for _, name := range slices.Sorted(maps.Keys(s.Labels)) {
		ok := labelName.MatchString(name) && goodLabelValue(s.Labels[name])
		p.add(ok, "body.labels", "has a bad name or value", "names of letters, digits and . _ / -; both at most 63 bytes")
	}
}

func goodLabelValue(v string) bool {
	return len(v) <= 63 && utf8.ValidString(v) && !strings.ContainsFunc(v, unicode.IsControl)
}

// ReservedEnv reports whether a tenant may not set a variable: NVIDIA's hook takes orders from
// those of its own, so it would give GPUs away, or it would pass for something that Kelvin says.
func ReservedEnv(name string) bool {
	name = strings.ToUpper(name)
	return name == "CUDA_VISIBLE_DEVICES" || strings.HasPrefix(name, "NVIDIA_") || strings.HasPrefix(name, "KELVIN_")
}

func validatePath(p *problems, field, v string) {
	ok := v == "" || path.IsAbs(v) && path.Clean(v) == v && v != "/" && len(v) <= 4096 && !strings.ContainsFunc(v, unicode.IsControl) &&
		!slices.ContainsFunc([]string{"/proc", "/sys", "/dev", "/etc", "/bin", "/sbin", "/lib", "/usr"}, func(dir string) bool {
			return v == dir || strings.HasPrefix(v, dir+"/")
		})
	p.add(ok, field, "cannot be mounted", "an absolute path without . or .., outside /proc, /sys, /dev, /etc and system folders")
}
