//go:build !nodev

package system

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"slipway/app"
	"slipway/domain"
	"slipway/workflows"
)

// deployment is the worker deployment whose versions these tests roll.
const deployment = "slipway"

// release is a site whose workers have versions.
type release struct {
	*site
	*running
	t        *testing.T
	temporal client.Client
}

func newRelease(t *testing.T) *release {
	t.Helper()
	s := newSite(t, "")
	_, r := s.api()
	c := s.dial()
	r.app = &app.App{Temporal: c, Store: s.store} // the test's own look at both
	return &release{site: s, running: r, t: t, temporal: c}
}

// build starts a worker of the build.
func (r *release) build(id string, change ...func(*childConfig)) *child {
	r.t.Helper()
	c := childConfig{Deployment: deployment, BuildID: id}
	for _, f := range change {
		f(&c)
	}
	return r.child("worker", c)
}

// makeCurrent does what `temporal worker deployment set-current-version` does, once the
// build polls every task queue.
func (r *release) makeCurrent(id string) {
	r.t.Helper()
	handle := r.temporal.WorkerDeploymentClient().GetHandle(deployment)
	eventually(r.t, func() bool {
		_, err := handle.SetCurrentVersion(context.Background(), client.WorkerDeploymentSetCurrentVersionOptions{BuildID: id})
		return err == nil
	}, "%s is made current", id)
	eventually(r.t, func() bool {
		d, err := r.temporal.WorkflowService().DescribeWorkerDeployment(context.Background(),
			&workflowservice.DescribeWorkerDeploymentRequest{Namespace: client.DefaultNamespace, DeploymentName: deployment})
		state := d.GetWorkerDeploymentInfo().GetRoutingConfigUpdateState()
		return err == nil && state == enumspb.ROUTING_CONFIG_UPDATE_STATE_COMPLETED
	}, "every task queue has heard of it")
}

// ranOn is the build that a workflow's last task ran on.
func (r *release) ranOn(workflowID string) string {
	r.t.Helper()
	d, err := r.temporal.DescribeWorkflowExecution(context.Background(), workflowID, "")
	require.NoError(r.t, err)
	return d.GetWorkflowExecutionInfo().GetVersioningInfo().GetDeploymentVersion().GetBuildId()
}

// doctors is what the doctor says of Temporal.
func (r *release) doctors() string {
	r.t.Helper()
	var b strings.Builder
	for _, c := range r.checker().Workflows.Checks(context.Background()) {
		fmt.Fprintln(&b, c.Status, c.Message, c.Fix)
	}
	return b.String()
}

// approved pays by hand what waits, and returns when it is in use.
func (r *release) approved(o kickedOff) {
	r.t.Helper()
	r.decide(r.submit(o, "RF18").ID, "approve", "seen on the bank statement")
	r.until(o, domain.OnboardingCompleted)
}

func (r *release) waiting(n int) kickedOff {
	r.t.Helper()
	o := r.accepted(fmt.Sprintf("waits-%d@example.com", n), fmt.Sprintf("Waits %d", n), "growth", fmt.Sprint("k", n))
	r.until(o, domain.OnboardingAwaitingPayment)
	return o
}

