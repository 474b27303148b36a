package onboarding

import (
	"context"
	"slices"

	"slipway/domain"
)

// endTexts say why an onboarding ended early, by the code of its error.
var endTexts = map[string]domain.TextCode{
	domain.ExpiredPayment:             domain.TextPaymentExpired,
	domain.ExpiredOnboarding:          domain.TextOnboardingExpired,
	domain.ReasonTerminatedExternally: domain.TextTerminatedExternally,
	string(domain.CodeInternal):       domain.TextFailedByUs,
}

// End releases what the onboarding reserved, whatever of it there is, and
// ends it as failed or expired: invoice void, subscription incomplete_expired,
// account closed, slug released or kept. One that has ended stays as it is.
func (s *Onboardings) End(
	ctx context.Context, id string, status domain.OnboardingStatus, errorCode string,
) (State, error) {
	return s.change(ctx, id, func(o *Onboarding) error {
		if o.row.Status.Ended() {
			return nil
		}
		why := &domain.OnboardingError{Code: errorCode, Detail: domain.Text(endTexts[errorCode])}
		return ending{o}.end(status, why)
	})
}

// ends says what else each early end is called.
var ends = map[domain.OnboardingStatus]struct {
	event         domain.EventType
	failureCode   string   // of a payment that is not decided
	cancellations []string // reasons of the subscription's end: the error's code, or the first
}{
	domain.OnboardingExpired: {domain.EventOnboardingExpired, domain.FailureExpired,
		[]string{domain.ExpiredPayment, domain.ExpiredOnboarding}},
	domain.OnboardingCanceled: {domain.EventOnboardingCanceled, domain.FailureCanceled, []string{"canceled"}},
	domain.OnboardingFailed:   {domain.EventOnboardingFailed, domain.FailureCanceled, []string{"failed"}},
}

// ending is the early end of an onboarding.
type ending struct{ *Onboarding }

// canceled gives the onboarding up.
func (e ending) canceled() error { return e.end(domain.OnboardingCanceled, nil) }

// end compensates and ends the onboarding, in the change under way.
func (e ending) end(to domain.OnboardingStatus, why *domain.OnboardingError) error {
	row := e.row
	if row.Status != domain.OnboardingReceived { // nothing but a slug was reserved before
		if err := e.advance(domain.OnboardingCompensating); err != nil {
			return err
		}
	}
	if err := (paymentStep{e.Onboarding}).void(ends[to].failureCode); err != nil {
		return err
	}
	cancellation := ends[to].cancellations[0]
	if why != nil && slices.Contains(ends[to].cancellations, why.Code) {
		cancellation = why.Code
	}
	if err := (subscription{e.Onboarding}).expire(cancellation); err != nil {
		return err
	}
	if err := (accountStep{e.Onboarding}).close(); err != nil {
		return err
	}
	e.endSteps(to)
	row.PasswordHash, row.Error = "", why
	e.Emit(ends[to].event, nil)
	return e.advance(to)
}

// endSteps says of the steps that are not over that they will not be.
func (e ending) endSteps(to domain.OnboardingStatus) {
	for i := range e.row.Steps {
		switch step := &e.row.Steps[i]; step.Status {
		case domain.StepPending:
			step.Set(domain.StepSkipped, domain.Text(domain.TextNotReached), e.Now)
		case domain.StepRunning, domain.StepWaiting, domain.StepRetrying:
			step.Fail(string(to), domain.Text(domain.TextCutShort), e.Now)
		}
	}
}
