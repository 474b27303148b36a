package billing

import (
	"slices"

	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

// Methods attaches payment methods to the account of a change.
type Methods struct{ *store.Change }

// Default is the account's default method; nil without one.
func (m Methods) Default() (*domain.PaymentMethod, error) {
	return none(m.Tx.DefaultMethod(m.Ctx, m.AccountID()))
}

// Option is the catalogue's option behind a method; nil when it is gone.
func (m Methods) Option(method *domain.PaymentMethod) (*domain.PaymentOption, error) {
	options, err := m.Tx.PaymentOptions(m.Ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(options, func(o domain.PaymentOption) bool { return o.Key == method.Option })
	if i < 0 {
		return nil, nil
	}
	return &options[i], nil
}

// Keep stores what the provider made of a token, which is worth nothing any
// more.
func (m Methods) Keep(method *domain.PaymentMethod, made payment.Method, makeDefault bool) error {
	method.Token, method.Ref, method.Customer = "", made.Ref, made.Customer
	method.Brand, method.Last4, method.ExpMonth, method.ExpYear = made.Brand, made.Last4, made.ExpMonth, made.ExpYear
	if err := m.Tx.SaveMethod(m.Ctx, method); err != nil {
		return err
	}
	if makeDefault {
		if err := m.Tx.MakeDefault(m.Ctx, method); err != nil {
			return err
		}
	}
	m.Emit(domain.EventPaymentMethodAttached, map[string]any{"payment_method": method.ID, "payment_option": method.Option})
	return nil
}

// Refuse drops a method that its provider would not keep, and returns why.
func (m Methods) Refuse(method *domain.PaymentMethod, why error) (code string, err error) {
	code = declineCode(why)
	m.Emit(domain.EventPaymentMethodRefused, map[string]any{"payment_method": method.ID, "failure_code": code})
	return code, m.Tx.RemoveMethod(m.Ctx, method)
}

// MethodName is how a person recognises the method.
func MethodName(m *domain.PaymentMethod) string {
	if m.Last4 == "" {
		return m.Name
	}
	return domain.Text(domain.LabelCardEnding, "method", m.Name, "digits", m.Last4)
}
