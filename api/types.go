package api

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// List is one page. Next is what to pass as after for the page that follows; it is absent
// on the last one.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Pass it as after to get the next page; absent at the end"`
}

// Endpoint is an endpoint as the API shows it.
type Endpoint struct {
	ID          string      `json:"id" example:"ep_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	Name        string      `json:"name"`
	State       fleet.State `json:"state" doc:"Where it is"`
	Target      fleet.State `json:"target" doc:"Where it is heading; its state, when it is settled"`
	Status      string      `json:"status" doc:"Ready workers of all, and a word for people" example:"1/2 Ready"`
	Since       time.Time   `json:"since" doc:"When the state was entered"`
	Deadline    time.Time   `json:"deadline,omitzero" doc:"When the open operation is undone unless it is past its point of no return"`
	Reason      string      `json:"reason,omitempty" doc:"Why it is where it is, when nobody asked for it"`
	OperationID string      `json:"operation_id,omitempty" doc:"The open operation"`
	Legal       []string    `json:"legal" doc:"Operations that it accepts now"`
	URL         string      `json:"url,omitempty" doc:"Where its requests go" example:"http://ep-06f2r3k8x9m4n5p6q7s8t9v0w1.us-east.localhost:8080"`
	Revision    int         `json:"revision" doc:"Of its spec; every change makes one more"`
	Workers     Workers     `json:"workers"`
	Rollout     *Rollout    `json:"rollout,omitempty" doc:"While workers are replaced: how far that is. Not in lists"`
	Trouble     *Trouble    `json:"trouble,omitempty" doc:"What its workers' failures come to; absent when all is well"`
	CreatedAt   time.Time   `json:"created_at"`
	UpdatedAt   time.Time   `json:"updated_at"`
	// Spec shows viewers the names of environment variables, not their values.
	Spec fleet.EndpointSpec `json:"spec"`
}

// Workers counts the workers of an endpoint.
type Workers struct {
	Total int `json:"total" doc:"Workers that exist"`
	Ready int `json:"ready" doc:"Workers that answer"`
}

// EndpointFields are the fields of fleet.EndpointSpec, each of which may be left out. A
// test compares the two.
type EndpointFields struct {
	DataCenter        *string            `json:"data_center,omitempty" maxLength:"63" doc:"Where its workers run. Default: us-east, or the only one" example:"us-east"`
	ActiveWorkers     *int               `json:"active_workers,omitempty" minimum:"0" maximum:"1000" doc:"Workers that are always there, also the first ones. Default 1; 0 scales to nothing"`
	MaxWorkers        *int               `json:"max_workers,omitempty" minimum:"1" maximum:"1000" doc:"Workers at the most. Default: active_workers, at least 1"`
	GPUsPerWorker     *int               `json:"gpus_per_worker,omitempty" minimum:"1" maximum:"8" doc:"GPUs of each worker, all on one host. Default 1"`
	GPUType           *string            `json:"gpu_type,omitempty" maxLength:"63" doc:"GPU type; empty: any" example:"a100-80gb"`
	Image             *string            `json:"image,omitempty" minLength:"1" maxLength:"512" doc:"Container image" example:"kelvin/echo:latest"`
	Command           *string            `json:"command,omitempty" maxLength:"32768" doc:"Start command, run by the shell. Default: the image's entrypoint and command"`
	Shell             *string            `json:"shell,omitempty" maxLength:"256" doc:"Shell that runs the start command. Default /bin/sh"`
	Port              *int               `json:"port,omitempty" minimum:"1" maximum:"65535" doc:"The one HTTP port of a worker. Default 8080"`
	Env               *map[string]string `json:"env,omitempty" doc:"Environment variables. CUDA_VISIBLE_DEVICES and names beginning with NVIDIA_ or KELVIN_ are ours"`
	Volume            *string            `json:"volume,omitempty" maxLength:"63" doc:"Network volume, mounted by every worker"`
	MountPath         *string            `json:"mount_path,omitempty" maxLength:"4096" doc:"Where the volume is mounted" example:"/data"`
	TargetConcurrency *int               `json:"target_concurrency,omitempty" minimum:"1" maximum:"10000" doc:"Requests in flight that one worker is meant to serve. Default 100"`
	ProbePath         *string            `json:"probe_path,omitempty" maxLength:"2048" doc:"Path whose answer below 500 says that a worker is ready. Default /"`
	StartTimeout      *fleet.Duration    `json:"start_timeout,omitempty" doc:"How long a worker may take, once it runs, until its probe is answered. Default 45m, at least 1s, at most 45m" example:"5m"`
	DrainTimeout      *fleet.Duration    `json:"drain_timeout,omitempty" doc:"How long a leaving worker keeps its requests in flight. Default 60s, at most 1h" example:"60s"`
	CPUs              *float64           `json:"cpus,omitempty" minimum:"0" maximum:"512" doc:"CPU limit of a worker; 0: the host's default"`
	MemoryMB          *int64             `json:"memory_mb,omitempty" minimum:"0" maximum:"8388608" doc:"Memory limit of a worker in MiB; 0: the host's default"`
	Labels            *map[string]string `json:"labels,omitempty" doc:"Your own labels, at most 32"`
	Scaling           *fleet.ScalingSpec `json:"scaling,omitempty" doc:"How the number of workers follows the load"`
	Requests          *fleet.RequestSpec `json:"requests,omitempty" doc:"How the gateways treat requests"`
	Spot              *fleet.SpotSpec    `json:"spot,omitempty" doc:"Which workers may run on spot hosts"`
}

// EndpointCreate asks for an endpoint. What it leaves out comes from the quick deploy, if
// it names one, and otherwise has the defaults of fleet.EndpointSpec; active_workers has 1.
type EndpointCreate struct {
	Name        string            `json:"name" minLength:"1" maxLength:"128" doc:"Unique among the account's endpoints" example:"llama"`
	QuickDeploy string            `json:"quick_deploy,omitempty" maxLength:"63" doc:"Name of a quick deploy that fills in what is left out" example:"echo"`
	Params      map[string]string `json:"params,omitempty" doc:"Parameters of the quick deploy; those left out have their defaults"`
	EndpointFields
}

// EndpointPatch changes an endpoint: what it leaves out stays as it is. Env, labels, scaling,
// requests and spot are replaced as a whole. data_center cannot change.
type EndpointPatch struct {
	Name *string `json:"name,omitempty" minLength:"1" maxLength:"128" doc:"A new name"`
	EndpointFields
}

// Instance is an instance as the API shows it: a server, or the worker of an endpoint.
type Instance struct {
	ID          string         `json:"id" example:"ins_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	Name        string         `json:"name"`
	EndpointID  string         `json:"endpoint_id,omitempty" doc:"Of a worker; absent for a server"`
	Revision    int            `json:"revision,omitempty" doc:"Of the endpoint's spec that a worker runs"`
	State       fleet.State    `json:"state" doc:"Where it is"`
	Target      fleet.State    `json:"target" doc:"Where it is heading; its state, when it is settled"`
	Since       time.Time      `json:"since" doc:"When the state was entered"`
	Deadline    time.Time      `json:"deadline,omitzero" doc:"When the open operation is undone unless it is past its point of no return"`
	Reason      string         `json:"reason,omitempty" doc:"Why it is where it is, when nobody asked for it"`
	OperationID string         `json:"operation_id,omitempty" doc:"The open operation"`
	Legal       []string       `json:"legal" doc:"Operations that it accepts now"`
	HostID      string         `json:"host_id,omitempty" doc:"Where it lives; absent when it lives nowhere"`
	Address     string         `json:"address,omitempty" doc:"Of its host"`
	URL         string         `json:"url,omitempty" doc:"Where requests to the first port of a server go, wherever it lives" example:"http://ins-06f2r3k8x9m4n5p6q7s8t9v0w1.us-east.localhost:8081"`
	Ports       []InstancePort `json:"ports" doc:"Those of its spec, and where each is reached"`
	GPUs        []InstanceGPU  `json:"gpus"`
	Failure     *Failure       `json:"failure,omitempty" doc:"Of a worker that does not serve any more: why"`
	Ready       bool           `json:"ready" doc:"Its probe has passed, and nothing holds its traffic. Without ports: it runs"`
	Market      fleet.Market   `json:"market" enum:"on-demand,spot" doc:"Of the host where it lives, or is to live. spot: its provider may take that away"`
	Epoch       int64          `json:"epoch" doc:"One more with every placement"`
	Hold        string         `json:"hold,omitempty" enum:"reserved,none" doc:"Of a stopped one: whether it keeps its GPUs and the ports of its host"`
	SnapshotID  string         `json:"snapshot_id,omitempty" doc:"Of a frozen one: the snapshot that it is restored from"`
	Kept        []Kept         `json:"kept,omitempty" doc:"What hosts keep of it where it does not live any more"`
	CreatedAt   time.Time      `json:"created_at"`
	UpdatedAt   time.Time      `json:"updated_at"`
	// Spec shows viewers the names of environment variables, not their values.
	Spec fleet.InstanceSpec `json:"spec"`
}

