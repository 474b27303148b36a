//go:build bench && !nodev

package system

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"slipway/activities"
	"slipway/app"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
)

// TestBench prints the speed table. Each figure stands beside a floor measured
// in the same run, on the same server and disk, right before or after it: only
// the ratios mean anything.
func TestBench(t *testing.T) {
	b := &bench{running: startApp(t, func(a *app.App) { a.ReconcileEvery = time.Hour }), t: t}
	b.startFloors()
	b.signups()
	b.firstAnswer()
	b.reads()
	b.money()
	b.costs()
	b.watchers()
	b.print()
	b.passwordCost()
}

type bench struct {
	*running
	t    *testing.T
	rows []row
	urls struct{ read, json, empty, account, write string }
}

// row is one line of the table.
type row struct {
	what, ours, floor, ratio, required string
	met                                bool
}

const (
	signupsPerRound = 600
	rounds          = 3
	inFlight        = 50
)

// --- workflows to compare with

const floorQueue = "floors"

// emptyWorkflow has no step: it answers the update it was started with and ends.
func emptyWorkflow(ctx workflow.Context) error {
	if err := workflow.SetUpdateHandler(ctx, "begin", func(workflow.Context) error { return nil }); err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// obviousWorkflow is the obvious design: a regular activity per step, the
// status by Query.
func obviousWorkflow(ctx workflow.Context, onboardingID string) error {
	status := "creating_account"
	if err := workflow.SetQueryHandler(ctx, "status", func() (string, error) { return status, nil }); err != nil {
		return err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	for _, step := range []string{"account", "plan", "payment_method", "subscription", "activation"} {
		if err := workflow.ExecuteActivity(ctx, "ObviousStep", onboardingID, step).Get(ctx, nil); err != nil {
			return err
		}
		status = step
	}
	status = "completed"
	return nil
}

// obviousSteps do the same rows as ours, in as many transactions; the step that
// ours skips in a trial reads and writes the onboarding.
type obviousSteps struct{ steps *activities.Activities }

func (o *obviousSteps) ObviousStep(ctx context.Context, onboardingID, step string) error {
	run, known := map[string]func(context.Context, activities.StepInput) (onboarding.State, error){
		"account": o.steps.CreateAccount, "plan": o.steps.ChoosePlan, "payment_method": o.steps.AttachPaymentMethod,
		"activation": o.steps.ActivateSubscription,
	}[step]
	if known {
		_, err := run(ctx, activities.StepInput{OnboardingID: onboardingID})
		return err
	}
	return o.steps.Store.Within(ctx, func(tx *store.Store) error {
		row, err := tx.LockOnboarding(ctx, onboardingID)
		if err != nil {
			return err
		}
		row.Touch(tx.Now())
		return tx.SaveOnboarding(ctx, row)
	})
}

func (b *bench) startFloors() {
	pollers := sdkworker.NewPollerBehaviorAutoscaling(sdkworker.PollerBehaviorAutoscalingOptions{
		InitialNumberOfPollers: 5, MinimumNumberOfPollers: 2, MaximumNumberOfPollers: 100, // as worker.Start has them
	})
	w := sdkworker.New(b.app.Temporal, floorQueue, sdkworker.Options{WorkflowTaskPollerBehavior: pollers, ActivityTaskPollerBehavior: pollers})
	w.RegisterWorkflow(emptyWorkflow)
	w.RegisterWorkflow(obviousWorkflow)
	w.RegisterActivity(&obviousSteps{activities.New(activities.Config{Store: b.app.Store, Policy: domain.Policy{PaymentWindow: time.Hour}})})
	require.NoError(b.t, w.Start())
	b.t.Cleanup(w.Stop)
	b.startPlainServer()
}

// startEmpty kicks an empty workflow off the way a sign-up is: one Update-with-Start.
func (b *bench) startEmpty(ctx context.Context) error {
	c := b.app.Temporal
	start := c.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: store.NewID("empty"), TaskQueue: floorQueue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, emptyWorkflow)
	handle, err := c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{UpdateID: "begin", UpdateName: "begin", WaitForStage: client.WorkflowUpdateStageCompleted}})
	if err != nil {
		return err
	}
	return handle.Get(ctx, nil)
}

