//go:build unix && !linux

package temporalchild

import "syscall"

// processAttributes puts the child into a process group of its own: Ctrl-C in
// a terminal goes to the whole group, and the server must outlive the workers
// that still report to it. There is no death signal here: the end of its
// standard input tells the child.
func processAttributes(bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
