package memtest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/gpu"
	"github.com/kelvin-gpu/kelvin/machine/nvidia/wire"
)

// grace is how long a run has to end by itself once it is cancelled. A call of the driver
// that does not return ends with the process.
const grace = 50 * time.Millisecond

// Test is `kelvin-gpu test`: it tests the memory of the GPU that CUDA_VISIBLE_DEVICES names.
func Test(args []string) error { return work("test", args) }

// Scrub is `kelvin-gpu scrub`.
func Scrub(args []string) error { return work("scrub", args) }

// work does one job and tells of it on file descriptor 3 if that is a pipe, whose other end
// then cancels by closing standard input, and on standard output otherwise.
func work(verb string, args []string) error {
	job, err := parseJob(verb, args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	var out io.Writer = os.Stdout
	if isPipe(3) {
		out = os.NewFile(3, "lines")
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		go func() {
			_, _ = io.Copy(io.Discard, bufio.NewReader(os.Stdin)) // its end is all that counts
			cancel()
		}()
	}
	l := &lines{to: out}
	if os.Getenv("CUDA_VISIBLE_DEVICES") == "" {
		return fleet.Errorf(fleet.Invalid, "CUDA_VISIBLE_DEVICES must name the GPU, by its UUID")
	}
	if pipe := controlPipe(); pipe != "" {
		return fleet.Errorf(fleet.Conflict, "a CUDA MPS daemon listens at %s: its clients share their fate", pipe)
	}
	finished := make(chan struct{})
	defer close(finished) // before ctx is done with
	go func() {
		<-ctx.Done()
		select {
		case <-finished:
		case <-time.After(grace):
			os.Exit(130) // whatever the driver is doing
		}
	}()
	begun := time.Now().UTC()
	d, err := openDevice()
	var refused *cudaError
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return fleet.Errorf(fleet.Cancelled, "cancelled")
	case !errors.As(err, &refused):
		return fleet.Errorf(fleet.Unsupported, "%v", err)
	case refused.Code == noDevice || refused.Code == invalidDevice:
		return fleet.Errorf(fleet.NotFound, "%v", err)
	default: // what the driver says of the GPU is a finding
		l.say(wire.Line{Result: &gpu.Result{
			Level: job.label(), Seed: job.Seed, StartedAt: begun, EndedAt: time.Now().UTC(), Phases: []gpu.Phase{},
			CUDA: refused.Code, Error: err.Error(),
		}})
		return l.err()
	}
	d.hello.PID = os.Getpid()
	l.say(wire.Line{Hello: &d.hello})
	result := do(ctx, d, job, l.say)
	l.say(wire.Line{Result: &result})
	return l.err()
}

func parseJob(verb string, args []string) (Job, error) {
	flags := flag.NewFlagSet(verb, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	job := Job{Scrub: verb == "scrub", Seconds: 60}
	flags.Uint64Var(&job.Seed, "seed", 1, "of the patterns")
	flags.Uint64Var(&job.Usable, "usable", 0, "bytes of memory without what the driver reserves; 0: as CUDA says")
	chunk := flags.Uint64("chunk", defaultChunk>>20, "most MiB of one allocation")
	launch := flags.Uint64("launch", defaultLaunch>>20, "most MiB of one launch")
	level := string(gpu.LevelQuick)
	if !job.Scrub {
		flags.StringVar(&level, "level", level, "quick, standard or rigorous")
		flags.Float64Var(&job.Seconds, "seconds", job.Seconds, "least duration of a rigorous test")
	}
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return Job{}, fleet.Errorf(fleet.Invalid, "usage: kelvin-gpu %s [--seed N] [--usable BYTES]%s", verb,
			map[bool]string{false: " [--level quick|standard|rigorous] [--seconds S]"}[job.Scrub])
	}
	job.Level = gpu.Level(level)
	if !slices.Contains([]gpu.Level{gpu.LevelQuick, gpu.LevelStandard, gpu.LevelRigorous}, job.Level) {
		return Job{}, fleet.Errorf(fleet.Invalid, "level %q is not quick, standard or rigorous", level)
	}
	if !(job.Seconds >= 0 && job.Seconds <= 24*3600) {
		return Job{}, fleet.Errorf(fleet.Invalid, "seconds must be between 0 and 86400")
	}
	if *chunk < 2 || *chunk > 1<<20 || *launch < 1 || *launch > 1<<14 {
		return Job{}, fleet.Errorf(fleet.Invalid, "chunk must be between 2 MiB and 1 TiB, launch between 1 MiB and 16 GiB")
	}
	job.Chunk, job.Launch = *chunk<<20, *launch<<20
	return job, nil
}

// lines are written one at a time. Nobody listening is an end, as a closed pipe tells.
type lines struct {
	mu     sync.Mutex
	to     io.Writer
	failed error
}

func (l *lines) say(line wire.Line) {
	b, err := json.Marshal(line)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		_, err = l.to.Write(append(b, '\n'))
	}
	if err != nil && l.failed == nil {
		l.failed = err
	}
}

func (l *lines) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return fmt.Errorf("nobody listens: %w", l.failed)
	}
	return nil
}

// isPipe reports whether somebody gave this process a pipe there: Go itself may have opened
// something else.
func isPipe(fd int) bool {
	var s syscall.Stat_t
	return syscall.Fstat(fd, &s) == nil && s.Mode&syscall.S_IFMT == syscall.S_IFIFO
}

// controlPipe is where a CUDA MPS daemon listens; empty if none does. What a dead one left
// behind has no reader.
func controlPipe() string {
	dir := os.Getenv("CUDA_MPS_PIPE_DIRECTORY")
	if dir == "" {
		dir = "/tmp/nvidia-mps"
	}
	at := filepath.Join(dir, "control")
	fd, err := syscall.Open(at, syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	_ = syscall.Close(fd)
	return at
}
