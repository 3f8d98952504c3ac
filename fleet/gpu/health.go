package gpu

import "time"

// Health is what the driver tells of one GPU at one time.
type Health struct {
	At      time.Time `json:"at"`
	UUID    string    `json:"uuid"`
	Serial  string    `json:"serial,omitempty" doc:"Of the board; some boards share one among their GPUs"`
	BusID   string    `json:"bus_id" doc:"PCI address: 00000000:07:00.0"`
	Product string    `json:"product" doc:"As the driver names it: NVIDIA A100-SXM4-80GB"`
	Driver  string    `json:"driver"`
	VBIOS   string    `json:"vbios,omitempty"`
	InfoROM string    `json:"inforom,omitempty" doc:"Version of its image"`

	MIG    Flag   `json:"mig" doc:"It is cut into slices"`
	Memory Memory `json:"memory"`

	ECCCurrent Flag   `json:"ecc_current" doc:"Memory errors are corrected now"`
	ECCPending Flag   `json:"ecc_pending" doc:"They will be after the next reset"`
	Volatile   Errors `json:"volatile" doc:"Since the driver was loaded"`
	Aggregate  Errors `json:"aggregate" doc:"In the life of the GPU"`

	Remap         Remap        `json:"remap"`
	Retired       Retired      `json:"retired"`
	SRAMThreshold Flag         `json:"sram_threshold" doc:"The uncorrectable errors of its SRAM are past NVIDIA's limit"`
	RepairPending Flag         `json:"repair_pending" doc:"A repair of a memory channel or of a TPC takes effect at the next reset"`
	Recovery      Reading[int] `json:"recovery" doc:"What the driver says is to be done: 0 nothing, 1 reset the GPU, 2 reboot the node, 3 drain peer traffic, 4 drain and reset"`
	InfoROMValid  Flag         `json:"inforom_valid" doc:"Its InfoROM is whole; the counters of its life are not to be trusted otherwise"`

	Temperature       Reading[int]     `json:"temperature" doc:"Degrees Celsius"`
	MemoryTemperature Reading[int]     `json:"memory_temperature" doc:"Degrees Celsius"`
	Power             Reading[float64] `json:"power" doc:"Watts"`
	Clock             Reading[int]     `json:"clock" doc:"Of its processors, MHz"`
	MemoryClock       Reading[int]     `json:"memory_clock" doc:"MHz"`
	Throttle          Counter          `json:"throttle" doc:"The driver's bits for why clocks are low; see Throttled"`

	Lost          bool `json:"lost,omitempty" doc:"The driver cannot reach it"`
	ResetRequired bool `json:"reset_required,omitempty" doc:"The driver does nothing with it before a reset"`
}

// Memory is a GPU's memory in bytes. What the driver reserves for itself is not usable, and
// not part of what is used.
type Memory struct {
	Total    Counter `json:"total"`
	Reserved Counter `json:"reserved"`
	Used     Counter `json:"used"`
}

// Errors are memory errors. DRAM is the big memory; SRAM the caches, registers and shared
// memory.
type Errors struct {
	Corrected       Counter `json:"corrected"`
	Uncorrected     Counter `json:"uncorrected"`
	CorrectedDRAM   Counter `json:"corrected_dram"`
	CorrectedSRAM   Counter `json:"corrected_sram"`
	UncorrectedDRAM Counter `json:"uncorrected_dram"`
	UncorrectedSRAM Counter `json:"uncorrected_sram"`
}

// Remap is how many rows of memory have been replaced by spare ones, from Ampere on.
type Remap struct {
	Corrected   Counter        `json:"corrected" doc:"Rows, for errors that were corrected"`
	Uncorrected Counter        `json:"uncorrected" doc:"Rows, for errors that were not"`
	Pending     Flag           `json:"pending" doc:"One takes effect at the next reset"`
	Failed      Flag           `json:"failed" doc:"One could not be done: the board is to be returned"`
	Banks       Reading[Banks] `json:"banks"`
}

// Banks are a GPU's memory banks by how many of their spare rows are left.
type Banks struct {
	Max     int `json:"max"`
	High    int `json:"high"`
	Partial int `json:"partial"`
	Low     int `json:"low"`
	None    int `json:"none"`
}

// Retired are pages of memory that are used no more, before Ampere.
type Retired struct {
	SingleBit Counter `json:"single_bit"`
	DoubleBit Counter `json:"double_bit"`
	Pending   Flag    `json:"pending"`
}

// The bits of Health.Throttle that cost bandwidth (nvmlClocksEventReasons).
const (
	ThrottleIdle         = 0x1
	ThrottlePowerCap     = 0x4
	ThrottleHWSlowdown   = 0x8
	ThrottleSyncBoost    = 0x10
	ThrottleSWThermal    = 0x20
	ThrottleHWThermal    = 0x40
	ThrottleHWPowerBrake = 0x80
)

// Throttled reports whether clocks are held down by power or heat, or nobody can tell.
func (h *Health) Throttled() bool {
	bits, ok := h.Throttle.Get()
	return !ok || bits&(ThrottlePowerCap|ThrottleHWSlowdown|ThrottleSWThermal|ThrottleHWThermal|ThrottleHWPowerBrake) != 0
}