// Kept is what an old host keeps of a server that was recovered elsewhere.
type Kept struct {
	LeaseID string    `json:"lease_id" doc:"Names it, to let go of it" example:"op_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	HostID  string    `json:"host_id"`
	Since   time.Time `json:"since" doc:"When the server was recovered elsewhere"`
}

// InstanceGPU is one GPU that an instance has.
type InstanceGPU struct {
	ID        string `json:"id"`
	UUID      string `json:"uuid" doc:"The driver's name for it"`
	Type      string `json:"type" example:"a100-80gb"`
	Index     int    `json:"index" doc:"Its place on the host"`
	Simulated bool   `json:"simulated"`
}

// InstanceCreate asks for a server.
type InstanceCreate struct {
	Name string `json:"name" minLength:"1" maxLength:"128" doc:"Unique among the account's servers" example:"notebook"`
	fleet.InstanceSpec
}

// InstancePatch changes a server.
type InstancePatch struct {
	Protected bool `json:"protected" doc:"Refuse terminate and reset until this is taken off"`
}

// Confirm names what is about to be erased, so that nobody erases something else.
type Confirm struct {
	Confirm string `json:"confirm" doc:"The instance's name"`
}

// Stats are what a running instance uses now.
type Stats struct {
	CPUPercent float64 `json:"cpu_percent" doc:"Of one CPU"`
	MemoryMB   float64 `json:"memory_mb" doc:"MiB"`
	Processes  int     `json:"processes"`
}

// Operation is one operation on one resource. As accepted it is pending, and has neither
// resource_name nor phase nor steps.
type Operation struct {
	ID              string         `json:"id" example:"op_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	Kind            fleet.Kind     `json:"kind" doc:"Of the resource"`
	ResourceID      string         `json:"resource_id"`
	ResourceName    string         `json:"resource_name,omitempty"`
	Name            string         `json:"name" doc:"What it does" example:"stop"`
	Actor           string         `json:"actor" doc:"Who asked: a key, the autoscaler, a schedule, the monitor"`
	Params          fleet.Params   `json:"params,omitzero" doc:"What it was asked with, besides its resource"`
	State           OperationState `json:"state"`
	Phase           string         `json:"phase,omitempty" doc:"The current step, for people"`
	Progress        *Progress      `json:"progress,omitempty" doc:"Of the running step; not in lists"`
	Percent         float64        `json:"percent,omitempty" doc:"How far it is as a whole, 0 to 99, judged by how long earlier ones took; absent when nobody can tell: it waits, it is being undone, or none has come that far here yet"`
	ETA             fleet.Duration `json:"eta,omitempty" doc:"Until it ends, judged likewise, and by its own rate of copying" example:"2m30s"`
	QueuePosition   int            `json:"queue_position,omitempty" doc:"In the queue for a place, from 1; absent when it does not wait"`
	Stuck           string         `json:"stuck,omitempty" doc:"Why it is not getting on; absent when it is"`
	WayOut          string         `json:"way_out,omitempty" doc:"What to do when it is stuck"`
	Downtime        fleet.Duration `json:"downtime,omitempty" doc:"For which the instance did not run, of one that is done and interrupts it" example:"1.2s"`
	MovedBytes      int64          `json:"moved_bytes,omitempty" doc:"That were copied, of one that has ended"`
	Steps           []Step         `json:"steps"`
	Code            fleet.Code     `json:"code,omitempty" doc:"Why it did not end done"`
	Message         string         `json:"message,omitempty"`
	AcceptedAt      time.Time      `json:"accepted_at"`
	BegunAt         time.Time      `json:"begun_at,omitzero"`
	EndedAt         time.Time      `json:"ended_at,omitzero"`
	Deadline        time.Time      `json:"deadline,omitzero" doc:"When it is undone unless it is past its point of no return"`
	CancelRequested bool           `json:"cancel_requested"`
	TemporalURL     string         `json:"temporal_url,omitempty" doc:"The workflow in Temporal's UI"`
}

