package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// Signup is the whole story of one onboarding, from the received request to an
// active account or a named end.
func Signup(ctx workflow.Context, in OnboardingInput) (OnboardingResult, error) {
	return runOnboarding(ctx, in)
}

// Activation is the same story for an account that exists already and chooses a
// plan: after a trial, again after an end, or by import. Its account step has
// nothing to do.
func Activation(ctx workflow.Context, in OnboardingInput) (OnboardingResult, error) {
	return runOnboarding(ctx, in)
}

func runOnboarding(ctx workflow.Context, in OnboardingInput) (OnboardingResult, error) {
	p := &onboarding{
		standing: activities.Standing{OnboardingID: in.OnboardingID, Status: domain.OnboardingReceived},
		alarm:    alarm{entity: in.OnboardingID, turn: workflow.NewMutex(ctx)},
	}
	if err := p.takeMessages(ctx); err != nil {
		return OnboardingResult{}, err
	}
	err := p.run(ctx)
	closing, _ := workflow.NewDisconnectedContext(ctx)
	p.show(closing)
	p.tellReplaced(closing)
	err = errors.Join(err, p.settle(closing), p.leave(closing))
	// An answer that is owed is given before the workflow closes.
	err = errors.Join(err, workflow.Await(closing, func() bool { return workflow.AllHandlersFinished(closing) }))
	return p.result(err)
}

// onboarding is the state of one running Signup or Activation.
type onboarding struct {
	standing   activities.Standing // where it stands, as the last activity said
	begun      bool                // the account exists and what comes next is known
	alarm                          // how it sleeps
	asked      bool                // a payment provider was asked for something
	compensate []compensation      // what to give back when it ends early, latest first
	shown      attributes          // the search attributes as last set
}

// a is only for the names of the activities.
var a *activities.Activities

func (p *onboarding) run(ctx workflow.Context) error {
	// Account, owner, slug; plan, payment method, subscription. Nothing owed: active.
	p.compensate = append(p.compensate, p.giveBack)
	if err := p.open(ctx); err != nil {
		return p.fail(ctx, err)
	}
	p.begun = true
	// Something is owed or missing: wait for whom it takes, as often as it takes.
	for !p.ended() {
		if err := p.await(ctx); err != nil {
			return p.fail(ctx, err)
		}
	}
	return nil
}

// open goes from what was received to an active account, or as far as it can.
func (p *onboarding) open(ctx workflow.Context) error {
	return p.step(ctx, "Open the account", a.OpenAccount, activities.OpenAccountInput{OnboardingID: p.id()})
}

// await waits in the way the status asks for, until the standing changes.
func (p *onboarding) await(ctx workflow.Context) error {
	p.show(ctx)
	if p.standing.Collect {
		return p.collect(ctx)
	}
	if p.standing.Status == domain.OnboardingAwaitingPayment {
		return p.awaitPayment(ctx)
	}
	_, err := p.sleepUntil(ctx, nil, "")
	return err
}

// awaitPayment reminds the customer while the payment window is open and ends
// the onboarding when it closes.
func (p *onboarding) awaitPayment(ctx workflow.Context) error {
	invoice := p.standing
	for i, at := range invoice.RemindAt {
		if reached, err := p.sleepUntil(ctx, &at, "Remind the customer"); err != nil || !reached {
			return err
		}
		remind := activities.RemindInput{OnboardingID: p.id(), InvoiceID: invoice.InvoiceID, Number: i + 1}
		if err := p.step(ctx, "Remind the customer", a.Remind, remind); err != nil {
			return err
		}
		if p.standing.InvoiceID != invoice.InvoiceID {
			return nil
		}
	}
	if reached, err := p.sleepUntil(ctx, invoice.DueAt, "End of the payment window"); err != nil || !reached {
		return err
	}
	return p.end(ctx, domain.OnboardingExpired, "payment_expired")
}

// step runs one activity in turn and takes over the standing it returns.
func (p *onboarding) step(ctx workflow.Context, summary string, activity, input any) error {
	if err := p.turn.Lock(ctx); err != nil {
		return err
	}
	defer p.turn.Unlock()
	if p.ended() {
		return nil
	}
	return p.take(workflow.ExecuteLocalActivity(ownDatabase(ctx, summary), activity, input), ctx)
}

// take takes over the standing an activity returned: all of it, as what is
// absent from an answer would keep its old value in the one there is.
func (p *onboarding) take(future workflow.Future, ctx workflow.Context) error {
	var standing activities.Standing
	if err := future.Get(ctx, &standing); err != nil {
		return err
	}
	p.standing, p.clock = standing, standing.Clock
	return nil
}

// sleepUntil sleeps until the time and reports true, or false when the standing
// changed before.
func (p *onboarding) sleepUntil(ctx workflow.Context, at *time.Time, summary string) (bool, error) {
	version := p.standing.Version
	return p.sleep(ctx, at, summary, func() bool { return p.standing.Version != version })
}

func (p *onboarding) id() string  { return p.standing.OnboardingID }
func (p *onboarding) ended() bool { return p.standing.Status.Ended() }

// result closes the workflow the way Temporal's UI should show it: completed,
// canceled, or failed with the reason.
func (p *onboarding) result(err error) (OnboardingResult, error) {
	result := OnboardingResult{Status: p.standing.Status, SubscriptionStatus: p.standing.SubscriptionStatus}
	switch {
	case err != nil:
		return result, updateFailure(err)
	case p.standing.Status == domain.OnboardingCompleted:
		return result, nil
	case p.standing.Status == domain.OnboardingCanceled:
		return result, temporal.NewCanceledError(string(p.standing.Status))
	default:
		return result, temporal.NewNonRetryableApplicationError(
			"the onboarding ended before the account was active", string(p.standing.Status), nil)
	}
}
