package gpu

// Seen is one line of what watching GPUs tells: that it has begun, that it goes on, or an
// event.
type Seen struct {
	Watching *Watching `json:"watching,omitempty"` // the first line, and then every few seconds
	Event    *Event    `json:"event,omitempty"`
	Mark     *Mark     `json:"mark,omitempty"` // of an event from the kernel's log
}

// Watching is what is being watched.
type Watching struct {
	GPUs   int    `json:"gpus"`          // that the driver reports events of
	Kernel bool   `json:"kernel"`        // its log is read, too
	Why    string `json:"why,omitempty"` // what is not watched, and why
}

// A Mark is a place in the kernel's log: what comes before has been seen.
type Mark struct {
	Boot     string `json:"boot"` // of the kernel
	Sequence uint64 `json:"sequence"`
}
