package temporalchild

import "syscall"

// processAttributes puts the child into a process group of its own: Ctrl-C in
// a terminal goes to the whole group, and the server must outlive the workers
// that still report to it. With deathSignal the kernel kills it when the thread
// that started it ends; it need not be asked politely, since its database
// survives that.
func processAttributes(deathSignal bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if deathSignal {
		attr.Pdeathsig = syscall.SIGKILL
	}
	return attr
}
