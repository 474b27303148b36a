package devserver

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func la(ctx context.Context, s string) (string, error) { return s, nil }

func upd(ctx workflow.Context, n string) error {
	done := false
	if err := workflow.SetUpdateHandler(ctx, "u", func(ctx workflow.Context, v string) (string, error) {
		if os.Getenv("DS_LOCAL") != "" {
			lctx := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Second})
			for range 3 {
				if err := workflow.ExecuteLocalActivity(lctx, la, v).Get(ctx, nil); err != nil {
					return "", err
				}
			}
		}
		done = true
		return "ok " + v, nil
	}); err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return done })
}

func envInt(k string, d int) int {
	if v := os.Getenv(k); v != "" {
		n, _ := strconv.Atoi(v)
		return n
	}
	return d
}

func TestZZBench(t *testing.T) {
	if os.Getenv("DS_BENCH") == "" {
		t.Skip()
	}
	lvl := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	dir, err := os.MkdirTemp(os.Getenv("DS_DIR"), "ds")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	cfg := Config{DatabaseFile: Path(dir), NoSync: os.Getenv("DS_NOSYNC") != "", Logger: lvl}
	if os.Getenv("DS_MEM") != "" {
		cfg.DatabaseFile = ""
	}
	t0 := time.Now()
	s := start(t, cfg)
	fmt.Println("start", time.Since(t0))
	c, err := client.Dial(client.Options{HostPort: s.FrontendHostPort(), Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	wc := c
	if os.Getenv("DS_WCONN") != "" { // worker on a connection of its own
		wc, err = client.Dial(client.Options{HostPort: s.FrontendHostPort(), Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
		require.NoError(t, err)
		t.Cleanup(wc.Close)
	}
	worker.SetStickyWorkflowCacheSize(envInt("DS_CACHE", 10000))
	opts := worker.Options{
		MaxConcurrentWorkflowTaskExecutionSize: envInt("DS_WFT", 0),
	}
	switch p := os.Getenv("DS_POLL"); p {
	case "":
		opts.WorkflowTaskPollerBehavior = worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{
			InitialNumberOfPollers: envInt("DS_PINIT", 5), MinimumNumberOfPollers: envInt("DS_PMIN", 2), MaximumNumberOfPollers: envInt("DS_PMAX", 100)})
	case "default":
	default:
		opts.MaxConcurrentWorkflowTaskPollers = envInt("DS_POLL", 2)
	}
	w := worker.New(wc, testQueue, opts)
	w.RegisterWorkflow(upd)
	w.RegisterActivity(la)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)

	var mu sync.Mutex
	one := func(i int, ds *[]time.Duration) {
		b := time.Now()
		op := c.NewWithStartWorkflowOperation(client.StartWorkflowOptions{ID: fmt.Sprintf("w-%d-%d", b.UnixNano(), i), TaskQueue: testQueue,
			WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING}, upd, "x")
		h, err := c.UpdateWithStartWorkflow(context.Background(), client.UpdateWithStartWorkflowOptions{StartWorkflowOperation: op,
			UpdateOptions: client.UpdateWorkflowOptions{UpdateName: "u", UpdateID: "u", Args: []any{"v"}, WaitForStage: client.WorkflowUpdateStageCompleted}})
		if err == nil {
			err = h.Get(context.Background(), nil)
		}
		d := time.Since(b)
		if err != nil {
			fmt.Println("ERR", err)
		}
		mu.Lock()
		*ds = append(*ds, d)
		mu.Unlock()
	}
	rep := func(name string, ds []time.Duration, el time.Duration) {
		slices.Sort(ds)
		q := func(p float64) time.Duration { return ds[int(p*float64(len(ds)-1))].Round(100 * time.Microsecond) }
		fmt.Printf("%-8s n=%d %.0f/s p50=%v p90=%v p95=%v p99=%v max=%v p99/p50=%.1f\n", name, len(ds), float64(len(ds))/el.Seconds(), q(.5), q(.9), q(.95), q(.99), q(1), float64(q(.99))/float64(q(.5)))
	}
	run := func(name string, conc, n int) {
		var ds []time.Duration
		b := time.Now()
		var wg sync.WaitGroup
		ch := make(chan int)
		for range conc {
			wg.Go(func() {
				for i := range ch {
					one(i, &ds)
				}
			})
		}
		for i := range n {
			ch <- i
		}
		close(ch)
		wg.Wait()
		rep(name, ds, time.Since(b))
	}
	run("warm", 5, 50)
	run("alone", 1, 200)
	run("50", 50, envInt("DS_N", 1500))
	run("50 again", 50, envInt("DS_N", 1500))
	run("alone", 1, 100)
}
