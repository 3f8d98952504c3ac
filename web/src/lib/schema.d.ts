// Made by `npm run gen` from the API's OpenAPI document. Do not edit.

export interface paths {
    "/v1/agent/collect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Offer to clear up the archive
         * @description The answer says whether it is this host's turn, and what to keep.
         */
        post: operations["collectArchive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Report what GPU drivers report
         * @description What an agent saw since the last time.
         */
        post: operations["reportGPUEvents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/lease": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Renew a host's lease
         * @description An agent says what its host has, and is told what belongs there.
         */
        post: operations["renewLease"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/leases/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Fetch what a container is made from
         * @description For the agent of the host that has the lease.
         */
        get: operations["getContainerSpec"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/notice": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Report that a host is taken away
         * @description An agent says what notice its provider has given, whenever that changes and when the agent begins.
         */
        post: operations["reportNotice"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/scrubs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Report scrubs
         * @description An agent says how it scrubbed the GPUs that the answer to its report named, and is told what they are then.
         */
        post: operations["reportScrubs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/tunnel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Open a tunnel
         * @description A WebSocket that carries yamux; the server opens streams in it to the agent's HTTP handler.
         */
        get: operations["openTunnel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Audit the fleet
         * @description Compares the record with itself, with Temporal and with what hosts reported last. In a sound fleet nothing is found.
         */
        get: operations["audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/repair": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Repair what the audit finds
         * @description Audits, and repairs what is safe to repair; the answer says what that was.
         */
        post: operations["repairAudit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/controllers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List controllers
         * @description One for each data center: whether its gateways serve, what needs them, and when they stop by themselves.
         */
        get: operations["listControllers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/controllers/{data_center}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a controller
         * @description With the countdown to its autostop, and its gateways.
         */
        get: operations["getController"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change a controller
         * @description How long it stays up with nothing to serve, and whether it stops by itself at all. Kept over restarts.
         */
        patch: operations["updateController"];
        trace?: never;
    };
    "/v1/controllers/{data_center}/down": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a controller
         * @description Its gateways give their ports back. 409 while endpoints, or servers with ports, need it.
         */
        post: operations["stopController"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/controllers/{data_center}/up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start a controller
         * @description It starts by itself with the first endpoint or server with ports.
         */
        post: operations["startController"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/data-centers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List data centers
         * @description Where endpoints and servers can be.
         */
        get: operations["listDataCenters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoint-plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Plan an endpoint
         * @description What an endpoint would be and cost an hour: the GPU memory that its model needs, the types of GPU that it fits on, and prices. Nothing is made.
         */
        post: operations["planEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List endpoints
         * @description Oldest first.
         */
        get: operations["listEndpoints"];
        put?: never;
        /**
         * Create an endpoint
         * @description A URL served by workers. A quick deploy fills in what is left out.
         */
        post: operations["createEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an endpoint
         * @description Its state, its workers and its newest spec.
         */
        get: operations["getEndpoint"];
        put?: never;
        post?: never;
        /**
         * Delete an endpoint
         * @description Drains and removes its workers, for good. It wins over whatever else is open on the endpoint.
         */
        delete: operations["deleteEndpoint"];
        options?: never;
        head?: never;
        /**
         * Change an endpoint
         * @description Makes a new revision of its spec. Running workers are replaced one by one; requests in flight are kept.
         */
        patch: operations["updateEndpoint"];
        trace?: never;
    };
    "/v1/endpoints/{id}/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what an endpoint's autoscaler decided
         * @description Each change of its workers, with what it rested on, what each rule had to say and which one bound it. Newest first; the newest 1000 are kept.
         */
        get: operations["listEndpointDecisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}/failures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List failures of an endpoint's workers
         * @description Why workers did not come up, or ended though nobody asked them to, newest first, with the end of their logs. The last 200 are kept.
         */
        get: operations["listEndpointFailures"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List keys of an endpoint
         * @description Oldest first, without their secrets.
         */
        get: operations["listEndpointKeys"];
        put?: never;
        /**
         * Create a key of an endpoint
         * @description While requests.keys is set, its gateways let requests in that bear one of its keys, and no others. The secret is shown this once: asked for again, the name is taken. At most 100.
         */
        post: operations["createEndpointKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}/keys/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a key of an endpoint
         * @description Its gateways refuse it within a second.
         */
        delete: operations["deleteEndpointKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}/load": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an endpoint's load over time
         * @description Points for charts, of the last hour at the most: requests, errors, requests in flight and waiting, times, workers. The newest is about ten seconds old.
         */
        get: operations["getEndpointLoad"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the logs of an endpoint
         * @description What its workers wrote, present ones and those that are gone, by time, each line after its worker's name. What the data center's archive has is followed by what is only on the hosts yet. Workers gone for more than 31 days are left out, unless since goes back further, and so are all but the newest 1000 of them.
         */
        get: operations["getEndpointLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}/revisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List revisions of an endpoint
         * @description Who asked for each, what it changed and what became of it, newest first. Next is the number of the last one of the page.
         */
        get: operations["listRevisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}/revisions/{revision}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a revision of an endpoint
         * @description With its whole spec.
         */
        get: operations["getRevision"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Roll an endpoint back
         * @description Makes a new revision with the spec of an older one, and rolls it out. Conflict while a roll-out is under way, with its operation: cancel that instead, and the older workers, which have been serving all along, stay.
         */
        post: operations["rollbackEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}/rollout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a roll-out
         * @description How far an endpoint is on its way to its newest revision.
         */
        get: operations["getRollout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}/rollout/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a roll-out
         * @description No more workers are replaced; both revisions serve, and scaling goes on. New workers run the new revision if a worker of it has been ready, else the older one. Conflict when none is under way. The answer is the roll-out.
         */
        post: operations["pauseRollout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}/rollout/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a roll-out
         * @description Workers are replaced again. The time that it was paused does not count. The answer is the roll-out.
         */
        post: operations["resumeRollout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}/scaling": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show how an endpoint is scaled
         * @description Its load and its workers at this moment, what each rule has to say to that, which one binds, and when the same load would lead to another number.
         */
        get: operations["getEndpointScaling"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start an endpoint
         * @description Makes its active workers, and accepts requests.
         */
        post: operations["startEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endpoints/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop an endpoint
         * @description Refuses new requests, drains its workers and removes them.
         */
        post: operations["stopEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List events
         * @description What happened to the account's resources, newest first.
         */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/watch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch events
         * @description Server-sent events named event, with IDs, from Last-Event-ID on.
         */
        get: operations["watchEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gateway/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Report what a gateway sees
         * @description Requests in flight by instance, and load by endpoint.
         */
        post: operations["reportGateway"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gateway/routes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Fetch routes
         * @description At once if they are not of the version given; otherwise when they change, or after 25 seconds.
         */
        get: operations["getRoutes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gateways": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List gateways
         * @description With the version of the routes that each follows.
         */
        get: operations["listGateways"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gpu-diagnoses/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a diagnosis
         * @description The whole report: what was found before and after, what the test did, the verdict, and the host's signature. The account's own; all of them for the fleet's operators.
         */
        get: operations["getGPUDiagnosis"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gpus": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List GPUs
         * @description With what they are doing, and for whom.
         */
        get: operations["listGPUs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gpus/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a GPU
         * @description What it is doing, what its driver told last, and what is remembered of it on whichever host it was.
         */
        get: operations["getGPU"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gpus/{id}/care": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Cancel what is being done with a GPU
         * @description A test, scrub or reset ends. What has been moved off the GPU stays where it is; one that was to be reset and was not is quarantined.
         */
        delete: operations["cancelGPUCare"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gpus/{id}/diagnoses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the diagnoses of a GPU
         * @description Tests, scrubs, resets, and what people decided, on whichever host it was, newest first.
         */
        get: operations["listGPUDiagnoses"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gpus/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what a GPU's driver reported
         * @description Xids and memory errors, on whichever host it was, newest first. The same within seconds is one, which is counted.
         */
        get: operations["listGPUEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gpus/{id}/quarantine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Quarantine a GPU
         * @description Nobody gets it until it is released, on whichever host it turns up. An instance that has it keeps it for now.
         */
        post: operations["quarantineGPU"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gpus/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Release a GPU from quarantine
         * @description It is free once it is scrubbed, and on probation.
         */
        post: operations["releaseGPU"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gpus/{id}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset a GPU
         * @description Has one that no instance has reset, and tested. The answer is the care, which the GPU shows until it is over.
         */
        post: operations["resetGPU"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gpus/{id}/scrub": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Scrub a GPU
         * @description Has the memory of one that no instance has overwritten, and proves that. The answer is the care, which the GPU shows until it is over.
         */
        post: operations["scrubGPU"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gpus/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Test a GPU
         * @description Has one that no instance has examined. The answer is the care, which the GPU shows until it is over.
         */
        post: operations["testGPU"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List hosts
         * @description Machines with GPUs, for the fleet's operators.
         */
        get: operations["listHosts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a host
         * @description Its lease, its disk and its GPUs in numbers.
         */
        get: operations["getHost"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts/{id}/cordon": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cordon a host
         * @description It keeps what it runs, and gets nothing new.
         */
        post: operations["cordonHost"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts/{id}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Drain a host
         * @description Cordons it, then migrates its servers and replaces its workers, some at a time. The answer is the host; it shows how far that is. Asked again, it changes parallel.
         */
        post: operations["drainHost"];
        /**
         * Cancel a drain
         * @description Moves that are open are undone; what has left stays where it is now. The cordon stays on. Not being drained is no error.
         */
        delete: operations["cancelDrain"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts/{id}/faults": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what is wrong with simulated GPUs
         * @description What somebody has made go wrong with the GPUs that a host simulates. 501 for a host whose GPUs are real.
         */
        get: operations["listFaults"];
        put?: never;
        /**
         * Make a simulated GPU go wrong
         * @description For development and demonstrations. What follows is up to Kelvin. The answer is all that is wrong then. 501 for a host whose GPUs are real.
         */
        post: operations["injectFault"];
        /**
         * Heal simulated GPUs
         * @description Takes all that is wrong with a simulated GPU away, also from its counters. What Kelvin has decided about it stays. The answer is what is still wrong. 501 for a host whose GPUs are real.
         */
        delete: operations["healGPUs"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts/{id}/preempt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Treat a host as taken away
         * @description As if its provider had given notice: it gets nothing new, its workers are replaced at once, and its servers are moved if there is time. The host itself stays as it is. The answer is the host.
         */
        post: operations["preemptHost"];
        /**
         * Lift the notice of a host
         * @description Whoever gave it. What has been replaced stays replaced. No notice is no error. The answer is the host.
         */
        delete: operations["spareHost"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts/{id}/retire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retire a host
         * @description Takes an empty host out for good: its token is void, its GPUs are gone, and its name is free for another.
         */
        post: operations["retireHost"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts/{id}/uncordon": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Uncordon a host
         * @description It gets new instances again. A drain ends.
         */
        post: operations["uncordonHost"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List instances
         * @description Servers and workers, oldest first.
         */
        get: operations["listInstances"];
        put?: never;
        /**
         * Create a server
         * @description One container with GPUs, a disk and ports.
         */
        post: operations["createInstance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an instance
         * @description Its state, where it lives, and its spec.
         */
        get: operations["getInstance"];
        put?: never;
        post?: never;
        /**
         * Delete an instance
         * @description The same as terminate, for those who expect it here.
         */
        delete: operations["deleteInstance"];
        options?: never;
        head?: never;
        /**
         * Protect an instance
         * @description Has a server refuse terminate and reset, or takes that off. It is no operation: the answer is the instance.
         */
        patch: operations["updateInstance"];
        trace?: never;
    };
    "/v1/instances/{id}/exec": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Run a command in an instance
         * @description A WebSocket of the protocol kelvin.exec.v1: its frames are in the reference. Browsers are let in from this server's own pages only.
         */
        get: operations["execInstance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Copy files out of an instance
         * @description A tar stream of a file, or of a folder with all that is in it, of a running or stopped instance. One that breaks off is cut, not ended.
         */
        get: operations["copyFromInstance"];
        /**
         * Copy files into an instance
         * @description Unpacks a tar stream in a folder of a running or stopped instance. What was unpacked before an error stays.
         */
        put: operations["copyToInstance"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/files/stat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Describe a file of an instance
         * @description Of a running or stopped one.
         */
        get: operations["statInstanceFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/freeze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Freeze an instance
         * @description Saves its disk and its root filesystem in the archive, verifies them, and gives GPUs, ports and disk back.
         */
        post: operations["freezeInstance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/kept/{lease}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Let go of kept data
         * @description Has an old host erase what it keeps of a server that was recovered elsewhere. It is no operation.
         */
        delete: operations["releaseKept"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the log of an instance
         * @description What its processes wrote to stdout and stderr, oldest first: in all its places, over restarts, freezing, moves and resets, and also when it is stopped, frozen or gone, for as long as its data center keeps logs. Where none are kept, only that of the container that it has.
         */
        get: operations["getInstanceLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/migrate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Migrate an instance
         * @description Copies it to another host while it runs, and moves it with a short pause. Until then a cancel leaves it where it is.
         */
        post: operations["migrateInstance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Plan an operation
         * @description What it would do if it were asked for now: where the server would go, what would be copied, how long it and the pause may take, what the server keeps. Nothing is changed, or held.
         */
        get: operations["planOperation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/recover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Recover an instance
         * @description Brings a lost or failed instance back: where its host answers with the data it has, otherwise elsewhere from its newest snapshot.
         */
        post: operations["recoverInstance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset an instance
         * @description Erases all its data and installs its image anew, or restores a snapshot. It needs the instance's name.
         */
        post: operations["resetInstance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/restart": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restart an instance
         * @description Stop and start in one, with the same disk and GPUs.
         */
        post: operations["restartInstance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/snapshots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a snapshot
         * @description Saves the disk and the root filesystem of a server as it is: of one that runs, as after a power cut. It is no operation: the answer is the snapshot, which is ready when it is whole, and gone if it could not be taken.
         */
        post: operations["createSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start an instance
         * @description It runs again where its disk is; one that was stopped with nothing held is placed anew, and its disk is copied there.
         */
        post: operations["startInstance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what an instance uses
         * @description CPU, memory and processes at this moment.
         */
        get: operations["getInstanceStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop an instance
         * @description Waits for requests in flight, then ends its process. The disk stays, and unless it is asked otherwise GPUs and ports.
         */
        post: operations["stopInstance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/templates/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Attach a template
         * @description Gives a server a template, as it is now, or other parameters to one it has. It is installed when the server is started next: by a start, a restart, a thaw, a recover or a reset. Ports that it adds are published from the server's next place on. Refused while an operation is open. It is no operation: the answer is the instance.
         */
        post: operations["attachTemplate"];
        /**
         * Detach a template
         * @description Its services are not started again, and a reset does not install it. Nothing is uninstalled. Not having it is no error. The answer is the instance.
         */
        delete: operations["detachTemplate"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/terminate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Terminate an instance
         * @description Takes it down for good. It needs the instance's name, and wins over whatever else is open on it.
         */
        post: operations["terminateInstance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/instances/{id}/thaw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Thaw an instance
         * @description Restores a frozen instance on a host that fits, after testing its GPUs: on the one it lived on, with its ports, if it can.
         */
        post: operations["thawInstance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who am I
         * @description The account and the role of the key, and what this server is.
         */
        get: operations["getMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List operations
         * @description Newest first.
         */
        get: operations["listOperations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an operation
         * @description How far it is, step by step, and how it ended.
         */
        get: operations["getOperation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel an operation
         * @description Undoes what was done, unless the operation is past its point of no return: then it is finished.
         */
        post: operations["cancelOperation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/{id}/diagnoses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what an operation had examined
         * @description The GPUs it was given, as they were found, and how those that it gave back were scrubbed, oldest first.
         */
        get: operations["listOperationDiagnoses"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry an operation
         * @description Asks for one that ended undone or stuck again, with the same parameters, in a new operation. What an undone create had made is made anew, under the same name. A reset and a terminate need the instance's name again.
         */
        post: operations["retryOperation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/{id}/watch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch an operation
         * @description Server-sent events named operation: as it is, then each change, until it has an outcome.
         */
        get: operations["watchOperation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List prices
         * @description What a GPU costs for an hour, by type, market and data center.
         */
        get: operations["listPrices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/quick-deploys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List quick deploys
         * @description Named starting points for endpoints.
         */
        get: operations["listQuickDeploys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/quick-deploys/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a quick deploy
         * @description Its spec, with defaults.
         */
        get: operations["getQuickDeploy"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List schedules
         * @description Oldest first, with their next times.
         */
        get: operations["listSchedules"];
        put?: never;
        /**
         * Create a schedule
         * @description Has something done to a server, an endpoint, or all that have some labels, at times of the day or in windows of time.
         */
        post: operations["createSchedule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/schedules/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a schedule
         * @description Its next times in its time zone, what the clocks do to them, what it did, and what holds against it.
         */
        get: operations["getSchedule"];
        put?: never;
        post?: never;
        /**
         * Delete a schedule
         * @description What it had put in motion goes on.
         */
        delete: operations["deleteSchedule"];
        options?: never;
        head?: never;
        /**
         * Change a schedule
         * @description It is no operation: the answer is the schedule. What it had put in motion goes on.
         */
        patch: operations["updateSchedule"];
        trace?: never;
    };
    "/v1/schedules/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a schedule
         * @description It does nothing until it is resumed, except when it is triggered.
         */
        post: operations["pauseSchedule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/schedules/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a schedule
         * @description It acts from its next time on. What it would have done meanwhile is not made up for.
         */
        post: operations["resumeSchedule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/schedules/{id}/trigger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Trigger a schedule
         * @description Has it act now, paused or not, and in spite of what somebody has put otherwise. The answer is the run, which shows among the schedule's.
         */
        post: operations["triggerSchedule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign a browser in
         * @description Sets the cookie kelvin_session. Requests that carry it and change something need the header X-Kelvin-Console: 1.
         */
        post: operations["signIn"];
        /**
         * Sign a browser out
         * @description Clears the cookie.
         */
        delete: operations["signOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/snapshots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List snapshots
         * @description Oldest first.
         */
        get: operations["listSnapshots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/snapshots/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a snapshot
         * @description What it is of, and what it is for.
         */
        get: operations["getSnapshot"];
        put?: never;
        post?: never;
        /**
         * Delete a snapshot
         * @description The archive lets go of what no other one shares. Refused for what a frozen server is restored from, and while an operation on its server is open.
         */
        delete: operations["deleteSnapshot"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/snapshots/{id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a server from a snapshot
         * @description A new server, with the spec of the one that the snapshot is of, even if that is terminated, and its data.
         */
        post: operations["restoreSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/templates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List templates
         * @description The built-in ones, then the account's own, by name.
         */
        get: operations["listTemplates"];
        put?: never;
        /**
         * Create a template
         * @description Commands that are run in servers which have it. An account has at most 100. The same one again is no error.
         */
        post: operations["createTemplate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/templates/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a template
         * @description What it does, and its parameters.
         */
        get: operations["getTemplate"];
        /**
         * Change a template
         * @description Replaces what it does. Servers that have it keep what they were given until it is attached again.
         */
        put: operations["updateTemplate"];
        post?: never;
        /**
         * Delete a template
         * @description Servers that have it keep it.
         */
        delete: operations["deleteTemplate"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/volumes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List volumes
         * @description The account's network volumes, by name, with what has them.
         */
        get: operations["listVolumes"];
        put?: never;
        /**
         * Create a volume
         * @description A folder in a data center that several workers and servers mount at a time, and that outlives them. The same one again is no error.
         */
        post: operations["createVolume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/volumes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a volume
         * @description With the endpoints and servers that have it.
         */
        get: operations["getVolume"];
        put?: never;
        post?: never;
        /**
         * Delete a volume
         * @description Erases its files; there is no way back. 409 while endpoints or servers have it, stopped ones, too.
         */
        delete: operations["deleteVolume"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Attach: {
            /** @description By name; those left out have their defaults */
            parameters?: {
                [key: string]: string;
            };
        };
        Attachment: {
            /**
             * Format: date-time
             * @description Set by Kelvin: what you send is ignored
             */
            attached_at?: string;
            /**
             * @description Of a built-in template, or one of your own
             * @example ssh
             */
            name: string;
            /** @description By name; those left out have their defaults */
            parameters?: {
                [key: string]: string;
            };
            /** @description Names what it did when it was attached. Set by Kelvin: what you send is ignored */
            version?: string;
        };
        Audit: {
            /** Format: date-time */
            at: string;
            findings: components["schemas"]["Finding"][];
            /** @description Temporal did not answer: operations were not compared with it */
            partial?: boolean;
        };
        Autostop: {
            /**
             * @description How long nothing must have needed it
             * @example 10m0s
             */
            after: string;
            /**
             * Format: date-time
             * @description Absent while something needs it
             */
            idle_since?: string;
            /** @description It stays up, however idle it is */
            paused: boolean;
            /**
             * Format: date-time
             * @description Absent while nothing counts down
             */
            stops_at?: string;
        };
        Banks: {
            /** Format: int64 */
            high: number;
            /** Format: int64 */
            low: number;
            /** Format: int64 */
            max: number;
            /** Format: int64 */
            none: number;
            /** Format: int64 */
            partial: number;
        };
        Change: {
            /**
             * @description Path of the field, such as image or env.TOKEN
             * @example image
             */
            field: string;
            /** @description As JSON; absent if it was not set. Values of environment variables are masked */
            from?: string;
            /** @description As JSON; absent if it is not set any more */
            to?: string;
        };
        CollectOrder: {
            collect: boolean;
            snapshots: string[];
        };
        ContainerReport: {
            access_lost?: boolean;
            /** Format: int64 */
            epoch?: number;
            /** Format: int64 */
            exit_code?: number;
            fenced?: boolean;
            instance_id?: string;
            last_lines?: string;
            lease_id?: string;
            oom_killed?: boolean;
            running?: boolean;
        } & {
            [key: string]: unknown;
        };
        ContainerSpec: {
            account_id: string;
            endpoint_id?: string;
            gpus: components["schemas"]["GPUReport"][];
            image_id?: string;
            lease: components["schemas"]["Lease"];
            name: string;
            ports: components["schemas"]["Published"][];
            simulated: boolean;
            spec: components["schemas"]["InstanceSpec"];
            templates?: components["schemas"]["Installation"][];
        };
        Controller: {
            /** @description Who brought it there: key_…, submission or autostop */
            actor?: string;
            autostop: components["schemas"]["Autostop"];
            /** @example us-east */
            data_center: string;
            /**
             * Format: int64
             * @description That need it: those not deleted
             */
            endpoints: number;
            gateways: components["schemas"]["ControllerGateway"][];
            /**
             * Format: int64
             * @description That need it: those with ports, not terminated
             */
            servers: number;
            /** Format: date-time */
            since?: string;
            /**
             * @description starting: no gateway has followed its routes yet
             * @enum {string}
             */
            state: "down" | "starting" | "up";
        };
        ControllerGateway: {
            id: string;
            /** @description It has reported lately */
            live: boolean;
            name: string;
            /** Format: date-time */
            seen_at?: string;
            /**
             * Format: int64
             * @description Of the routes it follows
             */
            version: number;
        };
        ControllerPatch: {
            /**
             * @description How long nothing must have needed it before it goes down, 1m to 168h. Default 10m
             * @example 10m
             */
            autostop?: string;
            /** @description Whether it stays up however idle it is. The countdown begins anew when that ends */
            paused?: boolean;
        };
        DataCenter: {
            /**
             * @description Where its endpoints and servers are reached, with %s for the label of each
             * @example http://%s.us-east.localhost:8080
             */
            gateway_url?: string;
            /** @example us-east */
            name: string;
        };
        Diagnosis: {
            /** @description What was done about it */
            action?: string;
            /** @description Who asked for it, or decided, if it was no operation */
            actor?: string;
            /** Format: date-time */
            at: string;
            /**
             * Format: double
             * @description Of its usable memory, what was tested or overwritten, 0 to 1
             */
            coverage?: number;
            /**
             * Format: double
             * @description The best phase's rate in 10⁹ bytes a second
             */
            gbps?: number;
            gpu_id: string;
            host_id: string;
            /** @example dgn_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /** @description That the operation was about */
            instance_id?: string;
            /** @enum {string} */
            kind: "test" | "scrub" | "reset" | "skip" | "watch" | "hand";
            /**
             * @description Of a test
             * @example rigorous
             */
            level?: string;
            /** @description What it saw */
            message?: string;
            /** @description That asked for it */
            operation_id?: string;
            /**
             * @description Of a test or scrub. One that was skipped has none
             * @enum {string}
             */
            outcome?: "lost" | "hung" | "quarantine" | "reboot" | "reset_and_retest" | "inconclusive" | "pass_degraded" | "pass";
            /** @description The GPU had been reset because of an earlier verdict */
            retest?: boolean;
            /**
             * @description That decided
             * @example remap-pending
             */
            rule?: string;
            /**
             * Format: double
             * @description How long it took
             */
            seconds?: number;
            serial?: string;
            /** @description By the host */
            signed: boolean;
            /** @description The GPU is, and so is what was found */
            simulated: boolean;
            /** @description The driver's name for the GPU */
            uuid: string;
        };
        DiagnosisReport: {
            /** @description What was done about it */
            action?: string;
            /** @description Who asked for it, or decided, if it was no operation */
            actor?: string;
            /** Format: date-time */
            at: string;
            /**
             * Format: double
             * @description Of its usable memory, what was tested or overwritten, 0 to 1
             */
            coverage?: number;
            /** @description Of a test */
            examination?: components["schemas"]["Examination"];
            /**
             * Format: double
             * @description The best phase's rate in 10⁹ bytes a second
             */
            gbps?: number;
            gpu_id: string;
            host_id: string;
            /** @example dgn_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /** @description That the operation was about */
            instance_id?: string;
            /** @enum {string} */
            kind: "test" | "scrub" | "reset" | "skip" | "watch" | "hand";
            /**
             * @description Of a test
             * @example rigorous
             */
            level?: string;
            /** @description What it saw */
            message?: string;
            /** @description That asked for it */
            operation_id?: string;
            /**
             * @description Of a test or scrub. One that was skipped has none
             * @enum {string}
             */
            outcome?: "lost" | "hung" | "quarantine" | "reboot" | "reset_and_retest" | "inconclusive" | "pass_degraded" | "pass";
            /** @description What concerns others was left out: the signature is of more than this */
            redacted?: boolean;
            /** @description The GPU had been reset because of an earlier verdict */
            retest?: boolean;
            /**
             * @description That decided
             * @example remap-pending
             */
            rule?: string;
            /** @description Of a scrub */
            scrub?: components["schemas"]["Result"];
            /**
             * Format: double
             * @description How long it took
             */
            seconds?: number;
            serial?: string;
            /** @description The host's, on the examination or the scrub */
            signature?: components["schemas"]["Signed"];
            /** @description By the host */
            signed: boolean;
            /** @description The GPU is, and so is what was found */
            simulated: boolean;
            /** @description The driver's name for the GPU */
            uuid: string;
            verdict: components["schemas"]["Verdict"];
        };
        Disk: {
            /** Format: int64 */
            free: number;
            /** Format: int64 */
            total: number;
        };
        Drain: {
            /** @description Who asked for it */
            actor?: string;
            /**
             * Format: date-time
             * @description When nothing lived there any more
             */
            ended_at?: string;
            /** @description What is still there, and why; at most 200 */
            left: components["schemas"]["Occupant"][];
            /**
             * Format: int64
             * @description Instances that leave at a time
             */
            parallel: number;
            /**
             * Format: int64
             * @description Instances that have one now, without those whose data is kept only
             */
            remaining: number;
            /** Format: date-time */
            started_at: string;
            /**
             * Format: int64
             * @description Instances that had a place there when it began
             */
            total: number;
        };
        DriverEvent: {
            /** Format: date-time */
            at: string;
            kind: string;
            /** @description Of the container it befell */
            lease_id?: string;
            message?: string;
            /**
             * @description Who told
             * @enum {string}
             */
            source: "nvml" | "kernel" | "agent" | "simulated";
            uuid: string;
            /**
             * Format: int64
             * @description NVIDIA's number for what went wrong
             */
            xid?: number;
        };
        Endpoint: {
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When the open operation is undone unless it is past its point of no return
             */
            deadline?: string;
            /** @example ep_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /** @description Operations that it accepts now */
            legal: string[];
            name: string;
            /** @description The open operation */
            operation_id?: string;
            /** @description Why it is where it is, when nobody asked for it */
            reason?: string;
            /**
             * Format: int64
             * @description Of its spec; every change makes one more
             */
            revision: number;
            /** @description While workers are replaced: how far that is. Not in lists */
            rollout?: components["schemas"]["Rollout"];
            /**
             * Format: date-time
             * @description When the state was entered
             */
            since: string;
            spec: components["schemas"]["EndpointSpec"];
            /**
             * @description Where it is
             * @enum {string}
             */
            state: "deleted" | "deleting" | "failed" | "freezing" | "frozen" | "lost" | "migrating" | "provisioning" | "recovering" | "resetting" | "restarting" | "running" | "starting" | "stopped" | "stopping" | "terminated" | "terminating" | "thawing" | "updating";
            /**
             * @description Ready workers of all, and a word for people
             * @example 1/2 Ready
             */
            status: string;
            /**
             * @description Where it is heading; its state, when it is settled
             * @enum {string}
             */
            target: "deleted" | "deleting" | "failed" | "freezing" | "frozen" | "lost" | "migrating" | "provisioning" | "recovering" | "resetting" | "restarting" | "running" | "starting" | "stopped" | "stopping" | "terminated" | "terminating" | "thawing" | "updating";
            /** @description What its workers' failures come to; absent when all is well */
            trouble?: components["schemas"]["Trouble"];
            /** Format: date-time */
            updated_at: string;
            /**
             * @description Where its requests go
             * @example http://ep-06f2r3k8x9m4n5p6q7s8t9v0w1.us-east.localhost:8080
             */
            url?: string;
            workers: components["schemas"]["Workers"];
        };
        EndpointCreate: {
            /**
             * Format: int64
             * @description Workers that are always there, also the first ones. Default 1; 0 scales to nothing
             */
            active_workers?: number;
            /** @description Start command, run by the shell. Default: the image's entrypoint and command */
            command?: string;
            /**
             * Format: double
             * @description CPU limit of a worker; 0: the host's default
             */
            cpus?: number;
            /**
             * @description Where its workers run. Default: us-east, or the only one
             * @example us-east
             */
            data_center?: string;
            /**
             * @description How long a leaving worker keeps its requests in flight. Default 60s, at most 1h
             * @example 60s
             */
            drain_timeout?: string;
            /** @description Environment variables. CUDA_VISIBLE_DEVICES and names beginning with NVIDIA_ or KELVIN_ are ours */
            env?: {
                [key: string]: string;
            };
            /**
             * @description GPU type; empty: any
             * @example a100-80gb
             */
            gpu_type?: string;
            /**
             * Format: int64
             * @description GPUs of each worker, all on one host. Default 1
             */
            gpus_per_worker?: number;
            /**
             * @description Container image
             * @example kelvin/echo:latest
             */
            image?: string;
            /** @description Your own labels, at most 32 */
            labels?: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Workers at the most. Default: active_workers, at least 1
             */
            max_workers?: number;
            /**
             * Format: int64
             * @description Memory limit of a worker in MiB; 0: the host's default
             */
            memory_mb?: number;
            /**
             * @description Where the volume is mounted
             * @example /data
             */
            mount_path?: string;
            /**
             * @description Unique among the account's endpoints
             * @example llama
             */
            name: string;
            /** @description Parameters of the quick deploy; those left out have their defaults */
            params?: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description The one HTTP port of a worker. Default 8080
             */
            port?: number;
            /** @description Path whose answer below 500 says that a worker is ready. Default / */
            probe_path?: string;
            /**
             * @description Name of a quick deploy that fills in what is left out
             * @example echo
             */
            quick_deploy?: string;
            /** @description How the gateways treat requests */
            requests?: components["schemas"]["RequestSpec"];
            /** @description How the number of workers follows the load */
            scaling?: components["schemas"]["ScalingSpec"];
            /** @description Shell that runs the start command. Default /bin/sh */
            shell?: string;
            /** @description Which workers may run on spot hosts */
            spot?: components["schemas"]["SpotSpec"];
            /**
             * @description How long a worker may take, once it runs, until its probe is answered. Default 45m, at least 1s, at most 45m
             * @example 5m
             */
            start_timeout?: string;
            /**
             * Format: int64
             * @description Requests in flight that one worker is meant to serve. Default 100
             */
            target_concurrency?: number;
            /** @description Network volume, mounted by every worker */
            volume?: string;
        };
        EndpointKey: {
            /** @description The key of the account that made it */
            actor: string;
            /** Format: date-time */
            created_at: string;
            endpoint_id: string;
            /** @example epk_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            name: string;
        };
        EndpointKeyCreate: {
            /**
             * @description Unique among the endpoint's keys
             * @example web-shop
             */
            name: string;
        };
        EndpointKeyCreated: {
            /** @description The key of the account that made it */
            actor: string;
            /** Format: date-time */
            created_at: string;
            endpoint_id: string;
            /** @example epk_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            name: string;
            /**
             * @description Shown this once. Requests bear it as Authorization: Bearer …, or X-API-Key: …
             * @example kep_…
             */
            secret: string;
        };
        EndpointLoad: {
            /** Format: int64 */
            busy_ms?: number;
            classes?: number[];
            /** Format: int64 */
            ended?: number;
            /** Format: int64 */
            errors?: number;
            /** Format: int64 */
            inflight?: number;
            latency?: number[];
            /** Format: int64 */
            peak?: number;
            /** Format: int64 */
            queued?: number;
            /** Format: int64 */
            requests?: number;
        } & {
            [key: string]: unknown;
        };
        EndpointPatch: {
            /**
             * Format: int64
             * @description Workers that are always there, also the first ones. Default 1; 0 scales to nothing
             */
            active_workers?: number;
            /** @description Start command, run by the shell. Default: the image's entrypoint and command */
            command?: string;
            /**
             * Format: double
             * @description CPU limit of a worker; 0: the host's default
             */
            cpus?: number;
            /**
             * @description Where its workers run. Default: us-east, or the only one
             * @example us-east
             */
            data_center?: string;
            /**
             * @description How long a leaving worker keeps its requests in flight. Default 60s, at most 1h
             * @example 60s
             */
            drain_timeout?: string;
            /** @description Environment variables. CUDA_VISIBLE_DEVICES and names beginning with NVIDIA_ or KELVIN_ are ours */
            env?: {
                [key: string]: string;
            };
            /**
             * @description GPU type; empty: any
             * @example a100-80gb
             */
            gpu_type?: string;
            /**
             * Format: int64
             * @description GPUs of each worker, all on one host. Default 1
             */
            gpus_per_worker?: number;
            /**
             * @description Container image
             * @example kelvin/echo:latest
             */
            image?: string;
            /** @description Your own labels, at most 32 */
            labels?: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Workers at the most. Default: active_workers, at least 1
             */
            max_workers?: number;
            /**
             * Format: int64
             * @description Memory limit of a worker in MiB; 0: the host's default
             */
            memory_mb?: number;
            /**
             * @description Where the volume is mounted
             * @example /data
             */
            mount_path?: string;
            /** @description A new name */
            name?: string;
            /**
             * Format: int64
             * @description The one HTTP port of a worker. Default 8080
             */
            port?: number;
            /** @description Path whose answer below 500 says that a worker is ready. Default / */
            probe_path?: string;
            /** @description How the gateways treat requests */
            requests?: components["schemas"]["RequestSpec"];
            /** @description How the number of workers follows the load */
            scaling?: components["schemas"]["ScalingSpec"];
            /** @description Shell that runs the start command. Default /bin/sh */
            shell?: string;
            /** @description Which workers may run on spot hosts */
            spot?: components["schemas"]["SpotSpec"];
            /**
             * @description How long a worker may take, once it runs, until its probe is answered. Default 45m, at least 1s, at most 45m
             * @example 5m
             */
            start_timeout?: string;
            /**
             * Format: int64
             * @description Requests in flight that one worker is meant to serve. Default 100
             */
            target_concurrency?: number;
            /** @description Network volume, mounted by every worker */
            volume?: string;
        };
        EndpointPlan: {
            /** @description That its data center has, the cheapest first */
            gpu_types: components["schemas"]["PlanType"][];
            /** @description GPU memory that the model needs; absent when that cannot be told */
            memory?: components["schemas"]["PlanMemory"];
            price: components["schemas"]["PlanPrice"];
            /** @description With defaults, and a GPU type where one was chosen */
            spec: components["schemas"]["EndpointSpec"];
            warnings: string[];
        };
        EndpointPlanAsk: {
            /**
             * Format: int64
             * @description Workers that are always there, also the first ones. Default 1; 0 scales to nothing
             */
            active_workers?: number;
            /** @description Start command, run by the shell. Default: the image's entrypoint and command */
            command?: string;
            /**
             * Format: double
             * @description CPU limit of a worker; 0: the host's default
             */
            cpus?: number;
            /**
             * @description Where its workers run. Default: us-east, or the only one
             * @example us-east
             */
            data_center?: string;
            /**
             * @description How long a leaving worker keeps its requests in flight. Default 60s, at most 1h
             * @example 60s
             */
            drain_timeout?: string;
            /** @description Environment variables. CUDA_VISIBLE_DEVICES and names beginning with NVIDIA_ or KELVIN_ are ours */
            env?: {
                [key: string]: string;
            };
            /**
             * @description GPU type; empty: any
             * @example a100-80gb
             */
            gpu_type?: string;
            /**
             * Format: int64
             * @description GPUs of each worker, all on one host. Default 1
             */
            gpus_per_worker?: number;
            /**
             * @description Container image
             * @example kelvin/echo:latest
             */
            image?: string;
            /** @description Your own labels, at most 32 */
            labels?: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Workers at the most. Default: active_workers, at least 1
             */
            max_workers?: number;
            /**
             * Format: int64
             * @description Memory limit of a worker in MiB; 0: the host's default
             */
            memory_mb?: number;
            /**
             * @description Where the volume is mounted
             * @example /data
             */
            mount_path?: string;
            /** @description Parameters of the quick deploy */
            params?: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description The one HTTP port of a worker. Default 8080
             */
            port?: number;
            /** @description Path whose answer below 500 says that a worker is ready. Default / */
            probe_path?: string;
            /**
             * @description Name of a quick deploy that fills in what is left out
             * @example vllm
             */
            quick_deploy?: string;
            /** @description How the gateways treat requests */
            requests?: components["schemas"]["RequestSpec"];
            /** @description How the number of workers follows the load */
            scaling?: components["schemas"]["ScalingSpec"];
            /** @description Shell that runs the start command. Default /bin/sh */
            shell?: string;
            /** @description Which workers may run on spot hosts */
            spot?: components["schemas"]["SpotSpec"];
            /**
             * @description How long a worker may take, once it runs, until its probe is answered. Default 45m, at least 1s, at most 45m
             * @example 5m
             */
            start_timeout?: string;
            /**
             * Format: int64
             * @description Requests in flight that one worker is meant to serve. Default 100
             */
            target_concurrency?: number;
            /** @description Network volume, mounted by every worker */
            volume?: string;
        };
        EndpointRollback: {
            /**
             * Format: int64
             * @description Whose spec to have again. Default: the revision before the one that runs
             */
            revision?: number;
        };
        EndpointRoute: {
            account_id: string;
            endpoint_id: string;
            keys?: string[];
            open: boolean;
            requests?: components["schemas"]["RequestSpec"];
            /** Format: int64 */
            target_concurrency: number;
            workers: components["schemas"]["WorkerRoute"][];
        };
        EndpointSpec: {
            /**
             * Format: int64
             * @description Workers that are always there, also the first ones. Default 1; 0 scales to nothing
             */
            active_workers: number;
            /** @description Start command, run by the shell. Default: the image's entrypoint and command */
            command?: string;
            /**
             * Format: double
             * @description CPU limit of a worker; 0: the host's default
             */
            cpus?: number;
            /**
             * @description Where its workers run. Default: us-east, or the only one
             * @example us-east
             */
            data_center?: string;
            /**
             * @description How long a leaving worker keeps its requests in flight. Default 60s, at most 1h
             * @example 60s
             */
            drain_timeout?: string;
            /** @description Environment variables. CUDA_VISIBLE_DEVICES and names beginning with NVIDIA_ or KELVIN_ are ours */
            env?: {
                [key: string]: string;
            };
            /**
             * @description GPU type; empty: any
             * @example a100-80gb
             */
            gpu_type?: string;
            /**
             * Format: int64
             * @description GPUs of each worker, all on one host. Default 1
             */
            gpus_per_worker: number;
            /**
             * @description Container image
             * @example kelvin/echo:latest
             */
            image: string;
            /** @description Your own labels, at most 32 */
            labels?: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Workers at the most. Default: active_workers, at least 1
             */
            max_workers: number;
            /**
             * Format: int64
             * @description Memory limit of a worker in MiB; 0: the host's default
             */
            memory_mb?: number;
            /**
             * @description Where the volume is mounted
             * @example /data
             */
            mount_path?: string;
            /**
             * Format: int64
             * @description The one HTTP port of a worker. Default 8080
             */
            port: number;
            /** @description Path whose answer below 500 says that a worker is ready. Default / */
            probe_path?: string;
            /** @description How the gateways treat requests */
            requests?: components["schemas"]["RequestSpec"];
            /** @description How the number of workers follows the load */
            scaling?: components["schemas"]["ScalingSpec"];
            /** @description Shell that runs the start command. Default /bin/sh */
            shell?: string;
            /** @description Which workers may run on spot hosts */
            spot?: components["schemas"]["SpotSpec"];
            /**
             * @description How long a worker may take, once it runs, until its probe is answered. Default 45m, at least 1s, at most 45m
             * @example 5m
             */
            start_timeout?: string;
            /**
             * Format: int64
             * @description Requests in flight that one worker is meant to serve. Default 100
             */
            target_concurrency: number;
            /** @description Network volume, mounted by every worker */
            volume?: string;
        };
        Errors: {
            corrected: components["schemas"]["ReadingUint64"];
            corrected_dram: components["schemas"]["ReadingUint64"];
            corrected_sram: components["schemas"]["ReadingUint64"];
            uncorrected: components["schemas"]["ReadingUint64"];
            uncorrected_dram: components["schemas"]["ReadingUint64"];
            uncorrected_sram: components["schemas"]["ReadingUint64"];
        };
        Event: {
            /** @description Who caused it */
            actor?: string;
            /** Format: date-time */
            at: string;
            endpoint_id?: string;
            host_id?: string;
            /** @example evt_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            instance_id?: string;
            message?: string;
            /** @example instance.stopped */
            name: string;
            operation_id?: string;
            schedule_id?: string;
        };
        EventsAnswer: {
            /**
             * Format: int64
             * @description How many were new
             */
            fresh: number;
        };
        Examination: {
            after?: components["schemas"]["Health"];
            before?: components["schemas"]["Health"];
            /** Format: date-time */
            ended_at: string;
            /** @description Why it is not whole */
            error?: string;
            /** @description While it was examined */
            events?: components["schemas"]["DriverEvent"][];
            /** @description Who has it open and should not */
            holders?: components["schemas"]["Holder"][];
            /** @description The driver did not answer three times in a row */
            hung?: boolean;
            /** @enum {string} */
            level: "none" | "counters" | "quick" | "standard" | "rigorous";
            /** @description The driver does not list it any more */
            missing?: boolean;
            purpose: string;
            /** @description Why the reset before it was refused, or failed */
            reset_error?: string;
            /** @description Of the memory test */
            result?: components["schemas"]["Result"];
            /** @description It was reset because of an earlier verdict */
            retest?: boolean;
            /** Format: int64 */
            schema: number;
            simulated?: boolean;
            /** Format: date-time */
            started_at: string;
            type: string;
            uuid: string;
        };
        Failure: {
            /**
             * Format: date-time
             * @description The last time
             */
            at: string;
            /** @description pull_error: its image could not be fetched. no_capacity: no host has room. crash: its process ended by itself. out_of_memory: it was killed for its memory. failing_probe: it runs, and does not answer. unhealthy_gpu: its GPUs failed their diagnostics. host_error: its host could not make or start it */
            cause: string;
            endpoint_id: string;
            /**
             * Format: int64
             * @description Of its process, if that ended
             */
            exit_code?: number;
            /** Format: date-time */
            first_at: string;
            host_id?: string;
            /** @example mis_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /** @description The worker; the last one, if it happened several times */
            instance_id: string;
            /** @description The end of its log, at most 2048 bytes */
            last_lines?: string;
            message: string;
            /** @description That was to make it; absent if it was running */
            operation_id?: string;
            /**
             * Format: int64
             * @description Of the endpoint's spec that it ran
             */
            revision: number;
            /**
             * @description How long it had been running; absent if it never was ready
             * @example 12m3s
             */
            served?: string;
            /**
             * Format: int64
             * @description In a row, with nothing between: more than once of a lack of capacity only
             */
            times: number;
            /** @description Its name */
            worker: string;
        };
        FieldError: {
            /**
             * @description The values that are allowed
             * @example 1 to 8
             */
            allowed?: string;
            /**
             * @description Path of the field, such as body.gpus_per_worker
             * @example body.gpus_per_worker
             */
            field: string;
            /** @description What is wrong */
            message: string;
        };
        File: {
            /** Format: int64 */
            bytes: number;
            /** @description Where a link leads, from the root */
            link?: string;
            /**
             * @description Permissions in octal
             * @example 0644
             */
            mode: string;
            /** Format: date-time */
            modified_at: string;
            /** @description The last element of its path */
            name: string;
            /** @enum {string} */
            type: "file" | "folder" | "link" | "other";
        };
        Finding: {
            /** @description Whose that is */
            account_id?: string;
            host_id?: string;
            instance_id?: string;
            /** @enum {string} */
            kind: "orphan_container" | "stale_container" | "unwanted_container" | "double_container" | "missing_container" | "leaked_lease" | "leftover_lease" | "lease_on_retired_host" | "unleased_gpu" | "stranded_gpu" | "idle_leased_gpu" | "homeless" | "frozen_without_snapshot" | "stale_operation" | "dead_claim" | "operation_without_workflow" | "overdue" | "stale_address" | "dead_route" | "missing_route" | "stale_queue_place";
            /** @description What is wrong, and the way out if there is one */
            message: string;
            /** @description A repair puts it right without risk */
            repairable: boolean;
            /** @description It was repaired just now */
            repaired?: boolean;
            /** @description ID of what it is about: an instance, lease, GPU or operation */
            resource: string;
            /**
             * Format: date-time
             * @description When it was first noticed. The server looks every minute
             */
            since?: string;
        };
        GPU: {
            /** @description PCI address */
            bus_id?: string;
            /** @description An instance had it since it was last scrubbed */
            dirty: boolean;
            /** @description Version of its driver */
            driver?: string;
            host_id: string;
            /** @example gpu_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /** Format: int64 */
            index: number;
            /** @description Who has it */
            instance_id?: string;
            /**
             * Format: int64
             * @description MiB
             */
            memory_mb: number;
            /**
             * Format: date-time
             * @description It was reset, or released from a quarantine, and is watched closely
             */
            probation_until?: string;
            /**
             * @description As its driver names it
             * @example NVIDIA A100-SXM4-80GB
             */
            product?: string;
            /** @description Of a quarantine */
            reason?: string;
            /**
             * @description Of the verdict that quarantined it
             * @example remap-failed
             */
            rule?: string;
            /**
             * Format: int64
             * @description How well it stands, by its last verdict: better ones are handed out first. 0: quarantined
             */
            score: number;
            serial?: string;
            simulated: boolean;
            /**
             * Format: date-time
             * @description When it came to its state
             */
            since?: string;
            /** @description Of a MIG slice */
            slice?: components["schemas"]["GPUSlice"];
            /** @enum {string} */
            state: "free" | "reserved" | "testing" | "assigned" | "scrubbing" | "resetting" | "quarantined" | "lost";
            /** @example a100-80gb */
            type: string;
            /** @description The driver's name for it */
            uuid: string;
        };
        GPUCare: {
            /** @description Who asked for it */
            actor: string;
            /** Format: date-time */
            asked_at: string;
            /**
             * Format: date-time
             * @description Somebody wants it ended
             */
            cancelled_at?: string;
            /** @description The last that it led to */
            diagnosis_id?: string;
            /** @description What runs on the GPU is moved away first */
            drains?: boolean;
            /** Format: date-time */
            ended_at?: string;
            gpu_id: string;
            /** @example car_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /**
             * @description Of the test
             * @enum {string}
             */
            level: "none" | "counters" | "quick" | "standard" | "rigorous";
            /** @description What it came to, or why it failed */
            message?: string;
            /** Format: double */
            percent?: number;
            /** @description What is done now */
            phase?: string;
            /** @description What the GPU reported */
            reason?: string;
            /**
             * @description That asked for it, because of what the GPU reported
             * @example xid-94
             */
            rule?: string;
            /**
             * @description Failed: it came to no verdict
             * @enum {string}
             */
            state: "asked" | "running" | "done" | "failed";
            /** @enum {string} */
            what: "test" | "scrub" | "reset";
        };
        GPUCounts: {
            /** Format: int64 */
            free: number;
            /** Format: int64 */
            total: number;
        };
        GPUDetail: {
            /** @description PCI address */
            bus_id?: string;
            /** @description What is being done with it, or was done last */
            care?: components["schemas"]["GPUCare"];
            /**
             * Format: date-time
             * @description When it was last found well
             */
            certified_at?: string;
            /**
             * Format: date-time
             * @description When that was
             */
            checked_at?: string;
            /** @description An instance had it since it was last scrubbed */
            dirty: boolean;
            /** @description Version of its driver */
            driver?: string;
            /** @description What its driver told last */
            health?: components["schemas"]["Health"];
            host_id: string;
            /** @example gpu_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /** Format: int64 */
            index: number;
            /** @description Who has it */
            instance_id?: string;
            /** @description When its NVLink had errors, in the same time */
            link_errors: string[];
            /**
             * Format: int64
             * @description MiB
             */
            memory_mb: number;
            /**
             * Format: date-time
             * @description It was reset, or released from a quarantine, and is watched closely
             */
            probation_until?: string;
            /**
             * @description As its driver names it
             * @example NVIDIA A100-SXM4-80GB
             */
            product?: string;
            /** @description Of a quarantine */
            reason?: string;
            /**
             * @description Of the verdict that quarantined it
             * @example remap-failed
             */
            rule?: string;
            /**
             * Format: int64
             * @description How well it stands, by its last verdict: better ones are handed out first. 0: quarantined
             */
            score: number;
            serial?: string;
            simulated: boolean;
            /**
             * Format: date-time
             * @description When it came to its state
             */
            since?: string;
            /** @description Of a MIG slice */
            slice?: components["schemas"]["GPUSlice"];
            /** @enum {string} */
            state: "free" | "reserved" | "testing" | "assigned" | "scrubbing" | "resetting" | "quarantined" | "lost";
            /** @example a100-80gb */
            type: string;
            /** @description When it had errors that were not corrected, in the last year and since it was last released */
            uncorrected: string[];
            /** @description What its driver reported since and no diagnosis has taken into account */
            unjudged: components["schemas"]["DriverEvent"][];
            /** @description The driver's name for it */
            uuid: string;
        };
        GPUEvent: {
            /** Format: date-time */
            at: string;
            /**
             * Format: int64
             * @description How often it came, the same within seconds and when it came too often
             */
            count: number;
            /** @description The one that took it into account; none: nobody has judged it yet */
            diagnosis_id?: string;
            /** @description Where it was then */
            host_id: string;
            id: string;
            kind: string;
            /**
             * Format: date-time
             * @description The last of these
             */
            last_at: string;
            /** @description Of the container it befell */
            lease_id?: string;
            message?: string;
            /**
             * @description Who told
             * @enum {string}
             */
            source: "nvml" | "kernel" | "agent" | "simulated";
            uuid: string;
            /**
             * Format: int64
             * @description NVIDIA's number for what went wrong
             */
            xid?: number;
        };
        GPUEvents: {
            events: components["schemas"]["DriverEvent"][];
            health?: components["schemas"]["Health"][];
        };
        GPUFault: {
            /** @description What it does, in a sentence */
            does: string;
            /**
             * @description UUID
             * @example GPU-sim-0d0b7a1c-3f2e-4d5c-91b2-7a6c5d4e3f21
             */
            gpu: string;
            /**
             * Format: int64
             * @description Of the GPU on its host, now
             */
            index: number;
            /**
             * Format: int64
             * @description How often it strikes yet; left out: as long as it is there
             */
            left?: number;
            /**
             * @description Of the kind of fault
             * @example remap-pending
             */
            name: string;
            /** @description What was said about it; the rest is by default */
            params: {
                [key: string]: string;
            };
            /** Format: date-time */
            since: string;
        };
        GPUFaultOrder: {
            /**
             * @description Index of the GPU on its host, or its UUID
             * @example 0
             */
            gpu: string;
            /**
             * @description Of the kind of fault; kelvin sim fault ls lists them
             * @example uncorrected-contained
             */
            name: string;
            /**
             * @description What to do otherwise than by default
             * @example {
             *       "times": "2"
             *     }
             */
            params?: {
                [key: string]: string;
            };
        };
        GPUReason: {
            /** @description For others to read; it is part of the GPU's history */
            reason: string;
        };
        GPUReport: {
            bus_id?: string;
            driver?: string;
            /** Format: int64 */
            index?: number;
            /** Format: int64 */
            memory_mb?: number;
            parent?: string;
            product?: string;
            profile?: string;
            serial?: string;
            /** Format: int64 */
            size?: number;
            /** Format: int64 */
            start?: number;
            type?: string;
            uuid?: string;
        } & {
            [key: string]: unknown;
        };
        GPUScrubbed: {
            result: components["schemas"]["Result"];
            signed?: components["schemas"]["Signed"];
            uuid: string;
        };
        GPUSlice: {
            /** @description UUID of the device */
            device: string;
            /** @example 3g.40gb */
            profile: string;
            /**
             * Format: int64
             * @description Of its placement
             */
            size: number;
            /**
             * Format: int64
             * @description Of its placement, in memory slices
             */
            start: number;
        };
        GPUTest: {
            /**
             * @description How thoroughly. Default: standard; after a reset, rigorous
             * @enum {string}
             */
            level?: "none" | "counters" | "quick" | "standard" | "rigorous";
        };
        Gateway: {
            data_center: string;
            /** @example gw_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /**
             * Format: int64
             * @description Requests it has in flight
             */
            in_flight: number;
            /** @description It reported a moment ago */
            live: boolean;
            name: string;
            /**
             * Format: int64
             * @description Of the routes it follows
             */
            routes_version: number;
            /**
             * Format: date-time
             * @description Its last report
             */
            seen_at?: string;
        };
        GatewayReport: {
            ended?: boolean;
            inflight?: {
                [key: string]: number;
            };
            load?: {
                [key: string]: components["schemas"]["EndpointLoad"];
            };
            run?: string;
            /** Format: int64 */
            version?: number;
        } & {
            [key: string]: unknown;
        };
        Health: {
            /** @description In the life of the GPU */
            aggregate: components["schemas"]["Errors"];
            /** Format: date-time */
            at: string;
            /** @description PCI address: 00000000:07:00.0 */
            bus_id: string;
            /** @description Of its processors, MHz */
            clock: components["schemas"]["ReadingInt"];
            driver: string;
            /** @description Memory errors are corrected now */
            ecc_current: components["schemas"]["ReadingBool"];
            /** @description They will be after the next reset */
            ecc_pending: components["schemas"]["ReadingBool"];
            /** @description Version of its image */
            inforom?: string;
            /** @description Its InfoROM is whole; the counters of its life are not to be trusted otherwise */
            inforom_valid: components["schemas"]["ReadingBool"];
            /** @description The driver cannot reach it */
            lost?: boolean;
            memory: components["schemas"]["Memory"];
            /** @description MHz */
            memory_clock: components["schemas"]["ReadingInt"];
            /** @description Degrees Celsius */
            memory_temperature: components["schemas"]["ReadingInt"];
            /** @description It is cut into slices */
            mig: components["schemas"]["ReadingBool"];
            /** @description Watts */
            power: components["schemas"]["ReadingFloat64"];
            /** @description As the driver names it: NVIDIA A100-SXM4-80GB */
            product: string;
            /** @description What the driver says is to be done: 0 nothing, 1 reset the GPU, 2 reboot the node, 3 drain peer traffic, 4 drain and reset */
            recovery: components["schemas"]["ReadingInt"];
            remap: components["schemas"]["Remap"];
            /** @description A repair of a memory channel or of a TPC takes effect at the next reset */
            repair_pending: components["schemas"]["ReadingBool"];
            /** @description The driver does nothing with it before a reset */
            reset_required?: boolean;
            retired: components["schemas"]["Retired"];
            /** @description Of the board; some boards share one among their GPUs */
            serial?: string;
            /** @description The uncorrectable errors of its SRAM are past NVIDIA's limit */
            sram_threshold: components["schemas"]["ReadingBool"];
            /** @description Degrees Celsius */
            temperature: components["schemas"]["ReadingInt"];
            /** @description The driver's bits for why clocks are low; see Throttled */
            throttle: components["schemas"]["ReadingUint64"];
            uuid: string;
            vbios?: string;
            /** @description Since the driver was loaded */
            volatile: components["schemas"]["Errors"];
        };
        Holder: {
            command?: string;
            /** @description The engine's ID of the container it is in */
            container?: string;
            /** @description If the container is one of Kelvin's */
            lease_id?: string;
            /**
             * Format: int64
             * @description Of the GPU; 0: unknown
             */
            memory_bytes?: number;
            /** @description It only watches the GPU: in the way of a reset, of nothing else */
            monitor?: boolean;
            /** Format: int64 */
            pid: number;
        };
        Host: {
            /** @description Where gateways reach the ports of its containers */
            address?: string;
            /** @description Its agent has a tunnel to this server, for logs and stats */
            connected: boolean;
            data_center: string;
            /** @description Bytes where it keeps images and data */
            disk: components["schemas"]["Disk"];
            /** @description How far it has been emptied. Not in lists */
            drain?: components["schemas"]["Drain"];
            /**
             * Format: date-time
             * @description When its lease ends unless it is renewed
             */
            expires_at?: string;
            /**
             * @description How its containers get GPUs: by name through CDI; by NVIDIA's hook, and can lose them again; not at all; or they are simulated
             * @enum {string}
             */
            gpu_access?: "cdi" | "nvidia" | "none" | "simulated";
            gpus: components["schemas"]["GPUCounts"];
            /** @example hst_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /** @description The driver: docker or sim */
            machine?: string;
            /**
             * @description spot: its provider may take it away
             * @enum {string}
             */
            market: "on-demand" | "spot";
            name: string;
            /** @description That it is taken away */
            notice?: components["schemas"]["Notice"];
            /**
             * @description Who sells it
             * @example aws
             */
            provider?: string;
            /** Format: date-time */
            retired_at?: string;
            /**
             * Format: date-time
             * @description Last renewal of its lease
             */
            seen_at?: string;
            /** @description Its GPUs are declared, not found */
            simulated: boolean;
            /** @enum {string} */
            state: "ready" | "lost" | "cordoned" | "draining" | "drained" | "joining" | "retired" | "preempted" | "warned";
            /** @description Of its agent */
            version?: string;
            /**
             * @description Of the provider. Provider, type of GPU and zone are the pool that it is taken back with
             * @example us-east-1a
             */
            zone?: string;
        };
        HostDrain: {
            /**
             * Format: int64
             * @description Instances that leave at a time
             * @default 2
             */
            parallel?: number;
        };
        HostNotice: {
            /** @description null: none, or it was withdrawn */
            notice?: components["schemas"]["NoticeReport"];
        } & {
            [key: string]: unknown;
        };
        HostOrder: {
            every: string;
            grace: string;
            host_id: string;
            leases: components["schemas"]["LeaseOrder"][];
            /** Format: date-time */
            now: string;
            scrub?: string[];
            ttl: string;
        };
        HostPreempt: {
            /** @description Until the host is gone, up to 24h. Default 30s */
            in?: string;
            /**
             * @description preempt: it goes. rebalance: it may go soon; nobody knows when
             * @default preempt
             * @enum {string}
             */
            kind?: "preempt" | "rebalance";
        };
        HostReport: {
            address?: string;
            archives?: boolean;
            certificate_key?: string;
            containers?: components["schemas"]["ContainerReport"][];
            disk?: components["schemas"]["Disk"];
            gpu_access?: string;
            gpus?: components["schemas"]["GPUReport"][];
            health?: {
                [key: string]: unknown;
            }[];
            machine?: string;
            market?: string;
            /** Format: int64 */
            port_first?: number;
            /** Format: int64 */
            port_last?: number;
            provider?: string;
            scrubs?: boolean;
            simulated?: boolean;
            version?: string;
            volumes?: boolean;
            zone?: string;
        } & {
            [key: string]: unknown;
        };
        HostRetire: {
            /** @description Discard data that is kept there for owners whose servers were recovered elsewhere. Without it such a host is not retired */
            discard_kept?: boolean;
        };
        Installation: {
            /**
             * Format: date-time
             * @description Set by Kelvin: what you send is ignored
             */
            attached_at?: string;
            /**
             * @description Of a built-in template, or one of your own
             * @example ssh
             */
            name: string;
            /** @description By name; those left out have their defaults */
            parameters?: {
                [key: string]: string;
            };
            spec: components["schemas"]["TemplateSpec"];
            /** @description Names what it did when it was attached. Set by Kelvin: what you send is ignored */
            version?: string;
        };
        Instance: {
            /** @description Of its host */
            address?: string;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When the open operation is undone unless it is past its point of no return
             */
            deadline?: string;
            /** @description Of a worker; absent for a server */
            endpoint_id?: string;
            /**
             * Format: int64
             * @description One more with every placement
             */
            epoch: number;
            /** @description Of a worker that does not serve any more: why */
            failure?: components["schemas"]["Failure"];
            gpus: components["schemas"]["InstanceGPU"][];
            /**
             * @description Of a stopped one: whether it keeps its GPUs and the ports of its host
             * @enum {string}
             */
            hold?: "reserved" | "none";
            /** @description Where it lives; absent when it lives nowhere */
            host_id?: string;
            /** @example ins_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /** @description What hosts keep of it where it does not live any more */
            kept?: components["schemas"]["Kept"][];
            /** @description Operations that it accepts now */
            legal: string[];
            /**
             * @description Of the host where it lives, or is to live. spot: its provider may take that away
             * @enum {string}
             */
            market: "on-demand" | "spot";
            name: string;
            /** @description The open operation */
            operation_id?: string;
            /** @description Those of its spec, and where each is reached */
            ports: components["schemas"]["InstancePort"][];
            /** @description Its probe has passed, and nothing holds its traffic. Without ports: it runs */
            ready: boolean;
            /** @description Why it is where it is, when nobody asked for it */
            reason?: string;
            /**
             * Format: int64
             * @description Of the endpoint's spec that a worker runs
             */
            revision?: number;
            /**
             * Format: date-time
             * @description When the state was entered
             */
            since: string;
            /** @description Of a frozen one: the snapshot that it is restored from */
            snapshot_id?: string;
            spec: components["schemas"]["InstanceSpec"];
            /**
             * @description Where it is
             * @enum {string}
             */
            state: "deleted" | "deleting" | "failed" | "freezing" | "frozen" | "lost" | "migrating" | "provisioning" | "recovering" | "resetting" | "restarting" | "running" | "starting" | "stopped" | "stopping" | "terminated" | "terminating" | "thawing" | "updating";
            /**
             * @description Where it is heading; its state, when it is settled
             * @enum {string}
             */
            target: "deleted" | "deleting" | "failed" | "freezing" | "frozen" | "lost" | "migrating" | "provisioning" | "recovering" | "resetting" | "restarting" | "running" | "starting" | "stopped" | "stopping" | "terminated" | "terminating" | "thawing" | "updating";
            /** Format: date-time */
            updated_at: string;
            /**
             * @description Where requests to the first port of a server go, wherever it lives
             * @example http://ins-06f2r3k8x9m4n5p6q7s8t9v0w1.us-east.localhost:8081
             */
            url?: string;
        };
        InstanceCreate: {
            /** @description Start command, run by the shell. Default: the image's entrypoint and command */
            command?: string;
            /**
             * Format: double
             * @description CPU limit; 0: the host's default
             */
            cpus?: number;
            /**
             * @description Where it runs. Default: the only data center, or us-east
             * @example us-east
             */
            data_center?: string;
            /**
             * @description Where a server's own disk is mounted; it outlives restarts
             * @example /workspace
             */
            disk_path?: string;
            /**
             * @description How long a stop waits for requests in flight. Default 60s, at most 1h
             * @example 60s
             */
            drain_timeout?: string;
            /** @description Environment variables. CUDA_VISIBLE_DEVICES and names beginning with NVIDIA_ or KELVIN_ are ours */
            env?: {
                [key: string]: string;
            };
            /**
             * @description GPU type; empty: any
             * @example a100-80gb
             */
            gpu_type?: string;
            /**
             * Format: int64
             * @description Number of GPUs, all on one host
             */
            gpus?: number;
            /**
             * @description Container image, name:tag or name@digest
             * @example kelvin/echo:latest
             */
            image: string;
            /** @description Your own labels, at most 32 */
            labels?: {
                [key: string]: string;
            };
            /**
             * @description Hosts that it is placed on. spot: cheaper ones, which their provider may take away. Default: on-demand
             * @enum {string}
             */
            market?: "on-demand" | "spot";
            /**
             * Format: int64
             * @description Memory limit in MiB; 0: the host's default
             */
            memory_mb?: number;
            /**
             * @description Where the volume is mounted
             * @example /data
             */
            mount_path?: string;
            /**
             * @description Unique among the account's servers
             * @example notebook
             */
            name: string;
            /** @description Ports of the container that are published, each at an address that stays. The first is that of the URL, and is probed by HTTP if probe_path is set */
            ports?: number[];
            /**
             * @description Path whose answer below 500 says that it is ready. Default: / for workers, none for servers
             * @example /health
             */
            probe_path?: string;
            /** @description Refuse terminate and reset until this is taken off */
            protected?: boolean;
            /** @description Mount the root filesystem read-only, with a writable /tmp */
            read_only?: boolean;
            /**
             * @description When a server's host is lost: auto recovers it elsewhere from its newest snapshot, wait leaves it to you. Default auto
             * @example auto
             * @enum {string}
             */
            recover?: "auto" | "wait";
            /**
             * @description Shell that runs the start command
             * @default /bin/sh
             */
            shell?: string;
            /**
             * @description Interval of automatic snapshots of a running server; 0: none. At least 5m
             * @example 1h
             */
            snapshot_every?: string;
            /**
             * @description How long it may take, once it runs, until its probe is answered. Default 45m, at least 1s, at most 45m
             * @example 5m
             */
            start_timeout?: string;
            /**
             * @description Between the signal to end and the kill. Default 10s, at most 10m
             * @example 10s
             */
            stop_timeout?: string;
            /** @description Templates that are installed in it. The ports they want are added to ports */
            templates?: components["schemas"]["Attachment"][];
            /** @description Network volume */
            volume?: string;
        };
        InstanceFreeze: {
            /**
             * Format: int64
             * @description Bytes a second that are copied at most, at least 65536; 0: as fast as it goes
             * @example 104857600
             */
            rate_limit?: number;
        };
        InstanceGPU: {
            id: string;
            /**
             * Format: int64
             * @description Its place on the host
             */
            index: number;
            simulated: boolean;
            /** @example a100-80gb */
            type: string;
            /** @description The driver's name for it */
            uuid: string;
        };
        InstanceMigrate: {
            /** @description The only host that will do; for operators of the fleet. Default: any that fits */
            host_id?: string;
            /**
             * Format: int64
             * @description Bytes a second that are copied at most, at least 65536; 0: as fast as it goes
             * @example 104857600
             */
            rate_limit?: number;
            /** @description Give it its data without testing the GPUs of a new place first. It is back up to a minute earlier, perhaps on a GPU that corrupts what it computes. It is recorded */
            skip_gpu_tests?: boolean;
            /** @description When there is no place for it, wait in the queue, up to 30 days. Default: end undone with exhausted */
            wait?: boolean;
        };
        InstancePatch: {
            /** @description Refuse terminate and reset until this is taken off */
            protected: boolean;
        };
        InstancePlace: {
            /** @description The only host that will do; for operators of the fleet. Default: any that fits */
            host_id?: string;
            /** @description Give it its data without testing the GPUs of a new place first. It is back up to a minute earlier, perhaps on a GPU that corrupts what it computes. It is recorded */
            skip_gpu_tests?: boolean;
            /** @description When there is no place for it, wait in the queue, up to 30 days. Default: end undone with exhausted */
            wait?: boolean;
        };
        InstancePort: {
            /**
             * @description Where this port of a server is reached over TCP, wherever the server lives, until it is terminated
             * @example ins-06f2r3k8x9m4n5p6q7s8t9v0w1.us-east.example.com:10000
             */
            address?: string;
            /**
             * Format: int64
             * @description Port inside the container
             */
            container: number;
            /**
             * Format: int64
             * @description Port on its host; absent while it lives nowhere, and another one where it lives next
             */
            host?: number;
        };
        InstanceRecover: {
            /** @description The only host that will do; for operators of the fleet. Default: any that fits */
            host_id?: string;
            /** @description Give it its data without testing the GPUs of a new place first. It is back up to a minute earlier, perhaps on a GPU that corrupts what it computes. It is recorded */
            skip_gpu_tests?: boolean;
            /** @description The snapshot to bring it back from. Default: its newest whole one; where its host answers, the data it has */
            snapshot_id?: string;
            /** @description When there is no place for it, wait in the queue, up to 30 days. Default: end undone with exhausted */
            wait?: boolean;
        };
        InstanceReset: {
            /** @description The instance's name */
            confirm: string;
            /**
             * @description Take a snapshot first, and keep it this long: a reset to it undoes this one. 0s, the default: none. At most 2160h, 90 days
             * @example 168h
             */
            keep?: string;
            /** @description Restore this snapshot. Default: install the image anew */
            snapshot_id?: string;
        };
        InstanceSpec: {
            /** @description Start command, run by the shell. Default: the image's entrypoint and command */
            command?: string;
            /**
             * Format: double
             * @description CPU limit; 0: the host's default
             */
            cpus?: number;
            /**
             * @description Where it runs. Default: the only data center, or us-east
             * @example us-east
             */
            data_center: string;
            /**
             * @description Where a server's own disk is mounted; it outlives restarts
             * @example /workspace
             */
            disk_path?: string;
            /**
             * @description How long a stop waits for requests in flight. Default 60s, at most 1h
             * @example 60s
             */
            drain_timeout?: string;
            /** @description Environment variables. CUDA_VISIBLE_DEVICES and names beginning with NVIDIA_ or KELVIN_ are ours */
            env?: {
                [key: string]: string;
            };
            /**
             * @description GPU type; empty: any
             * @example a100-80gb
             */
            gpu_type?: string;
            /**
             * Format: int64
             * @description Number of GPUs, all on one host
             */
            gpus: number;
            /**
             * @description Container image, name:tag or name@digest
             * @example kelvin/echo:latest
             */
            image: string;
            /** @description Your own labels, at most 32 */
            labels?: {
                [key: string]: string;
            };
            /**
             * @description Hosts that it is placed on. spot: cheaper ones, which their provider may take away. Default: on-demand
             * @enum {string}
             */
            market?: "on-demand" | "spot";
            /**
             * Format: int64
             * @description Memory limit in MiB; 0: the host's default
             */
            memory_mb?: number;
            /**
             * @description Where the volume is mounted
             * @example /data
             */
            mount_path?: string;
            /** @description Ports of the container that are published, each at an address that stays. The first is that of the URL, and is probed by HTTP if probe_path is set */
            ports?: number[];
            /**
             * @description Path whose answer below 500 says that it is ready. Default: / for workers, none for servers
             * @example /health
             */
            probe_path?: string;
            /** @description Refuse terminate and reset until this is taken off */
            protected?: boolean;
            /** @description Mount the root filesystem read-only, with a writable /tmp */
            read_only?: boolean;
            /**
             * @description When a server's host is lost: auto recovers it elsewhere from its newest snapshot, wait leaves it to you. Default auto
             * @example auto
             * @enum {string}
             */
            recover?: "auto" | "wait";
            /**
             * @description Shell that runs the start command
             * @default /bin/sh
             */
            shell?: string;
            /**
             * @description Interval of automatic snapshots of a running server; 0: none. At least 5m
             * @example 1h
             */
            snapshot_every?: string;
            /**
             * @description How long it may take, once it runs, until its probe is answered. Default 45m, at least 1s, at most 45m
             * @example 5m
             */
            start_timeout?: string;
            /**
             * @description Between the signal to end and the kill. Default 10s, at most 10m
             * @example 10s
             */
            stop_timeout?: string;
            /** @description Templates that are installed in it. The ports they want are added to ports */
            templates?: components["schemas"]["Attachment"][];
            /** @description Network volume */
            volume?: string;
        };
        InstanceStop: {
            /**
             * @description What it keeps besides its disk. reserved, the default: its GPUs and the ports of its host, and it is back in seconds. none: nothing, and a start places it anew, with a copy of its disk where that is another host
             * @enum {string}
             */
            hold?: "reserved" | "none";
        };
        InstanceTerminate: {
            /** @description The instance's name */
            confirm: string;
            /**
             * @description Keep its data this long, as a snapshot from which a server can be made. 0s erases it at once. Default: 168h for one that is frozen or lost and has a snapshot, 0s for others. At most 2160h, 90 days
             * @example 168h
             */
            keep?: string;
        };
        Kept: {
            host_id: string;
            /**
             * @description Names it, to let go of it
             * @example op_06f2r3k8x9m4n5p6q7s8t9v0w1
             */
            lease_id: string;
            /**
             * Format: date-time
             * @description When the server was recovered elsewhere
             */
            since: string;
        };
        Lease: {
            Bare: boolean;
            /** Format: int64 */
            Epoch: number;
            Expired: boolean;
            HostID: string;
            ID: string;
            InstanceID: string;
            Kept: boolean;
        };
        LeaseOrder: {
            /** Format: int64 */
            epoch: number;
            halt?: boolean;
            instance_id: string;
            lease_id: string;
            run: boolean;
        };
        ListController: {
            items: components["schemas"]["Controller"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListDataCenter: {
            items: components["schemas"]["DataCenter"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListDiagnosis: {
            items: components["schemas"]["Diagnosis"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListEndpoint: {
            items: components["schemas"]["Endpoint"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListEndpointKey: {
            items: components["schemas"]["EndpointKey"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListEvent: {
            items: components["schemas"]["Event"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListFailure: {
            items: components["schemas"]["Failure"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListGPU: {
            items: components["schemas"]["GPU"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListGPUEvent: {
            items: components["schemas"]["GPUEvent"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListGPUFault: {
            items: components["schemas"]["GPUFault"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListGateway: {
            items: components["schemas"]["Gateway"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListHost: {
            items: components["schemas"]["Host"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListInstance: {
            items: components["schemas"]["Instance"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListOperation: {
            items: components["schemas"]["Operation"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListQuickDeploy: {
            items: components["schemas"]["QuickDeploy"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListRevision: {
            items: components["schemas"]["Revision"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListScaleDecision: {
            items: components["schemas"]["ScaleDecision"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListSchedule: {
            items: components["schemas"]["Schedule"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListSnapshot: {
            items: components["schemas"]["Snapshot"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListTemplate: {
            items: components["schemas"]["Template"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        ListVolume: {
            items: components["schemas"]["Volume"][];
            /** @description Pass it as after to get the next page; absent at the end */
            next?: string;
        };
        LoadMoment: {
            /**
             * Format: date-time
             * @description When it begins
             */
            at: string;
            /**
             * Format: int64
             * @description Workers that there should be, at its end
             */
            desired: number;
            /**
             * Format: double
             * @description Answers of 500 and above in a second, of workers and of the gateway
             */
            errors: number;
            /**
             * Format: int64
             * @description The most requests at workers at a time
             */
            in_flight: number;
            /**
             * Format: double
             * @description Time that half of the requests that ended took no longer than, in seconds; absent when none ended
             */
            p50?: number;
            /**
             * Format: double
             * @description The same for 95 of 100
             */
            p95?: number;
            /**
             * Format: int64
             * @description The most requests that waited at a time
             */
            queued: number;
            /**
             * Format: int64
             * @description Workers that answered, at its end
             */
            ready: number;
            /**
             * Format: double
             * @description That arrived in a second
             */
            requests: number;
            /** @description Somebody looked. Otherwise nothing is known of it, and the numbers are 0 */
            seen: boolean;
            /**
             * Format: int64
             * @description Workers on their way, at its end
             */
            starting: number;
        };
        LoadSeries: {
            endpoint_id: string;
            /** @description Oldest first, without gaps */
            points: components["schemas"]["LoadMoment"][];
            /**
             * Format: date-time
             * @description When the first point begins
             */
            since: string;
            /** @example 5s */
            step: string;
            /**
             * Format: date-time
             * @description When the last one ends
             */
            until: string;
        };
        Me: {
            /** @description Its name */
            account: string;
            account_id: string;
            /** @description The account operates the fleet: it sees hosts, GPUs and gateways */
            fleet: boolean;
            key_id: string;
            /** @enum {string} */
            role: "viewer" | "operator" | "owner";
            /** @description This is a simulated fleet */
            simulated: boolean;
            temporal_ui?: string;
            version: string;
        };
        Memory: {
            reserved: components["schemas"]["ReadingUint64"];
            total: components["schemas"]["ReadingUint64"];
            used: components["schemas"]["ReadingUint64"];
        };
        Mismatch: {
            /** @description Those that still differ when it is read once more */
            again?: number[];
            /** @description Those that differ, 0 to 127, lowest first */
            bits: number[];
            /** @description The same word failed in a later pass */
            hard?: boolean;
            /**
             * Format: int64
             * @description Of the word in the memory under test, in bytes
             */
            offset: number;
            pattern: string;
            /** @description Both halves of what differs, in hexadecimal */
            xor: string[];
        };
        Notice: {
            /** @description The key of the operator */
            actor?: string;
            /**
             * Format: date-time
             * @description When Kelvin heard of it
             */
            at: string;
            /**
             * Format: date-time
             * @description When the host is gone
             */
            deadline?: string;
            /** @description The provider's */
            id?: string;
            /**
             * @description preempt: the host goes at the deadline. rebalance: it may go soon
             * @enum {string}
             */
            kind: "preempt" | "rebalance";
            /**
             * @description Where it comes from: the instance metadata of a provider, something on the host, or an operator
             * @enum {string}
             */
            source: "aws" | "gcp" | "azure" | "hook" | "operator";
        };
        NoticeReport: {
            id?: string;
            kind?: string;
            /** @description Until the host is gone */
            left?: string;
            source?: string;
        } & {
            [key: string]: unknown;
        };
        Occupant: {
            account_id: string;
            /** @description Of a worker */
            endpoint_id?: string;
            /** @example ins_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            instance_id: string;
            /** @description It lives elsewhere; only data that its owner decides about lies there */
            kept?: boolean;
            name: string;
            /** @description Open on it */
            operation_id?: string;
            /** @description Why it is still there */
            reason: string;
            /** @enum {string} */
            state: "deleted" | "deleting" | "failed" | "freezing" | "frozen" | "lost" | "migrating" | "provisioning" | "recovering" | "resetting" | "restarting" | "running" | "starting" | "stopped" | "stopping" | "terminated" | "terminating" | "thawing" | "updating";
        };
        Operation: {
            /** Format: date-time */
            accepted_at: string;
            /** @description Who asked: a key, the autoscaler, a schedule, the monitor */
            actor: string;
            /** Format: date-time */
            begun_at?: string;
            cancel_requested: boolean;
            /**
             * @description Why it did not end done
             * @enum {string}
             */
            code?: "invalid" | "unauthenticated" | "forbidden" | "not_found" | "conflict" | "fenced" | "cancelled" | "unsupported" | "unhealthy" | "timeout" | "exhausted" | "unavailable" | "internal";
            /**
             * Format: date-time
             * @description When it is undone unless it is past its point of no return
             */
            deadline?: string;
            /**
             * @description For which the instance did not run, of one that is done and interrupts it
             * @example 1.2s
             */
            downtime?: string;
            /** Format: date-time */
            ended_at?: string;
            /**
             * @description Until it ends, judged likewise, and by its own rate of copying
             * @example 2m30s
             */
            eta?: string;
            /** @example op_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /**
             * @description Of the resource
             * @enum {string}
             */
            kind: "instance" | "endpoint";
            message?: string;
            /**
             * Format: int64
             * @description That were copied, of one that has ended
             */
            moved_bytes?: number;
            /**
             * @description What it does
             * @example stop
             */
            name: string;
            /** @description What it was asked with, besides its resource */
            params?: components["schemas"]["Params"];
            /**
             * Format: double
             * @description How far it is as a whole, 0 to 99, judged by how long earlier ones took; absent when nobody can tell: it waits, it is being undone, or none has come that far here yet
             */
            percent?: number;
            /** @description The current step, for people */
            phase?: string;
            /** @description Of the running step; not in lists */
            progress?: components["schemas"]["Progress"];
            /**
             * Format: int64
             * @description In the queue for a place, from 1; absent when it does not wait
             */
            queue_position?: number;
            resource_id: string;
            resource_name?: string;
            /** @enum {string} */
            state: "pending" | "running" | "done" | "undone" | "stuck";
            steps: components["schemas"]["Step"][];
            /** @description Why it is not getting on; absent when it is */
            stuck?: string;
            /** @description The workflow in Temporal's UI */
            temporal_url?: string;
            /** @description What to do when it is stuck */
            way_out?: string;
        };
        OperationRetry: {
            /** @description The instance's name; needed by a reset and a terminate, as the first time */
            confirm?: string;
        };
        Param: {
            /** @description Of a choice: what it can be. Of a text: some that are known */
            choices?: string[];
            default?: string;
            /** @description The variable that it sets */
            env: string;
            help?: string;
            /** @enum {string} */
            kind: "text" | "choice" | "number" | "secret";
            /**
             * Format: int64
             * @description Of a number
             */
            max?: number;
            /**
             * Format: int64
             * @description Of a number
             */
            min?: number;
            /** @example model */
            name: string;
            title: string;
        };
        Params: {
            /** @description Of stop: none when GPUs and ports go back */
            hold?: string;
            /** @description Of migrate, thaw, start and recover: the only host that will do */
            host_id?: string;
            /** @description Of reset and terminate: how long what was there can be had back */
            keep?: string;
            /**
             * Format: int64
             * @description Of copies, bytes a second
             */
            rate_limit?: number;
            /**
             * Format: int64
             * @description Of an endpoint's spec that update moves to
             */
            revision?: number;
            /** @description Its GPUs are not tested before they get the data, because its owner said so */
            skip_gpu_tests?: boolean;
            /** @description Of create, reset and recover: what is restored */
            snapshot_id?: string;
            /** @description For a place, when there is none */
            wait?: boolean;
        };
        Phase: {
            /**
             * Format: int64
             * @description Read and written
             */
            bytes: number;
            /**
             * Format: int64
             * @description Words that did not hold what was written
             */
            found?: number;
            /** Format: double */
            gbps: number;
            name: string;
            /** Format: double */
            seconds: number;
        };
        Plan: {
            /** @description The operation would be accepted now */
            allowed: boolean;
            /**
             * Format: int64
             * @description That would be copied; absent when it copies nothing, or nobody knows how much
             */
            bytes?: number;
            /** @description Where that is known from: a snapshot, or an earlier operation */
            bytes_from?: string;
            /** @description Of an operation that needs a place, and of a stop that gives one back */
            capacity?: components["schemas"]["PlanCapacity"];
            /** @description It copies the server's data */
            copies: boolean;
            /** @description How long the server is expected not to run, of an operation after which it runs again */
            downtime?: components["schemas"]["PlanTime"];
            /** @description Where the server lives now */
            from_host_id?: string;
            /** @description What others may have afterwards */
            gives_back: ("disk" | "gpus" | "host_ports")[];
            /** @description Where it would live then; absent when that is nowhere, or nobody has room */
            host_id?: string;
            instance_id: string;
            /** @description What it has afterwards */
            keeps: ("disk" | "root_filesystem" | "gpus" | "host_ports" | "addresses")[];
            /** @description What is gone afterwards */
            loses: ("memory" | "connections")[];
            /** @example migrate */
            operation: string;
            /** @description Ports of its host that would be others. Its URL and addresses stay */
            ports: components["schemas"]["PlanPort"][];
            /** @description Why it would not */
            reason?: string;
            /** @description How long it is expected to take, without waiting for a place; absent when nobody knows */
            total?: components["schemas"]["PlanTime"];
        };
        PlanCapacity: {
            /** @description There is a place at this moment; for a stop with nothing held: besides the one it gives back */
            now: boolean;
            /**
             * Format: int64
             * @description How many servers like it would fit in its data center at this moment
             */
            places: number;
            /** @description Why there is none */
            reason?: string;
            /**
             * Format: int64
             * @description Operations that wait in the queue for the same GPUs
             */
            waiting: number;
        };
        PlanMemory: {
            /**
             * Format: int64
             * @description Keys and values of one request of the full context. More memory serves more at a time
             */
            cache_mb: number;
            /** @description The model is not known: its size is what its name says */
            guessed?: boolean;
            /**
             * Format: int64
             * @description Of the driver and of the server, on all GPUs of a worker together
             */
            overhead_mb: number;
            /** Format: int64 */
            total_mb: number;
            /** Format: int64 */
            weights_mb: number;
        };
        PlanPort: {
            /** Format: int64 */
            container: number;
            /**
             * Format: int64
             * @description Port on its host, now or when it had one
             */
            from?: number;
            /**
             * Format: int64
             * @description Port on the host where it would live
             */
            to: number;
        };
        PlanPrice: {
            /**
             * Format: int64
             * @description The active workers: the least while it is started
             */
            active_hour_micros?: number;
            /** @example USD */
            currency: string;
            /** @description Prices that nobody has set: they are made up */
            example?: boolean;
            /**
             * Format: int64
             * @description All workers that it may have: the most
             */
            max_hour_micros?: number;
            /**
             * Format: int64
             * @description One worker; absent without a price
             */
            worker_hour_micros?: number;
        };
        PlanTime: {
            /** @example 2m30s */
            duration: string;
            /**
             * Format: int64
             * @description Earlier operations of its kind that this comes from, the server's own if it has any; 0: none was done yet, and it is a default (100 MiB/s, 10s besides copying, 5s of downtime)
             */
            measured: number;
        };
        PlanType: {
            /** @description The model fits on the GPUs of a worker */
            fits: boolean;
            /**
             * Format: int64
             * @description GPUs that nobody has now
             */
            free: number;
            market: string;
            /**
             * Format: int64
             * @description Of one GPU
             */
            memory_mb: number;
            /**
             * Format: int64
             * @description Per GPU, in micro-units of the currency; absent without a price
             */
            per_hour_micros?: number;
            /** @example a100-80gb */
            type: string;
        };
        PortRoute: {
            /** Format: int64 */
            port: number;
            target?: string;
        };
        Price: {
            /** @description Where; absent: everywhere else */
            data_center?: string;
            /** @example a100-80gb */
            gpu_type: string;
            /** @enum {string} */
            market: "on-demand" | "spot";
            /**
             * Format: int64
             * @description Per GPU and hour, in micro-units of the currency
             * @example 1190000
             */
            per_hour_micros: number;
        };
        PriceList: {
            /**
             * @description ISO 4217 code
             * @example USD
             */
            currency: string;
            /** @description Prices that nobody has set: they are made up */
            example?: boolean;
            prices: components["schemas"]["Price"][];
        };
        Problem: {
            /**
             * @description What went wrong, for programs
             * @enum {string}
             */
            code: "invalid" | "unauthenticated" | "forbidden" | "not_found" | "conflict" | "fenced" | "cancelled" | "unsupported" | "unhealthy" | "timeout" | "exhausted" | "unavailable" | "internal";
            /** @description What went wrong, for people */
            detail: string;
            /** @description What is wrong with the request, field by field */
            fields?: components["schemas"]["FieldError"][];
            /** @description The operation that is in the way */
            operation?: string;
            /** @description Say it when you ask for help */
            request_id: string;
            /** Format: int64 */
            status: number;
            /** @description The HTTP status in words */
            title: string;
            /**
             * @description urn:kelvin:problem: and the code
             * @example urn:kelvin:problem:invalid
             */
            type: string;
        };
        Progress: {
            /**
             * Format: int64
             * @description How often the step is being tried, from 2
             */
            attempt?: number;
            /**
             * Format: int64
             * @description Bytes, or things
             */
            done?: number;
            /**
             * Format: int64
             * @description Until the step ends, judged by its rate, or its pace so far
             */
            eta_seconds?: number;
            /** @description How the attempt before ended */
            failure?: string;
            message?: string;
            /**
             * Format: double
             * @description 0 to 100; absent when it is not known
             */
            percent?: number;
            /**
             * Format: int64
             * @description Bytes a second, of late
             */
            rate?: number;
            /** Format: int64 */
            total?: number;
        };
        Published: {
            /**
             * Format: int64
             * @description Port inside the container
             */
            container: number;
            /**
             * Format: int64
             * @description Port on the host
             */
            host: number;
        };
        QuickDeploy: {
            description: string;
            /** @description Environment variables that you should look at before you deploy */
            fill: string[];
            /** @example echo */
            name: string;
            /** @description What to choose before deploying */
            params: components["schemas"]["Param"][];
            spec: components["schemas"]["EndpointSpec"];
            title: string;
            /** @description It is run by our own tests; otherwise it is a starting point that nobody has run there */
            verified: boolean;
        };
        ReadingBanks: {
            /** @description Why it could not be read */
            error?: string;
            /** @description This GPU or its driver has no such value */
            unsupported?: boolean;
            /** @description What was read */
            value?: components["schemas"]["Banks"];
        };
        ReadingBool: {
            /** @description Why it could not be read */
            error?: string;
            /** @description This GPU or its driver has no such value */
            unsupported?: boolean;
            /** @description What was read */
            value?: boolean;
        };
        ReadingFloat64: {
            /** @description Why it could not be read */
            error?: string;
            /** @description This GPU or its driver has no such value */
            unsupported?: boolean;
            /**
             * Format: double
             * @description What was read
             */
            value?: number;
        };
        ReadingInt: {
            /** @description Why it could not be read */
            error?: string;
            /** @description This GPU or its driver has no such value */
            unsupported?: boolean;
            /**
             * Format: int64
             * @description What was read
             */
            value?: number;
        };
        ReadingUint64: {
            /** @description Why it could not be read */
            error?: string;
            /** @description This GPU or its driver has no such value */
            unsupported?: boolean;
            /**
             * Format: int64
             * @description What was read
             */
            value?: number;
        };
        Remap: {
            banks: components["schemas"]["ReadingBanks"];
            /** @description Rows, for errors that were corrected */
            corrected: components["schemas"]["ReadingUint64"];
            /** @description One could not be done: the board is to be returned */
            failed: components["schemas"]["ReadingBool"];
            /** @description One takes effect at the next reset */
            pending: components["schemas"]["ReadingBool"];
            /** @description Rows, for errors that were not */
            uncorrected: components["schemas"]["ReadingUint64"];
        };
        RequestSpec: {
            /**
             * Format: int64
             * @description Requests in flight that one worker gets at the most; more wait. Default: target_concurrency
             */
            concurrency_limit?: number;
            /**
             * @description How long an answer, a stream or a WebSocket may stand still. Default: no limit
             * @example 5m
             */
            idle_timeout?: string;
            /** @description Requests must bear one of the endpoint's keys (kelvin endpoint key) */
            keys?: boolean;
            /**
             * Format: int64
             * @description Largest request body in bytes. Default: the gateway's
             */
            max_body?: number;
            /**
             * Format: int64
             * @description Requests that may wait for a worker, at each gateway. Default 1000
             */
            queue_max?: number;
            /**
             * @description How long a request may wait for a worker. Default 2m
             * @example 2m
             */
            queue_timeout?: string;
            /**
             * @description How long a request may take in all, once a worker has it. Default: no limit
             * @example 10m
             */
            timeout?: string;
        };
        Result: {
            /** @description The first pass read before anything was written */
            audited: boolean;
            /**
             * Format: double
             * @description A plain copy on the device in the same run
             */
            copy_gbps?: number;
            /**
             * Format: double
             * @description Covered of usable
             */
            coverage: number;
            /**
             * Format: int64
             * @description Of it, what was tested
             */
            covered_bytes: number;
            /**
             * Format: int64
             * @description Error of the CUDA driver that ended it, such as 214
             */
            cuda?: number;
            /** Format: date-time */
            ended_at: string;
            /** @description Why it is not whole */
            error?: string;
            /**
             * Format: double
             * @description The best phase's rate in 10⁹ bytes a second
             */
            gbps?: number;
            /** @description It could not even be killed */
            hung?: boolean;
            /** @description It did not end in time, and was killed */
            killed?: boolean;
            /**
             * @description Of a test; a scrub has none
             * @enum {string}
             */
            level?: "none" | "counters" | "quick" | "standard" | "rigorous";
            /**
             * Format: int64
             * @description Degrees Celsius; 0: unknown
             */
            max_memory_temperature?: number;
            /**
             * Format: int64
             * @description 16-byte words that did not hold what was written
             */
            mismatches: number;
            /**
             * Format: int64
             * @description Read and written
             */
            moved_bytes: number;
            /**
             * Format: double
             * @description What the product's memory can do; 0: unknown
             */
            peak_gbps?: number;
            phases: components["schemas"]["Phase"][];
            /** @description The first 64 */
            records?: components["schemas"]["Mismatch"][];
            /**
             * Format: int64
             * @description 16-byte words that were not zero then
             */
            remanent_words: number;
            /** Format: int64 */
            seed: number;
            /** @description A scrub's: shared memory of every processor was overwritten */
            shared_memory_cleared?: boolean;
            /** @description The GPU is simulated, and its rates are made up */
            simulated?: boolean;
            /** Format: date-time */
            started_at: string;
            /**
             * Format: int64
             * @description Memory without what the driver reserves
             */
            usable_bytes: number;
        };
        Retired: {
            double_bit: components["schemas"]["ReadingUint64"];
            pending: components["schemas"]["ReadingBool"];
            single_bit: components["schemas"]["ReadingUint64"];
        };
        Revision: {
            /** @description Who asked for it */
            actor?: string;
            /**
             * Format: int64
             * @description The revision that ran when it was asked for
             */
            base?: number;
            /** @description Against base, field by field. Values of environment variables are masked */
            changes: components["schemas"]["Change"][];
            /**
             * @description Why it was withdrawn
             * @enum {string}
             */
            code?: "invalid" | "unauthenticated" | "forbidden" | "not_found" | "conflict" | "fenced" | "cancelled" | "unsupported" | "unhealthy" | "timeout" | "exhausted" | "unavailable" | "internal";
            /**
             * Format: date-time
             * @description When it was asked for
             */
            created_at: string;
            message?: string;
            /** @description That moves the endpoint to it */
            operation_id?: string;
            /**
             * Format: date-time
             * @description When a worker that was made for it was ready first; absent if none has been, as of one that replaces no worker
             */
            ready_at?: string;
            /**
             * Format: int64
             * @description Of a rollback: the revision whose spec it has
             */
            restores?: number;
            /** Format: int64 */
            revision: number;
            /** @description Not in lists */
            spec?: components["schemas"]["EndpointSpec"];
            /** @description pending: asked for. rolling: its workers take the place of older ones. current: it is what the endpoint runs. replaced: by a newer one. withdrawn: it could not be, or somebody cancelled it */
            state: string;
        };
        Rollout: {
            /**
             * Format: date-time
             * @description When it is taken back unless it is done. Time that it is paused is not counted
             */
            deadline?: string;
            /**
             * Format: int64
             * @description The revision that ran before
             */
            from: number;
            /** @example 2 of 5 workers on revision 7, 3 on older ones */
            message: string;
            /** @description Workers that are as the revision wants them */
            new: components["schemas"]["Workers"];
            /** @description Workers that are not, and will be replaced */
            old: components["schemas"]["Workers"];
            operation_id?: string;
            /** Format: date-time */
            paused_at?: string;
            paused_by?: string;
            /**
             * Format: int64
             * @description That it moves to; the one that runs, when it is done
             */
            revision: number;
            /** Format: date-time */
            started_at?: string;
            /** @enum {string} */
            state: "rolling" | "paused" | "done";
            /** @description Why it is not getting on */
            trouble?: components["schemas"]["Trouble"];
            /**
             * Format: int64
             * @description Workers in all, as the autoscaler last said
             */
            wanted: number;
        };
        Routes: {
            closed?: boolean;
            endpoints: components["schemas"]["EndpointRoute"][];
            servers: components["schemas"]["ServerRoute"][];
            /** Format: int64 */
            version: number;
        };
        ScaleDecision: {
            /** Format: date-time */
            at: string;
            /**
             * Format: int64
             * @description Workers that were made
             */
            created?: number;
            endpoint_id: string;
            /**
             * Format: int64
             * @description Workers that were wanted before
             */
            from: number;
            /** @example dec_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /** @description What it rested on */
            inputs: components["schemas"]["ScaleInputs"];
            /** @description For people */
            reason: string;
            /** @description IDs of the workers that were removed; each drains first */
            removed?: string[];
            /**
             * @description The rule that bound it
             * @example growth
             */
            rule: string;
            /**
             * Format: int64
             * @description Counts the endpoint's decisions
             */
            seq: number;
            /**
             * Format: int64
             * @description Workers that are wanted since. The same as from when workers are only replaced
             */
            to: number;
            /** @description What each rule had to say */
            votes: components["schemas"]["ScaleVote"][];
        };
        ScaleInputs: {
            /**
             * Format: int64
             * @description Workers that are always there
             */
            active: number;
            /** @description The evaluator's load was the reason, and not something that happened to a worker or to the spec */
            evaluated: boolean;
            /**
             * Format: int64
             * @description Workers that could not be made, one after the other
             */
            failures?: number;
            /**
             * Format: int64
             * @description Requests at workers
             */
            in_flight: number;
            /** @description Every gateway had reported. Without that nothing is removed */
            known: boolean;
            /**
             * Format: date-time
             * @description When the load was seen; absent when nobody has seen it
             */
            load_at?: string;
            /**
             * Format: int64
             * @description Workers at the most
             */
            max: number;
            /** @description The rules it went by */
            policy: string;
            /**
             * Format: int64
             * @description Requests that waited for a worker
             */
            queued: number;
            /**
             * Format: double
             * @description Requests that arrived in a second
             */
            rate: number;
            /**
             * Format: int64
             * @description Workers that answered
             */
            ready: number;
            /**
             * Format: int64
             * @description Of the endpoint's spec
             */
            revision: number;
            /**
             * Format: double
             * @description Mean time of a request, in seconds; absent when none has ended yet
             */
            service_seconds?: number;
            /**
             * Format: int64
             * @description Workers that were on their way
             */
            starting: number;
            /**
             * Format: int64
             * @description Requests in flight that a worker is meant for
             */
            target: number;
        };
        ScaleVote: {
            /** @description How it came to that */
            note?: string;
            /**
             * @description The rule
             * @example growth
             */
            rule: string;
            /**
             * Format: int64
             * @description Workers that it asks for, or allows at the most
             */
            total: number;
        };
        Scaling: {
            /** Format: date-time */
            at: string;
            /**
             * Format: int64
             * @description Workers that growth allows now
             */
            cap: number;
            /**
             * Format: date-time
             * @description When another number of workers was wanted last
             */
            changed_at?: string;
            endpoint_id: string;
            load: components["schemas"]["ScalingLoad"];
            /**
             * Format: date-time
             * @description When the same load would lead to another number; absent when it would not
             */
            next_at?: string;
            /** @description For people */
            reason: string;
            /**
             * @description The rule that binds now
             * @example hold
             */
            rule: string;
            /** @description What its policy and its spec come to */
            rules: components["schemas"]["ScalingSpec"];
            /** @description It is started, so that its number of workers follows its load */
            scaled: boolean;
            /** @description What each rule has to say */
            votes: components["schemas"]["ScaleVote"][];
            /**
             * Format: int64
             * @description Workers that the load asks for, before any limit
             */
            want: number;
            workers: components["schemas"]["ScalingWorkers"];
        };
        ScalingLoad: {
            /**
             * Format: int64
             * @description Requests at workers
             */
            in_flight: number;
            /** @description All gateways have reported just now. Otherwise nothing is removed */
            known: boolean;
            /**
             * Format: date-time
             * @description Since when that has been so, within the last two minutes
             */
            known_since?: string;
            /**
             * Format: date-time
             * @description Within the last hour
             */
            last_request_at?: string;
            /**
             * Format: int64
             * @description The most requests at once within hold
             */
            peak: number;
            /**
             * Format: int64
             * @description Requests that wait for a worker
             */
            queued: number;
            /**
             * Format: double
             * @description Requests that arrive in a second
             */
            rate: number;
            /**
             * @description The time in which they were counted
             * @example 10s
             */
            rate_over?: string;
            /**
             * Format: double
             * @description Mean time of a request; absent when none has ended yet
             */
            service_seconds?: number;
        };
        ScalingSpec: {
            /**
             * @description Starting workers are cancelled when nothing in this time has wanted them, 1s to 50s; -1s: never. default: -1s, fast: 7s
             * @example 10s
             */
            cancel_after?: string;
            /**
             * Format: int64
             * @description Workers that leave at a time; -1: no limit. default: 1, fast: -1
             */
            down_count?: number;
            /**
             * Format: int64
             * @description Share of the workers that leaves at a time at the most, in percent; one may always leave. Both: 100
             */
            down_percent?: number;
            /**
             * @description Time in which a queue should be gone, 1s to 1h. default: 60s, fast: 23s
             * @example 60s
             */
            drain?: string;
            /**
             * @description How long use must be low before a worker leaves, 60s to 24h. Both: 60s
             * @example 60s
             */
            hold?: string;
            /**
             * Format: int64
             * @description Use is low when the load fits at this share of the target on fewer workers, in percent. default: 70, fast: 78
             */
            low_percent?: number;
            /**
             * Format: int64
             * @description Arrivals that a rate rests on at least: its window widens until it has them, to 60 s, and a queue of fewer may take up to three times drain; -1: none. default: -1, fast: 60
             */
            min_arrivals?: number;
            /**
             * @description The rules: default (documented limits) or fast (no limit on growth, gives back sooner). Default: default
             * @enum {string}
             */
            policy?: "default" | "fast";
            /**
             * Format: int64
             * @description Growth at the most in 60 s, in percent of what there was; -1: no limit. default: 200, fast: -1
             */
            up_percent?: number;
            /**
             * @description How long without any request before the last worker leaves, 60s to 24h. default: 60s, fast: 2m
             * @example 60s
             */
            zero_hold?: string;
        };
        ScalingWorkers: {
            /**
             * Format: int64
             * @description That are always there
             */
            active: number;
            /**
             * Format: int64
             * @description That there should be
             */
            desired: number;
            /**
             * Format: int64
             * @description At the most
             */
            max: number;
            /**
             * Format: int64
             * @description That answer
             */
            ready: number;
            /**
             * Format: int64
             * @description On their way
             */
            starting: number;
            /**
             * Format: int64
             * @description Requests in flight that each is meant for
             */
            target: number;
        };
        Schedule: {
            /** Format: date-time */
            created_at: string;
            /** @description What somebody has put otherwise, and is left alone until the window ends; not in lists */
            holds: components["schemas"]["ScheduleHold"][];
            /** @example sch_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /** @description One of its windows has begun and not ended */
            in_window: boolean;
            name: string;
            /** @description Its next times, five at the most; none while it is paused */
            next: components["schemas"]["ScheduleTime"][];
            /** @description Why it is paused */
            note?: string;
            /** @description What it did, the newest first, ten at the most; not in lists */
            runs: components["schemas"]["ScheduleRun"][];
            spec: components["schemas"]["ScheduleSpec"];
            /**
             * @description Whether it acts
             * @enum {string}
             */
            state: "active" | "paused" | "deleted";
            /** @description Temporal has it as it is here; otherwise it will in a moment */
            synced: boolean;
            /** @description The schedule in Temporal's UI */
            temporal_url?: string;
            /** Format: date-time */
            updated_at: string;
            /** @description Times of the coming year that a change of the clocks takes or doubles */
            warnings: string[];
            /**
             * Format: date-time
             * @description When that window ends
             */
            window_end?: string;
        };
        ScheduleCondition: {
            /**
             * @description It has been in its state for at least this long
             * @example 72h
             */
            for?: string;
            /**
             * @description It is in one of these states
             * @example [
             *       "stopped"
             *     ]
             */
            states?: ("deleted" | "deleting" | "failed" | "freezing" | "frozen" | "lost" | "migrating" | "provisioning" | "recovering" | "resetting" | "restarting" | "running" | "starting" | "stopped" | "stopping" | "terminated" | "terminating" | "thawing" | "updating")[];
        };
        ScheduleCreate: {
            /**
             * @description What is done; with when.from, at the beginning of each window. At its end follow start after stop, thaw after freeze, and end_active_workers
             * @enum {string}
             */
            action: "start" | "stop" | "freeze" | "thaw" | "set-active-workers";
            /**
             * Format: int64
             * @description Of set-active-workers: how many
             */
            active_workers?: number;
            /**
             * Format: int64
             * @description Of set-active-workers in windows: how many from their end on
             */
            end_active_workers?: number;
            /**
             * @description Act up to this much later, by chance. Default 0s, at most 1h
             * @example 5m
             */
            jitter?: string;
            /**
             * @description Unique among the account's schedules
             * @example nights
             */
            name: string;
            /** @description Leave alone what is not like this when the time comes. In windows: at their beginning */
            only_if?: components["schemas"]["ScheduleCondition"];
            /** @description What it acts on: exactly one of these */
            target: components["schemas"]["ScheduleTarget"];
            /**
             * @description Whose clocks the times are of: an IANA name
             * @example Europe/Berlin
             */
            time_zone: string;
            /** @description Exactly one of at, from and to, or cron */
            when: components["schemas"]["ScheduleTimes"];
        };
        ScheduleHold: {
            /** @description Who did */
            actor: string;
            /** @enum {string} */
            kind: "instance" | "endpoint";
            name?: string;
            resource_id: string;
            /**
             * Format: date-time
             * @description The end of the window
             */
            until: string;
        };
        SchedulePatch: {
            /**
             * @description What is done
             * @enum {string}
             */
            action?: "start" | "stop" | "freeze" | "thaw" | "set-active-workers";
            /**
             * Format: int64
             * @description Of set-active-workers: how many
             */
            active_workers?: number;
            /**
             * Format: int64
             * @description Of set-active-workers in windows: how many from their end on
             */
            end_active_workers?: number;
            /**
             * @description Act up to this much later, by chance
             * @example 5m
             */
            jitter?: string;
            /** @description A new name */
            name?: string;
            /** @description Leave alone what is not like this; {} takes the condition off */
            only_if?: components["schemas"]["ScheduleCondition"];
            /** @description What it acts on: exactly one of these */
            target?: components["schemas"]["ScheduleTarget"];
            /**
             * @description An IANA name
             * @example Europe/Berlin
             */
            time_zone?: string;
            /** @description Exactly one of at, from and to, or cron */
            when?: components["schemas"]["ScheduleTimes"];
        };
        SchedulePause: {
            /** @description Why, for people */
            note?: string;
        };
        ScheduleRun: {
            /**
             * Format: int64
             * @description Targets whose operation was accepted
             */
            accepted: number;
            /** @enum {string} */
            action: "start" | "stop" | "freeze" | "thaw" | "set-active-workers";
            /**
             * Format: int64
             * @description Of set-active-workers
             */
            active_workers?: number;
            /** @description Who triggered it; absent when it was time */
            actor?: string;
            /**
             * Format: date-time
             * @description When it was due; of a trigger, when that was
             */
            at: string;
            /** Format: date-time */
            begun_at?: string;
            /**
             * Format: int64
             * @description Targets that another operation holds; they are asked again for up to 15 minutes
             */
            busy: number;
            /**
             * @description Which of a window's two actions: that of its beginning, or of its end
             * @enum {string}
             */
            edge: "begin" | "end";
            /** Format: date-time */
            ended_at?: string;
            /**
             * Format: int64
             * @description Targets of which it could not be asked
             */
            refused: number;
            /**
             * Format: int64
             * @description Targets with nothing to do, or reason not to
             */
            skipped: number;
            /** @enum {string} */
            state: "pending" | "running" | "done" | "missed";
            /** @description The first 50, those that were not accepted or skipped before the others */
            targets: components["schemas"]["ScheduleRunTarget"][];
        };
        ScheduleRunTarget: {
            /**
             * @description Why it was refused
             * @enum {string}
             */
            code?: "invalid" | "unauthenticated" | "forbidden" | "not_found" | "conflict" | "fenced" | "cancelled" | "unsupported" | "unhealthy" | "timeout" | "exhausted" | "unavailable" | "internal";
            /** @enum {string} */
            kind: "instance" | "endpoint";
            /** @description Why it was not accepted */
            message?: string;
            name?: string;
            operation_id?: string;
            /**
             * @description How that ended; running until then
             * @enum {string}
             */
            operation_state?: "pending" | "running" | "done" | "undone" | "stuck";
            /** @enum {string} */
            outcome: "accepted" | "skipped" | "refused" | "busy";
            resource_id: string;
        };
        ScheduleSpec: {
            /**
             * @description What is done; with when.from, at the beginning of each window. At its end follow start after stop, thaw after freeze, and end_active_workers
             * @enum {string}
             */
            action: "start" | "stop" | "freeze" | "thaw" | "set-active-workers";
            /**
             * Format: int64
             * @description Of set-active-workers: how many
             */
            active_workers?: number;
            /**
             * Format: int64
             * @description Of set-active-workers in windows: how many from their end on
             */
            end_active_workers?: number;
            /**
             * @description Act up to this much later, by chance. Default 0s, at most 1h
             * @example 5m
             */
            jitter?: string;
            /** @description Leave alone what is not like this when the time comes. In windows: at their beginning */
            only_if?: components["schemas"]["ScheduleCondition"];
            /** @description What it acts on: exactly one of these */
            target: components["schemas"]["ScheduleTarget"];
            /**
             * @description Whose clocks the times are of: an IANA name
             * @example Europe/Berlin
             */
            time_zone: string;
            /** @description Exactly one of at, from and to, or cron */
            when: components["schemas"]["ScheduleTimes"];
        };
        ScheduleTarget: {
            /**
             * @description ID of an endpoint
             * @example ep_06f2r3k8x9m4n5p6q7s8t9v0w1
             */
            endpoint?: string;
            /**
             * @description ID of a server
             * @example ins_06f2r3k8x9m4n5p6q7s8t9v0w1
             */
            instance?: string;
            /**
             * @description Labels of the servers and endpoints: name=value and name!=value, with commas between, all of which must hold
             * @example team=ml,env!=prod
             */
            selector?: string;
        };
        ScheduleTime: {
            /** @enum {string} */
            action: "start" | "stop" | "freeze" | "thaw" | "set-active-workers";
            /**
             * Format: int64
             * @description Of set-active-workers
             */
            active_workers?: number;
            /**
             * Format: date-time
             * @description In UTC, without jitter
             */
            at: string;
            /**
             * @description By the clocks of its time zone
             * @example 2026-10-26T20:00:00+01:00
             */
            local: string;
        };
        ScheduleTimes: {
            /**
             * @description Time of day, HH:MM, from 00:00 to 23:59
             * @example 20:00
             */
            at?: string;
            /**
             * @description Minute, hour, day of the month, month, day of the week
             * @example 30 7 1,15 * mon-fri
             */
            cron?: string;
            /** @description Of at, or of from. Default: every day */
            days?: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
            /** @description Of to. Default: those of days, or the days after them if to is not later than from */
            end_days?: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
            /**
             * @description Time of day when windows begin
             * @example 20:00
             */
            from?: string;
            /**
             * @description Time of day when windows end
             * @example 08:00
             */
            to?: string;
        };
        ScheduleTrigger: {
            /**
             * @description With windows: the action of their beginning, or of their end. Default: what makes things as they are meant to be now
             * @enum {string}
             */
            edge?: "begin" | "end";
        };
        ScrubAnswer: {
            gpus: components["schemas"]["ScrubbedGPU"][];
        };
        ScrubbedGPU: {
            /** @description What the verdict saw, or why the scrub counts for nothing */
            message?: string;
            /** @enum {string} */
            outcome: "lost" | "hung" | "quarantine" | "reboot" | "reset_and_retest" | "inconclusive" | "pass_degraded" | "pass";
            /** @enum {string} */
            state?: "free" | "reserved" | "testing" | "assigned" | "scrubbing" | "resetting" | "quarantined" | "lost";
            uuid: string;
        };
        ServerRoute: {
            account_id: string;
            instance_id: string;
            open: boolean;
            ports: components["schemas"]["PortRoute"][];
            ready?: boolean;
        };
        SessionCreate: {
            /** @description An API key */
            key: string;
        };
        Signed: {
            /** @description ed25519, over the document's canonical JSON */
            algorithm: string;
            /** @description ID of the host's public key */
            key: string;
            /** @description The host's public key, in base64 */
            public_key?: string;
            /** @description In base64 */
            signature: string;
        };
        Snapshot: {
            /**
             * Format: int64
             * @description Of its disk and its root filesystem, without the image
             */
            bytes: number;
            /** Format: date-time */
            created_at: string;
            /** @description In whose archive it is; it can be restored there */
            data_center: string;
            /**
             * Format: date-time
             * @description When it is deleted; absent: not by itself
             */
            expires_at?: string;
            /** Format: int64 */
            files: number;
            /** @example snp_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /** @description The image below its root filesystem */
            image_id?: string;
            /** @description The server that it is of */
            instance_id: string;
            instance_name: string;
            /**
             * @description freeze: what a frozen server is restored from. migrate: on its way to another host. safety: undoes a reset or a terminate. auto: taken on the server's interval. manual: somebody asked for it
             * @enum {string}
             */
            kind: "freeze" | "migrate" | "safety" | "auto" | "manual";
            /** @description The operation that took it */
            operation_id?: string;
            /**
             * Format: date-time
             * @description It shows the data as of then
             */
            saved_at?: string;
            /**
             * @description ready: whole, and verified
             * @enum {string}
             */
            state: "saving" | "ready";
        };
        SnapshotRestore: {
            /**
             * @description Of the new server; unique among the account's servers
             * @example notebook
             */
            name: string;
        };
        SpotSpec: {
            /**
             * Format: int64
             * @description Workers that are on on-demand hosts always
             */
            base_on_demand?: number;
            /** @description On-demand workers stand in for spot workers that are missing. Default true */
            dynamic_fallback?: boolean;
            /**
             * @description on-demand: spot hosts are not used. spot: they are, as far as the fields beside say. Default: on-demand
             * @enum {string}
             */
            market?: "on-demand" | "spot";
            /**
             * Format: int64
             * @description Spot workers beyond what is wanted, as a hedge. Default: as many as pay, given the provider's notice and prices
             */
            spare?: number;
        };
        Stats: {
            /**
             * Format: double
             * @description Of one CPU
             */
            cpu_percent: number;
            /**
             * Format: double
             * @description MiB
             */
            memory_mb: number;
            /** Format: int64 */
            processes: number;
        };
        Step: {
            /**
             * @description How long it took; absent while it runs
             * @example 1.203s
             */
            duration?: string;
            /** Format: date-time */
            ended_at?: string;
            host_id?: string;
            message?: string;
            name: string;
            /** Format: date-time */
            started_at: string;
            /** @enum {string} */
            state: "running" | "done" | "failed";
            title: string;
            undo?: boolean;
        };
        Template: {
            /** @description It comes with Kelvin, and cannot be changed */
            built_in: boolean;
            /**
             * Format: date-time
             * @description Absent for a built-in one
             */
            created_at?: string;
            /** @description What it installs, and what it needs */
            description?: string;
            /** @example ssh */
            name: string;
            /** @description What may be set where it is attached */
            parameters?: components["schemas"]["TemplateParameter"][];
            /** @description Ports that a server publishes when it is attached */
            ports?: number[];
            /** @description Commands that run beside the image's own program, from every start on */
            services?: components["schemas"]["TemplateService"][];
            /** @description Commands that run once, in order. Steps and services together: at least one */
            steps?: components["schemas"]["TemplateStep"][];
            /**
             * @description For people
             * @example SSH server
             */
            title?: string;
            /**
             * Format: date-time
             * @description Absent for a built-in one
             */
            updated_at?: string;
            /** @description Of a built-in one: it is run by our own tests; otherwise it is a starting point */
            verified: boolean;
            /** @description Names what it does: servers keep the version that they were given */
            version: string;
        };
        TemplateCreate: {
            /** @description What it installs, and what it needs */
            description?: string;
            /**
             * @description Unique among the account's templates, and not a built-in one's: lower-case letters, digits and hyphens
             * @example tools
             */
            name: string;
            /** @description What may be set where it is attached */
            parameters?: components["schemas"]["TemplateParameter"][];
            /** @description Ports that a server publishes when it is attached */
            ports?: number[];
            /** @description Commands that run beside the image's own program, from every start on */
            services?: components["schemas"]["TemplateService"][];
            /** @description Commands that run once, in order. Steps and services together: at least one */
            steps?: components["schemas"]["TemplateStep"][];
            /**
             * @description For people
             * @example SSH server
             */
            title?: string;
        };
        TemplateParameter: {
            /** @description What it is when it is not set. A secret has none */
            default?: string;
            description?: string;
            /**
             * @description Lower-case letters, digits and hyphens. Commands find it as PARAM_NAME: the parameter api-key is PARAM_API_KEY
             * @example keys
             */
            name: string;
            /**
             * @description Regular expression (RE2) for the whole value. Default: anything
             * @example [0-9]+
             */
            pattern?: string;
            /** @description It must be set, and not empty */
            required?: boolean;
            /** @description It is blotted out of messages. At least 8 characters, unless it is empty */
            secret?: boolean;
        };
        TemplateService: {
            /**
             * @description Run by the server's shell. One that ends with another exit code than 0 within a second fails the start
             * @example exec /usr/sbin/sshd -D
             */
            command: string;
            /**
             * @description Lower-case letters, digits and hyphens
             * @example sshd
             */
            name: string;
        };
        TemplateSpec: {
            /** @description What it installs, and what it needs */
            description?: string;
            /** @description What may be set where it is attached */
            parameters?: components["schemas"]["TemplateParameter"][];
            /** @description Ports that a server publishes when it is attached */
            ports?: number[];
            /** @description Commands that run beside the image's own program, from every start on */
            services?: components["schemas"]["TemplateService"][];
            /** @description Commands that run once, in order. Steps and services together: at least one */
            steps?: components["schemas"]["TemplateStep"][];
            /**
             * @description For people
             * @example SSH server
             */
            title?: string;
        };
        TemplateStep: {
            /**
             * @description Run by the server's shell; anything but exit code 0 is a failure
             * @example apt-get update && apt-get install -y htop
             */
            command: string;
            /**
             * @description Lower-case letters, digits and hyphens
             * @example install
             */
            name: string;
            /**
             * @description How long it may take. Default 10m, 1s to 1h
             * @example 10m
             */
            timeout?: string;
        };
        Trouble: {
            /** @description Of the last failure */
            cause: string;
            last: components["schemas"]["Failure"];
            /** @description It happened three times or more, one after the other */
            loop: boolean;
            message: string;
            /**
             * Format: date-time
             * @description No worker is made before it; absent when it is past. A lack of capacity is tried again as soon as there is some
             */
            retry_at?: string;
            /** Format: date-time */
            since: string;
            /**
             * Format: int64
             * @description In a row
             */
            times: number;
            /**
             * @description For people
             * @example crash loop
             */
            word: string;
        };
        Verdict: {
            /** @description What is done about it */
            action: string;
            all?: string[];
            /** @description What the rule saw */
            message: string;
            /** @enum {string} */
            outcome: "lost" | "hung" | "quarantine" | "reboot" | "reset_and_retest" | "inconclusive" | "pass_degraded" | "pass";
            /** @description ID of the rule that decided: remap-failed */
            rule: string;
        };
        Volume: {
            /** Format: date-time */
            created_at: string;
            /** @example us-east */
            data_center: string;
            /**
             * Format: date-time
             * @description When somebody asked for its end
             */
            deleted_at?: string;
            /** @example vol_06f2r3k8x9m4n5p6q7s8t9v0w1 */
            id: string;
            /** @example models */
            name: string;
            /**
             * @description deleting: nobody gets it any more, its files are being erased
             * @enum {string}
             */
            state: "ready" | "deleting";
            /** @description Names of the endpoints and servers that have it, running or not */
            users: string[];
        };
        VolumeCreate: {
            /**
             * @description Where it is, and what mounts it. Default: us-east, or the only one
             * @example us-east
             */
            data_center?: string;
            /**
             * @description Lower-case letters, digits and hyphens; unique among the account's in the data center
             * @example models
             */
            name: string;
        };
        WorkerRoute: {
            address: string;
            draining?: boolean;
            instance_id: string;
        };
        Workers: {
            /**
             * Format: int64
             * @description Workers that answer
             */
            ready: number;
            /**
             * Format: int64
             * @description Workers that exist
             */
            total: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    collectArchive: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CollectOrder"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reportGPUEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GPUEvents"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventsAnswer"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    renewLease: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HostReport"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HostOrder"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getContainerSpec: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the lease, which is that of the operation that asked for it */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerSpec"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reportNotice: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HostNotice"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reportScrubs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GPUScrubbed"][];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScrubAnswer"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    openTunnel: {
        parameters: {
            query?: never;
            header: {
                /** @description websocket */
                Upgrade: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Switching Protocols */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    audit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Audit"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    repairAudit: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Audit"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listControllers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListController"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getController: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its data center */
                data_center: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Controller"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateController: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Its data center */
                data_center: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ControllerPatch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Controller"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stopController: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Its data center */
                data_center: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Controller"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startController: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Its data center */
                data_center: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Controller"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDataCenters: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListDataCenter"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    planEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EndpointPlanAsk"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EndpointPlan"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEndpoints: {
        parameters: {
            query?: {
                /** @description Only the one of this name */
                name?: string;
                /** @description Deleted ones, too */
                all?: boolean;
                /** @description Items on a page */
                limit?: number;
                /** @description The next of the page before */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListEndpoint"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createEndpoint: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EndpointCreate"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Endpoint"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteEndpoint: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateEndpoint: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EndpointPatch"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEndpointDecisions: {
        parameters: {
            query?: {
                /** @description Items on a page */
                limit?: number;
                /** @description The next of the page before */
                after?: string;
            };
            header?: never;
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListScaleDecision"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEndpointFailures: {
        parameters: {
            query?: {
                /** @description Items on a page */
                limit?: number;
                /** @description The next of the page before */
                after?: string;
            };
            header?: never;
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListFailure"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEndpointKeys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListEndpointKey"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createEndpointKey: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EndpointKeyCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Cache-Control"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EndpointKeyCreated"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteEndpointKey: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the endpoint */
                id: string;
                /** @description Of the key */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getEndpointLoad: {
        parameters: {
            query?: {
                /** @description How far back: a duration, up to 1h, or a time. Default 15m */
                since?: string;
                /** @description How long a point lasts: 5s to 10m, in whole 5s. Default 5s */
                step?: string;
            };
            header?: never;
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoadSeries"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getEndpointLogs: {
        parameters: {
            query?: {
                /** @description Only the last lines; 0: all */
                tail?: number;
                /** @description Go on with what is written from now on: of an instance until nothing of it runs any more, of an endpoint without end */
                follow?: boolean;
                /** @description Only what is not older: a duration, counted back from now, or a time */
                since?: string;
                /** @description Only what is older, in the same manner. Not with follow */
                until?: string;
                /** @description Begin each line with its time, in UTC */
                timestamps?: boolean;
            };
            header?: never;
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain; charset=utf-8": string;
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRevisions: {
        parameters: {
            query?: {
                /** @description Items on a page */
                limit?: number;
                /** @description The next of the page before: only revisions of lower numbers */
                after?: number;
            };
            header?: never;
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListRevision"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRevision: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the endpoint */
                id: string;
                /** @description Its number */
                revision: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Revision"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollbackEndpoint: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["EndpointRollback"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRollout: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rollout"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pauseRollout: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rollout"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resumeRollout: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rollout"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getEndpointScaling: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scaling"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startEndpoint: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stopEndpoint: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the endpoint */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /** @description Only those of this instance, endpoint, host, operation or schedule */
                resource?: string;
                /** @description Items on a page */
                limit?: number;
                /** @description The next of the page before */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListEvent"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watchEvents: {
        parameters: {
            query?: never;
            header?: {
                /** @description The last event that was received. Without it, events from now on */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["Event"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reportGateway: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GatewayReport"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRoutes: {
        parameters: {
            query?: {
                /** @description Of the routes that the gateway has; 0: none */
                version?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Routes"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listGateways: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListGateway"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getGPUDiagnosis: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the diagnosis */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DiagnosisReport"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listGPUs: {
        parameters: {
            query?: {
                /** @description Only those of this host */
                host?: string;
                /** @description Only those in this state */
                state?: "free" | "reserved" | "testing" | "assigned" | "scrubbing" | "resetting" | "quarantined" | "lost";
                /** @description Only those of this type */
                type?: string;
                /** @description Items on a page */
                limit?: number;
                /** @description The next of the page before */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListGPU"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getGPU: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the GPU */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GPUDetail"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelGPUCare: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the GPU */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GPUCare"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listGPUDiagnoses: {
        parameters: {
            query?: {
                /** @description Items on a page */
                limit?: number;
                /** @description The next of the page before */
                after?: string;
            };
            header?: never;
            path: {
                /** @description Of the GPU */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListDiagnosis"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listGPUEvents: {
        parameters: {
            query?: {
                /** @description Items on a page */
                limit?: number;
                /** @description The next of the page before */
                after?: string;
            };
            header?: never;
            path: {
                /** @description Of the GPU */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListGPUEvent"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    quarantineGPU: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the GPU */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GPUReason"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GPUDetail"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    releaseGPU: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the GPU */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GPUReason"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GPUDetail"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resetGPU: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the GPU */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["GPUTest"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GPUCare"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    scrubGPU: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the GPU */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GPUCare"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    testGPU: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the GPU */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["GPUTest"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GPUCare"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listHosts: {
        parameters: {
            query?: {
                /** @description Retired ones, too */
                all?: boolean;
                /** @description Only those of this market */
                market?: "on-demand" | "spot";
                /** @description Items on a page */
                limit?: number;
                /** @description The next of the page before */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListHost"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getHost: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the host */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cordonHost: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the host */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drainHost: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the host */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["HostDrain"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelDrain: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the host */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listFaults: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the host */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListGPUFault"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    injectFault: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the host */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GPUFaultOrder"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListGPUFault"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    healGPUs: {
        parameters: {
            query?: {
                /** @description Index of the GPU on its host, or its UUID. Default: all of them */
                gpu?: string;
            };
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the host */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListGPUFault"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    preemptHost: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the host */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["HostPreempt"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    spareHost: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the host */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retireHost: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the host */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["HostRetire"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    uncordonHost: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the host */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listInstances: {
        parameters: {
            query?: {
                /** @description Only the one of this name */
                name?: string;
                /** @description Only workers of this endpoint */
                endpoint?: string;
                /** @description Only servers, no workers */
                servers?: boolean;
                /** @description Only those in this state */
                state?: "deleted" | "deleting" | "failed" | "freezing" | "frozen" | "lost" | "migrating" | "provisioning" | "recovering" | "resetting" | "restarting" | "running" | "starting" | "stopped" | "stopping" | "terminated" | "terminating" | "thawing" | "updating";
                /** @description Terminated ones, too */
                all?: boolean;
                /** @description Items on a page */
                limit?: number;
                /** @description The next of the page before */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListInstance"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createInstance: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InstanceCreate"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getInstance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Instance"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteInstance: {
        parameters: {
            query: {
                /** @description The instance's name */
                confirm: string;
                /** @description As that of terminate */
                keep?: string;
            };
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateInstance: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InstancePatch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Instance"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    execInstance: {
        parameters: {
            query?: {
                /** @description The command and its arguments, a word each. Without it, a shell: bash if the image has it, or else sh */
                command?: string[];
                /** @description Give it a terminal; what is typed is its input */
                tty?: boolean;
                /** @description Without a terminal: give it the caller's input; otherwise it has none */
                stdin?: boolean;
                /** @description Of the terminal, at first */
                rows?: number;
                /** @description Of the terminal, at first */
                cols?: number;
                /** @description NAME=value, beside the instance's own variables and before them */
                env?: string[];
                /** @description Where it runs; default: the image's working folder */
                dir?: string;
                /** @description Who runs it; default: the image's user */
                user?: string;
            };
            header: {
                /** @description websocket */
                Upgrade: string;
            };
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Switching Protocols */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    copyFromInstance: {
        parameters: {
            query: {
                /** @description In the instance. A slash at its end follows a link, and asks for a folder */
                path: string;
            };
            header?: never;
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-tar": string;
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    copyToInstance: {
        parameters: {
            query: {
                /** @description In the instance. A slash at its end follows a link, and asks for a folder */
                path: string;
            };
            header?: never;
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-tar": string;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    statInstanceFile: {
        parameters: {
            query: {
                /** @description In the instance. A slash at its end follows a link, and asks for a folder */
                path: string;
            };
            header?: never;
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    freezeInstance: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["InstanceFreeze"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    releaseKept: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
                /** @description The lease under which it is kept */
                lease: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getInstanceLogs: {
        parameters: {
            query?: {
                /** @description Only the last lines; 0: all */
                tail?: number;
                /** @description Go on with what is written from now on: of an instance until nothing of it runs any more, of an endpoint without end */
                follow?: boolean;
                /** @description Only what is not older: a duration, counted back from now, or a time */
                since?: string;
                /** @description Only what is older, in the same manner. Not with follow */
                until?: string;
                /** @description Begin each line with its time, in UTC */
                timestamps?: boolean;
            };
            header?: never;
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain; charset=utf-8": string;
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    migrateInstance: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["InstanceMigrate"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    planOperation: {
        parameters: {
            query: {
                /** @description The operation to plan */
                operation: "start" | "stop" | "freeze" | "thaw" | "migrate";
                /** @description The only host that will do, as with the operation */
                host_id?: string;
                /** @description Of stop: what it keeps */
                hold?: "reserved" | "none";
            };
            header?: never;
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recoverInstance: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["InstanceRecover"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resetInstance: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InstanceReset"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    restartInstance: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createSnapshot: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Snapshot"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startInstance: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["InstancePlace"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getInstanceStats: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stats"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stopInstance: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["InstanceStop"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    attachTemplate: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
                /** @description Of the template */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Attach"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Instance"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    detachTemplate: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
                /** @description Of the template */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Instance"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    terminateInstance: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InstanceTerminate"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    thawInstance: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the instance */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["InstancePlace"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOperations: {
        parameters: {
            query?: {
                /** @description Only those on this instance or endpoint */
                resource?: string;
                /** @description Only those without an outcome */
                open?: boolean;
                /** @description Items on a page */
                limit?: number;
                /** @description The next of the page before */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListOperation"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOperation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the operation */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelOperation: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the operation */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOperationDiagnoses: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the operation */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListDiagnosis"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retryOperation: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the operation */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["OperationRetry"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watchOperation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the operation */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["Operation"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPrices: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceList"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listQuickDeploys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListQuickDeploy"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getQuickDeploy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the quick deploy */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuickDeploy"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSchedules: {
        parameters: {
            query?: {
                /** @description Only the one of this name */
                name?: string;
                /** @description Only those whose target this instance or endpoint is; those with a selector are not among them */
                resource?: string;
                /** @description Only those in this state */
                state?: "active" | "paused" | "deleted";
                /** @description Deleted ones, too */
                all?: boolean;
                /** @description Items on a page */
                limit?: number;
                /** @description The next of the page before */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListSchedule"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createSchedule: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScheduleCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSchedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the schedule */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteSchedule: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the schedule */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateSchedule: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the schedule */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SchedulePatch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pauseSchedule: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the schedule */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SchedulePause"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resumeSchedule: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the schedule */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    triggerSchedule: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the schedule */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ScheduleTrigger"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleRun"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    signIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SessionCreate"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSnapshots: {
        parameters: {
            query?: {
                /** @description Only those of this server */
                instance?: string;
                /** @description Items on a page */
                limit?: number;
                /** @description The next of the page before */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListSnapshot"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSnapshot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the snapshot */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Snapshot"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteSnapshot: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the snapshot */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    restoreSnapshot: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the snapshot */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SnapshotRestore"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTemplates: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListTemplate"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createTemplate: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TemplateCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Template"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTemplate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the template */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Template"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateTemplate: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the template */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TemplateSpec"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Template"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteTemplate: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the template */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listVolumes: {
        parameters: {
            query?: {
                /** @description Only those there */
                data_center?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListVolume"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createVolume: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VolumeCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Volume"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getVolume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the volume */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Volume"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteVolume: {
        parameters: {
            query?: never;
            header: {
                /** @description Repeat a request with the same key, and it has no second effect and the same answer */
                "Idempotency-Key": string;
            };
            path: {
                /** @description Of the volume */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Volume"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
