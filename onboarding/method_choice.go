package onboarding

import (
	"slipway/domain"
	"slipway/store"
)

// methodChoice finds the payment method of an onboarding.
type methodChoice struct{ *Onboarding }

// choose finds, attaches or proposes the method to pay with; nil where there is
// none.
func (c methodChoice) choose(needed bool) (*domain.PaymentMethod, error) {
	row := c.row
	for _, find := range []func() (*domain.PaymentMethod, error){c.justGiven, c.usableDefault} {
		if method, err := find(); err != nil || method != nil {
			return method, err
		}
	}
	options, err := c.Tx.PaymentOptions(c.Ctx)
	if err != nil {
		return nil, err
	}
	preferred, currency := c.policy.PreferredOption, row.Plan.Currency
	option := domain.ChoosePaymentOption(options, row.WantedOption, preferred, row.Country, currency)
	if option == nil {
		return nil, nil
	}
	if !option.Chargeable() {
		return c.attach(option)
	}
	if row.PaymentToken == "" {
		if !needed { // no customer is sent to a page for what is not needed
			return nil, nil
		}
		if proposed, err := c.proposed(option); err != nil || proposed != nil {
			return proposed, err
		}
	}
	return c.propose(option, store.NewID(domain.PrefixPaymentMethod), row.PaymentToken)
}

// justGiven is the card whose token the customer gave last, which no provider
// has seen yet; nil without one.
func (c methodChoice) justGiven() (*domain.PaymentMethod, error) {
	if c.row.Step(domain.StepPaymentMethod).StartedAt == nil {
		return nil, nil
	}
	m, err := none(c.Tx.ProposedMethod(c.Ctx, c.row.AccountID))
	if err != nil || m == nil || m.Token == "" || m.Option != c.row.WantedOption {
		return nil, err
	}
	return m, nil
}

// usableDefault is the account's default method, where it may serve: the account
// existed before and wants no other, or a provider has made it in this very
// onboarding.
func (c methodChoice) usableDefault() (*domain.PaymentMethod, error) {
	row := c.row
	fresh := row.Kind == domain.KindSignup && row.Step(domain.StepPaymentMethod).StartedAt == nil
	if row.PaymentToken != "" || fresh {
		return nil, nil
	}
	method, err := c.methods().Default()
	if err != nil || method == nil {
		return nil, err
	}
	kept := method.Chargeable() && !method.CreatedAt.Before(row.CreatedAt) &&
		(row.WantedOption == "" || row.WantedOption == method.Option)
	if !kept && (row.Kind != domain.KindActivation || row.WantedOption != "") {
		return nil, nil
	}
	option, err := c.methods().Option(method)
	if err != nil || option == nil || !option.Serves(row.Country, row.Plan.Currency) {
		return nil, err
	}
	return method, nil
}

// proposed is the method for the option that a provider is about to make, or
// whose page the customer has not filled in yet; nil without one.
func (c methodChoice) proposed(option *domain.PaymentOption) (*domain.PaymentMethod, error) {
	m, err := none(c.Tx.ProposedMethod(c.Ctx, c.row.AccountID))
	if err != nil || m == nil || m.Option != option.Key {
		return nil, err
	}
	return m, nil
}

// attach makes an option that is paid by hand the account's default.
func (c methodChoice) attach(option *domain.PaymentOption) (*domain.PaymentMethod, error) {
	method := option.NewMethod(store.NewID(domain.PrefixPaymentMethod), c.row.AccountID, c.Now)
	method, err := c.Tx.AttachMethod(c.Ctx, method, true)
	if err != nil {
		return nil, err
	}
	c.Emit(domain.EventPaymentMethodAttached, map[string]any{"payment_method": method.ID, "payment_option": option.Key})
	return method, nil
}

// propose stores the method a provider is to make of the token, or of what the
// customer enters on its page.
func (c methodChoice) propose(option *domain.PaymentOption, id, token string) (*domain.PaymentMethod, error) {
	method := option.NewMethod(id, c.row.AccountID, c.Now)
	method.Token, c.row.PaymentToken = token, ""
	return method, c.Tx.ProposeMethod(c.Ctx, method)
}
