package nvidia

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/nvidia/wire"
)

// The limits of what kelvin-gpu is listened to.
const (
	maxDevices = 128
	maxSlices  = 64
	maxHolders = 10000
	maxSeen    = 64 << 10 // bytes of a line of watch
)

// decode reads one JSON value, and nothing after it.
func decode(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(into); err != nil {
		return nonsense(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nonsense(fmt.Errorf("more than one answer"))
	}
	return nil
}

// nonsense is the error of an answer that cannot be.
func nonsense(err error) error {
	return fleet.Errorf(fleet.Unavailable, "kelvin-gpu's answer makes no sense: %s", wire.Text(err.Error()))
}

// parseInventory reads the answer to inventory. UUIDs have their form, and are there once.
func parseInventory(b []byte) (gpu.Inventory, error) {
	var inv gpu.Inventory
	if err := decode(b, &inv); err != nil {
		return gpu.Inventory{}, err
	}
	if len(inv.Devices)+len(inv.Missing) > maxDevices {
		return gpu.Inventory{}, nonsense(fmt.Errorf("%d GPUs", len(inv.Devices)+len(inv.Missing)))
	}
	seen := map[string]bool{}
	for i := range inv.Devices {
		d := &inv.Devices[i]
		if err := checkDevice(d, seen); err != nil {
			return gpu.Inventory{}, nonsense(err)
		}
	}
	for i := range inv.Missing {
		inv.Missing[i].Why = wire.Text(inv.Missing[i].Why)
	}
	inv.Driver, inv.CUDA = wire.Text(inv.Driver), wire.Text(inv.CUDA)
	if inv.Devices == nil {
		inv.Devices = []gpu.Device{}
	}
	slices.SortFunc(inv.Devices, func(a, b gpu.Device) int { return a.Index - b.Index })
	return inv, nil
}

func checkDevice(d *gpu.Device, seen map[string]bool) error {
	if CheckUUID(d.UUID) != nil || seen[d.UUID] {
		return fmt.Errorf("UUID %.80q, or twice", d.UUID)
	}
	seen[d.UUID] = true
	if d.Index < 0 || d.Index >= maxDevices || d.MemoryMB < 0 || len(d.Slices) > maxSlices || len(d.Links) > maxDevices {
		return fmt.Errorf("GPU %s has index %d, %d MiB, %d slices, %d links", d.UUID, d.Index, d.MemoryMB, len(d.Slices), len(d.Links))
	}
	for _, s := range []*string{&d.Serial, &d.BusID, &d.Product, &d.Type, &d.Driver} {
		*s = wire.Text(*s)
	}
	for i := range d.Slices {
		s := &d.Slices[i]
		if CheckUUID(s.UUID) != nil || seen[s.UUID] || s.MemoryMB < 0 {
			return fmt.Errorf("slice %.80q, or twice", s.UUID)
		}
		seen[s.UUID], s.Profile = true, wire.Text(s.Profile)
	}
	for i := range d.Links {
		d.Links[i].Peer, d.Links[i].Path = wire.Text(d.Links[i].Peer), wire.Text(d.Links[i].Path)
	}
	return nil
}

// parseHealth reads the answer to health, which is of that GPU. Every value is there, or says
// why it is not.
func parseHealth(b []byte, uuid string) (gpu.Health, error) {
	var h gpu.Health
	if err := decode(b, &h); err != nil {
		return gpu.Health{}, err
	}
	if h.UUID != uuid || h.At.IsZero() {
		return gpu.Health{}, nonsense(fmt.Errorf("the health of %.80q", h.UUID))
	}
	for _, s := range []*string{&h.Serial, &h.BusID, &h.Product, &h.Driver, &h.VBIOS, &h.InfoROM} {
		*s = wire.Text(*s)
	}
	return h, nil
}

// parseHolders reads the answer to holders.
func parseHolders(b []byte) ([]gpu.Holder, error) {
	var all []gpu.Holder
	if err := decode(b, &all); err != nil {
		return nil, err
	}
	if len(all) > maxHolders {
		return nil, nonsense(fmt.Errorf("%d holders", len(all)))
	}
	for i := range all {
		h := &all[i]
		if h.PID < 0 {
			return nil, nonsense(fmt.Errorf("process %d", h.PID))
		}
		h.Command, h.Container, h.LeaseID = wire.Text(h.Command), wire.Text(h.Container), ""
	}
	return all, nil
}

// parseSeen reads one line of watch.
func parseSeen(line []byte) (gpu.Seen, error) {
	var s gpu.Seen
	if err := decode(line, &s); err != nil {
		return gpu.Seen{}, err
	}
	if (s.Watching == nil) == (s.Event == nil) {
		return gpu.Seen{}, nonsense(fmt.Errorf("a line with no event, or more than one"))
	}
	if s.Watching != nil {
		s.Watching.Why = wire.Text(s.Watching.Why)
		return s, nil
	}
	e := s.Event
	if e.At.IsZero() || e.Xid < 0 || e.UUID != "" && CheckUUID(e.UUID) != nil {
		return gpu.Seen{}, nonsense(fmt.Errorf("an event of %.80q", e.UUID))
	}
	e.Kind, e.Message, e.Source = gpu.EventKind(wire.Text(string(e.Kind))), wire.Text(e.Message), wire.Text(e.Source)
	return s, nil
}