// empty asks a plain Gin handler for an empty workflow.
func (b *bench) empty(context.Context) error {
	a, err := try(http.MethodPost, b.urls.empty, "", map[string]any{})
	if err == nil && a.status != http.StatusCreated {
		err = fmt.Errorf("%d %s", a.status, a.body)
	}
	return err
}

var benchPeople atomic.Int64

// trial signs somebody up over HTTP and returns when the status is completed,
// which it is in the first answer unless that took longer than the API waits.
func (b *bench) trial(context.Context) error {
	n := benchPeople.Add(1)
	a, err := try(http.MethodPost, b.url+"/v1/onboardings", "", person(fmt.Sprintf("p%d@example.com", n), fmt.Sprintf("Company %d", n), "starter"))
	var o kickedOff
	for err == nil && a.status < 300 {
		secret := o.ClientSecret
		if err = json.Unmarshal(a.body, &o); err != nil || o.Status == domain.OnboardingCompleted {
			return err
		}
		if o.ClientSecret == "" {
			o.ClientSecret = secret
		}
		a, err = try(http.MethodGet, b.url+"/v1/onboardings/"+o.ID, o.ClientSecret, nil, "Prefer", "wait=20")
	}
	return fmt.Errorf("%d %s %w", a.status, a.body, err)
}

