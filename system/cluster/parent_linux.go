package cluster

import (
	"os/exec"
	"syscall"
)

// endsWithParent has the program ended when this process dies, killed too.
func endsWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
