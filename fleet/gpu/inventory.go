package gpu

// An Inventory is what a driver lists.
type Inventory struct {
	Driver  string   `json:"driver"`            // its version
	CUDA    string   `json:"cuda,omitempty"`    // the newest that it serves: 12.4
	Devices []Device `json:"devices"`           // by index
	Missing []Absent `json:"missing,omitempty"` // listed, and not to be reached
}

// An Absent is a place in the driver's list whose GPU it does not reach.
type Absent struct {
	Index int    `json:"index"`
	Lost  bool   `json:"lost,omitempty"` // it is off the bus
	Why   string `json:"why"`
}