func TestRelease_WhatWaitsGoesOnWithTheNextBuildAndWithTheOneBefore(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	held := filepath.Join(t.TempDir(), "go-on")
	v1 := r.build("v1", func(c *childConfig) { c.Hold, c.HoldUntil = "ResumeServed", held })
	early := r.accepted("early@example.com", "Early", "starter", "early")
	assert.Equal(t, domain.OnboardingReceived, early.Status, "no version is current: nothing runs")
	report := ""
	eventually(t, func() bool { report = r.doctors(); return strings.Count(report, "goes to workers of no version") == 4 },
		"the doctor says so of each queue")
	assert.Contains(t, report, "temporal worker deployment set-current-version --deployment-name slipway --build-id v1")

	r.makeCurrent("v1")
	r.until(early, domain.OnboardingCompleted)
	clock := r.newClock(begin.Format(time.RFC3339))
	sleeper := r.paysOn(clock, "sleeps@example.com", "growth", "tok_ok")
	r.until(sleeper, domain.OnboardingCompleted)
	billing := r.billing(sleeper)
	unpaid, approval, kept := r.waiting(1), r.waiting(2), r.waiting(3)
	payment := r.submit(approval, "RF19")
	r.setPlans(r.admin(), true) // ResumeServed is held up on v1
	eventually(t, func() bool { return r.running.events(workflows.ReconcileCatalogueID) > 5 }, "it has begun")

	v2 := r.build("v2")
	r.makeCurrent("v2")
	r.approved(unpaid)
	assert.Equal(t, "v2", r.ranOn("signup-"+unpaid.ID), "while v1 runs on")
	assert.Equal(t, "v1", r.ranOn(workflows.ReconcileCatalogueID))
	require.NoError(t, os.WriteFile(held, nil, 0o600))
	r.waitClosed(workflows.ReconcileCatalogueID)
	assert.Equal(t, "v1", r.ranOn(workflows.ReconcileCatalogueID), "what is short ends where it began")
	v1.stop()
	r.decide(payment.ID, "approve", "seen on the bank statement")
	r.until(approval, domain.OnboardingCompleted)
	r.advanceTo(clock, begin.AddDate(0, 1, 1))
	assert.Equal(t, "v2", r.ranOn(billing), "asleep over the release, it renews with the new build")

	fresh := r.waiting(4)
	assert.Equal(t, "v2", r.ranOn("signup-"+fresh.ID))
	r.build("v1")
	r.makeCurrent("v1")
	v2.stop()
	r.approved(fresh)
	assert.Equal(t, "v1", r.ranOn("signup-"+fresh.ID), "back to the build before")
	r.approved(kept)
	r.advanceTo(clock, begin.AddDate(0, 2, 2))
	assert.Equal(t, "v1", r.ranOn(billing))
	assert.Equal(t, 3, r.site.count("SELECT count(*) FROM payments WHERE status = 'succeeded' AND account_id = ?",
		sleeper.Account.ID), "the first period and two renewals")
	r.site.sound()
}

// A version whose workers were stopped too early leaves work behind that nobody sees.
func TestRelease_TheDoctorFindsWhatIsPinnedToAStoppedVersion(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	v1 := r.build("v1", func(c *childConfig) { c.Hold, c.HoldUntil = "ResumeServed", filepath.Join(t.TempDir(), "never") })
	r.makeCurrent("v1")
	r.setPlans(r.admin(), true)
	eventually(t, func() bool { return r.running.events(workflows.ReconcileCatalogueID) > 5 }, "it has begun")
	r.build("v2")
	r.makeCurrent("v2")
	v1.stop()
	report := ""
	require.Eventually(t, func() bool {
		report = r.doctors()
		return strings.Contains(report, "No worker of slipway:v1 runs, and 1 of the workflows")
	}, 3*time.Minute, time.Second, "once its pollers were not heard of for 75 seconds")
	assert.Contains(t, report, "temporal workflow update-options")

	update := client.UpdateWorkflowExecutionOptionsRequest{WorkflowId: workflows.ReconcileCatalogueID,
		WorkflowExecutionOptionsChanges: client.WorkflowExecutionOptionsChanges{
			VersioningOverride: &client.VersioningOverrideChange{Value: &client.AutoUpgradeVersioningOverride{}}}}
	_, err := r.temporal.UpdateWorkflowExecutionOptions(t.Context(), update)
	require.NoError(t, err)
	r.waitClosed(workflows.ReconcileCatalogueID)
	assert.Equal(t, "v2", r.ranOn(workflows.ReconcileCatalogueID), "moved by hand, it ends with the current version")
	d, err := r.temporal.DescribeWorkflowExecution(t.Context(), workflows.ReconcileCatalogueID, "")
	require.NoError(t, err)
	assert.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, d.GetWorkflowExecutionInfo().GetStatus())
}
