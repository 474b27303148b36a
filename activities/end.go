package activities

import (
	"context"

	"slipway/domain"
)

// EndInput says how an onboarding ends early.
type EndInput struct {
	OnboardingID string                  `json:"onboarding_id"`
	Status       domain.OnboardingStatus `json:"status"` // failed or expired; canceling is a command
	ErrorCode    string                  `json:"error_code"`
}

// endDetails says in a sentence why an onboarding ended early.
var endDetails = map[string]string{
	"payment_expired":                 "Nobody paid before the payment window ended.",
	domain.ReasonTerminatedExternally: "The process was stopped by an operator.",
	string(domain.CodeInternal):       "Something went wrong on our side.",
}

// End gives back what the onboarding reserved, whatever of it there is, and
// ends it: invoice void, subscription incomplete_expired, account closed, slug
// released or kept. One that has ended already stays as it is.
func (a *Activities) End(ctx context.Context, in EndInput) (Standing, error) {
	return a.change(ctx, in.OnboardingID, func(c *changeSet) error {
		if c.onboarding.Status.Ended() {
			return nil
		}
		return c.end(in.Status, &domain.OnboardingError{Code: in.ErrorCode, Detail: endDetails[in.ErrorCode]})
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

// end compensates and ends the onboarding, in the transaction under way.
func (c *changeSet) end(to domain.OnboardingStatus, why *domain.OnboardingError) error {
	o := c.onboarding
	if o.Status != domain.OnboardingReceived { // nothing but a slug was reserved before
		if err := c.advance(domain.OnboardingCompensating); err != nil {
			return err
		}
	}
	if err := c.voidInvoice(ends[to].failureCode); err != nil {
		return err
	}
	if err := c.expireSubscription(ends[to].cancellation); err != nil {
		return err
	}
	if err := c.closeAccount(); err != nil {
		return err
	}
	for i := range o.Steps {
		switch step := &o.Steps[i]; step.Status {
		case domain.StepPending:
			step.Set(domain.StepSkipped, "Not reached.", c.now)
		case domain.StepRunning, domain.StepWaiting, domain.StepRetrying:
			step.Fail(string(to), "Ended before it was done.", c.now)
		}
	}
	o.PasswordHash, o.Error = "", why
	c.record(ends[to].event, nil)
	return c.advance(to)
}

// expireSubscription ends a subscription that never became active.
func (c *changeSet) expireSubscription(reason string) error {
	if c.onboarding.Subscription == nil {
		return nil
	}
	sub, err := c.tx.LockSubscription(c.ctx, c.onboarding.SubscriptionID)
	if err != nil || sub.Status != domain.SubscriptionIncomplete {
		return err
	}
	if err := sub.Advance(domain.SubscriptionIncompleteExpired, c.now); err != nil {
		return err
	}
	sub.CancellationReason = reason
	c.onboarding.Subscription.Status = sub.Status
	c.record(domain.EventSubscriptionExpired, map[string]any{"reason": reason})
	return c.tx.SaveSubscription(c.ctx, sub)
}
