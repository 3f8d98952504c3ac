package fleet

import (
	"reflect"
	"time"
)

// An Endpoint is a URL served by workers, as many as its policy wants.
type Endpoint struct {
	ID        string
	AccountID string
	Name      string
	Spec      EndpointSpec // of its newest revision
	Revision  int
	Life
	// Workers that exist, and those of them that answer. For lists; the store counts.
	WorkersTotal, WorkersReady int
	Trouble                    *Trouble  // what its workers' mishaps come to; nil: all is well
	PausedAt                   time.Time // its roll-out is, since; zero: it is not
	PausedBy                   string
	CreatedAt                  time.Time
	UpdatedAt                  time.Time
}

// An EndpointSpec is what an endpoint is asked to be. A change makes a new revision.
type EndpointSpec struct {
	DataCenter        string            `json:"data_center,omitempty" maxLength:"63" doc:"Where its workers run. Default: us-east, or the only one" example:"us-east"`
	ActiveWorkers     int               `json:"active_workers" minimum:"0" maximum:"1000" doc:"Workers that are always there, also the first ones. Default 1; 0 scales to nothing"`
	MaxWorkers        int               `json:"max_workers" minimum:"1" maximum:"1000" doc:"Workers at the most. Default: active_workers, at least 1"`
	GPUsPerWorker     int               `json:"gpus_per_worker" minimum:"1" maximum:"8" doc:"GPUs of each worker, all on one host. Default 1"`
	GPUType           string            `json:"gpu_type,omitempty" maxLength:"63" doc:"GPU type; empty: any" example:"a100-80gb"`
	Image             string            `json:"image" minLength:"1" maxLength:"512" doc:"Container image" example:"kelvin/echo:latest"`
	Command           string            `json:"command,omitempty" maxLength:"32768" doc:"Start command, run by the shell. Default: the image's entrypoint and command"`
	Shell             string            `json:"shell,omitempty" maxLength:"256" doc:"Shell that runs the start command. Default /bin/sh"`
	Port              int               `json:"port" minimum:"1" maximum:"65535" doc:"The one HTTP port of a worker. Default 8080"`
	Env               map[string]string `json:"env,omitempty" doc:"Environment variables. CUDA_VISIBLE_DEVICES and names beginning with NVIDIA_ or KELVIN_ are ours"`
	Volume            string            `json:"volume,omitempty" maxLength:"63" doc:"Network volume, mounted by every worker"`
	MountPath         string            `json:"mount_path,omitempty" maxLength:"4096" doc:"Where the volume is mounted" example:"/data"`
	TargetConcurrency int               `json:"target_concurrency" minimum:"1" maximum:"10000" doc:"Requests in flight that one worker is meant to serve. Default 100"`
	ProbePath         string            `json:"probe_path,omitempty" maxLength:"2048" doc:"Path whose answer below 500 says that a worker is ready. Default /"`
	StartTimeout      Duration          `json:"start_timeout,omitempty" doc:"How long a worker may take, once it runs, until its probe is answered. Default 45m, at least 1s, at most 45m" example:"5m"`
	DrainTimeout      Duration          `json:"drain_timeout,omitempty" doc:"How long a leaving worker keeps its requests in flight. Default 60s, at most 1h" example:"60s"`
	CPUs              float64           `json:"cpus,omitempty" minimum:"0" maximum:"512" doc:"CPU limit of a worker; 0: the host's default"`
	MemoryMB          int64             `json:"memory_mb,omitempty" minimum:"0" maximum:"8388608" doc:"Memory limit of a worker in MiB; 0: the host's default"`
	Labels            map[string]string `json:"labels,omitempty" doc:"Your own labels, at most 32"`
	Scaling           ScalingSpec       `json:"scaling,omitzero" doc:"How the number of workers follows the load"`
	Requests          RequestSpec       `json:"requests,omitzero" doc:"How the gateways treat requests"`
	Spot              SpotSpec          `json:"spot,omitzero" doc:"Which workers may run on spot hosts"`
}

// Worker is what a worker of the endpoint is asked to be.
func (s EndpointSpec) Worker() InstanceSpec {
	return InstanceSpec{
		DataCenter: s.DataCenter, Image: s.Image, Command: s.Command, Shell: s.Shell,
		GPUType: s.GPUType, GPUs: s.GPUsPerWorker, Ports: []int{s.Port}, Env: s.Env,
		Volume: s.Volume, MountPath: s.MountPath, CPUs: s.CPUs, MemoryMB: s.MemoryMB,
		ProbePath: s.ProbePath, StartTimeout: s.StartTimeout, DrainTimeout: s.DrainTimeout, StopTimeout: DefaultStopTimeout, Labels: s.Labels,
	}
}

// Runs reports whether a worker is as the endpoint's revision wants it, though it may have been
// made for an older one: a revision that only changes how many there are, where they may run, or
// how requests are treated replaces none.
func (e *Endpoint) Runs(w *Instance) bool {
	return w.Revision == e.Revision || w.Spec.sameWorker(e.Spec.Worker())
}

// sameWorker compares what matters to a worker that runs.
func (s InstanceSpec) sameWorker(as InstanceSpec) bool {
	s.Market, s.StartTimeout = as.Market, as.StartTimeout
	return reflect.DeepEqual(s, as)
}

// Serving reports whether the endpoint's gateways accept requests, and its autoscaler
// runs: it is started, or on the way there.
func (e Endpoint) Serving() bool {
	switch e.State {
	case Running, Provisioning, Starting:
		return true
	case Updating:
		return e.Was == Running
	default:
		return false
	}
}
