package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/store"
)

// A Server answers the API. Fill in its fields, then serve Handler.
type Server struct {
	Store      *store.Store
	Operations Starter
	Auditor    Auditor   // nil: unsupported
	Evaluator  Evaluator // hears what gateways report; nil: nobody does
	Logger     *slog.Logger

	Console           http.Handler                                  // the console, for every path that is not ours; nil: none
	GatewayURL        func(dataCenter, endpointLabel string) string // of an endpoint or a server; nil: not shown
	Supported         []fleet.Operation                             // what can be run here; others are 501 and no button; nil: all of fleet.Operations
	Version           string                                        // of this build
	Simulated         bool                                          // the fleet is simulated, and is labelled so
	Prices            fleet.PriceList                               // what GPUs cost; without any, nothing is known of that
	GPUPolicy         *gpu.Policy                                   // by which scrubs are judged that hosts do by themselves; nil: gpu.DefaultPolicy
	TemporalUI        string                                        // http://127.0.0.1:8233; empty: no links
	TemporalNamespace string                                        // of the workflows, for links
	Collectors        []prometheus.Collector                        // of other parts of this process, for its metrics

	histories      histories
	keys           credentials[fleet.Principal]
	hosts          credentials[string]
	gateways       credentials[caller]
	tunnels        tunnels
	execs, copies  quota // by account
	closing        closing
	heartbeatEvery time.Duration // of streams; 0: heartbeatEvery
}

// Auditor compares the record with what there is.
type Auditor interface {
	// Audit changes nothing.
	Audit(ctx context.Context) (fleet.Audit, error)
	// Repair audits, and repairs what is safe.
	Repair(ctx context.Context) (fleet.Audit, error)
}

// Evaluator hears what gateways report, as it comes in.
type Evaluator interface {
	Reported(r fleet.GatewayReport)
}

// Starter is what the API needs of package workflows. All of it may be asked for again.
type Starter interface {
	// Start starts the workflow of an operation that was accepted.
	Start(ctx context.Context, rec fleet.Record) error
	// Cancel asks the workflow of an operation to undo it.
	Cancel(ctx context.Context, rec fleet.Record) error
	// Progress is how far the running step is; false if it has not said.
	Progress(ctx context.Context, rec fleet.Record) (fleet.Progress, bool, error)
	// Snapshot starts taking a snapshot of an instance as it is. Conflict while another one is
	// being taken.
	Snapshot(ctx context.Context, snap fleet.Snapshot) error
	// StartDrain starts the workflow that empties a host.
	StartDrain(ctx context.Context, hostID string) error
	// StartVolumeRemoval starts the workflow that erases a volume.
	StartVolumeRemoval(ctx context.Context, volumeID string) error
	// Wake has an endpoint's autoscaler look again.
	Wake(ctx context.Context, endpointID string) error
	// SyncSchedule makes Temporal's schedule what the record's is.
	SyncSchedule(ctx context.Context, id string) error
	// TriggerSchedule has Temporal fire a schedule now, for the run that was due.
	TriggerSchedule(ctx context.Context, id string, due time.Time) error
}