// Step is one step of an operation.
type Step struct {
	fleet.Step
	Duration fleet.Duration `json:"duration,omitempty" doc:"How long it took; absent while it runs" example:"1.203s"`
}

// Ended reports whether the operation has an outcome.
func (o Operation) Ended() bool { return o.State != OperationPending && o.State != OperationRunning }

// OperationState is how far an operation is.
type OperationState string

// The states of an operation. The last three are its outcomes.
const (
	OperationPending OperationState = "pending" // accepted, not begun
	OperationRunning OperationState = "running"
	OperationDone    OperationState = "done"   // the resource is where it should be
	OperationUndone  OperationState = "undone" // the resource is as it was
	OperationStuck   OperationState = "stuck"  // neither: someone must look
)

// Progress is how far the current step of an operation is.
type Progress struct {
	Message    string  `json:"message,omitempty"`
	Percent    float64 `json:"percent,omitempty" doc:"0 to 100; absent when it is not known"`
	Done       int64   `json:"done,omitempty" doc:"Bytes, or things"`
	Total      int64   `json:"total,omitempty"`
	Rate       int64   `json:"rate,omitempty" doc:"Bytes a second, of late"`
	ETASeconds int64   `json:"eta_seconds,omitempty" doc:"Until the step ends, judged by its rate, or its pace so far"`
	Attempt    int     `json:"attempt,omitempty" doc:"How often the step is being tried, from 2"`
	Failure    string  `json:"failure,omitempty" doc:"How the attempt before ended"`
}

