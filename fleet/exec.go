package fleet

// ExecProtocol is the name of the conversation that a WebSocket of exec carries: binary
// messages, each a frame. A frame's first byte says what it is, the rest is its data.
const ExecProtocol = "kelvin.exec.v1"

// The frames. Data is bytes as they are, or JSON where a type is named.
const (
	FrameStdin  byte = 0 // to the command: input
	FrameStdout byte = 1 // from the command: output; of a terminal, all that it shows
	FrameStderr byte = 2 // from the command: its other output; never of a terminal
	FrameExit   byte = 3 // the last frame, an Exit
	FrameResize byte = 4 // to the command: its terminal has another Size
	FrameEOF    byte = 5 // to the command: the input has ended; no data
	FrameTaken  byte = 6 // both ways, a Taken: what came has been used up
)

const (
	// ExecWindow is how many bytes of data may be under way in each direction: sent in
	// stdin, or in stdout and stderr, and not yet Taken. So neither side waits for the
	// other's reader to notice that it has gone.
	ExecWindow = 1 << 20
	// ExecFrame is the longest data of a frame.
	ExecFrame = 64 << 10
)

// Size is a terminal's, in characters.
type Size struct {
	Rows uint16 `json:"rows"`
	Cols uint16 `json:"cols"`
}

// Exit is how a command ended; with a Code, why nobody knows.
type Exit struct {
	ExitCode int    `json:"exit_code"`
	Code     Code   `json:"code,omitempty"`
	Detail   string `json:"detail,omitempty"`
}

// Taken is how much of the window is free again.
type Taken struct {
	Bytes int `json:"bytes"`
}
