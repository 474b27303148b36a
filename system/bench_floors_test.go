//go:build bench && !nodev

package system

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

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
	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
)

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
	w := sdkworker.New(b.app.Temporal, floorQueue,
		sdkworker.Options{WorkflowTaskPollerBehavior: pollers, ActivityTaskPollerBehavior: pollers})
	w.RegisterWorkflow(emptyWorkflow)
	w.RegisterWorkflow(obviousWorkflow)
	w.RegisterActivity(&obviousSteps{activities.New(activities.Config{Store: b.app.Store,
		Policy: domain.Policy{PaymentWindow: time.Hour}})})
	require.NoError(b.t, w.Start())
	b.t.Cleanup(w.Stop)
	b.startPlainServer()
}

// startEmpty kicks an empty workflow off the way a sign-up is: one Update-with-Start.
func (b *bench) startEmpty(ctx context.Context) error {
	c := b.app.Temporal
	start := c.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: store.NewID("empty"), TaskQueue: floorQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, emptyWorkflow)
	handle, err := c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{UpdateID: "begin", UpdateName: "begin",
			WaitForStage: client.WorkflowUpdateStageCompleted}})
	if err != nil {
		return err
	}
	return handle.Get(ctx, nil)
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
	run, err := b.app.Temporal.ExecuteWorkflow(ctx,
		client.StartWorkflowOptions{ID: "obvious-" + o.ID, TaskQueue: floorQueue}, obviousWorkflow, o.ID)
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

// startPlainServer is what the API is compared with: an empty workflow, a row
// through GORM and the plans as JSON, each in a Gin handler with nothing around it.
func (b *bench) startPlainServer() {
	db, err := gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: "file:" + b.app.Database() +
		"?_pragma=journal_mode(WAL)&_time_format=sqlite"}),
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

// plainMoney adds the plain handlers for money to the plain server.
func (b *bench) plainMoney(g *gin.Engine, read *gorm.DB) {
	g.GET("/account/:id", func(c *gin.Context) {
		var sub domain.Subscription
		if err := read.WithContext(c).Where("account_id = ?", c.Param("id")).Take(&sub).Error; err != nil {
			c.Status(http.StatusNotFound)
			return
		}
		c.JSON(http.StatusOK, &sub)
	})
	dsn := "file:" + b.app.Database() +
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_txlock=immediate"
	write, err := gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: dsn}),
		&gorm.Config{Logger: logger.Discard})
	require.NoError(b.t, err)
	pool, err := write.DB()
	require.NoError(b.t, err)
	pool.SetMaxOpenConns(1) // SQLite has one writer
	require.NoError(b.t, write.Exec("CREATE TABLE floors (id text PRIMARY KEY, n integer NOT NULL)").Error)
	require.NoError(b.t, write.Exec("INSERT INTO floors VALUES ('one', 0)").Error)
	g.POST("/write", func(c *gin.Context) {
		err := write.WithContext(c).Transaction(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE floors SET n = n + 1 WHERE id = ?", "one").Error
		})
		if err != nil {
			c.JSON(http.StatusInternalServerError, gin.H{"error": err.Error()})
			return
		}
		c.JSON(http.StatusOK, gin.H{"ok": true})
	})
}

// floorWrite asks a plain handler for a transaction of one row.
func (b *bench) floorWrite(context.Context) error {
	a, err := try(http.MethodPost, b.urls.write, "", map[string]any{})
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("%d %s", a.status, a.body)
	}
	return err
}
