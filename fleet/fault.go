package fleet

import "time"

// A GPUFault is something that is wrong with a simulated GPU because somebody wanted it so.
type GPUFault struct {
	GPU    string            `json:"gpu" doc:"UUID" example:"GPU-sim-0d0b7a1c-3f2e-4d5c-91b2-7a6c5d4e3f21"`
	Index  int               `json:"index" doc:"Of the GPU on its host, now"`
	Name   string            `json:"name" doc:"Of the kind of fault" example:"remap-pending"`
	Does   string            `json:"does" doc:"What it does, in a sentence"`
	Params map[string]string `json:"params" doc:"What was said about it; the rest is by default"`
	Since  time.Time         `json:"since"`
	Left   int               `json:"left,omitempty" doc:"How often it strikes yet; left out: as long as it is there"`
}

// A GPUFaultOrder asks for a fault.
type GPUFaultOrder struct {
	GPU    string            `json:"gpu" minLength:"1" maxLength:"128" doc:"Index of the GPU on its host, or its UUID" example:"0"`
	Name   string            `json:"name" minLength:"1" maxLength:"64" doc:"Of the kind of fault; kelvin sim fault ls lists them" example:"uncorrected-contained"`
	Params map[string]string `json:"params,omitempty" maxProperties:"16" doc:"What to do otherwise than by default" example:"{\"times\":\"2\"}"`
}