// table is every route, for people and programs; handler.go has those of probes and Prometheus.
func (s *Server) table(r *routes) {
	register(r, s.me, route{viewer, "GET /v1/me", "getMe", "Who am I", "The account and the role of the key, and what this server is."})
	register(r, s.signIn, route{anybody, "POST /v1/session", "signIn", "Sign a browser in", "Sets the cookie kelvin_session. Requests that carry it and change something need the header X-Kelvin-Console: 1."})
	register(r, s.signOut, route{anybody, "DELETE /v1/session", "signOut", "Sign a browser out", "Clears the cookie."})

	register(r, s.createEndpoint, route{operator, "POST /v1/endpoints", "createEndpoint", "Create an endpoint", "A URL served by workers. A quick deploy fills in what is left out."})
	register(r, s.listEndpoints, route{viewer, "GET /v1/endpoints", "listEndpoints", "List endpoints", "Oldest first."})
	register(r, s.getEndpoint, route{viewer, "GET /v1/endpoints/{id}", "getEndpoint", "Show an endpoint", "Its state, its workers and its newest spec."})
	register(r, s.updateEndpoint, route{operator, "PATCH /v1/endpoints/{id}", "updateEndpoint", "Change an endpoint", "Makes a new revision of its spec. Running workers are replaced one by one; requests in flight are kept."})
	register(r, s.operateEndpoint(fleet.DeleteEndpoint), route{operator, "DELETE /v1/endpoints/{id}", "deleteEndpoint", "Delete an endpoint", "Drains and removes its workers, for good. It wins over whatever else is open on the endpoint."})
	register(r, s.operateEndpoint(fleet.StartEndpoint), route{operator, "POST /v1/endpoints/{id}/start", "startEndpoint", "Start an endpoint", "Makes its active workers, and accepts requests."})
	register(r, s.operateEndpoint(fleet.StopEndpoint), route{operator, "POST /v1/endpoints/{id}/stop", "stopEndpoint", "Stop an endpoint", "Refuses new requests, drains its workers and removes them."})
	register(r, s.createEndpointKey, route{operator, "POST /v1/endpoints/{id}/keys", "createEndpointKey", "Create a key of an endpoint", "While requests.keys is set, its gateways let requests in that bear one of its keys, and no others. The secret is shown this once: asked for again, the name is taken. At most 100."}, created)
	register(r, s.listEndpointKeys, route{viewer, "GET /v1/endpoints/{id}/keys", "listEndpointKeys", "List keys of an endpoint", "Oldest first, without their secrets."})
	register(r, s.deleteEndpointKey, route{operator, "DELETE /v1/endpoints/{id}/keys/{key}", "deleteEndpointKey", "Delete a key of an endpoint", "Its gateways refuse it within a second."})
	register(r, s.listRevisions, route{viewer, "GET /v1/endpoints/{id}/revisions", "listRevisions", "List revisions of an endpoint", "Who asked for each, what it changed and what became of it, newest first. Next is the number of the last one of the page."})
	register(r, s.getRevision, route{viewer, "GET /v1/endpoints/{id}/revisions/{revision}", "getRevision", "Show a revision of an endpoint", "With its whole spec."})
	register(r, s.rollbackEndpoint, route{operator, "POST /v1/endpoints/{id}/rollback", "rollbackEndpoint", "Roll an endpoint back", "Makes a new revision with the spec of an older one, and rolls it out. Conflict while a roll-out is under way, with its operation: cancel that instead, and the older workers, which have been serving all along, stay."})
	register(r, s.getRollout, route{viewer, "GET /v1/endpoints/{id}/rollout", "getRollout", "Show a roll-out", "How far an endpoint is on its way to its newest revision."})
	register(r, s.pauseRollout, route{operator, "POST /v1/endpoints/{id}/rollout/pause", "pauseRollout", "Pause a roll-out", "No more workers are replaced; both revisions serve, and scaling goes on. New workers run the new revision if a worker of it has been ready, else the older one. Conflict when none is under way. The answer is the roll-out."})
	register(r, s.resumeRollout, route{operator, "POST /v1/endpoints/{id}/rollout/resume", "resumeRollout", "Resume a roll-out", "Workers are replaced again. The time that it was paused does not count. The answer is the roll-out."})
	register(r, s.listFailures, route{viewer, "GET /v1/endpoints/{id}/failures", "listEndpointFailures", "List failures of an endpoint's workers", "Why workers did not come up, or ended though nobody asked them to, newest first, with the end of their logs. The last 200 are kept."})
	register(r, s.endpointDecisions, route{viewer, "GET /v1/endpoints/{id}/decisions", "listEndpointDecisions", "List what an endpoint's autoscaler decided", "Each change of its workers, with what it rested on, what each rule had to say and which one bound it. Newest first; the newest 1000 are kept."})
	register(r, s.endpointScaling, route{viewer, "GET /v1/endpoints/{id}/scaling", "getEndpointScaling", "Show how an endpoint is scaled", "Its load and its workers at this moment, what each rule has to say to that, which one binds, and when the same load would lead to another number."})
	register(r, s.endpointLoad, route{viewer, "GET /v1/endpoints/{id}/load", "getEndpointLoad", "Show an endpoint's load over time", "Points for charts, of the last hour at the most: requests, errors, requests in flight and waiting, times, workers. The newest is about ten seconds old."})
	register(r, s.endpointLogs, route{viewer, "GET /v1/endpoints/{id}/logs", "getEndpointLogs", "Read the logs of an endpoint", "What its workers wrote, present ones and those that are gone, by time, each line after its worker's name. What the data center's archive has is followed by what is only on the hosts yet. Workers gone for more than 31 days are left out, unless since goes back further, and so are all but the newest 1000 of them."}, produces(plainText))

	register(r, s.createInstance, route{operator, "POST /v1/instances", "createInstance", "Create a server", "One container with GPUs, a disk and ports."})
	register(r, s.listInstances, route{viewer, "GET /v1/instances", "listInstances", "List instances", "Servers and workers, oldest first."})
	register(r, s.getInstance, route{viewer, "GET /v1/instances/{id}", "getInstance", "Show an instance", "Its state, where it lives, and its spec."})
	register(r, s.updateInstance, route{operator, "PATCH /v1/instances/{id}", "updateInstance", "Protect an instance", "Has a server refuse terminate and reset, or takes that off. It is no operation: the answer is the instance."})
	register(r, s.deleteInstance, route{operator, "DELETE /v1/instances/{id}", "deleteInstance", "Delete an instance", "The same as terminate, for those who expect it here."})
	register(r, operate[InstancePlace](s, fleet.Start), route{operator, "POST /v1/instances/{id}/start", "startInstance", "Start an instance", "It runs again where its disk is; one that was stopped with nothing held is placed anew, and its disk is copied there."})
	register(r, operate[InstanceStop](s, fleet.Stop), route{operator, "POST /v1/instances/{id}/stop", "stopInstance", "Stop an instance", "Waits for requests in flight, then ends its process. The disk stays, and unless it is asked otherwise GPUs and ports."})
	register(r, s.restartInstance, route{operator, "POST /v1/instances/{id}/restart", "restartInstance", "Restart an instance", "Stop and start in one, with the same disk and GPUs."})
	register(r, operate[InstanceFreeze](s, fleet.Freeze), route{operator, "POST /v1/instances/{id}/freeze", "freezeInstance", "Freeze an instance", "Saves its disk and its root filesystem in the archive, verifies them, and gives GPUs, ports and disk back."})
	register(r, operate[InstancePlace](s, fleet.Thaw), route{operator, "POST /v1/instances/{id}/thaw", "thawInstance", "Thaw an instance", "Restores a frozen instance on a host that fits, after testing its GPUs: on the one it lived on, with its ports, if it can."})
	register(r, operate[InstanceMigrate](s, fleet.Migrate), route{operator, "POST /v1/instances/{id}/migrate", "migrateInstance", "Migrate an instance", "Copies it to another host while it runs, and moves it with a short pause. Until then a cancel leaves it where it is."})
	register(r, operate[InstanceRecover](s, fleet.Recover), route{operator, "POST /v1/instances/{id}/recover", "recoverInstance", "Recover an instance", "Brings a lost or failed instance back: where its host answers with the data it has, otherwise elsewhere from its newest snapshot."})
	register(r, s.resetInstance, route{operator, "POST /v1/instances/{id}/reset", "resetInstance", "Reset an instance", "Erases all its data and installs its image anew, or restores a snapshot. It needs the instance's name."})
	register(r, s.terminateInstance, route{operator, "POST /v1/instances/{id}/terminate", "terminateInstance", "Terminate an instance", "Takes it down for good. It needs the instance's name, and wins over whatever else is open on it."})
	register(r, s.plan, route{viewer, "GET /v1/instances/{id}/plan", "planOperation", "Plan an operation", "What it would do if it were asked for now: where the server would go, what would be copied, how long it and the pause may take, what the server keeps. Nothing is changed, or held."})
	register(r, s.releaseKept, route{operator, "DELETE /v1/instances/{id}/kept/{lease}", "releaseKept", "Let go of kept data", "Has an old host erase what it keeps of a server that was recovered elsewhere. It is no operation."})
	register(r, s.instanceLogs, route{viewer, "GET /v1/instances/{id}/logs", "getInstanceLogs", "Read the log of an instance", "What its processes wrote to stdout and stderr, oldest first: in all its places, over restarts, freezing, moves and resets, and also when it is stopped, frozen or gone, for as long as its data center keeps logs. Where none are kept, only that of the container that it has."}, produces(plainText))
	register(r, s.instanceStats, route{viewer, "GET /v1/instances/{id}/stats", "getInstanceStats", "Show what an instance uses", "CPU, memory and processes at this moment."})
	register(r, s.exec, route{operator, "GET /v1/instances/{id}/exec", "execInstance", "Run a command in an instance", "A WebSocket of the protocol kelvin.exec.v1: its frames are in the reference. Browsers are let in from this server's own pages only."}, switches)
	register(r, s.statFile, route{operator, "GET /v1/instances/{id}/files/stat", "statInstanceFile", "Describe a file of an instance", "Of a running or stopped one."})
	register(r, s.copyFrom, route{operator, "GET /v1/instances/{id}/files", "copyFromInstance", "Copy files out of an instance", "A tar stream of a file, or of a folder with all that is in it, of a running or stopped instance. One that breaks off is cut, not ended."}, produces(tarType))
	register(r, s.copyTo, route{operator, "PUT /v1/instances/{id}/files", "copyToInstance", "Copy files into an instance", "Unpacks a tar stream in a folder of a running or stopped instance. What was unpacked before an error stays."}, consumes(tarType))

	register(r, s.attachTemplate, route{operator, "POST /v1/instances/{id}/templates/{name}", "attachTemplate", "Attach a template", "Gives a server a template, as it is now, or other parameters to one it has. It is installed when the server is started next: by a start, a restart, a thaw, a recover or a reset. Ports that it adds are published from the server's next place on. Refused while an operation is open. It is no operation: the answer is the instance."})
	register(r, s.detachTemplate, route{operator, "DELETE /v1/instances/{id}/templates/{name}", "detachTemplate", "Detach a template", "Its services are not started again, and a reset does not install it. Nothing is uninstalled. Not having it is no error. The answer is the instance."})

	register(r, s.createSnapshot, route{operator, "POST /v1/instances/{id}/snapshots", "createSnapshot", "Take a snapshot", "Saves the disk and the root filesystem of a server as it is: of one that runs, as after a power cut. It is no operation: the answer is the snapshot, which is ready when it is whole, and gone if it could not be taken."}, started)
	register(r, s.listSnapshots, route{viewer, "GET /v1/snapshots", "listSnapshots", "List snapshots", "Oldest first."})
	register(r, s.getSnapshot, route{viewer, "GET /v1/snapshots/{id}", "getSnapshot", "Show a snapshot", "What it is of, and what it is for."})
	register(r, s.deleteSnapshot, route{operator, "DELETE /v1/snapshots/{id}", "deleteSnapshot", "Delete a snapshot", "The archive lets go of what no other one shares. Refused for what a frozen server is restored from, and while an operation on its server is open."})
	register(r, s.restoreSnapshot, route{operator, "POST /v1/snapshots/{id}/restore", "restoreSnapshot", "Make a server from a snapshot", "A new server, with the spec of the one that the snapshot is of, even if that is terminated, and its data."})

	register(r, s.listOperations, route{viewer, "GET /v1/operations", "listOperations", "List operations", "Newest first."})
	register(r, s.getOperation, route{viewer, "GET /v1/operations/{id}", "getOperation", "Show an operation", "How far it is, step by step, and how it ended."})
	register(r, s.operationDiagnoses, route{viewer, "GET /v1/operations/{id}/diagnoses", "listOperationDiagnoses", "List what an operation had examined", "The GPUs it was given, as they were found, and how those that it gave back were scrubbed, oldest first."})
	register(r, s.watchOperation, route{viewer, "GET /v1/operations/{id}/watch", "watchOperation", "Watch an operation", "Server-sent events named operation: as it is, then each change, until it has an outcome."}, sends(Operation{}))
	register(r, s.retryOperation, route{operator, "POST /v1/operations/{id}/retry", "retryOperation", "Retry an operation", "Asks for one that ended undone or stuck again, with the same parameters, in a new operation. What an undone create had made is made anew, under the same name. A reset and a terminate need the instance's name again."})
	register(r, s.cancelOperation, route{operator, "POST /v1/operations/{id}/cancel", "cancelOperation", "Cancel an operation", "Undoes what was done, unless the operation is past its point of no return: then it is finished."})

	register(r, s.createSchedule, route{operator, "POST /v1/schedules", "createSchedule", "Create a schedule", "Has something done to a server, an endpoint, or all that have some labels, at times of the day or in windows of time."}, created)
	register(r, s.listSchedules, route{viewer, "GET /v1/schedules", "listSchedules", "List schedules", "Oldest first, with their next times."})
	register(r, s.getSchedule, route{viewer, "GET /v1/schedules/{id}", "getSchedule", "Show a schedule", "Its next times in its time zone, what the clocks do to them, what it did, and what holds against it."})
	register(r, s.updateSchedule, route{operator, "PATCH /v1/schedules/{id}", "updateSchedule", "Change a schedule", "It is no operation: the answer is the schedule. What it had put in motion goes on."})
	register(r, s.deleteSchedule, route{operator, "DELETE /v1/schedules/{id}", "deleteSchedule", "Delete a schedule", "What it had put in motion goes on."})
	register(r, s.pauseSchedule, route{operator, "POST /v1/schedules/{id}/pause", "pauseSchedule", "Pause a schedule", "It does nothing until it is resumed, except when it is triggered."})
	register(r, s.resumeSchedule, route{operator, "POST /v1/schedules/{id}/resume", "resumeSchedule", "Resume a schedule", "It acts from its next time on. What it would have done meanwhile is not made up for."})
	register(r, s.triggerSchedule, route{operator, "POST /v1/schedules/{id}/trigger", "triggerSchedule", "Trigger a schedule", "Has it act now, paused or not, and in spite of what somebody has put otherwise. The answer is the run, which shows among the schedule's."})

	register(r, s.listEvents, route{viewer, "GET /v1/events", "listEvents", "List events", "What happened to the account's resources, newest first."})
	register(r, s.watchEvents, route{viewer, "GET /v1/events/watch", "watchEvents", "Watch events", "Server-sent events named event, with IDs, from Last-Event-ID on."}, sends(Event{}))
	register(r, s.listQuickDeploys, route{viewer, "GET /v1/quick-deploys", "listQuickDeploys", "List quick deploys", "Named starting points for endpoints."})
	register(r, s.getQuickDeploy, route{viewer, "GET /v1/quick-deploys/{name}", "getQuickDeploy", "Show a quick deploy", "Its spec, with defaults."})
	register(r, s.listTemplates, route{viewer, "GET /v1/templates", "listTemplates", "List templates", "The built-in ones, then the account's own, by name."})
	register(r, s.getTemplate, route{viewer, "GET /v1/templates/{name}", "getTemplate", "Show a template", "What it does, and its parameters."})
	register(r, s.createTemplate, route{operator, "POST /v1/templates", "createTemplate", "Create a template", "Commands that are run in servers which have it. An account has at most 100. The same one again is no error."}, created)
	register(r, s.updateTemplate, route{operator, "PUT /v1/templates/{name}", "updateTemplate", "Change a template", "Replaces what it does. Servers that have it keep what they were given until it is attached again."})
	register(r, s.deleteTemplate, route{operator, "DELETE /v1/templates/{name}", "deleteTemplate", "Delete a template", "Servers that have it keep it."})
	register(r, s.listVolumes, route{viewer, "GET /v1/volumes", "listVolumes", "List volumes", "The account's network volumes, by name, with what has them."})
	register(r, s.getVolume, route{viewer, "GET /v1/volumes/{id}", "getVolume", "Show a volume", "With the endpoints and servers that have it."})
	register(r, s.createVolume, route{operator, "POST /v1/volumes", "createVolume", "Create a volume", "A folder in a data center that several workers and servers mount at a time, and that outlives them. The same one again is no error."}, created)
	register(r, s.deleteVolume, route{operator, "DELETE /v1/volumes/{id}", "deleteVolume", "Delete a volume", "Erases its files; there is no way back. 409 while endpoints or servers have it, stopped ones, too."})
	register(r, s.listPrices, route{viewer, "GET /v1/prices", "listPrices", "List prices", "What a GPU costs for an hour, by type, market and data center."})
	register(r, s.planEndpoint, route{viewer, "POST /v1/endpoint-plans", "planEndpoint", "Plan an endpoint", "What an endpoint would be and cost an hour: the GPU memory that its model needs, the types of GPU that it fits on, and prices. Nothing is made."})
	register(r, s.listDataCenters, route{viewer, "GET /v1/data-centers", "listDataCenters", "List data centers", "Where endpoints and servers can be."})

	register(r, s.listHosts, route{fleetViewer, "GET /v1/hosts", "listHosts", "List hosts", "Machines with GPUs, for the fleet's operators."})
	register(r, s.getHost, route{fleetViewer, "GET /v1/hosts/{id}", "getHost", "Show a host", "Its lease, its disk and its GPUs in numbers."})
	register(r, s.cordonHost, route{fleetOperator, "POST /v1/hosts/{id}/cordon", "cordonHost", "Cordon a host", "It keeps what it runs, and gets nothing new."})
	register(r, s.uncordonHost, route{fleetOperator, "POST /v1/hosts/{id}/uncordon", "uncordonHost", "Uncordon a host", "It gets new instances again. A drain ends."})
	register(r, s.drainHost, route{fleetOperator, "POST /v1/hosts/{id}/drain", "drainHost", "Drain a host", "Cordons it, then migrates its servers and replaces its workers, some at a time. The answer is the host; it shows how far that is. Asked again, it changes parallel."})
	register(r, s.cancelDrain, route{fleetOperator, "DELETE /v1/hosts/{id}/drain", "cancelDrain", "Cancel a drain", "Moves that are open are undone; what has left stays where it is now. The cordon stays on. Not being drained is no error."})
	register(r, s.retireHost, route{fleetOperator, "POST /v1/hosts/{id}/retire", "retireHost", "Retire a host", "Takes an empty host out for good: its token is void, its GPUs are gone, and its name is free for another."})
	register(r, s.preemptHost, route{fleetOperator, "POST /v1/hosts/{id}/preempt", "preemptHost", "Treat a host as taken away", "As if its provider had given notice: it gets nothing new, its workers are replaced at once, and its servers are moved if there is time. The host itself stays as it is. The answer is the host."})
	register(r, s.spareHost, route{fleetOperator, "DELETE /v1/hosts/{id}/preempt", "spareHost", "Lift the notice of a host", "Whoever gave it. What has been replaced stays replaced. No notice is no error. The answer is the host."})
	register(r, s.listFaults, route{fleetViewer, "GET /v1/hosts/{id}/faults", "listFaults", "List what is wrong with simulated GPUs", "What somebody has made go wrong with the GPUs that a host simulates. 501 for a host whose GPUs are real."})
	register(r, s.injectFault, route{fleetOperator, "POST /v1/hosts/{id}/faults", "injectFault", "Make a simulated GPU go wrong", "For development and demonstrations. What follows is up to Kelvin. The answer is all that is wrong then. 501 for a host whose GPUs are real."})
	register(r, s.healGPUs, route{fleetOperator, "DELETE /v1/hosts/{id}/faults", "healGPUs", "Heal simulated GPUs", "Takes all that is wrong with a simulated GPU away, also from its counters. What Kelvin has decided about it stays. The answer is what is still wrong. 501 for a host whose GPUs are real."})
	register(r, s.listGPUs, route{fleetViewer, "GET /v1/gpus", "listGPUs", "List GPUs", "With what they are doing, and for whom."})
	register(r, s.getGPU, route{fleetViewer, "GET /v1/gpus/{id}", "getGPU", "Show a GPU", "What it is doing, what its driver told last, and what is remembered of it on whichever host it was."})
	register(r, s.gpuDiagnoses, route{fleetViewer, "GET /v1/gpus/{id}/diagnoses", "listGPUDiagnoses", "List the diagnoses of a GPU", "Tests, scrubs, resets, and what people decided, on whichever host it was, newest first."})
	register(r, s.gpuEvents, route{fleetViewer, "GET /v1/gpus/{id}/events", "listGPUEvents", "List what a GPU's driver reported", "Xids and memory errors, on whichever host it was, newest first. The same within seconds is one, which is counted."})
	register(r, s.quarantineGPU, route{fleetOperator, "POST /v1/gpus/{id}/quarantine", "quarantineGPU", "Quarantine a GPU", "Nobody gets it until it is released, on whichever host it turns up. An instance that has it keeps it for now."})
	register(r, s.releaseGPU, route{fleetOperator, "POST /v1/gpus/{id}/release", "releaseGPU", "Release a GPU from quarantine", "It is free once it is scrubbed, and on probation."})
	register(r, s.testGPU, route{fleetOperator, "POST /v1/gpus/{id}/test", "testGPU", "Test a GPU", "Has one that no instance has examined. The answer is the care, which the GPU shows until it is over."}, started)
	register(r, s.scrubGPU, route{fleetOperator, "POST /v1/gpus/{id}/scrub", "scrubGPU", "Scrub a GPU", "Has the memory of one that no instance has overwritten, and proves that. The answer is the care, which the GPU shows until it is over."}, started)
	register(r, s.resetGPU, route{fleetOperator, "POST /v1/gpus/{id}/reset", "resetGPU", "Reset a GPU", "Has one that no instance has reset, and tested. The answer is the care, which the GPU shows until it is over."}, started)
	register(r, s.cancelCare, route{fleetOperator, "DELETE /v1/gpus/{id}/care", "cancelGPUCare", "Cancel what is being done with a GPU", "A test, scrub or reset ends. What has been moved off the GPU stays where it is; one that was to be reset and was not is quarantined."}, started)
	register(r, s.getDiagnosis, route{viewer, "GET /v1/gpu-diagnoses/{id}", "getGPUDiagnosis", "Show a diagnosis", "The whole report: what was found before and after, what the test did, the verdict, and the host's signature. The account's own; all of them for the fleet's operators."})
	register(r, s.listControllers, route{fleetViewer, "GET /v1/controllers", "listControllers", "List controllers", "One for each data center: whether its gateways serve, what needs them, and when they stop by themselves."})
	register(r, s.getController, route{fleetViewer, "GET /v1/controllers/{data_center}", "getController", "Show a controller", "With the countdown to its autostop, and its gateways."})
	register(r, s.updateController, route{fleetOperator, "PATCH /v1/controllers/{data_center}", "updateController", "Change a controller", "How long it stays up with nothing to serve, and whether it stops by itself at all. Kept over restarts."})
	register(r, s.startController, route{fleetOperator, "POST /v1/controllers/{data_center}/up", "startController", "Start a controller", "It starts by itself with the first endpoint or server with ports."})
	register(r, s.stopController, route{fleetOperator, "POST /v1/controllers/{data_center}/down", "stopController", "Stop a controller", "Its gateways give their ports back. 409 while endpoints, or servers with ports, need it."})
	register(r, s.listGateways, route{fleetViewer, "GET /v1/gateways", "listGateways", "List gateways", "With the version of the routes that each follows."})

	register(r, s.audit, route{fleetViewer, "GET /v1/audit", "audit", "Audit the fleet", "Compares the record with itself, with Temporal and with what hosts reported last. In a sound fleet nothing is found."})
	register(r, s.repair, route{fleetOperator, "POST /v1/audit/repair", "repairAudit", "Repair what the audit finds", "Audits, and repairs what is safe to repair; the answer says what that was."})

	register(r, s.renewLease, route{host, "POST /v1/agent/lease", "renewLease", "Renew a host's lease", "An agent says what its host has, and is told what belongs there."})
	register(r, s.containerSpec, route{host, "GET /v1/agent/leases/{id}", "getContainerSpec", "Fetch what a container is made from", "For the agent of the host that has the lease."})
	register(r, s.hostNotice, route{host, "POST /v1/agent/notice", "reportNotice", "Report that a host is taken away", "An agent says what notice its provider has given, whenever that changes and when the agent begins."})
	register(r, s.collectArchive, route{host, "POST /v1/agent/collect", "collectArchive", "Offer to clear up the archive", "The answer says whether it is this host's turn, and what to keep."})
	register(r, s.hostScrubbed, route{host, "POST /v1/agent/scrubs", "reportScrubs", "Report scrubs", "An agent says how it scrubbed the GPUs that the answer to its report named, and is told what they are then."}, unchecked)
	register(r, s.hostGPUEvents, route{host, "POST /v1/agent/events", "reportGPUEvents", "Report what GPU drivers report", "What an agent saw since the last time."}, unchecked)
	register(r, s.openTunnel, route{host, "GET /v1/agent/tunnel", "openTunnel", "Open a tunnel", "A WebSocket that carries yamux; the server opens streams in it to the agent's HTTP handler."}, switches)
	register(r, s.gatewayRoutes, route{gateway, "GET /v1/gateway/routes", "getRoutes", "Fetch routes", "At once if they are not of the version given; otherwise when they change, or after 25 seconds."})
	register(r, s.gatewayReport, route{gateway, "POST /v1/gateway/report", "reportGateway", "Report what a gateway sees", "Requests in flight by instance, and load by endpoint."})
}

// document is what the table is described as.
func (s *Server) document() huma.Config {
	bearer := func(prefix, of string) *huma.SecurityScheme {
		return &huma.SecurityScheme{Type: "http", Scheme: "bearer", BearerFormat: prefix, Description: of}
	}
	schemas := newSchemas()
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Kelvin", Version: "v1",
				Description: "Keeps GPU instances at the temperature their owners want: running, stopped, frozen. What changes something is accepted with 202 and runs as an operation, which can be watched.",
			},
			Components: &huma.Components{Schemas: schemas, SecuritySchemes: map[string]*huma.SecurityScheme{
				schemeKey:     bearer("kelvin_sk_…", "An API key"),
				schemeHost:    bearer("kelvin_hst_…", "The token of a host's agent"),
				schemeGateway: bearer("kelvin_gw_…", "The token of a gateway"),
				schemeSession: {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "An API key in the console's cookie"},
			}},
		},
		OpenAPIPath:   "/openapi",
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json", RejectUnknownQueryParameters: true,
	}
}
