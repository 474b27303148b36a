package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
)

// Signup takes one onboarding from the received request to an active account or
// to a named end: it walks domain.Steps in order. The API starts it together with
// the update "begin" (see workflows/client).
func Signup(ctx workflow.Context, in OnboardingInput) (OnboardingResult, error) {
	if err := underOwnID(ctx, SignupID(in.OnboardingID)); err != nil {
		return OnboardingResult{}, err
	}
	return Walk(domain.Steps)(ctx, in)
}

// Activation walks the same steps for an account that exists already and chooses
// a plan. Its account step finds the account. It is a type of its own so that
// Temporal's UI shows which is which.
func Activation(ctx workflow.Context, in OnboardingInput) (OnboardingResult, error) {
	if in.SubscriptionID != "" { // since 0.2.0
		if err := underOwnID(ctx, ActivationID(in.SubscriptionID)); err != nil {
			return OnboardingResult{}, err
		}
	}
	return Walk(domain.Steps)(ctx, in)
}

// Walk is the workflow that walks the steps.
func Walk(steps []domain.StepDeclaration) func(workflow.Context, OnboardingInput) (OnboardingResult, error) {
	return func(ctx workflow.Context, in OnboardingInput) (OnboardingResult, error) {
		w := &walker{
			entity: newEntity(ctx, domain.NounOnboarding, in.OnboardingID), in: in, steps: steps,
			state: onboarding.State{OnboardingID: in.OnboardingID, Status: domain.OnboardingReceived, Step: steps[0].Key},
		}
		if err := w.takeMessages(ctx); err != nil {
			return OnboardingResult{}, err
		}
		err := w.walk(ctx)
		if workflow.IsContinueAsNewError(err) {
			return OnboardingResult{}, err
		}
		closing, _ := workflow.NewDisconnectedContext(ctx)
		w.finishAsked(closing)
		w.show(closing)
		w.notifyReplaced(closing)
		return w.result(errors.Join(err, w.compensate(closing), w.close(closing)))
	}
}

// walker is the state of one running Signup or Activation.
type walker struct {
	entity
	in            OnboardingInput
	steps         []domain.StepDeclaration
	state         onboarding.State // where it is, as the last activity said
	resting       bool             // it waits for a person, or for a provider
	asked         workflow.Future  // an earlier call to a provider that may still be under way
	window        window           // until when a provider is asked
	compensations []string         // activities that take back what is with third parties
	shown         attributes       // the search attributes as last set
}

// walk runs step after step, and waits where a step needs somebody, until the
// onboarding has ended.
func (w *walker) walk(ctx workflow.Context) error {
	for !w.ended() {
		err := w.next(ctx)
		switch {
		case workflow.IsContinueAsNewError(err):
			return err
		case err != nil:
			return w.fail(ctx, err)
		}
	}
	return nil
}

// nextRun starts the next run, at rest: where the onboarding is is in the rows. A
// call to the provider that is under way is awaited, since its result would be
// lost.
func (w *walker) nextRun(ctx workflow.Context) error {
	w.ending = true
	w.finishAsked(ctx)
	w.window.stop()
	return w.continueAsNew(ctx, func() any { return w.in })
}

// ended reports whether the onboarding has come to one of its ends.
func (w *walker) ended() bool { return w.state.Status.Ended() }

// wait waits in the way the status asks for, until the state changes.
func (w *walker) wait(ctx workflow.Context) error {
	if w.state.Status == domain.OnboardingAwaitingPayment {
		return w.awaitPayment(ctx)
	}
	// Staff, or the customer, has to act: for a month, say.
	reached, err := w.sleepUntil(ctx, w.state.ExpiresAt, domain.Text(domain.SummaryExpires))
	if err != nil || !reached {
		return err
	}
	return w.end(ctx, domain.OnboardingExpired, domain.ExpiredOnboarding)
}

