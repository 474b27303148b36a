package devserver

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.temporal.io/server/common/log/tag"
)

const testQueue = "test"

func greet(_ workflow.Context, name string) (string, error) { return "hello " + name, nil }

func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Stop()) })
	return s
}

func dial(t *testing.T, s *Server) client.Client {
	t.Helper()
	c, err := client.Dial(
		client.Options{HostPort: s.FrontendHostPort(), Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))},
	)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func work(t *testing.T, c client.Client) {
	t.Helper()
	w := worker.New(c, testQueue, worker.Options{})
	w.RegisterWorkflow(greet)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func runGreeting(t *testing.T, c client.Client, opts client.StartWorkflowOptions) {
	t.Helper()
	opts.TaskQueue = testQueue
	run, err := c.ExecuteWorkflow(t.Context(), opts, greet, "Ada")
	require.NoError(t, err)
	var greeting string
	require.NoError(t, run.Get(t.Context(), &greeting))
	assert.Equal(t, "hello Ada", greeting)
}

func TestRunsAWorkflowOnFreePortsWithoutAFile(t *testing.T) {
	c := dial(t, start(t, Config{}))
	work(t, c)
	runGreeting(t, c, client.StartWorkflowOptions{})
}

func TestTwoServersRunSideBySide(t *testing.T) {
	one, two := start(t, Config{UIPort: NoUI}), start(t, Config{UIPort: NoUI})
	assert.NotEqual(t, one.FrontendHostPort(), two.FrontendHostPort())
	work(t, dial(t, one))
	runGreeting(t, dial(t, one), client.StartWorkflowOptions{ID: "only-in-one"})

	_, err := dial(t, two).DescribeWorkflowExecution(t.Context(), "only-in-one", "")
	assert.Error(t, err)
}

func TestASecondStartOnTheSameFileFindsItsWorkflows(t *testing.T) {
	cfg := Config{DatabaseFile: Path(t.TempDir() + "/a folder?"), UIPort: NoUI}
	first := start(t, cfg)
	c := dial(t, first)
	work(t, c)
	runGreeting(t, c, client.StartWorkflowOptions{ID: "before"})
	require.NoError(t, first.Stop())
	wal, err := os.Stat(cfg.DatabaseFile + "-wal")
	require.NoError(t, err)
	assert.Zero(t, wal.Size(), "the file is whole without its log")

	c = dial(t, start(t, cfg))
	described, err := c.DescribeWorkflowExecution(t.Context(), "before", "")
	require.NoError(t, err)
	assert.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, described.GetWorkflowExecutionInfo().GetStatus())
	work(t, c)
	runGreeting(t, c, client.StartWorkflowOptions{ID: "after"})
}

func TestSearchAttributesCanBeUsedAtOnceAndAddedLater(t *testing.T) {
	plan, amount := temporal.NewSearchAttributeKeyKeyword("PlanCode"), temporal.NewSearchAttributeKeyInt64("Amount")
	cfg := Config{DatabaseFile: Path(t.TempDir()), UIPort: NoUI, SearchAttributes: map[string]enumspb.IndexedValueType{
		"PlanCode": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	}}
	first := start(t, cfg)
	c := dial(t, first)
	work(t, c)
	runGreeting(t, c,
		client.StartWorkflowOptions{TypedSearchAttributes: temporal.NewSearchAttributes(plan.ValueSet("free"))})
	require.NoError(t, first.Stop())

	cfg.SearchAttributes["Amount"] = enumspb.INDEXED_VALUE_TYPE_INT
	c = dial(t, start(t, cfg))
	work(t, c)
	runGreeting(t, c, client.StartWorkflowOptions{
		TypedSearchAttributes: temporal.NewSearchAttributes(plan.ValueSet("pro"), amount.ValueSet(7))})
	require.Eventually(t, func() bool {
		found, err := c.CountWorkflow(t.Context(),
			&workflowservice.CountWorkflowExecutionsRequest{Query: "PlanCode IN ('free', 'pro') OR Amount = 7"})
		return err == nil && found.GetCount() == 2
	}, 10*time.Second, 10*time.Millisecond, "both are found by their attributes, the one from before the restart too")
}

