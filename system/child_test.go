//go:build !nodev

package system

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"slipway/app"
)

// A child is this test binary as the program itself, with settings from the
// environment: what a test can kill without warning.
const (
	childRole     = "SLIPWAY_TEST_CHILD"     // dev, api or worker
	childSettings = "SLIPWAY_TEST_SETTINGS"  // JSON of childConfig
	childReady    = "slipway child is ready" // printed once it answers, with its URL
)

// childConfig is what a test gives a child.
type childConfig struct {
	Listen, DataDir, Database, SecretKey, SandboxURL string
	WorkerListen                                     string
	TemporalPort                                     int
	KillAfter, KillBefore                            string // the name of an activity
	Hold, HoldUntil                                  string // an activity, and the file it waits for
	Deployment, BuildID                              string
	WebhookPrivate                                   bool
	PaymentWindow                                    time.Duration
	Reminders                                        []string
	PasswordHash                                     string
}

// runChild is the child's main.
func runChild(role string) int {
	var c childConfig
	if err := json.Unmarshal([]byte(os.Getenv(childSettings)), &c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return app.Main([]string{"slipway", role}, io.Discard, os.Stderr, c.change)
}

// change gives the child's app the settings of the test.
func (c *childConfig) change(a *app.App) {
	s := testSettings(c.DataDir)
	s.Listen, s.DatabaseURL, s.SecretKey, s.TemporalPort = c.Listen, c.Database, c.SecretKey, c.TemporalPort
	s.TemporalUIPort, s.SandboxURL, s.WorkerListen = -1, c.SandboxURL, c.WorkerListen
	if c.PaymentWindow > 0 {
		s.PaymentWindow, s.Reminders = c.PaymentWindow, c.Reminders
	}
	if c.PasswordHash != "" {
		s.PasswordHash = c.PasswordHash
	}
	s.WorkerDeployment, s.WorkerBuildID, s.WebhookPrivate = c.Deployment, c.BuildID, c.WebhookPrivate
	if c.KillAfter != "" || c.KillBefore != "" || c.Hold != "" {
		a.Interceptors = []interceptor.WorkerInterceptor{
			&killer{before: c.KillBefore, after: c.KillAfter, hold: c.Hold, until: c.HoldUntil},
		}
	}
	a.Settings = s
	a.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	a.OnReady = func(url string) { fmt.Println(childReady, url) }
}

// killer ends the process, as the kernel would, right before or after an activity; or
// holds one up until a file is there.
type killer struct {
	interceptor.WorkerInterceptorBase
	before, after, hold, until string
}

func (k *killer) InterceptActivity(_ context.Context,
	next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &killing{interceptor.ActivityInboundInterceptorBase{Next: next}, k}
}

type killing struct {
	interceptor.ActivityInboundInterceptorBase
	*killer
}

func (k *killing) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	name := activity.GetInfo(ctx).ActivityType.Name
	if name == k.before {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	for name == k.hold && ctx.Err() == nil {
		if _, err := os.Stat(k.until); err == nil {
			break
		}
		activity.RecordHeartbeat(ctx)
		time.Sleep(20 * time.Millisecond)
	}
	result, err := k.Next.ExecuteActivity(ctx, in)
	if name == k.after {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return result, err
}

// child is a running child process.
type child struct {
	t    testing.TB
	cmd  *exec.Cmd
	url  string // of its API, when it has one
	gone chan error
}

// startChild starts a child and returns when it is ready. env comes as NAME=value.
func startChild(t testing.TB, role string, c childConfig, env ...string) *child {
	t.Helper()
	config, err := json.Marshal(c)
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, childRole+"="+role, childSettings+"="+string(config))...)
	cmd.Stderr = testLog{t}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	ch := &child{t: t, cmd: cmd, gone: make(chan error, 1)}
	ready := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if url, ok := strings.CutPrefix(lines.Text(), childReady); ok {
				ready <- strings.TrimSpace(url)
			}
		}
		ch.gone <- cmd.Wait()
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	select {
	case ch.url = <-ready:
	case err := <-ch.gone:
		t.Fatalf("the child %s ended before it was ready: %v", role, err)
	case <-time.After(60 * time.Second):
		t.Fatalf("the child %s was not ready in time", role)
	}
	return ch
}

// kill ends the child without warning and waits until it is gone.
func (c *child) kill() {
	c.t.Helper()
	_ = c.cmd.Process.Kill()
	c.wait()
}

// stop asks the child to end, as whoever releases the next build does, and waits until
// it is gone.
func (c *child) stop() {
	c.t.Helper()
	require.NoError(c.t, c.cmd.Process.Signal(syscall.SIGTERM))
	c.wait()
}

// wait waits until the child is gone, by itself or killed.
func (c *child) wait() {
	c.t.Helper()
	select {
	case <-c.gone:
	case <-time.After(60 * time.Second):
		c.t.Fatal("the child did not end")
	}
}
