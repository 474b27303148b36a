package onboarding

import (
	"context"

	"slipway/domain"
)

// endDetails says in a sentence why an onboarding ended early.
var endDetails = map[string]string{
	"payment_expired":                 "Nobody paid before the payment window ended.",
	domain.ReasonTerminatedExternally: "The process was stopped by an operator.",
	string(domain.CodeInternal):       "Something went wrong on our side.",
}

// End gives back what the onboarding reserved, whatever of it there is, and
// ends it as failed or expired: invoice void, subscription incomplete_expired,
// account closed, slug released or kept. One that has ended stays as it is.
func (s *Onboardings) End(ctx context.Context, id string, status domain.OnboardingStatus, errorCode string) (State, error) {
	return s.change(ctx, id, func(o *Onboarding) error {
		if o.row.Status.Ended() {
			return nil
		}
		return o.end(status, &domain.OnboardingError{Code: errorCode, Detail: endDetails[errorCode]})
	})
}

// ends says what else each early end is called.
var ends = map[domain.OnboardingStatus]struct {
	event        domain.EventType
	failureCode  string // of a payment nobody decided on
	cancellation string // reason of the subscription's end
}{
	domain.OnboardingExpired:  {domain.EventOnboardingExpired, domain.FailureExpired, "payment_expired"},
	domain.OnboardingCanceled: {domain.EventOnboardingCanceled, domain.FailureCanceled, "canceled"},
	domain.OnboardingFailed:   {domain.EventOnboardingFailed, domain.FailureCanceled, "failed"},
}

// end compensates and ends the onboarding, in the change under way.
func (o *Onboarding) end(to domain.OnboardingStatus, why *domain.OnboardingError) error {
	row := o.row
	if row.Status != domain.OnboardingReceived { // nothing but a slug was reserved before
		if err := o.advance(domain.OnboardingCompensating); err != nil {
			return err
		}
	}
	if err := o.voidInvoice(ends[to].failureCode); err != nil {
		return err
	}
	if err := o.expireSubscription(ends[to].cancellation); err != nil {
		return err
	}
	if err := o.closeAccount(); err != nil {
		return err
	}
	for i := range row.Steps {
		switch step := &row.Steps[i]; step.Status {
		case domain.StepPending:
			step.Set(domain.StepSkipped, "Not reached.", o.Now)
		case domain.StepRunning, domain.StepWaiting, domain.StepRetrying:
			step.Fail(string(to), "Ended before it was done.", o.Now)
		}
	}
	row.PasswordHash, row.Error = "", why
	o.Emit(ends[to].event, nil)
	return o.advance(to)
}

// expireSubscription ends a subscription that never became active.
func (o *Onboarding) expireSubscription(reason string) error {
	if o.row.Subscription == nil {
		return nil
	}
	sub, err := o.Tx.LockSubscription(o.Ctx, o.row.SubscriptionID)
	if err != nil || sub.Status != domain.SubscriptionIncomplete {
		return err
	}
	if err := sub.Advance(domain.SubscriptionIncompleteExpired, o.Now); err != nil {
		return err
	}
	sub.CancellationReason = reason
	o.row.Subscription.Status = sub.Status
	o.Emit(domain.EventSubscriptionExpired, map[string]any{"reason": reason})
	return o.Tx.SaveSubscription(o.Ctx, sub)
}

// Remind notes, once per number, that the customer was reminded of an invoice
// that still waits for its payment.
func (s *Onboardings) Remind(ctx context.Context, id, invoiceID string, number int) (State, error) {
	return s.change(ctx, id, func(o *Onboarding) error {
		row := o.row
		if row.Status != domain.OnboardingAwaitingPayment || row.NextAction.InvoiceID != invoiceID || row.Reminders >= number {
			return nil
		}
		row.Reminders = number
		row.Touch(o.Now)
		o.Emit(domain.EventOnboardingReminded, map[string]any{"invoice": invoiceID, "number": number})
		return nil
	})
}
