package onboarding

import (
	"context"

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
		return stateOf(row, s.Policy), nil
	}
	m, err := none(s.Store.ProposedMethod(ctx, row.AccountID))
	if err != nil {
		return State{}, err
	}
	take := registration.removed
	if m != nil {
		if take, err = s.register(ctx, m); err != nil {
			return State{}, err
		}
	}
	return s.change(ctx, id, func(o *Onboarding) error { return take(registration{o, m}) })
}

// register asks the provider for the method, and returns what its answer means.
func (s *Onboardings) register(ctx context.Context, m *domain.PaymentMethod) (func(registration) error, error) {
	made, page, err := s.Charger.Register(ctx, m)
	switch class := payment.ClassOf(err); {
	case err == nil && page != nil:
		return func(r registration) error { return r.offerPage(page) }, nil
	case err == nil:
		return func(r registration) error { return r.keep(*made) }, nil
	case class == payment.ClassRequiresAction: // the page is not filled in yet
		return func(r registration) error { return r.awaitPage(nil) }, nil
	case class.Declined():
		return func(r registration) error { return r.refuse(err) }, nil
	}
	return nil, err
}

// asksFor reports whether the onboarding's step needs a call to a provider now.
func asksFor(row *domain.Onboarding, key domain.StepKey) bool {
	return isIn(row, key) && row.AsksProvider()
}

// registration is a provider's answer about a proposed payment method.
type registration struct {
	*Onboarding
	asked *domain.PaymentMethod // as it was when the provider was asked
}

// stillProposed is the method a provider was asked for, as it is now; nil when
// the customer gave another meanwhile, or went on without one: what the provider
// says of it then changes nothing.
func (r registration) stillProposed() (*domain.PaymentMethod, error) {
	m, err := none(r.Tx.LockMethod(r.Ctx, r.row.AccountID, r.asked.ID))
	if !isIn(r.row, domain.StepPaymentMethod) || r.row.Status.Ended() {
		return nil, err
	}
	return m, err
}

// removed runs the step again: the method was taken away meanwhile.
func (r registration) removed() error {
	if asksFor(r.row, domain.StepPaymentMethod) {
		r.row.Redo(domain.StepPaymentMethod, r.Now)
	}
	return nil
}

// offerPage shows the customer the provider's page to enter a card on.
func (r registration) offerPage(page *payment.Page) error {
	m, err := r.stillProposed()
	if err != nil || m == nil {
		return err
	}
	m.Setup = page.Ref
	if err := r.Tx.SaveMethod(r.Ctx, m); err != nil {
		return err
	}
	return r.awaitPage(page)
}

// awaitPage waits for the customer to enter a card. Without a page it is the
// one offered before.
func (r registration) awaitPage(page *payment.Page) error {
	if !asksFor(r.row, domain.StepPaymentMethod) {
		return nil
	}
	if page != nil {
		r.row.NextAction = &domain.NextAction{
			Type: domain.NextAddPaymentMethod, URL: page.URL, ExpiresAt: &page.ExpiresAt,
		}
	}
	r.set(domain.StepPaymentMethod, domain.StepWaiting, domain.Text(domain.TextWaitingForCard))
	r.Emit(domain.EventOnboardingWaiting, map[string]any{"blocked_on": r.row.Status.BlockedOn()})
	r.row.Touch(r.Now)
	return nil
}

// keep makes the provider's method the account's default and moves on.
func (r registration) keep(made payment.Method) error {
	m, err := r.stillProposed()
	if err != nil || m == nil {
		return err
	}
	if m.Ref == "" {
		if err := r.methods().Keep(m, made, true); err != nil {
			return err
		}
	}
	r.set(domain.StepPaymentMethod, domain.StepDone, methodMessage(m))
	r.row.MoveOn(r.Now)
	return nil
}

// refuse drops a card the provider would not keep; the customer gives another.
func (r registration) refuse(why error) error {
	m, err := r.stillProposed()
	if err != nil || m == nil {
		return err
	}
	code, err := r.methods().Refuse(m, why)
	if err != nil {
		return err
	}
	text := billing.DeclineText(code)
	r.row.NextAction = &domain.NextAction{
		Type: domain.NextAddPaymentMethod, URL: domain.OnboardingURL(r.row.ID) + "/payment-method", Message: text,
	}
	step := r.set(domain.StepPaymentMethod, domain.StepWaiting, domain.Text(domain.TextWaitingForNewCard))
	step.Error = &domain.OnboardingError{Code: code, Detail: text}
	r.row.Touch(r.Now)
	return nil
}