// obvious does the same the obvious way: insert, start, poll by Query.
func (b *bench) obvious(ctx context.Context) error {
	s := b.app.Store
	n := benchPeople.Add(1)
	o := domain.NewOnboarding(store.NewID("onb"), domain.KindSignup, s.Now())
	o.Email, o.AccountName, o.WantedPlan = fmt.Sprintf("p%d@example.com", n), fmt.Sprintf("Company %d", n), "starter"
	o.AccountID, o.OwnerID, o.SubscriptionID = store.NewID("acct"), store.NewID("usr"), store.NewID("sub")
	if _, err := s.InsertOnboarding(ctx, o); err != nil {
		return err
	}
	run, err := b.app.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "obvious-" + o.ID, TaskQueue: floorQueue}, obviousWorkflow, o.ID)
	if err != nil {
		return err
	}
	for {
		value, err := b.app.Temporal.QueryWorkflow(ctx, run.GetID(), run.GetRunID(), "status")
		if err != nil {
			return err
		}
		var status string
		if err := value.Get(&status); err != nil || status == "completed" {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// --- measuring

// timing is what a load saw.
type timing struct {
	rate     float64
	p50, p99 time.Duration
}

// load runs do n times, with a number in flight.
func (b *bench) load(n, concurrency int, do func(context.Context) error) timing {
	var wg sync.WaitGroup
	var next atomic.Int64
	took := make([]time.Duration, n)
	begin := time.Now()
	for range concurrency {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				started := time.Now()
				if err := do(b.t.Context()); err != nil {
					b.t.Error(err)
					return
				}
				took[i] = time.Since(started)
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(begin)
	require.False(b.t, b.t.Failed())
	slices.Sort(took)
	return timing{float64(n) / elapsed.Seconds(), took[n/2], took[n*99/100]}
}

// median runs several loads in turn, so that a slow moment of the machine hits
// all of them, and returns the median of each by rate.
func (b *bench) median(n, concurrency int, loads ...func(context.Context) error) []timing {
	all := make([][]timing, len(loads))
	for range rounds {
		for i, do := range loads {
			all[i] = append(all[i], b.load(n, concurrency, do))
		}
	}
	medians := make([]timing, len(loads))
	for i := range all {
		slices.SortFunc(all[i], func(x, y timing) int { return int(x.rate*1000 - y.rate*1000) })
		medians[i] = all[i][rounds/2]
	}
	return medians
}

func (b *bench) signups() {
	b.median(100, inFlight, b.empty, b.trial) // warm up
	m := b.median(signupsPerRound, inFlight, b.empty, b.trial)
	empty, trial := m[0], m[1]
	obvious := b.load(300, inFlight, b.obvious)
	b.atLeast("trial sign-ups/s to completed, 50 at once, vs an empty workflow kicked off the same way", trial.rate, empty.rate, 0.6)
	b.atLeast("trial sign-ups/s, 50 at once, vs the obvious design", trial.rate, obvious.rate, 2.5)
	b.spread("trial sign-up, 50 at once: p99 vs p50", trial)
	b.rows = append(b.rows, row{what: "empty workflow, 50 at once: p99 vs p50", ours: ms(empty.p99), floor: ms(empty.p50),
		ratio: fmt.Sprintf("%.1f", float64(empty.p99)/float64(empty.p50)), met: true})
}

func (b *bench) firstAnswer() {
	m := b.median(150, 1, b.empty, b.trial)
	b.atMost("first answer of POST /v1/onboardings, one at a time, p50, vs an empty workflow", m[1].p50, m[0].p50, 1.8)
}

// --- reads

// reads compares the two hot reads with plain handlers on a server of their own.
func (b *bench) reads() {
	o := b.signUp("reader@example.com", "Reader", "growth")
	read := b.median(6000, 8, b.reader(b.urls.read+o.ID, ""), b.reader(b.url+"/v1/onboardings/"+o.ID, o.ClientSecret))
	b.atLeast("GET /v1/onboardings/{id} per second, vs a plain Gin handler with one indexed GORM read", read[1].rate, read[0].rate, 0.7)
	plans := b.median(10000, 8, b.reader(b.urls.json, ""), b.reader(b.url+"/v1/plans", ""))
	b.atLeast("GET /v1/plans per second, vs a plain Gin JSON answer", plans[1].rate, plans[0].rate, 0.8)
}

// startPlainServer is what the API is compared with: an empty workflow, a row
// through GORM and the plans as JSON, each in a Gin handler with nothing around it.
func (b *bench) startPlainServer() {
	db, err := gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: "file:" + b.app.Database() + "?_pragma=journal_mode(WAL)&_time_format=sqlite"}),
		&gorm.Config{Logger: logger.Discard, PrepareStmt: true})
	require.NoError(b.t, err)
	plans, err := b.app.Store.PublicPlans(b.t.Context())
	require.NoError(b.t, err)
	gin.SetMode(gin.ReleaseMode)
	g := gin.New()
	g.POST("/empty", func(c *gin.Context) {
		if err := b.startEmpty(c); err != nil {
			c.JSON(http.StatusInternalServerError, gin.H{"error": err.Error()})
			return
		}
		c.JSON(http.StatusCreated, gin.H{"status": "completed"})
	})
	g.GET("/read/:id", func(c *gin.Context) {
		var o domain.Onboarding
		if err := db.WithContext(c).Where("id = ?", c.Param("id")).Take(&o).Error; err != nil {
			c.Status(http.StatusNotFound)
			return
		}
		c.JSON(http.StatusOK, &o)
	})
	g.GET("/plans", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"object": "list", "data": plans}) })
	b.plainMoney(g, db)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b.t, err)
	server := &http.Server{Handler: g}
	go func() { _ = server.Serve(listener) }()
	b.t.Cleanup(func() { _ = server.Close() })
	url := "http://" + listener.Addr().String()
	b.urls.empty, b.urls.read, b.urls.json = url+"/empty", url+"/read/", url+"/plans"
	b.urls.account, b.urls.write = url+"/account/", url+"/write"
}