// Host is a host as the API shows it.
type Host struct {
	ID         string          `json:"id" example:"hst_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	Name       string          `json:"name"`
	DataCenter string          `json:"data_center"`
	Address    string          `json:"address,omitempty" doc:"Where gateways reach the ports of its containers"`
	State      fleet.HostState `json:"state"`
	Version    string          `json:"version,omitempty" doc:"Of its agent"`
	Machine    string          `json:"machine,omitempty" doc:"The driver: docker or sim"`
	Simulated  bool            `json:"simulated" doc:"Its GPUs are declared, not found"`
	Connected  bool            `json:"connected" doc:"Its agent has a tunnel to this server, for logs and stats"`
	Disk       fleet.Disk      `json:"disk" doc:"Bytes where it keeps images and data"`
	SeenAt     time.Time       `json:"seen_at,omitzero" doc:"Last renewal of its lease"`
	ExpiresAt  time.Time       `json:"expires_at,omitzero" doc:"When its lease ends unless it is renewed"`
	RetiredAt  time.Time       `json:"retired_at,omitzero"`
	GPUs       GPUCounts       `json:"gpus"`
	GPUAccess  fleet.GPUAccess `json:"gpu_access,omitempty" enum:"cdi,nvidia,none,simulated" doc:"How its containers get GPUs: by name through CDI; by NVIDIA's hook, and can lose them again; not at all; or they are simulated"`
	Drain      *Drain          `json:"drain,omitempty" doc:"How far it has been emptied. Not in lists"`
	Market     fleet.Market    `json:"market" enum:"on-demand,spot" doc:"spot: its provider may take it away"`
	Provider   string          `json:"provider,omitempty" doc:"Who sells it" example:"aws"`
	Zone       string          `json:"zone,omitempty" doc:"Of the provider. Provider, type of GPU and zone are the pool that it is taken back with" example:"us-east-1a"`
	Notice     *Notice         `json:"notice,omitempty" doc:"That it is taken away"`
}

// Notice is a provider's word that it takes a host away.
type Notice struct {
	Kind     fleet.NoticeKind   `json:"kind" enum:"preempt,rebalance" doc:"preempt: the host goes at the deadline. rebalance: it may go soon"`
	Source   fleet.NoticeSource `json:"source" enum:"aws,gcp,azure,hook,operator" doc:"Where it comes from: the instance metadata of a provider, something on the host, or an operator"`
	ID       string             `json:"id,omitempty" doc:"The provider's"`
	Actor    string             `json:"actor,omitempty" doc:"The key of the operator"`
	At       time.Time          `json:"at" doc:"When Kelvin heard of it"`
	Deadline time.Time          `json:"deadline,omitzero" doc:"When the host is gone"`
}

// HostPreempt is how a host is to be treated as one that its provider takes away.
type HostPreempt struct {
	In   fleet.Duration   `json:"in,omitempty" doc:"Until the host is gone, up to 24h. Default 30s"`
	Kind fleet.NoticeKind `json:"kind,omitempty" enum:"preempt,rebalance" default:"preempt" doc:"preempt: it goes. rebalance: it may go soon; nobody knows when"`
}

// HostDrain is how a host is to be emptied.
type HostDrain struct {
	Parallel int `json:"parallel,omitempty" minimum:"1" maximum:"64" default:"2" doc:"Instances that leave at a time"`
}

// HostRetire is how a host is to be taken out.
type HostRetire struct {
	DiscardKept bool `json:"discard_kept,omitempty" doc:"Discard data that is kept there for owners whose servers were recovered elsewhere. Without it such a host is not retired"`
}

// Drain is how far a host has been emptied.
type Drain struct {
	StartedAt time.Time  `json:"started_at"`
	EndedAt   time.Time  `json:"ended_at,omitzero" doc:"When nothing lived there any more"`
	Actor     string     `json:"actor,omitempty" doc:"Who asked for it"`
	Parallel  int        `json:"parallel" doc:"Instances that leave at a time"`
	Total     int        `json:"total" doc:"Instances that had a place there when it began"`
	Remaining int        `json:"remaining" doc:"Instances that have one now, without those whose data is kept only"`
	Left      []Occupant `json:"left" doc:"What is still there, and why; at most 200"`
}

// Occupant is an instance that has a place on a host that is emptied.
type Occupant struct {
	InstanceID  string      `json:"instance_id" example:"ins_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	AccountID   string      `json:"account_id"`
	EndpointID  string      `json:"endpoint_id,omitempty" doc:"Of a worker"`
	Name        string      `json:"name"`
	State       fleet.State `json:"state"`
	Kept        bool        `json:"kept,omitempty" doc:"It lives elsewhere; only data that its owner decides about lies there"`
	OperationID string      `json:"operation_id,omitempty" doc:"Open on it"`
	Reason      string      `json:"reason" doc:"Why it is still there"`
}