// awaitPayment reminds the customer while the payment window is open and ends
// the onboarding when it closes.
func (w *walker) awaitPayment(ctx workflow.Context) error {
	invoice, summary := w.state, domain.Text(domain.SummaryRemind)
	for i, at := range invoice.RemindAt {
		if reached, err := w.sleepUntil(ctx, &at, summary); err != nil || !reached {
			return err
		}
		remind := activities.RemindInput{OnboardingID: w.id, InvoiceID: invoice.InvoiceID, Number: i + 1}
		if err := w.execute(ctx, ownDatabase(summary, a.RemindCustomer, remind)); err != nil {
			return err
		}
		if w.state.InvoiceID != invoice.InvoiceID {
			return nil
		}
	}
	reached, err := w.sleepUntil(ctx, invoice.DueAt, domain.Text(domain.SummaryWindowEnds))
	if err != nil || !reached {
		return err
	}
	return w.end(ctx, domain.OnboardingExpired, domain.ExpiredPayment)
}

// sleepUntil sleeps until the time and reports true, or false when the state
// changed before. An onboarding that waited without an end before there was one
// learns it with its next message.
func (w *walker) sleepUntil(ctx workflow.Context, at *time.Time, summary string) (bool, error) {
	version, expires := w.state.Version, w.state.ExpiresAt != nil
	return w.sleep(ctx, at, summary, func() bool {
		return w.state.Version != version || (w.state.ExpiresAt != nil) != expires || w.crowded(ctx)
	})
}

// end ends the onboarding early, on a context that a cancellation does not reach:
// what it reserved in our own database is released in the same transaction.
func (w *walker) end(ctx workflow.Context, status domain.OnboardingStatus, errorCode string) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	in := activities.EndInput{OnboardingID: w.id, Status: status, ErrorCode: errorCode}
	return w.execute(ctx, ownDatabase(domain.Text(domain.SummaryEnd), a.EndOnboarding, in))
}

// fail ends the onboarding for an error no retry cures, or, when an operator
// asked Temporal to cancel the workflow, as canceled.
func (w *walker) fail(ctx workflow.Context, err error) error {
	w.resting = true // so that waiting updates return
	if temporal.IsCanceledError(err) {
		return w.cancel(ctx)
	}
	workflow.GetLogger(ctx).Error("onboarding fails", "error", err)
	return errors.Join(err, w.end(ctx, domain.OnboardingFailed, string(domain.CodeInternal)))
}

// cancel is Temporal's own cancellation: the cancel command, by an operator.
func (w *walker) cancel(ctx workflow.Context) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	in := w.input(domain.ActionCancel, "")
	in.Signal = true
	_, err := w.apply(ctx, in)
	return err
}

// compensate takes back what is with third parties when the onboarding ended
// early, latest step first. Every compensation is tried, whatever became of the
// others.
func (w *walker) compensate(ctx workflow.Context) error {
	if w.state.Status == domain.OnboardingCompleted {
		return nil
	}
	var failures []error
	for i := len(w.compensations) - 1; i >= 0; i-- {
		givingBack := asking(domain.Text(domain.SummaryGiveBack), PriorityUsual, w.id)
		failures = append(failures, givingBack.call(w.compensations[i],
			activities.StepInput{OnboardingID: w.id}).Get(ctx, nil))
	}
	return errors.Join(failures...)
}

// notifyReplaced notifies the Billing of the subscription that this one replaced:
// its rows say that nothing comes due any more. One that does not run need not
// know.
func (w *walker) notifyReplaced(ctx workflow.Context) {
	if w.state.Replaced != "" {
		_ = workflow.SignalExternalWorkflow(ctx, BillingID(w.state.Replaced), "", SignalMethodChanged, nil).Get(ctx, nil)
	}
}

// result closes the workflow the way Temporal's UI should show it: completed,
// canceled, or failed with the reason.
func (w *walker) result(err error) (OnboardingResult, error) {
	result := OnboardingResult{Status: w.state.Status, SubscriptionStatus: w.state.SubscriptionStatus}
	switch {
	case err != nil:
		return result, updateFailure(err)
	case w.state.Status == domain.OnboardingCompleted:
		return result, nil
	case w.state.Status == domain.OnboardingCanceled:
		return result, temporal.NewCanceledError(string(w.state.Status))
	default:
		return result, temporal.NewNonRetryableApplicationError(
			domain.Text(domain.TextEndedBeforeActive), string(w.state.Status), nil)
	}
}
