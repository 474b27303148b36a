package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const (
	readyWithin = 90 * time.Second // for a process to answer after its start
	stopWithin  = 40 * time.Second // for a process to end when asked to
	checkEvery  = 100 * time.Millisecond
)

// Process is one program of an installation, which can be started again after
// its end with everything as it was.
type Process struct {
	Name string // as progress and its log file name it, such as "history"
	Log  string // the file of everything it printed, over all its lives

	command func() *exec.Cmd
	answers func(ctx context.Context) error
	cmd     *exec.Cmd
	gone    chan struct{} // closed when the program has ended
}

// newProcess describes a program; nothing runs yet. answers says whether it does
// its work by now.
func newProcess(dir, name string, answers func(context.Context) error, command func() *exec.Cmd) *Process {
	return &Process{Name: name, Log: filepath.Join(dir, name+".log"), command: command, answers: answers}
}

// Start starts the program and returns when it does its work. The error of one
// that does not shows the end of its log.
func (p *Process) Start(ctx context.Context) error {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", p.Name, err)
	}
	p.cmd, p.gone = p.command(), make(chan struct{})
	p.cmd.Stdout, p.cmd.Stderr = log, log
	endsWithParent(p.cmd)
	err = errors.Join(p.cmd.Start(), log.Close())
	if err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	go func(cmd *exec.Cmd, gone chan struct{}) {
		_ = cmd.Wait() // how it ended is in its log
		close(gone)
	}(p.cmd, p.gone)
	return p.untilReady(ctx)
}

func (p *Process) untilReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		err := p.answers(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.gone:
			return fmt.Errorf("%s ended before it was ready; the end of its log:\n%s", p.Name, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready (%w); the end of its log:\n%s", p.Name, err, p.tail())
		case <-time.After(checkEvery):
		}
	}
}

// tail is the end of the log.
func (p *Process) tail() string {
	const most = 3000
	all, _ := os.ReadFile(p.Log)
	return string(all[max(0, len(all)-most):])
}

// Kill ends the program without a word, as a crash of its machine would, and
// returns when it is gone.
func (p *Process) Kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill() // an error says that it has ended
		<-p.gone
	}
}

// Stop asks the program to end, and ends it when it takes longer than 40 seconds.
func (p *Process) Stop() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.gone:
	case <-time.After(stopWithin):
		p.Kill()
	}
}

// PID is the process's id; 0 before the first start.
func (p *Process) PID() int {
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}
