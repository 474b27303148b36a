package onboarding

import (
	"context"
	"time"

	"slipway/billing"
	"slipway/domain"
	"slipway/payment"
)

// RegisterPaymentMethod has a payment provider make a method of the customer's
// token, or of the page the customer filled in, or make that page. What the
// provider cannot answer now it returns as an error, to be tried again.
func (s *Onboardings) RegisterPaymentMethod(ctx context.Context, id string) (State, error) {
	row, err := s.Store.OnboardingByID(ctx, id)
	if err != nil {
		return State{}, err
	}
	if err := s.Charger.RefundUnwanted(ctx, row.SubscriptionID); err != nil {
		return State{}, err
	}
	if !asksFor(row, domain.StepPaymentMethod) {
		return s.state(row), nil
	}
	m, err := none(s.Store.ProposedMethod(ctx, row.AccountID))
	if err != nil {
		return State{}, err
	}
	if m == nil { // removed meanwhile: the step is run again
		return s.change(ctx, id, func(o *Onboarding) error {
			if asksFor(o.row, domain.StepPaymentMethod) {
				o.row.Redo(domain.StepPaymentMethod, o.Now)
			}
			return nil
		})
	}
	made, page, err := s.Charger.Register(ctx, m)
	switch class := payment.ClassOf(err); {
	case err == nil && page != nil:
		return s.change(ctx, id, func(o *Onboarding) error { return o.offerPage(m.ID, page) })
	case err == nil:
		return s.change(ctx, id, func(o *Onboarding) error { return o.takeMethod(m.ID, *made) })
	case class == payment.ClassRequiresAction: // the page is not filled in yet
		return s.change(ctx, id, func(o *Onboarding) error { return o.awaitPage(nil) })
	case class.Declined():
		return s.change(ctx, id, func(o *Onboarding) error { return o.refuseMethod(m.ID, err) })
	}
	return State{}, err
}

// asksFor reports whether the onboarding has a provider asked in the step.
func asksFor(row *domain.Onboarding, key domain.StepKey) bool {
	current := row.CurrentStep()
	return current != nil && current.Key == key && row.AsksProvider()
}

// stillProposed is the method a provider was asked for, as it is now; nil when
// the customer gave another meanwhile, or went on without one: what the provider
// says of it then changes nothing.
func (o *Onboarding) stillProposed(id string) (*domain.PaymentMethod, error) {
	m, err := none(o.Tx.MethodByID(o.Ctx, o.row.AccountID, id))
	current := o.row.CurrentStep()
	if current == nil || current.Key != domain.StepPaymentMethod || o.row.Status.Ended() {
		return nil, err
	}
	return m, err
}

// offerPage shows the customer the provider's page to enter a card on.
func (o *Onboarding) offerPage(id string, page *payment.Page) error {
	m, err := o.stillProposed(id)
	if err != nil || m == nil {
		return err
	}
	m.Setup = page.Ref
	if err := o.Tx.SaveMethod(o.Ctx, m); err != nil {
		return err
	}
	return o.awaitPage(page)
}

// awaitPage waits for the customer to enter a card. Without a page it is the
// one offered before.
func (o *Onboarding) awaitPage(page *payment.Page) error {
	if !asksFor(o.row, domain.StepPaymentMethod) {
		return nil
	}
	if page != nil {
		o.row.NextAction = &domain.NextAction{Type: domain.NextAddPaymentMethod, URL: page.URL, ExpiresAt: &page.ExpiresAt}
	}
	o.set(domain.StepPaymentMethod, domain.StepWaiting, "Waiting for a card to be entered.")
	o.Emit(domain.EventOnboardingWaiting, map[string]any{"blocked_on": o.row.Status.BlockedOn()})
	o.row.Touch(o.Now)
	return nil
}

// takeMethod makes the provider's method the account's default and moves on.
func (o *Onboarding) takeMethod(id string, made payment.Method) error {
	m, err := o.stillProposed(id)
	if err != nil || m == nil {
		return err
	}
	if m.Ref == "" {
		if err := o.methods().Keep(m, made, true); err != nil {
			return err
		}
	}
	o.set(domain.StepPaymentMethod, domain.StepDone, billing.MethodName(m)+".")
	o.row.MoveOn(o.Now)
	return nil
}

// refuseMethod drops a card the provider would not keep; the customer gives
// another.
func (o *Onboarding) refuseMethod(id string, why error) error {
	m, err := o.stillProposed(id)
	if err != nil || m == nil {
		return err
	}
	code, err := o.methods().Refuse(m, why)
	if err != nil {
		return err
	}
	text := billing.DeclineText(code)
	o.row.NextAction = &domain.NextAction{
		Type: domain.NextAddPaymentMethod, URL: domain.OnboardingURL(o.row.ID) + "/payment-method", Message: text,
	}
	step := o.set(domain.StepPaymentMethod, domain.StepWaiting, "Waiting for another card.")
	step.Error = &domain.OnboardingError{Code: code, Detail: text}
	o.row.Touch(o.Now)
	return nil
}

// ChargePayment has a payment provider asked for the money of the open invoice,
// or what became of it, and gives back what is not wanted any more. What the
// provider cannot answer now it returns as an error, to be tried again.
func (s *Onboardings) ChargePayment(ctx context.Context, id string) (State, error) {
	row, err := s.Store.OnboardingByID(ctx, id)
	if err != nil {
		return State{}, err
	}
	charge := s.Charger.RefundUnwanted
	if asksFor(row, domain.StepPayment) {
		charge = s.Charger.ChargeSubscription
	}
	if err := charge(ctx, row.SubscriptionID); err != nil {
		return State{}, err
	}
	return s.Read(ctx, id)
}

// RefundPayment takes back what a provider was asked for by an onboarding that
// has ended without it; safe when there was nothing.
func (s *Onboardings) RefundPayment(ctx context.Context, id string) error {
	o, err := s.Store.OnboardingByID(ctx, id)
	if err != nil {
		return err
	}
	return s.Charger.RefundUnwanted(ctx, o.SubscriptionID)
}

// Retrying shows the customer, in the step that waits for a provider, why, which
// attempt it was, and when the next is.
func (s *Onboardings) Retrying(ctx context.Context, id string, trouble *payment.Error, attempt int, wait time.Duration) error {
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