// GPUCounts counts the GPUs of a host.
type GPUCounts struct {
	Total int `json:"total"`
	Free  int `json:"free"`
}

// GPU is one device of a host, or a MIG slice of one.
type GPU struct {
	ID             string         `json:"id" example:"gpu_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	HostID         string         `json:"host_id"`
	Index          int            `json:"index"`
	UUID           string         `json:"uuid" doc:"The driver's name for it"`
	Serial         string         `json:"serial,omitempty"`
	Type           string         `json:"type" example:"a100-80gb"`
	MemoryMB       int64          `json:"memory_mb" doc:"MiB"`
	Product        string         `json:"product,omitempty" doc:"As its driver names it" example:"NVIDIA A100-SXM4-80GB"`
	Driver         string         `json:"driver,omitempty" doc:"Version of its driver"`
	BusID          string         `json:"bus_id,omitempty" doc:"PCI address"`
	Slice          *GPUSlice      `json:"slice,omitempty" doc:"Of a MIG slice"`
	State          fleet.GPUState `json:"state"`
	Since          time.Time      `json:"since,omitzero" doc:"When it came to its state"`
	Score          int            `json:"score" minimum:"0" maximum:"100" doc:"How well it stands, by its last verdict: better ones are handed out first. 0: quarantined"`
	Dirty          bool           `json:"dirty" doc:"An instance had it since it was last scrubbed"`
	ProbationUntil time.Time      `json:"probation_until,omitzero" doc:"It was reset, or released from a quarantine, and is watched closely"`
	Rule           string         `json:"rule,omitempty" doc:"Of the verdict that quarantined it" example:"remap-failed"`
	Reason         string         `json:"reason,omitempty" doc:"Of a quarantine"`
	Simulated      bool           `json:"simulated"`
	InstanceID     string         `json:"instance_id,omitempty" doc:"Who has it"`
}

// Gateway is one gateway of a data center.
type Gateway struct {
	ID            string    `json:"id" example:"gw_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	Name          string    `json:"name"`
	DataCenter    string    `json:"data_center"`
	Live          bool      `json:"live" doc:"It reported a moment ago"`
	RoutesVersion int64     `json:"routes_version" doc:"Of the routes it follows"`
	InFlight      int       `json:"in_flight" doc:"Requests it has in flight"`
	SeenAt        time.Time `json:"seen_at,omitzero" doc:"Its last report"`
}

// DataCenter is a place with hosts and a gateway.
type DataCenter struct {
	Name       string `json:"name" example:"us-east"`
	GatewayURL string `json:"gateway_url,omitempty" doc:"Where its endpoints and servers are reached, with %s for the label of each" example:"http://%s.us-east.localhost:8080"`
}

