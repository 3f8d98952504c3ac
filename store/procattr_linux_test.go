package store

import "syscall"

// dieWithParent has the kernel stop the server should this test binary be killed.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGQUIT }
