package sim

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Options describe a simulated machine. The zero value is a host of 8 CPUs, 64 GiB of
// memory and a 1 TiB disk, half full, whose registry has the image kelvin/echo.
type Options struct {
	CPUs     int
	MemoryMB int64
	Disk     fleet.Disk
	// Registry are the images that can be pulled, by name without tag; every tag of one is
	// there. All of them run the workload of package echo. Default: kelvin/echo.
	Registry map[string]Image
	// Dir is a folder for the files of containers and for network volumes; what an earlier
	// machine has left there is removed. Default: one among the system's temporary files, made
	// when it is needed and removed by Close.
	Dir        string
	Faults     []Fault
	Behaviours []Behaviour
}

// An Image is what a simulated registry knows of one.
type Image struct {
	Bytes int64          // what a pull reports; default 12 MB
	Pull  fleet.Duration // how long a pull takes; default none
}

// A Host is one simulated machine: its containers, disks and pulled images. It outlives the
// handles on it. Safe for concurrent use.
type Host struct {
	options Options

	mu         sync.Mutex
	off        bool
	pulled     map[string]string     // images' names and their IDs
	images     map[string]bool       // by ID
	containers map[string]*container // by lease
	volumes    map[string]*disk      // by account and name
	dir        string                // "": not made yet
	faults     []*fault
	behaviours []Behaviour
	watchers   map[*watcher]bool
	calls      []Call
	made       int // containers so far
}

// NewHost makes a machine without containers.
func NewHost(o Options) *Host {
	o.CPUs = cmp.Or(o.CPUs, 8)
	o.MemoryMB = cmp.Or(o.MemoryMB, 64<<10)
	if o.Disk == (fleet.Disk{}) {
		o.Disk = fleet.Disk{Total: 1 << 40, Free: 1 << 39}
	}
	if o.Registry == nil {
		o.Registry = map[string]Image{"kelvin/echo": {}}
	}
	h := &Host{
		options: o, pulled: map[string]string{}, images: map[string]bool{}, containers: map[string]*container{},
		volumes: map[string]*disk{}, watchers: map[*watcher]bool{},
	}
	h.Inject(o.Faults...)
	h.Behave(o.Behaviours...)
	return h
}

// Open makes a handle for the agent of a host. Several handles, also of different hosts,
// can be open on one machine, like agents that share an engine.
func (h *Host) Open(hostID string) *Machine { return &Machine{host: h, id: hostID} }

// PowerOff ends every container as if the plug were pulled, and makes every call answer
// Unavailable until PowerOn.
func (h *Host) PowerOff() {
	h.mu.Lock()
	h.off = true
	var ended []*run
	for _, c := range h.containers {
		if c.run != nil {
			c.run.kill(137)
			ended = append(ended, c.run)
		}
	}
	for w := range h.watchers {
		w.fail()
	}
	h.mu.Unlock()
	for _, r := range ended {
		<-r.done
	}
}

// PowerOn makes the machine answer again. Its containers are still there, ended.
func (h *Host) PowerOn() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.off = false
}

// Crash ends a container from within with that exit code, and returns when it has ended.
// It does nothing to one that does not run.
func (h *Host) Crash(leaseID string, code int) {
	h.mu.Lock()
	c := h.containers[leaseID]
	var r *run
	if c != nil {
		r = c.run
	}
	h.mu.Unlock()
	if r != nil {
		r.kill(code)
		<-r.done
	}
}

// Forget removes an image, as pruning an engine does. Containers of it stay.
func (h *Host) Forget(imageID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.images, imageID)
	maps.DeleteFunc(h.pulled, func(_, id string) bool { return id == imageID })
}

// Left names what containers need and leave behind when they are not removed, of one host
// or, with "", of all: their leases, in order. Disks and networks go with them; a folder
// that has not is named as well.
func (h *Host) Left(hostID string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var left []string
	for _, lease := range slices.Sorted(maps.Keys(h.containers)) {
		if hostID == "" || h.containers[lease].spec.Lease.HostID == hostID {
			left = append(left, lease)
		}
	}
	// Nobody knows any more whose a folder was that has lost its container.
	folders, _ := os.ReadDir(filepath.Join(h.dir, "containers")) // it may not be there
	for _, f := range folders {
		if h.dir != "" && h.containers[f.Name()] == nil {
			left = append(left, "files of "+f.Name())
		}
	}
	return left
}

// Close ends all containers and forgets them, with their files and all volumes. The machine can be used again.
func (h *Host) Close() {
	h.PowerOff()
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.containers)
	clear(h.volumes)
	h.off = false
	h.removeDir()
}

// version is what a simulated engine calls itself.
func version() string { return "sim on " + runtime.GOOS + "/" + runtime.GOARCH }

// now is when things happen on a simulated machine: when they do.
func now() time.Time { return time.Now().UTC() }
