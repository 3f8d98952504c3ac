package nvidia

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Locks keep programs of one host apart that would disturb each other on a GPU: two agents, or
// an agent and somebody at the command line. A lock is a file <uuid>.lock, locked as long as its
// holder lives, in which the process that works on the GPU is named. Whoever takes the lock
// next ends that process first, should it have outlived its program.
type Locks struct {
	Dir  string        // empty: LockDir()
	Wait time.Duration // how long to wait for another program; 0: 10 s
}

// LockDir is where all programs of a host look: /run/kelvin, or a directory of the user's own
// for those who may not write there.
func LockDir() string {
	const all = "/run/kelvin"
	if os.MkdirAll(all, 0o755) == nil {
		if f, err := os.CreateTemp(all, ".probe"); err == nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
			return all
		}
	}
	if own, err := os.UserCacheDir(); err == nil {
		return filepath.Join(own, "kelvin")
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("kelvin-%d", os.Getuid()))
}

// A Lock is held until Release.
type Lock struct{ file *os.File }

// A worker is who works on a GPU: a process, and when it began, since numbers are used again.
type worker struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // of the process, in the kernel's ticks since boot
}

// knownUUID is the form of the UUIDs of GPUs and of MIG slices. They become file names and
// environment, so nothing else does.
var knownUUID = regexp.MustCompile(`^(GPU|MIG)-[0-9A-Za-z][0-9A-Za-z-]{0,62}$`)

// CheckUUID refuses what is no UUID of a GPU or slice.
func CheckUUID(uuid string) error {
	if !knownUUID.MatchString(uuid) {
		return fleet.Errorf(fleet.Invalid, "%.80q is not the UUID of a GPU (GPU-…) or of a MIG slice (MIG-…)", uuid)
	}
	return nil
}

// Take waits for the lock of a GPU, then ends what an earlier holder left running there. It
// answers Conflict when another program has the lock for too long, and Unavailable when what
// runs there cannot be ended.
func (l Locks) Take(ctx context.Context, uuid string) (*Lock, error) {
	if err := CheckUUID(uuid); err != nil {
		return nil, err
	}
	dir := l.Dir
	if dir == "" {
		dir = LockDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fleet.Errorf(fleet.Unavailable, "lock the GPU: %v", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, strings.ToLower(uuid)+".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fleet.Errorf(fleet.Unavailable, "lock the GPU: %v", err)
	}
	lock := &Lock{file: file}
	wait := l.Wait
	if wait == 0 {
		wait = 10 * time.Second
	}
	if err := lock.acquire(ctx, wait); err != nil {
		_ = file.Close()
		return nil, err
	}
	if err := lock.reap(ctx); err != nil {
		lock.Release()
		return nil, err
	}
	return lock, nil
}

func (l *Lock) acquire(ctx context.Context, wait time.Duration) error {
	for until := time.Now().Add(wait); ; {
		err := tryLock(l.file)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errLocked) {
			return fleet.Errorf(fleet.Unavailable, "lock the GPU: %v", err)
		}
		if time.Now().After(until) {
			who := ""
			if w := l.read(); w.PID != 0 {
				who = fmt.Sprintf(", process %d", w.PID)
			}
			return fleet.Errorf(fleet.Conflict, "another program of this host tests, scrubs or resets the GPU%s", who)
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// reap ends the process that an earlier holder of the lock left behind.
func (l *Lock) reap(ctx context.Context) error {
	w := l.read()
	if w.PID <= 1 || w.Start == 0 || startOf(w.PID) != w.Start {
		return nil
	}
	end(w.PID)
	for range 100 {
		if startOf(w.PID) != w.Start {
			return nil
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return fleet.Errorf(fleet.Unavailable, "process %d still works on the GPU, and cannot be killed: the driver does not let it go", w.PID)
}

func (l *Lock) read() (w worker) {
	b := make([]byte, 200)
	n, _ := l.file.ReadAt(b, 0) // at most what is there
	if json.Unmarshal(b[:n], &w) != nil {
		return worker{}
	}
	return w
}

// name notes which process works on the GPU.
func (l *Lock) name(pid int) error {
	b, err := json.Marshal(worker{PID: pid, Start: startOf(pid)})
	if err != nil {
		return err
	}
	return errors.Join(l.file.Truncate(0), second(l.file.WriteAt(b, 0)))
}

func second(_ int, err error) error { return err }

// Release lets others have the GPU. The process that worked on it must have ended.
func (l *Lock) Release() {
	_ = l.file.Truncate(0) // one that is named and gone does no harm
	_ = l.file.Close()
}

// Reap ends what an agent before this one left running on GPUs that nobody holds now. What
// cannot be ended is named in the error.
func (l Locks) Reap(ctx context.Context) error {
	dir := l.Dir
	if dir == "" {
		dir = LockDir()
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var all error
	for _, e := range entries {
		name, is := strings.CutSuffix(e.Name(), ".lock")
		if !is || !knownUUID.MatchString(strings.ToUpper(name)) {
			continue
		}
		file, err := os.OpenFile(filepath.Join(dir, e.Name()), os.O_RDWR, 0)
		if err != nil {
			continue // gone, or not ours
		}
		lock := &Lock{file: file}
		if tryLock(file) == nil {
			all = errors.Join(all, lock.reap(ctx))
		}
		_ = file.Close()
	}
	return errors.Join(err, all)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