// Event is something that happened, named noun.past.
type Event struct {
	ID          string    `json:"id" example:"evt_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	Name        string    `json:"name" example:"instance.stopped"`
	InstanceID  string    `json:"instance_id,omitempty"`
	EndpointID  string    `json:"endpoint_id,omitempty"`
	HostID      string    `json:"host_id,omitempty"`
	OperationID string    `json:"operation_id,omitempty"`
	ScheduleID  string    `json:"schedule_id,omitempty"`
	Actor       string    `json:"actor,omitempty" doc:"Who caused it"`
	Message     string    `json:"message,omitempty"`
	At          time.Time `json:"at"`
}

// QuickDeploy is a named starting point for an endpoint.
type QuickDeploy struct {
	Name        string             `json:"name" example:"echo"`
	Title       string             `json:"title"`
	Description string             `json:"description"`
	Verified    bool               `json:"verified" doc:"It is run by our own tests; otherwise it is a starting point that nobody has run there"`
	Fill        []string           `json:"fill" doc:"Environment variables that you should look at before you deploy"`
	Params      []fleet.Param      `json:"params" doc:"What to choose before deploying"`
	Spec        fleet.EndpointSpec `json:"spec"`
}

// Me is who asks, and whom they ask.
type Me struct {
	AccountID  string     `json:"account_id"`
	Account    string     `json:"account" doc:"Its name"`
	Role       fleet.Role `json:"role"`
	Fleet      bool       `json:"fleet" doc:"The account operates the fleet: it sees hosts, GPUs and gateways"`
	KeyID      string     `json:"key_id"`
	TemporalUI string     `json:"temporal_ui,omitempty"`
	Version    string     `json:"version"`
	Simulated  bool       `json:"simulated" doc:"This is a simulated fleet"`
}

// SessionCreate signs a browser in.
type SessionCreate struct {
	Key string `json:"key" minLength:"1" maxLength:"256" doc:"An API key"`
}

// Problem is the body of every answer that is an error: RFC 9457 with our code.
type Problem struct {
	Type      string             `json:"type" doc:"urn:kelvin:problem: and the code" example:"urn:kelvin:problem:invalid"`
	Title     string             `json:"title" doc:"The HTTP status in words"`
	Status    int                `json:"status"`
	Detail    string             `json:"detail" doc:"What went wrong, for people"`
	Code      fleet.Code         `json:"code" doc:"What went wrong, for programs"`
	Operation string             `json:"operation,omitempty" doc:"The operation that is in the way"`
	RequestID string             `json:"request_id" doc:"Say it when you ask for help"`
	Fields    []fleet.FieldError `json:"fields,omitempty" doc:"What is wrong with the request, field by field"`
}

// File is a file, folder or link of an instance.
type File struct {
	Name       string    `json:"name" doc:"The last element of its path"`
	Type       string    `json:"type" enum:"file,folder,link,other"`
	Bytes      int64     `json:"bytes"`
	Mode       string    `json:"mode" doc:"Permissions in octal" example:"0644"`
	ModifiedAt time.Time `json:"modified_at"`
	Link       string    `json:"link,omitempty" doc:"Where a link leads, from the root"`
}

// Audit is one look for what should never be so.
type Audit struct {
	At       time.Time `json:"at"`
	Partial  bool      `json:"partial,omitempty" doc:"Temporal did not answer: operations were not compared with it"`
	Findings []Finding `json:"findings"`
}

// Finding is something that should never be so.
type Finding struct {
	Kind       fleet.FindingKind `json:"kind"`
	Resource   string            `json:"resource" doc:"ID of what it is about: an instance, lease, GPU or operation"`
	AccountID  string            `json:"account_id,omitempty" doc:"Whose that is"`
	InstanceID string            `json:"instance_id,omitempty"`
	HostID     string            `json:"host_id,omitempty"`
	Message    string            `json:"message" doc:"What is wrong, and the way out if there is one"`
	Repairable bool              `json:"repairable" doc:"A repair puts it right without risk"`
	Repaired   bool              `json:"repaired,omitempty" doc:"It was repaired just now"`
	Since      time.Time         `json:"since,omitzero" doc:"When it was first noticed. The server looks every minute"`
}

// ShowAudit is an audit as the API answers it.
func ShowAudit(a fleet.Audit) Audit {
	out := Audit{At: a.At, Partial: a.Partial, Findings: make([]Finding, 0, len(a.Findings))}
	for _, f := range a.Findings {
		out.Findings = append(out.Findings, Finding(f))
	}
	return out
}
