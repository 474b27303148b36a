package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"slipway/domain"
	"slipway/onboarding"
	"slipway/payment"
	"slipway/store"
)

// deepPatience is how long what is under way may take before the deep checks
// count it as stuck.
const deepPatience = 10 * time.Minute

// Bounds of the deep checks: rows held at a time, workflows asked about at all,
// and at once.
const (
	deepBatch     = 500
	deepWorkflows = 10_000
	deepAtOnce    = 8
)

// DeepChecks compares everything with everything: rows with rows, payments with
// the books of those who took the money, onboardings and subscriptions with
// their workflows. Their cost grows with the number of accounts; their memory
// does not. What was under way after the time before is not counted.
func (a *App) DeepChecks(ctx context.Context, before time.Time) []domain.Check {
	invariants, err := a.Store.Invariants(ctx, before)
	checks := make([]domain.Check, 0, len(invariants)+len(a.providers.Names())+3)
	for i := range invariants {
		checks = append(checks, invariants[i].Check())
	}
	if err != nil {
		checks = append(checks, unread("invariants", "The rows could not all be read.", err))
	}
	names := a.providers.Names()
	slices.Sort(names)
	for _, name := range names {
		checks = append(checks, a.checkCharges(ctx, name, before))
	}
	return append(checks, a.checkOnboardingWorkflows(ctx, before), a.checkBillingWorkflows(ctx, before),
		a.checkFailingWorkflows(ctx))
}

func unread(name, message string, err error) domain.Check {
	return domain.Check{Name: name, Status: domain.CheckWarn, Message: message + " (" + rootCause(err).Error() + ")",
		Fix: "Correct that and run it again."}
}

// checkCharges compares a provider's books with our payments, charge by charge.
func (a *App) checkCharges(ctx context.Context, name string, before time.Time) domain.Check {
	registered, _ := a.providers.Find(name)
	books, readable := registered.Provider.(payment.LedgerReader)
	if !readable {
		return domain.Check{Name: "charges_" + name, Status: domain.CheckOK,
			Message: "Not compared: the books of " + name + " cannot be read."}
	}
	c := charges{App: a, provider: name, asked: registered.Provider, before: before, Invariant: store.Invariant{
		Name:  "charges_" + name,
		Holds: "Every charge of " + name + ", less what was refunded, is a succeeded payment or flagged as late.",
		Fix:   "Look these payments up at the provider; refund what nobody owes, and report it.",
	}}
	if err := c.compare(ctx, books); err != nil {
		return unread(c.Name, "The books of "+name+" could not be compared.", err)
	}
	return c.Check()
}

// charges is a comparison of a provider's books with our payments.
type charges struct {
	*App
	store.Invariant
	provider string
	asked    payment.Provider
	before   time.Time
	matched  int64 // succeeded payments with their charge
}

func (c *charges) compare(ctx context.Context, books payment.LedgerReader) error {
	succeeded, err := c.Store.CountSucceeded(ctx, c.provider) // first: the books are ahead of us
	if err != nil {
		return err
	}
	for after := ""; ; {
		page, err := books.Ledger(ctx, after, deepBatch)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		if err := c.comparePage(ctx, page); err != nil {
			return err
		}
		after = page[len(page)-1].Key
	}
	if c.matched >= succeeded {
		return nil
	}
	return c.findUncharged(ctx)
}

func (c *charges) comparePage(ctx context.Context, page []payment.Outcome) error {
	keys := make([]string, len(page))
	for i := range page {
		keys[i] = page[i].Key
	}
	payments, err := c.Store.PaymentsByKeys(ctx, keys)
	if err != nil {
		return err
	}
	for _, out := range page {
		c.Checked++
		p := payments[out.Key]
		if p == nil {
			c.Find(out.Key)
			continue
		}
		if p.Status == domain.PaymentSucceeded {
			c.matched++
		}
		if !c.agree(out, p) {
			c.Find(p.ID)
		}
	}
	return nil
}

// agree reports whether a charge and its payment say the same.
func (c *charges) agree(out payment.Outcome, p *domain.Payment) bool {
	kept := int64(0)
	if out.Status == payment.StatusSucceeded {
		kept = out.Amount - out.Refunded
	}
	switch p.Status {
	case domain.PaymentSucceeded:
		return kept == p.Amount && out.Currency == p.Currency
	case domain.PaymentFailed:
		return kept == 0 || p.Late
	}
	return kept == 0 || !p.UpdatedAt.Before(c.before) // it is being asked about
}