func TestASearchAttributeThatChangedItsTypeIsRefused(t *testing.T) {
	cfg := Config{DatabaseFile: Path(t.TempDir()), UIPort: NoUI, SearchAttributes: map[string]enumspb.IndexedValueType{
		"PlanCode": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	}}
	require.NoError(t, start(t, cfg).Stop())

	cfg.SearchAttributes["PlanCode"] = enumspb.INDEXED_VALUE_TYPE_INT
	_, err := Start(t.Context(), cfg)
	assert.ErrorContains(t, err, "PlanCode is registered as Keyword, not Int")
}

func TestTheNamespaceKeepsClosedWorkflowsForTheRetention(t *testing.T) {
	s := start(t, Config{Namespace: "shop", Retention: 48 * time.Hour, UIPort: NoUI})
	namespaces, err := client.NewNamespaceClient(client.Options{HostPort: s.FrontendHostPort()})
	require.NoError(t, err)
	defer namespaces.Close()
	shop, err := namespaces.Describe(t.Context(), "shop")
	require.NoError(t, err)
	assert.Equal(t, 48*time.Hour, shop.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
}

func TestATakenPortIsNamedAndNothingIsLeftRunning(t *testing.T) {
	taken, err := net.Listen("tcp", loopback+":0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	port := taken.Addr().(*net.TCPAddr).Port
	free := freePort(t)

	for name, tc := range map[string]struct {
		cfg     Config
		purpose string
	}{
		"frontend": {Config{FrontendPort: port, UIPort: free}, PurposeFrontend},
		"ui":       {Config{FrontendPort: free, UIPort: port}, PurposeUI},
	} {
		t.Run(name, func(t *testing.T) {
			tc.cfg.DatabaseFile = Path(t.TempDir())
			_, err := Start(t.Context(), tc.cfg)
			var inUse *PortInUseError
			require.ErrorAs(t, err, &inUse)
			assert.Equal(t, PortInUseError{Port: port, Purpose: tc.purpose}, *inUse)
			assert.True(t, portIsFree(free), "the other port was released")
			assert.NoFileExists(t, tc.cfg.DatabaseFile)
		})
	}
}

func TestStopGivesThePortsBackWithinFiveSeconds(t *testing.T) {
	cfg := Config{FrontendPort: freePort(t), UIPort: freePort(t)}
	s := start(t, cfg)
	c := dial(t, s)
	work(t, c) // its polls are open while the server stops
	runGreeting(t, c, client.StartWorkflowOptions{})

	began := time.Now()
	require.NoError(t, s.Stop())
	assert.Less(t, time.Since(began), 5*time.Second)
	assert.True(t, portIsFree(cfg.FrontendPort), "frontend")
	assert.True(t, portIsFree(cfg.UIPort), "UI")
	assert.NoError(t, s.Stop(), "stopping twice is harmless")
}

func TestTheUIAnswersAndReachesTemporal(t *testing.T) {
	s := start(t, Config{})
	for _, path := range []string{"/", "/namespaces/default/workflows", "/api/v1/namespaces/default"} {
		resp, err := http.Get(s.UIURL() + path)
		require.NoError(t, err)
		_ = resp.Body.Close()
		assert.Equal(t, http.StatusOK, resp.StatusCode, path)
	}
}

func TestWithoutAUIThereIsNoURL(t *testing.T) {
	assert.Empty(t, start(t, Config{UIPort: NoUI}).UIURL())
}

func TestACancelledStartLeavesNothingRunning(t *testing.T) {
	cfg := Config{FrontendPort: freePort(t), UIPort: freePort(t)}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Start(ctx, cfg)
	require.ErrorIs(t, err, context.Canceled)
	assert.True(t, portIsFree(cfg.FrontendPort), "frontend")
	assert.True(t, portIsFree(cfg.UIPort), "UI")
}

func TestAFatalLogLineEndsItsGoroutineOnly(t *testing.T) {
	l := newLogger(nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Fatal("listen", tag.Error(errors.New("address in use")))
	}()
	<-done
	assert.EqualError(t, l.fatalError(), "listen: address in use")
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", loopback+":0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func portIsFree(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}
