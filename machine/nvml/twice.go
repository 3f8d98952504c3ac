//go:build cgo && linux

package nvml

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// both is how far apart the driver and the kernel's log tell of the same error.
const both = 5 * time.Second

// twice notices an Xid that a second source tells. Each one told by one source is matched by
// one of the other's, so that two errors remain two.
type twice struct {
	now     func() time.Time
	waiting map[xidOf][]time.Time // told, and not matched yet
}

type xidOf struct {
	uuid, source string
	xid          int
}

// told reports whether the other source has told of the event.
func (t *twice) told(e gpu.Event) bool {
	if e.Kind != gpu.EventXid || e.UUID == "" {
		return false
	}
	if t.waiting == nil {
		t.waiting = map[xidOf][]time.Time{}
	}
	mine, other := xidOf{e.UUID, e.Source, e.Xid}, xidOf{e.UUID, "kernel", e.Xid}
	if e.Source == "kernel" {
		other.source = "nvml"
	}
	for i, at := range t.waiting[other] {
		if d := e.At.Sub(at); d < both && d > -both {
			t.waiting[other] = append(t.waiting[other][:i], t.waiting[other][i+1:]...)
			return true
		}
	}
	t.forget()
	t.waiting[mine] = append(t.waiting[mine], e.At)
	return false
}

// forget drops what is too old to be matched.
func (t *twice) forget() {
	for k, times := range t.waiting {
		for len(times) > 0 && t.now().Sub(times[0]) > 2*both {
			times = times[1:]
		}
		if t.waiting[k] = times; len(times) == 0 {
			delete(t.waiting, k)
		}
	}
}
