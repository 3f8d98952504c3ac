//go:build cgo && linux

package nvml

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// kinds are the events of the driver that are watched.
var kinds = []struct {
	bit     uint64
	kind    gpu.EventKind
	message string
}{
	{nvml.EventTypeXidCriticalError, gpu.EventXid, ""},
	{nvml.EventTypeSingleBitEccError, gpu.EventCorrected, ""},
	{nvml.EventTypeDoubleBitEccError, gpu.EventUncorrected, ""},
	{nvml.EventTypeSingleBitEccErrorStorm, gpu.EventCorrectedStorm, ""},
	{nvml.EventTypeDramRetirementEvent, gpu.EventRetired, ""},
	{nvml.EventTypeDramRetirementFailure, gpu.EventRetireFailed, ""},
	{nvml.EventTypeNonFatalPoisonError, gpu.EventUncorrected, "bad data was contained"},
	{nvml.EventTypeFatalPoisonError, gpu.EventUncorrected, "bad data was not contained"},
	{nvml.EventTypeGpuUnavailableError, gpu.EventUnavailable, ""},
	{nvml.EventTypeGpuRecoveryAction, gpu.EventRecovery, ""},
}

const (
	waitFor = time.Second     // for an event, before ctx is looked at
	lookAt  = 5 * time.Second // how often a GPU is asked what no event tells; and a sign of life
)

// WatchOptions says where to begin.
type WatchOptions struct {
	Kernel string   // its log: /dev/kmsg
	After  gpu.Mark // what has been seen of it
}

// Watch calls seen for what the driver reports of any GPU, and for what the kernel's log tells
// of it, which goes back to before the watch. It returns nil when ctx ends.
func (l *Library) Watch(ctx context.Context, o WatchOptions, seen func(gpu.Seen) error) error {
	inv, err := l.Inventory()
	if err != nil {
		return err
	}
	w := &watch{Library: l, seen: seen, bus: map[string]string{}, gone: map[string]bool{}, recovery: map[string]int{}, twice: twice{now: l.now}}
	for _, d := range inv.Devices {
		w.bus[d.BusID] = d.UUID
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var broken error // reading the kernel's log
	var state gpu.Watching
	log, err := openKernelLog(o.Kernel, l.proc)
	if err != nil {
		state.Why = "the kernel's log: " + err.Error()
	}
	set, watched := w.register()
	if set != nil {
		defer func() { _ = set.Free() }() // nobody uses it again
	}
	state.GPUs, state.Kernel = watched, log != nil
	if watched < len(inv.Devices) {
		state.Why = strings.Trim(fmt.Sprintf("the driver reports no events of %d GPUs; %s", len(inv.Devices)-watched, state.Why), "; ")
	}
	if watched == 0 && log == nil {
		return fleet.Errorf(fleet.Unsupported, "nothing can be watched: %s", state.Why)
	}
	if err := seen(gpu.Seen{Watching: &state}); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if log == nil {
			return
		}
		defer log.close()
		if broken = log.read(ctx, o.After, w.kernel); broken != nil {
			cancel()
		}
	}()
	err = w.run(ctx, set, state)
	cancel()
	<-ended
	return cmp.Or(err, broken)
}

type watch struct {
	*Library
	mu       sync.Mutex // of seen and twice
	seen     func(gpu.Seen) error
	twice    twice
	bus      map[string]string // UUIDs by PCI address
	gone     map[string]bool   // UUIDs that have been reported lost
	recovery map[string]int    // what the driver wanted done last
}

// emit tells of an event, unless the other source has.
func (w *watch) emit(e gpu.Event, m *gpu.Mark) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.twice.told(e) {
		return nil
	}
	return w.seen(gpu.Seen{Event: &e, Mark: m})
}

// kernel tells of an Xid in the kernel's log.
func (w *watch) kernel(bus string, e gpu.Event, m gpu.Mark) error {
	if e.UUID = w.bus[bus]; e.UUID == "" {
		e.Message = strings.TrimSpace("GPU at " + bus + ": " + e.Message)
	}
	return w.emit(e, &m)
}

// run takes the driver's events until ctx ends.
func (w *watch) run(ctx context.Context, set nvml.EventSet, state gpu.Watching) error {
	var looked time.Time
	failures := 0
	for ctx.Err() == nil {
		if now := w.now(); now.Sub(looked) >= lookAt {
			looked = now
			if err := w.look(); err != nil {
				return err
			}
			w.mu.Lock()
			err := w.seen(gpu.Seen{Watching: &state})
			w.mu.Unlock()
			if err != nil {
				return err
			}
		}
		if set == nil {
			pause(ctx, waitFor)
			continue
		}
		data, r := set.Wait(uint32(waitFor.Milliseconds()))
		switch r {
		case nvml.SUCCESS:
			failures = 0
			if err := w.event(data); err != nil {
				return err
			}
		case nvml.ERROR_TIMEOUT:
			failures = 0
		case nvml.ERROR_GPU_IS_LOST:
			looked = time.Time{}
			pause(ctx, waitFor)
		default:
			if failures++; failures == 3 {
				return fleet.Errorf(fleet.Unavailable, "the driver's events broke off: %s", explain(r))
			}
			pause(ctx, waitFor)
		}
	}
	return nil
}

// event tells of one event of the driver's.
func (w *watch) event(data nvml.EventData) error {
	uuid := ""
	if data.Device != nil && w.has("nvmlDeviceGetUUID") {
		uuid, _ = data.Device.GetUUID() // unknown if it is lost
	}
	for _, k := range kinds {
		if data.EventType&k.bit == 0 {
			continue
		}
		e := gpu.Event{At: w.now().UTC(), UUID: uuid, Kind: k.kind, Message: k.message, Source: "nvml"}
		if k.kind == gpu.EventXid {
			e.Xid = int(data.EventData)
		}
		if err := w.emit(e, nil); err != nil {
			return err
		}
	}
	return nil
}

// look asks every GPU for what not every driver has an event: that it is lost, and what is to
// be done about it.
func (w *watch) look() error {
	handles, err := w.handles()
	if err != nil {
		return err
	}
	present := map[string]bool{}
	for _, h := range handles {
		if h.device == nil {
			continue
		}
		a := &asking{Library: w.Library}
		uuid := told(ask(a, h.device.GetUUID, "nvmlDeviceGetUUID"))
		var health gpu.Health
		a.fields(h.device, &health)
		if uuid == "" || a.lost {
			continue
		}
		present[uuid] = true
		now, ok := health.Recovery.Get()
		if before, known := w.recovery[uuid]; ok && now != before && (known || now != 0) {
			e := gpu.Event{At: w.now().UTC(), UUID: uuid, Kind: gpu.EventRecovery, Message: fmt.Sprintf("the driver's recovery action is %d", now), Source: "nvml"}
			if err := w.emit(e, nil); err != nil {
				return err
			}
		}
		if ok {
			w.recovery[uuid] = now
		}
	}
	for _, uuid := range w.bus {
		if present[uuid] {
			delete(w.gone, uuid)
			continue
		}
		if w.gone[uuid] {
			continue
		}
		w.gone[uuid] = true
		if err := w.emit(gpu.Event{At: w.now().UTC(), UUID: uuid, Kind: gpu.EventUnavailable, Message: "the driver does not reach it", Source: "nvml"}, nil); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
