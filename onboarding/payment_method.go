package onboarding

import (
	"context"

	"slipway/billing"
	"slipway/domain"
)

// AttachPaymentMethod makes the payment option that the server's rule chooses
// the account's default, or waits for one, or calls a provider.
func (s *Onboardings) AttachPaymentMethod(ctx context.Context, id string) (State, error) {
	return s.step(ctx, id, domain.StepPaymentMethod, func(o *Onboarding) error { return methodStep{o}.attach() })
}

// methodStep is what happens to the payment method of an onboarding: which one
// it is, methodChoice decides; what its provider answers, registration takes.
type methodStep struct{ *Onboarding }

// attach attaches the method that is chosen. Where none serves, and one is
// needed, it waits. Of a card only a token is known, or nothing: a provider has
// to make a method of it.
func (m methodStep) attach() error {
	needed := m.needed()
	method, err := methodChoice{m.Onboarding}.choose(needed)
	switch {
	case err != nil:
		return err
	case method == nil && needed:
		return m.wait(domain.OnboardingWaitingForPaymentMethod, domain.StepPaymentMethod,
			domain.Text(domain.TextWaitingForMethod))
	case method == nil:
		m.done(domain.StepPaymentMethod, domain.StepSkipped, domain.Text(domain.TextMethodNotNeededYet))
		return nil
	case method.Proposed():
		return m.askProvider(method)
	}
	m.done(domain.StepPaymentMethod, domain.StepDone, methodMessage(method))
	return nil
}

// needed reports whether the plan needs a method: it has to be paid before it
// begins, or wants one in any case.
func (m methodStep) needed() bool {
	owes := m.row.Step(domain.StepPayment).Status != domain.StepSkipped
	return owes || m.row.Plan.PaymentMethodCollection == domain.CollectAlways
}

// askProvider asks for a call to the provider: for the method, or for the page to enter it
// on. While that page is offered already, it waits.
func (m methodStep) askProvider(method *domain.PaymentMethod) error {
	offered := method.Token == "" && method.Setup != ""
	if offered && m.row.Step(domain.StepPaymentMethod).Status == domain.StepWaiting {
		return nil
	}
	if err := m.advance(domain.OnboardingWaitingForPaymentMethod); err != nil {
		return err
	}
	message := domain.Text(domain.TextCheckingCard)
	if method.Token == "" {
		message = domain.Text(domain.TextPreparingPage)
	}
	m.row.NextAction = &domain.NextAction{Type: domain.NextWait, URL: domain.OnboardingURL(m.row.ID)}
	m.set(domain.StepPaymentMethod, domain.StepRunning, message).Attempts++
	return nil
}

// change has the payment method, and what follows from it, chosen again, as the
// customer wants it now.
func (m methodStep) change(cmd *domain.Command) error {
	row := m.row
	same := row.NextAction != nil && row.NextAction.PaymentOption == cmd.Option
	if cmd.Token == "" && row.Status == domain.OnboardingAwaitingPayment && same {
		return nil
	}
	row.WantedOption = cmd.Option
	if err := m.Tx.RoomForMethod(m.Ctx, row.AccountID, cmd.Option, m.policy.Limits.PaymentMethods); err != nil {
		return err
	}
	if err := m.proposeAgain(cmd); err != nil {
		return err
	}
	if err := (paymentStep{m.Onboarding}).void(domain.FailureSuperseded); err != nil {
		return err
	}
	row.Redo(domain.StepPaymentMethod, m.Now)
	return nil
}

// proposeAgain stores a card's token as the method a provider is to make, under
// the command's id.
func (m methodStep) proposeAgain(cmd *domain.Command) error {
	if cmd.Token == "" {
		return nil
	}
	options, err := m.Tx.PaymentOptions(m.Ctx)
	if err != nil {
		return err
	}
	currency := ""
	if m.row.Plan != nil {
		currency = m.row.Plan.Currency
	}
	option := domain.ChoosePaymentOption(options, cmd.Option, "", m.row.Country, currency)
	if option != nil && option.Chargeable() {
		if _, err := (methodChoice{m.Onboarding}).propose(option, cmd.MethodID, cmd.Token); err != nil {
			return err
		}
	}
	return m.Tx.BlankToken(m.Ctx, cmd.ID)
}

func methodMessage(m *domain.PaymentMethod) string {
	return domain.Text(domain.TextMethodAttached, "method", billing.MethodName(m))
}
