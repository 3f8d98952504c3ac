package fleet

import "time"

// An Instance is one container with GPUs, a disk and ports: a server by itself, or a worker
// of an endpoint.
type Instance struct {
	ID         string
	AccountID  string
	EndpointID string // of a worker; empty for a server
	Revision   int    // of the endpoint's spec that a worker runs
	Name       string
	Spec       InstanceSpec
	Life
	Epoch     int64 // of its newest placement
	Home      Lease // where it lives; zero when it lives nowhere
	Leases    []Lease
	Kept      []Kept      // what hosts keep of it where it does not live any more
	Snapshot  string      // of a frozen one: where its data is
	GPUs      []GPU       // of its home
	Ports     []Published // of its home
	Address   string      // of its home's host
	Addresses []Address   // of a server, wherever it lives, until it is gone
	Ready     bool        // its probe has passed, and nothing holds its traffic; without ports: it runs
	Leaving   bool        // of a worker: its host is emptied, and another is to take its place
	Market    Market      // of the host where it lives, or is to live
	Pool      string      // of that host, or of the best that it may get; empty: none yet
	Notice    Notice      // that this host is taken away
	Cause     string      // why it is not running though it should be: exited (137), lost, …
	Mishap    *Mishap     // of a worker that does not serve any more: why
	CreatedAt time.Time
	UpdatedAt time.Time
}

// An InstanceSpec is what an instance is asked to be. It does not change with its state.
type InstanceSpec struct {
	DataCenter   string            `json:"data_center" maxLength:"63" doc:"Where it runs. Default: the only data center, or us-east" example:"us-east"`
	Image        string            `json:"image" minLength:"1" maxLength:"512" doc:"Container image, name:tag or name@digest" example:"kelvin/echo:latest"`
	Command      string            `json:"command,omitempty" maxLength:"32768" doc:"Start command, run by the shell. Default: the image's entrypoint and command"`
	Shell        string            `json:"shell,omitempty" maxLength:"256" doc:"Shell that runs the start command" default:"/bin/sh"`
	Market       Market            `json:"market,omitempty" enum:"on-demand,spot" doc:"Hosts that it is placed on. spot: cheaper ones, which their provider may take away. Default: on-demand"`
	GPUType      string            `json:"gpu_type,omitempty" maxLength:"63" doc:"GPU type; empty: any" example:"a100-80gb"`
	GPUs         int               `json:"gpus" minimum:"0" maximum:"8" doc:"Number of GPUs, all on one host"`
	Ports        []int             `json:"ports,omitempty" maxItems:"16" doc:"Ports of the container that are published, each at an address that stays. The first is that of the URL, and is probed by HTTP if probe_path is set"`
	Env          map[string]string `json:"env,omitempty" doc:"Environment variables. CUDA_VISIBLE_DEVICES and names beginning with NVIDIA_ or KELVIN_ are ours"`
	Volume       string            `json:"volume,omitempty" maxLength:"63" doc:"Network volume"`
	MountPath    string            `json:"mount_path,omitempty" maxLength:"4096" doc:"Where the volume is mounted" example:"/data"`
	DiskPath     string            `json:"disk_path,omitempty" maxLength:"4096" doc:"Where a server's own disk is mounted; it outlives restarts" example:"/workspace"`
	CPUs         float64           `json:"cpus,omitempty" minimum:"0" maximum:"512" doc:"CPU limit; 0: the host's default"`
	MemoryMB     int64             `json:"memory_mb,omitempty" minimum:"0" maximum:"8388608" doc:"Memory limit in MiB; 0: the host's default"`
	ReadOnly     bool              `json:"read_only,omitempty" doc:"Mount the root filesystem read-only, with a writable /tmp"`
	ProbePath    string            `json:"probe_path,omitempty" maxLength:"2048" doc:"Path whose answer below 500 says that it is ready. Default: / for workers, none for servers" example:"/health"`
	DrainTimeout Duration          `json:"drain_timeout,omitempty" doc:"How long a stop waits for requests in flight. Default 60s, at most 1h" example:"60s"`
	StartTimeout Duration          `json:"start_timeout,omitempty" doc:"How long it may take, once it runs, until its probe is answered. Default 45m, at least 1s, at most 45m" example:"5m"`
	StopTimeout  Duration          `json:"stop_timeout,omitempty" doc:"Between the signal to end and the kill. Default 10s, at most 10m" example:"10s"`
	Labels       map[string]string `json:"labels,omitempty" doc:"Your own labels, at most 32"`
	Templates    []Attachment      `json:"templates,omitempty" maxItems:"8" doc:"Templates that are installed in it. The ports they want are added to ports"`
	Protected    bool              `json:"protected,omitempty" doc:"Refuse terminate and reset until this is taken off"`

	Recover       string   `json:"recover,omitempty" enum:"auto,wait" doc:"When a server's host is lost: auto recovers it elsewhere from its newest snapshot, wait leaves it to you. Default auto" example:"auto"`
	SnapshotEvery Duration `json:"snapshot_every,omitempty" doc:"Interval of automatic snapshots of a running server; 0: none. At least 5m" example:"1h"`
}
