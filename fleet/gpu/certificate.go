package gpu

import (
	"fmt"
	"strings"
	"time"
)

// Scrubbed is what a scrub did, and to which GPU: what a host signs.
type Scrubbed struct {
	Schema int    `json:"schema"` // SchemaVersion
	UUID   string `json:"uuid"`
	Result Result `json:"result"`
}

// A Certificate says for people and auditors what a scrub has proved, and what it has not.
type Certificate struct {
	Schema    int       `json:"schema"`
	UUID      string    `json:"uuid"`
	Serial    string    `json:"serial,omitempty" doc:"Of the board; some boards share one among their GPUs"`
	BusID     string    `json:"bus_id,omitempty"`
	Product   string    `json:"product,omitempty"`
	Driver    string    `json:"driver,omitempty"`
	Simulated bool      `json:"simulated,omitempty" doc:"The GPU is simulated: there was no memory to overwrite"`
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at"`

	Seed       uint64   `json:"seed" doc:"Of the noise that was written first"`
	Usable     uint64   `json:"usable_bytes" doc:"Memory without what the driver reserves"`
	Covered    uint64   `json:"covered_bytes" doc:"Overwritten with noise, then with zeros, and read back"`
	Coverage   float64  `json:"coverage" doc:"Covered of usable, 0 to 1"`
	Audited    bool     `json:"audited" doc:"Memory was read before anything was written"`
	Remanent   uint64   `json:"remanent_words" doc:"16-byte words that were not zero then"`
	Verified   uint64   `json:"verified_words" doc:"16-byte words that were read back as zero"`
	SharedMem  bool     `json:"shared_memory_cleared" doc:"The processors' shared memory was overwritten, too"`
	Outcome    Outcome  `json:"outcome"`
	Rule       string   `json:"rule" doc:"ID of the rule that decided"`
	NotCovered []string `json:"not_covered" doc:"What this does not prove, in plain words"`
}

// Certify makes the certificate of a scrub that has been proved. It fails for any other.
func Certify(s Scrubbed, d Device, v Verdict, simulated bool) (Certificate, error) {
	r := s.Result
	if !v.Passed() {
		return Certificate{}, fmt.Errorf("there is no certificate for a scrub that was not proved: %s", v.Message)
	}
	if r.found() > 0 || !r.Whole() || r.Covered == 0 || r.Covered > r.Usable {
		return Certificate{}, fmt.Errorf("there is no certificate for this scrub: it covered %d of %d bytes, and found %d words wrong", r.Covered, r.Usable, r.found())
	}
	c := Certificate{
		Schema: SchemaVersion, UUID: s.UUID, Serial: d.Serial, BusID: d.BusID, Product: d.Product, Driver: d.Driver, Simulated: simulated,
		StartedAt: r.StartedAt.UTC(), EndedAt: r.EndedAt.UTC(), Seed: r.Seed, Usable: r.Usable, Covered: r.Covered, Coverage: r.covered(),
		Audited: r.Audited, Remanent: r.Remanent, Verified: r.Covered / 16, SharedMem: r.SharedMem, Outcome: v.Outcome, Rule: v.Rule,
	}
	c.NotCovered = c.gaps(d.MIG || strings.HasPrefix(s.UUID, "MIG-"))
	return c, nil
}

// gaps are what a scrub does not prove.
func (c Certificate) gaps(slice bool) (all []string) {
	if c.Simulated {
		all = append(all, "This GPU is simulated: there was no memory to overwrite.")
	}
	all = append(all,
		fmt.Sprintf("%s of usable memory that no program can have: page tables, and what the scrub itself needed.", size(c.Usable-c.Covered)),
		"Memory that the driver and the GPU's firmware keep for themselves.",
		"Pages and rows that the GPU uses no more.")
	if c.SharedMem {
		all = append(all, "Registers and caches: only a reset clears them for certain.")
	} else {
		all = append(all, "Shared memory, registers and caches: only a reset clears them for certain.")
	}
	if slice {
		all = append(all, "Other slices of the same GPU.")
	}
	if !c.Audited {
		all = append(all, "What was in memory before: it was not read.")
	}
	return all
}

// size writes bytes for people.
func size(n uint64) string {
	switch {
	case n >= 1e12:
		return fmt.Sprintf("%.2f TB", float64(n)/1e12)
	case n >= 1e9:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	default:
		return fmt.Sprintf("%d bytes", n)
	}
}
