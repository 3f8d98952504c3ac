//go:build cgo && linux

package nvml

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

// A record is one line of the kernel's log.
type record struct {
	sequence uint64
	at       time.Duration // since the kernel started
	text     string
}

// parseRecord reads a line as /dev/kmsg gives it: 6,339,5140900,-;text. Lines that were not
// written by the kernel itself are none: any privileged process can write there.
func parseRecord(line string) (record, bool) {
	head, text, ok := strings.Cut(line, ";")
	f := strings.Split(head, ",")
	if !ok || len(f) < 3 {
		return record{}, false
	}
	priority, err := strconv.ParseUint(f[0], 10, 32)
	if err != nil || priority>>3 != 0 {
		return record{}, false
	}
	sequence, err := strconv.ParseUint(f[1], 10, 64)
	if err != nil {
		return record{}, false
	}
	µs, err := strconv.ParseInt(f[2], 10, 64)
	if err != nil || µs < 0 || µs > int64(1<<62)/int64(time.Microsecond) {
		return record{}, false
	}
	return record{sequence, time.Duration(µs) * time.Microsecond, text}, true
}

// xidLine is how the driver reports an error: NVRM: Xid (PCI:0000:3b:00): 79, pid=12, …
var xidLine = regexp.MustCompile(`NVRM: Xid \(((?:PCI:)?[0-9a-fA-F:.]+)\).*?: (\d{1,5}), ?(.*)`)

// maxMessage is the length of the longest message of an event.
const maxMessage = 300

// parseXid reads the driver's report of an error: which PCI address, which number.
func parseXid(text string) (bus string, xid int, message string, ok bool) {
	m := xidLine.FindStringSubmatch(text)
	if m == nil {
		return "", 0, "", false
	}
	xid, err := strconv.Atoi(m[2])
	if err != nil {
		return "", 0, "", false
	}
	message = printable(m[3])
	return normalBus(m[1]), xid, message[:min(len(message), maxMessage)], true
}

// A kernelLog is /dev/kmsg, or a file like it.
type kernelLog struct {
	fd   int
	boot string
	// began is when the kernel started, by the clock.
	began time.Time
}

// openKernelLog opens the kernel's log at its beginning.
func openKernelLog(path, proc string) (*kernelLog, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	boot, _ := os.ReadFile(filepath.Join(proc, "sys/kernel/random/boot_id")) // unknown: nothing is skipped
	var up unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &up); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &kernelLog{fd: fd, boot: strings.TrimSpace(string(boot)), began: time.Now().Add(-time.Duration(up.Nano()))}, nil
}

func (k *kernelLog) close() { unix.Close(k.fd) }

// read calls event for every Xid after the mark, until ctx ends or event fails.
func (k *kernelLog) read(ctx context.Context, after gpu.Mark, event func(bus string, e gpu.Event, m gpu.Mark) error) error {
	buffer := make([]byte, 64<<10)
	rest := ""
	for ctx.Err() == nil {
		n, err := unix.Read(k.fd, buffer)
		switch {
		case errors.Is(err, unix.EPIPE) || errors.Is(err, unix.EINTR):
			continue // some were overwritten before they could be read
		case errors.Is(err, unix.EAGAIN) || err == nil && n == 0:
			if err := k.wait(); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		lines := strings.Split(rest+string(buffer[:n]), "\n")
		rest = lines[len(lines)-1]
		if len(rest) > len(buffer) {
			rest = ""
		}
		for _, line := range lines[:len(lines)-1] {
			r, ok := parseRecord(line)
			if !ok || k.boot == after.Boot && r.sequence <= after.Sequence {
				continue
			}
			bus, xid, message, ok := parseXid(r.text)
			if !ok {
				continue
			}
			e := gpu.Event{At: k.began.Add(r.at).UTC(), Kind: gpu.EventXid, Xid: xid, Message: message, Source: "kernel"}
			if err := event(bus, e, gpu.Mark{Boot: k.boot, Sequence: r.sequence}); err != nil {
				return err
			}
		}
	}
	return nil
}

// wait waits for more, for a moment.
func (k *kernelLog) wait() error {
	const moment = 200
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(k.fd), Events: unix.POLLIN}}, moment)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return err
	}
	if n > 0 { // a file that is always ready, at its end
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}
