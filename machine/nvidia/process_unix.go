//go:build unix

package nvidia

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

var errLocked = errors.New("locked by another program")

// tryLock locks a file for this open of it; errLocked if another has it.
func tryLock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

// apart gives a command a process group of its own, so that a key pressed at a terminal
// reaches this program alone.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// ask tells a process to end, and end ends it and its group. Nobody is left to be told that
// it could not be: who waits for it sees that.
func ask(pid int) { _ = syscall.Kill(pid, syscall.SIGTERM) }

func end(pid int) {
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

// startOf is when a process began, in ticks since boot; 0 if there is none, it has ended and
// nobody has asked how, or it cannot be known.
func startOf(pid int) uint64 {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	// The command, in parentheses, can hold anything; the state is the first field after it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 || string(fields[0]) == "Z" {
		return 0
	}
	start, _ := strconv.ParseUint(string(fields[19]), 10, 64)
	return start
}
