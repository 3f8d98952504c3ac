package cli

import (
	"time"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func llama() api.Endpoint {
	return api.Endpoint{
		ID: id("ep_", 1), Name: "llama", State: fleet.Running, Target: fleet.Running, Status: "2/2 Ready", Since: testNow.Add(-5 * time.Minute),
		Legal: []string{"stop", "update", "delete"}, URL: "http://ep-1.us-east.localhost:8081", Revision: 3, Workers: api.Workers{Total: 2, Ready: 2},
		CreatedAt: testNow.Add(-50 * time.Hour), UpdatedAt: testNow.Add(-5 * time.Minute),
		Spec: fleet.EndpointSpec{
			DataCenter: "us-east", ActiveWorkers: 2, MaxWorkers: 5, GPUsPerWorker: 2, GPUType: "a100-80gb", Image: "llama:3", Port: 8080,
			Command: "exec serve \\\n  --fast", Env: map[string]string{"MODEL": "llama", "A": "1"}, TargetConcurrency: 100, ProbePath: "/",
			DrainTimeout: fleet.DefaultDrainTimeout, Labels: map[string]string{"team": "ml"},
		},
	}
}

func stoppingEcho() api.Endpoint {
	e := llama()
	e.ID, e.Name, e.State, e.Target, e.Status = id("ep_", 2), "日本語 echo", fleet.Stopping, fleet.Stopped, "1/2 Stopping"
	e.OperationID, e.Spec.GPUType, e.URL, e.Legal = id("op_", 7), "", "", []string{"delete"}
	return e
}

func notebook() api.Instance {
	return api.Instance{
		ID: id("ins_", 1), Name: "notebook", State: fleet.Running, Target: fleet.Running, Since: testNow.Add(-time.Hour), Legal: []string{"stop", "restart", "terminate"},
		HostID: id("hst_", 1), Address: "10.0.0.7", URL: "http://ins-1.us-east.localhost:8081", Ports: []api.InstancePort{{Container: 8888, Host: 20001, Address: "localhost:10004"}}, Ready: true, Epoch: 1,
		GPUs:      []api.InstanceGPU{{ID: id("gpu_", 1), UUID: "GPU-abc", Type: "a100-80gb", Simulated: true}},
		CreatedAt: testNow.Add(-time.Hour), UpdatedAt: testNow.Add(-time.Hour),
		Spec: fleet.InstanceSpec{DataCenter: "us-east", Image: "jupyter", GPUs: 1, Ports: []int{8888}, DiskPath: "/workspace", Templates: []fleet.Attachment{
			{Name: "ssh", Parameters: map[string]string{"keys": "***"}, Version: "8a6b", AttachedAt: testNow.Add(-time.Hour)},
		}},
	}
}

func lostWorker() api.Instance {
	return api.Instance{
		ID: id("ins_", 2), Name: "llama-1", EndpointID: id("ep_", 1), State: fleet.Lost, Target: fleet.Lost, Since: testNow.Add(-30 * time.Second),
		Reason: "its host went silent", Legal: []string{"recover", "terminate"}, CreatedAt: testNow.Add(-26 * time.Hour), UpdatedAt: testNow,
		Spec: fleet.InstanceSpec{GPUs: 2, GPUType: "a100-80gb"},
	}
}

func stopOperation(state api.OperationState) api.Operation {
	o := api.Operation{
		ID: id("op_", 7), Kind: fleet.KindEndpoint, ResourceID: id("ep_", 1), ResourceName: "llama", Name: "stop", Actor: id("key_", 1),
		State: state, Steps: []api.Step{}, AcceptedAt: testNow.Add(-12 * time.Second),
	}
	switch state {
	case api.OperationPending:
		o.ResourceName = "" // as the server's 202 has it
	case api.OperationRunning:
		o.Phase, o.BegunAt, o.Deadline = "Drain requests", testNow.Add(-11*time.Second), testNow.Add(2*time.Hour)
		o.Steps = []api.Step{
			{Step: fleet.Step{Name: "HoldTraffic", Title: "Hold traffic", State: fleet.StepDone, StartedAt: testNow.Add(-11 * time.Second), EndedAt: testNow.Add(-10 * time.Second)}, Duration: fleet.Duration(time.Second)},
			{Step: fleet.Step{Name: "AwaitDrain", Title: "Drain requests", HostID: id("hst_", 1), State: fleet.StepRunning, StartedAt: testNow.Add(-10 * time.Second)}},
		}
		o.Progress = &api.Progress{Percent: 45, ETASeconds: 12, Message: "2 of 4 requests"}
	case api.OperationDone:
		o.EndedAt = testNow
	case api.OperationUndone:
		o.EndedAt, o.Code, o.Message = testNow, fleet.Exhausted, "no host has 2 free GPUs"
	case api.OperationStuck:
		o.EndedAt, o.Code, o.Message = testNow, fleet.Unavailable, "host a does not answer"
	}
	return o
}

func hostA() api.Host {
	return api.Host{
		ID: id("hst_", 1), Name: "a", DataCenter: "us-east", Address: "10.0.0.7", State: fleet.HostReady, Version: "v1", Machine: "docker", Simulated: true,
		Connected: true, Disk: fleet.Disk{Total: 500 << 30, Free: 123 << 30}, SeenAt: testNow.Add(-2 * time.Second), ExpiresAt: testNow.Add(13 * time.Second),
		GPUs: api.GPUCounts{Total: 8, Free: 3}, GPUAccess: fleet.AccessSimulated, Market: fleet.Spot, Provider: "aws", Zone: "us-east-1a",
	}
}

// stocked is a world with one of everything.
func stocked(w *world) *world {
	w.answers("GET /v1/endpoints", 200, page(llama(), stoppingEcho()))
	w.answers("GET /v1/endpoints/"+id("ep_", 1), 200, llama())
	w.answers("GET /v1/instances", 200, page(notebook(), lostWorker()))
	w.answers("GET /v1/instances/"+id("ins_", 1), 200, notebook())
	w.answers("GET /v1/instances/"+id("ins_", 1)+"/stats", 200, api.Stats{CPUPercent: 12.34, MemoryMB: 512.6, Processes: 9})
	w.answers("GET /v1/operations", 200, page(stopOperation(api.OperationRunning), stopOperation(api.OperationUndone)))
	w.answers("GET /v1/operations/"+id("op_", 7), 200, stopOperation(api.OperationRunning))
	w.answers("GET /v1/events", 200, page(api.Event{ID: id("evt_", 1), Name: "instance.stopped", InstanceID: id("ins_", 1), Actor: "autoscaler", Message: "\x1b[31mred\nline", At: testNow.Add(-90 * time.Second)}))
	w.answers("GET /v1/hosts", 200, page(hostA()))
	w.answers("GET /v1/hosts/"+id("hst_", 1), 200, hostA())
	w.answers("GET /v1/gpus", 200, page(
		api.GPU{ID: id("gpu_", 1), HostID: id("hst_", 1), UUID: "GPU-abcdef01-1111", Type: "a100-80gb", MemoryMB: 81920, State: fleet.GPUAssigned, Score: 100, InstanceID: id("ins_", 1), Simulated: true},
		api.GPU{ID: id("gpu_", 2), HostID: id("hst_", 1), Index: 1, UUID: "GPU-abcdef02-2222", Type: "h100-80gb", MemoryMB: 81920, State: fleet.GPUQuarantined, Reason: "Xid 79"}))
	w.answers("GET /v1/gpus/"+id("gpu_", 1), 200, badGPU())
	w.answers("GET /v1/gpus/"+id("gpu_", 1)+"/diagnoses", 200, page(quarantined(), diagnosed()))
	w.answers("GET /v1/gpus/"+id("gpu_", 1)+"/events", 200, page(xid48()))
	w.answers("GET /v1/gpu-diagnoses/"+id("dgn_", 1), 200, reported())
	w.answers("GET /v1/operations/"+id("op_", 7)+"/diagnoses", 200, page(diagnosed()))
	quick := api.QuickDeploy{
		Name: "vllm", Title: "vLLM", Description: "Serves a language model.", Fill: []string{"MODEL", "HF_TOKEN"},
		Spec: fleet.EndpointSpec{Image: "vllm:1", GPUsPerWorker: 1, Port: 8000, Env: map[string]string{"MODEL": "qwen", "HF_TOKEN": ""}},
	}
	w.answers("GET /v1/quick-deploys", 200, page(quick))
	w.answers("GET /v1/quick-deploys/vllm", 200, quick)
	ssh, _ := fleet.FindTemplate("ssh")
	ssh.Steps = ssh.Steps[:1]
	ssh.Description = "Lets the owners of the public keys in."
	ssh.Steps[0].Command, ssh.Services[0].Command = "apt-get update\napt-get install -y openssh-server", "exec sshd -D"
	builtIn := api.Template{Name: "ssh", BuiltIn: true, Version: "8a6b", TemplateSpec: ssh.TemplateSpec}
	own := api.Template{
		Name: "tools", Version: "17c0", CreatedAt: testNow.Add(-time.Hour), UpdatedAt: testNow.Add(-time.Minute),
		TemplateSpec: fleet.TemplateSpec{Title: "Tools", Steps: []fleet.TemplateStep{{Name: "install", Command: "true"}}}.Defaults(),
	}
	w.answers("GET /v1/templates", 200, page(builtIn, own))
	w.answers("GET /v1/templates/ssh", 200, builtIn)
	w.answers("GET /v1/templates/tools", 200, own)
	w.answers("GET /v1/data-centers", 200, page(api.DataCenter{Name: "us-east"}, api.DataCenter{Name: "eu-west"}))
	w.answers("GET /v1/me", 200, api.Me{AccountID: id("acc_", 1), Account: "dev", Role: fleet.Owner, Fleet: true, KeyID: id("key_", 1), Version: "v1", Simulated: true})
	return w
}