// findUncharged names succeeded payments the provider does not have.
func (c *charges) findUncharged(ctx context.Context) error {
	for after := ""; ; {
		payments, err := c.Store.SucceededThrough(ctx, c.provider, after, deepBatch)
		if err != nil || len(payments) == 0 {
			return err
		}
		for i := range payments {
			out, err := c.asked.Lookup(ctx, payments[i].Key)
			if err != nil {
				return err
			}
			if out.Status == payment.StatusNone {
				c.Find(payments[i].ID)
			}
		}
		after = payments[len(payments)-1].ID
	}
}

// checkOnboardingWorkflows asks for the workflow of every onboarding that has
// not ended.
func (a *App) checkOnboardingWorkflows(ctx context.Context, before time.Time) domain.Check {
	found := store.Invariant{
		Name: "onboarding_workflows", Holds: "Every onboarding that has not ended has its workflow.",
		Fix: "Reconcile puts that right by itself; see that a worker runs and its schedule is not paused.",
	}
	return a.checkWorkflows(&found, func(after string) ([]process, error) {
		rows, err := a.Store.RunningOnboardings(ctx, after, deepBatch)
		processes := make([]process, len(rows))
		for i := range rows {
			state := func() (onboarding.ProcessState, error) { return a.Workflows.State(ctx, &rows[i]) }
			processes[i] = process{rows[i].ID, rows[i].UpdatedAt.Before(before), state}
		}
		return processes, err
	})
}

// checkBillingWorkflows asks for the Billing of every subscription in use.
func (a *App) checkBillingWorkflows(ctx context.Context, before time.Time) domain.Check {
	found := store.Invariant{
		Name:  "billing_workflows",
		Holds: "Every subscription in use has its Billing.",
		Fix:   "Any command starts it, POST /v1/admin/subscriptions/{id}/refresh too; reconcile does when something is due.",
	}
	return a.checkWorkflows(&found, func(after string) ([]process, error) {
		rows, err := a.Store.LivingSubscriptions(ctx, after, deepBatch)
		processes := make([]process, len(rows))
		for i := range rows {
			state := func() (onboarding.ProcessState, error) { return a.Workflows.BillingState(ctx, rows[i].ID) }
			processes[i] = process{rows[i].ID, rows[i].UpdatedAt.Before(before), state}
		}
		return processes, err
	})
}

// process is a row that should have a running workflow.
type process struct {
	id     string
	counts bool // it did not change a moment ago
	state  func() (onboarding.ProcessState, error)
}

// checkWorkflows asks for the workflows of what next returns, several at a time
// and within a bound.
func (a *App) checkWorkflows(found *store.Invariant, next func(after string) ([]process, error)) domain.Check {
	for after := ""; found.Checked < deepWorkflows; {
		batch, err := next(after)
		if err != nil {
			return unread(found.Name, "Not everything could be read.", err)
		}
		if len(batch) == 0 {
			return found.Check()
		}
		states := make([]onboarding.ProcessState, len(batch))
		var asking errgroup.Group
		asking.SetLimit(deepAtOnce)
		for i := range batch {
			asking.Go(func() (err error) { states[i], err = batch[i].state(); return err })
		}
		if err := asking.Wait(); err != nil {
			return unread(found.Name, "Temporal could not be asked.", err)
		}
		for i := range batch {
			if found.Checked++; batch[i].counts && states[i] != onboarding.ProcessRunning {
				found.Find(batch[i].id)
			}
		}
		after = batch[len(batch)-1].id
	}
	check := found.Check()
	check.Message += fmt.Sprintf(" Only the oldest %d were asked for.", deepWorkflows)
	return check
}

// checkFailingWorkflows looks for workflows that go round in circles.
func (a *App) checkFailingWorkflows(ctx context.Context) domain.Check {
	found := store.Invariant{
		Name: "failing_workflows", Holds: "No running workflow is stuck in failing tasks.",
		Fix: "Read the failure in Temporal's UI; go back to the release before, or correct the workflow's code.",
	}
	running, err := a.Workflows.CountRunning(ctx)
	if err == nil {
		found.Checked = running
		found.IDs, found.Broken, err = a.Workflows.FailingWorkflows(ctx, store.MaxBrokenIDs)
	}
	if err != nil {
		return unread(found.Name, "Temporal could not be asked.", err)
	}
	return found.Check()
}