func (b *bench) reader(url, bearer string) func(context.Context) error {
	return func(context.Context) error {
		a, err := try(http.MethodGet, url, bearer, nil)
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("%d %s", a.status, a.body)
		}
		return err
	}
}

// --- watchers

const (
	watchers     = 2000
	watcherBytes = 150 << 20
)

// watchers opens many streams on one process and looks at memory and statements.
func (b *bench) watchers() {
	o := b.signUp("watched@example.com", "Watched", "growth")
	before := memory()
	streams := make([]net.Conn, watchers)
	for i := range streams {
		streams[i] = b.watch(o)
	}
	eventually(b.t, func() bool { return b.app.Store.Watchers() == watchers }, "all watch")
	after, statements := memory(), b.app.Store.Statements()
	time.Sleep(3 * time.Second) // nothing changes meanwhile: that is what is measured
	idle := b.app.Store.Statements() - statements
	for _, s := range streams {
		_ = s.Close()
	}
	b.rows = append(b.rows,
		row{what: fmt.Sprintf("%d open SSE watchers: more memory (their clients' ends included)", watchers),
			ours: fmt.Sprintf("%d MB", (after-before)>>20), required: "≤ 150 MB", met: after-before <= watcherBytes},
		row{what: "statements while nothing changes, 3 s", ours: fmt.Sprint(idle), required: "0", met: idle == 0})
}

// watch opens one stream over a bare connection and reads its first event.
func (b *bench) watch(o kickedOff) net.Conn {
	conn, err := net.Dial("tcp", b.url[len("http://"):])
	require.NoError(b.t, err)
	fmt.Fprintf(conn, "GET /v1/onboardings/%s/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n", o.ID, o.ClientSecret)
	line, err := bufio.NewReaderSize(conn, 512).ReadString('\n')
	require.NoError(b.t, err)
	require.Contains(b.t, line, "200")
	return conn
}

// memory is what the process holds after a collection.
func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// --- the table

func (b *bench) atLeast(what string, ours, floor, required float64) {
	ratio := ours / floor
	b.rows = append(b.rows, row{what, fmt.Sprintf("%.0f", ours), fmt.Sprintf("%.0f", floor),
		fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %.1f", required), ratio >= required})
}

func (b *bench) atMost(what string, ours, floor time.Duration, required float64) {
	ratio := float64(ours) / float64(floor)
	b.rows = append(b.rows, row{what, ms(ours), ms(floor), fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≤ %.1f", required), ratio <= required})
}

func (b *bench) spread(what string, t timing) {
	ratio := float64(t.p99) / float64(t.p50)
	b.rows = append(b.rows, row{what, ms(t.p99), ms(t.p50), fmt.Sprintf("%.1f", ratio), "≤ 6", ratio <= 6})
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

func (b *bench) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nmeasure\tours\tfloor\tratio\trequired\t")
	for _, r := range b.rows {
		verdict := "met"
		if !r.met {
			verdict = "NOT MET"
		}
		if r.required == "" {
			verdict = ""
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.what, r.ours, r.floor, r.ratio, r.required, verdict)
	}
	require.NoError(b.t, w.Flush())
	fmt.Printf("\nEvery commit is synced to disk, Temporal's and ours. Password hash: %s. %d cores.\n", b.app.PasswordHash, runtime.NumCPU())
}

// passwordCost prints what the table leaves out.
func (b *bench) passwordCost() {
	params, err := (&app.Settings{PasswordHash: "19MiB,2,1"}).HashParams()
	require.NoError(b.t, err)
	started := time.Now()
	for range 10 {
		_, err := argon2id.CreateHash(testPassword, params)
		require.NoError(b.t, err)
	}
	each := time.Since(started) / 10
	fmt.Printf("argon2id with the production setting (19 MiB, 2, 1): %s each, so at most %.0f sign-ups/s on %d cores whatever the rest costs.\n",
		ms(each), float64(runtime.NumCPU())/each.Seconds(), runtime.NumCPU())
}
