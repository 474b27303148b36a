package activities

import (
	"context"
	"slices"
	"time"

	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
)

// stopping is what restartStopped asks of workflows.
type stopping interface {
	// Stopped returns the workflows of subscriptions, purchases, test clocks and
	// endpoints that were stopped by hand, or failed, since a time.
	Stopped(ctx context.Context, since time.Time) ([]domain.StoppedWorkflow, error)
	// StoppedByID is what a workflow's id says it is about.
	StoppedByID(id string) domain.StoppedWorkflow
	// WorkflowState asks how a workflow is.
	WorkflowState(ctx context.Context, id string) (onboarding.ProcessState, error)
	// StartPurchase starts the Purchase of an open invoice; one that runs is no error.
	StartPurchase(ctx context.Context, accountID, invoiceID string) error
	// AdvanceClock starts moving a test clock to its target; one that moves is no error.
	AdvanceClock(ctx context.Context, id string) error
}

// How far back the first round looks, by how much rounds overlap (Temporal's list of
// workflows is a moment behind), how many are dealt with at once, and how soon one
// that stopped again is started again: one that fails at once must not go round and
// round.
const (
	firstLookBack = 24 * time.Hour
	listOverlap   = time.Minute
	restartBatch  = 500
	restartPause  = 10 * time.Minute
)

// restartStopped starts again what was stopped by hand, or failed, although what it
// is about has not ended. Onboardings are compared by a job of their own.
func (a *Reconciliation) restartStopped(ctx context.Context, round *store.Round, result *ReconcileResult) error {
	since := a.store.Now().Add(-firstLookBack)
	if !round.Last.IsZero() {
		since = round.Last.Add(-listOverlap)
	}
	stopped, err := a.processes.Stopped(ctx, since)
	if err != nil {
		return err
	}
	again, err := a.store.DueAgain(ctx, domain.JobRestartStopped, restartBatch)
	if err != nil {
		return err
	}
	for _, id := range again {
		known := func(w domain.StoppedWorkflow) bool { return w.ID == id }
		if !slices.ContainsFunc(stopped, known) {
			stopped = append(stopped, a.processes.StoppedByID(id))
		}
	}
	for batch := range slices.Chunk(stopped, restartBatch) {
		if err := a.restartThese(ctx, round, batch); err != nil {
			return err
		}
	}
	result.Restarted += round.Done()
	return nil
}

func (a *Reconciliation) restartThese(ctx context.Context, round *store.Round, batch []domain.StoppedWorkflow) error {
	ids := make([]string, len(batch))
	for i := range batch {
		ids[i] = batch[i].ID
	}
	aside, err := a.store.AsideNow(ctx, round.Job, ids)
	if err != nil {
		return err
	}
	batch = slices.DeleteFunc(batch, func(w domain.StoppedWorkflow) bool { return aside[w.ID] })
	return store.Each(ctx, round, batch, (*domain.StoppedWorkflow).ItemID, a.restart)
}

// restart starts one again that has work left, and leaves a trace.
func (a *Reconciliation) restart(ctx context.Context, w *domain.StoppedWorkflow) error {
	state, err := a.processes.WorkflowState(ctx, w.ID)
	if err != nil || state == onboarding.ProcessRunning || state == onboarding.ProcessCompleted {
		return err // started again already
	}
	started := false
	switch {
	case w.SubscriptionID != "":
		started, err = a.restartBilling(ctx, w)
	case w.InvoiceID != "":
		started, err = a.restartPurchase(ctx, w)
	case w.ClockID != "":
		started, err = a.restartAdvance(ctx, w)
	case w.EventID != "":
		err = a.outbox.Adopt(ctx, &domain.WebhookDelivery{EndpointID: w.EndpointID, EventID: w.EventID})
	case w.EndpointID != "":
		started, err = a.restartDeliveries(ctx, w)
	}
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound:
		return nil // what it was about is gone
	case err == nil && started:
		return store.Later(restartPause)
	}
	return err
}

func (a *Reconciliation) restartBilling(ctx context.Context, w *domain.StoppedWorkflow) (bool, error) {
	sub, err := a.store.SubscriptionByID(ctx, w.SubscriptionID)
	if err != nil || !sub.Status.Live() {
		return false, err
	}
	if err := a.processes.StartBilling(ctx, sub); err != nil {
		return false, err
	}
	return true, a.trace(ctx, w, domain.Event{AccountID: sub.AccountID, SubscriptionID: sub.ID})
}

func (a *Reconciliation) restartPurchase(ctx context.Context, w *domain.StoppedWorkflow) (bool, error) {
	invoice, err := a.store.InvoiceByID(ctx, w.InvoiceID)
	if err != nil || invoice.Status != domain.InvoiceOpen {
		return false, err
	}
	if err := a.processes.StartPurchase(ctx, invoice.AccountID, invoice.ID); err != nil {
		return false, err
	}
	return true, a.trace(ctx, w, domain.Event{AccountID: invoice.AccountID})
}

func (a *Reconciliation) restartAdvance(ctx context.Context, w *domain.StoppedWorkflow) (bool, error) {
	clock, err := a.store.TestClockByID(ctx, w.ClockID)
	if err != nil || clock.Status != domain.ClockAdvancing {
		return false, err
	}
	return true, a.processes.AdvanceClock(ctx, clock.ID)
}

func (a *Reconciliation) restartDeliveries(ctx context.Context, w *domain.StoppedWorkflow) (bool, error) {
	next, err := a.store.NextAttempt(ctx, w.EndpointID)
	if err != nil || next == nil || a.outbox.Starter == nil {
		return false, err
	}
	return true, a.outbox.Starter.DeliverTo(ctx, w.EndpointID)
}

// trace leaves an event about what runs again.
func (a *Reconciliation) trace(ctx context.Context, w *domain.StoppedWorkflow, about domain.Event) error {
	return a.store.Change(ctx, func(c *store.Change) error {
		c.About(about)
		c.Emit(domain.EventWorkflowRestarted, map[string]any{"workflow": w.ID})
		return nil
	})
}
