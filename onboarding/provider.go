package onboarding

import (
	"context"
	"time"

	"slipway/billing"
	"slipway/domain"
	"slipway/payment"
)

// Retrying shows the customer, in the step that waits for a provider, why, which
// attempt it was, and when the next is.
func (s *Onboardings) Retrying(
	ctx context.Context, id string, trouble *payment.Error, attempt int, wait time.Duration,
) error {
	_, err := s.change(ctx, id, func(o *Onboarding) error {
		if !o.row.AsksProvider() {
			return nil // it has ended, or waits for something else now
		}
		current := o.row.CurrentStep()
		first := current.Status != domain.StepRetrying
		text := billing.TroubleText(trouble.Class)
		step := o.set(current.Key, domain.StepRetrying, text)
		next := time.Now().UTC().Add(wait).Truncate(time.Millisecond)
		step.NextAttemptAt, step.Attempts = &next, max(step.Attempts, attempt)
		step.Error = &domain.OnboardingError{Code: billing.TroubleCode(trouble.Class), Detail: text}
		o.row.Touch(o.Now)
		if first {
			o.Emit(domain.EventPaymentRetrying, map[string]any{"step": current.Key, "class": trouble.Class})
		}
		return nil
	})
	return err
}

// providerNews says that something happened at a provider: the customer says so,
// or an event of the provider's does.
type providerNews struct{ *Onboarding }

// ask makes the waiting step call its provider again.
func (n providerNews) ask() error {
	switch {
	case n.row.AsksProvider():
		return nil
	case n.row.Status == domain.OnboardingWaitingForPaymentMethod:
		return n.askForMethod()
	}
	return n.askForPayment()
}

func (n providerNews) askForMethod() error {
	method, err := none(n.Tx.ProposedMethod(n.Ctx, n.row.AccountID))
	if err != nil {
		return err
	}
	if method == nil {
		return n.notAllowed()
	}
	n.askAgain(domain.StepPaymentMethod, domain.Text(domain.TextCheckingEntry))
	return nil
}

func (n providerNews) askForPayment() error {
	invoice, err := n.invoices().OpenOf(n.row.SubscriptionID)
	if err != nil {
		return err
	}
	if invoice == nil {
		return n.notAllowed()
	}
	undecided, err := n.payments().Undecided(invoice.ID)
	if err != nil {
		return err
	}
	if undecided == nil {
		return n.notAllowed()
	}
	n.askAgain(domain.StepPayment, domain.Text(domain.TextCheckingPayment))
	return nil
}
