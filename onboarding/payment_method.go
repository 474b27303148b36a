package onboarding

import (
	"slipway/billing"
	"slipway/domain"
	"slipway/store"
)

// attachPaymentMethod makes the payment option that the server's rule chooses
// the account's default. Where none serves, and one is needed, it waits. Of a
// card only a token is known, or nothing: a provider has to make a method of it.
func (o *Onboarding) attachPaymentMethod() error {
	needed := o.owes() || o.row.Plan.PaymentMethodCollection == domain.CollectAlways
	method, err := o.choosePaymentMethod(needed)
	switch {
	case err != nil:
		return err
	case method == nil && needed:
		return o.wait(domain.OnboardingWaitingForPaymentMethod, domain.StepPaymentMethod,
			"Waiting for a way to pay that serves this country and currency.")
	case method == nil:
		o.done(domain.StepPaymentMethod, domain.StepSkipped, "None is needed yet.")
		return nil
	case method.Proposed():
		return o.askForMethod(method)
	}
	o.done(domain.StepPaymentMethod, domain.StepDone, billing.MethodName(method)+".")
	return nil
}

// choosePaymentMethod finds, attaches or proposes the method to pay with; nil
// where there is none.
func (o *Onboarding) choosePaymentMethod(needed bool) (*domain.PaymentMethod, error) {
	row := o.row
	for _, find := range []func() (*domain.PaymentMethod, error){o.justGiven, o.usableDefault} {
		if method, err := find(); err != nil || method != nil {
			return method, err
		}
	}
	options, err := o.Tx.PaymentOptions(o.Ctx)
	if err != nil {
		return nil, err
	}
	option := domain.ChoosePaymentOption(options, row.WantedOption, o.policy.PreferredOption, row.Country, row.Plan.Currency)
	if option == nil {
		return nil, nil
	}
	if !option.Chargeable() {
		return o.attach(option)
	}
	if row.PaymentToken == "" {
		if !needed { // nobody is sent to a page for what is not needed
			return nil, nil
		}
		if proposed, err := o.proposed(option); err != nil || proposed != nil {
			return proposed, err
		}
	}
	return o.propose(option, store.NewID(domain.PrefixPaymentMethod), row.PaymentToken)
}

// justGiven is the card whose token the customer gave last, which no provider
// has seen yet; nil without one.
func (o *Onboarding) justGiven() (*domain.PaymentMethod, error) {
	if o.row.Step(domain.StepPaymentMethod).StartedAt == nil {
		return nil, nil
	}
	m, err := none(o.Tx.ProposedMethod(o.Ctx, o.row.AccountID))
	if err != nil || m == nil || m.Token == "" || m.Option != o.row.WantedOption {
		return nil, err
	}
	return m, nil
}

// usableDefault is the account's default method, where it may serve: the account
// existed before and wants no other, or a provider has made it in this very
// onboarding.
func (o *Onboarding) usableDefault() (*domain.PaymentMethod, error) {
	row := o.row
	fresh := row.Kind == domain.KindSignup && row.Step(domain.StepPaymentMethod).StartedAt == nil
	if row.PaymentToken != "" || fresh {
		return nil, nil
	}
	method, err := o.methods().Default()
	if err != nil || method == nil {
		return nil, err
	}
	kept := method.Chargeable() && !method.CreatedAt.Before(row.CreatedAt) &&
		(row.WantedOption == "" || row.WantedOption == method.Option)
	if !kept && (row.Kind != domain.KindActivation || row.WantedOption != "") {
		return nil, nil
	}
	option, err := o.methods().Option(method)
	if err != nil || option == nil || !option.Serves(row.Country, row.Plan.Currency) {
		return nil, err
	}
	return method, nil
}

// proposed is the method for the option that a provider is about to make, or
// whose page the customer has not filled in yet; nil without one.
func (o *Onboarding) proposed(option *domain.PaymentOption) (*domain.PaymentMethod, error) {
	m, err := none(o.Tx.ProposedMethod(o.Ctx, o.row.AccountID))
	if err != nil || m == nil || m.Option != option.Key {
		return nil, err
	}
	return m, nil
}

// attach makes an option that is paid by hand the account's default.
func (o *Onboarding) attach(option *domain.PaymentOption) (*domain.PaymentMethod, error) {
	method, err := o.Tx.AttachMethod(o.Ctx, option.NewMethod(store.NewID(domain.PrefixPaymentMethod), o.row.AccountID, o.Now), true)
	if err != nil {
		return nil, err
	}
	o.Emit(domain.EventPaymentMethodAttached, map[string]any{"payment_method": method.ID, "payment_option": option.Key})
	return method, nil
}

// propose stores the method a provider is to make of the token, or of what the
// customer enters on its page.
func (o *Onboarding) propose(option *domain.PaymentOption, id, token string) (*domain.PaymentMethod, error) {
	method := option.NewMethod(id, o.row.AccountID, o.Now)
	method.Token, o.row.PaymentToken = token, ""
	return method, o.Tx.ProposeMethod(o.Ctx, method)
}

// askForMethod has the provider asked for the method, or for the page to enter
// it on. While that page is offered already, it waits.
func (o *Onboarding) askForMethod(m *domain.PaymentMethod) error {
	offered := m.Token == "" && m.Setup != ""
	if offered && o.row.Step(domain.StepPaymentMethod).Status == domain.StepWaiting {
		return nil
	}
	if err := o.advance(domain.OnboardingWaitingForPaymentMethod); err != nil {
		return err
	}
	message := "Checking the card."
	if m.Token == "" {
		message = "Preparing the page to enter a card on."
	}
	o.row.NextAction = &domain.NextAction{Type: domain.NextWait, URL: domain.OnboardingURL(o.row.ID)}
	o.set(domain.StepPaymentMethod, domain.StepRunning, message).Attempts++
	return nil
}
