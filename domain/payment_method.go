package domain

import (
	"slices"
	"time"
)

// PaymentType is the kind of a payment option.
type PaymentType string

// The kinds of payment option.
const (
	TypeCard         PaymentType = "card"
	TypeBankTransfer PaymentType = "bank_transfer"
	TypeWallet       PaymentType = "wallet"
	TypeInvoice      PaymentType = "invoice"
)

// ProviderManual is the name on payments that an admin enters without asking any
// provider. What a provider can do is never decided by its name: see
// CollectionMethod.
const ProviderManual = "manual"

// CollectionMethod says how the money of an invoice comes in.
type CollectionMethod string

// The ways money comes in.
const (
	// ChargeAutomatically: the provider charges a stored method.
	ChargeAutomatically CollectionMethod = "charge_automatically"
	// SendInvoice: the customer pays by the instructions and submits a reference;
	// an admin approves it.
	SendInvoice CollectionMethod = "send_invoice"
)

// PaymentOption is a way to pay that the catalogue offers.
type PaymentOption struct {
	ID           string      `json:"id" gorm:"primaryKey" doc:"Prefixed ULID."`
	Object       string      `json:"object" gorm:"-" enum:"payment_option"`
	Key          string      `json:"key" doc:"Stable key, such as bank_transfer."`
	ExternalID   string      `json:"external_id,omitempty" doc:"The id an imported catalogue gave it, such as 14."`
	Provider     string      `json:"provider" doc:"Name of the payment provider; manual is an admin's approval."`
	Type         PaymentType `json:"type" enum:"card,bank_transfer,wallet,invoice"`
	Name         string      `json:"name"`
	Instructions string      `json:"instructions" doc:"How to pay, shown to the customer."`
	Countries    []string    `json:"countries" gorm:"serializer:json" doc:"@paymentOption.countries" nullable:"false"`
	Currencies   []string    `json:"currencies" gorm:"serializer:json" doc:"@paymentOption.currencies" nullable:"false"`
	Enabled      bool        `json:"enabled"`
	Preferred    bool        `json:"preferred" doc:"Chosen when the customer names none; at most one."`
	Sort         int         `json:"sort" doc:"Order in lists, ascending."`
	CreatedAt    time.Time   `json:"created_at"`
	UpdatedAt    time.Time   `json:"updated_at"`

	// CollectionMethod follows from the provider.
	CollectionMethod CollectionMethod `json:"collection_method" enum:"charge_automatically,send_invoice"`
}

// Serves reports whether the option can be used from the country and in the
// currency. An empty question matches: what is not known excludes nothing but
// options limited to other countries.
func (p *PaymentOption) Serves(country, currency string) bool {
	return p.Enabled &&
		(len(p.Countries) == 0 || slices.Contains(p.Countries, country)) &&
		(len(p.Currencies) == 0 || currency == "" || slices.Contains(p.Currencies, currency))
}

// Chargeable reports whether a provider charges it, rather than a person
// approving what came in.
func (p *PaymentOption) Chargeable() bool { return p.CollectionMethod == ChargeAutomatically }

// NewMethod is a payment method of the account by this option, with what a
// provider needs to know of it still to be added: a token, or its ids.
func (p *PaymentOption) NewMethod(id, accountID string, at time.Time) *PaymentMethod {
	return &PaymentMethod{
		ID: id, AccountID: accountID, Option: p.Key, Provider: p.Provider, CollectionMethod: p.CollectionMethod,
		Type: p.Type, Name: p.Name, CreatedAt: at,
	}
}

// Present fills the computed fields.
func (p *PaymentOption) Present() {
	p.Object = "payment_option"
	if p.Countries == nil {
		p.Countries = []string{}
	}
	if p.Currencies == nil {
		p.Currencies = []string{}
	}
}

// ChoosePaymentOption is the server's rule (M6), over the options that serve
// the country and currency, in catalogue order: the one asked for; the one
// named by the deployment's setting, by key or external id; the catalogue's
// preferred one; the first. Asked for but not to be had is nil: a choice is
// never silently replaced.
func ChoosePaymentOption(options []PaymentOption, asked, preferred, country, currency string) *PaymentOption {
	rules := []func(*PaymentOption) bool{
		func(p *PaymentOption) bool {
			return preferred != "" && (p.Key == preferred || p.ExternalID == preferred)
		},
		func(p *PaymentOption) bool { return p.Preferred },
		func(*PaymentOption) bool { return true },
	}
	if asked != "" {
		rules = []func(*PaymentOption) bool{func(p *PaymentOption) bool { return p.Key == asked }}
	}
	for _, fits := range rules {
		for i := range options {
			if p := &options[i]; p.Serves(country, currency) && fits(p) {
				return p
			}
		}
	}
	return nil
}

// PaymentMethod is a payment option an account uses. Exactly one of an
// account's methods is its default, by partial unique index.
type PaymentMethod struct {
	ID        string      `json:"id" gorm:"primaryKey" doc:"Prefixed ULID."`
	Object    string      `json:"object" gorm:"-" enum:"payment_method"`
	AccountID string      `json:"account_id"`
	Option    string      `json:"payment_option" gorm:"column:option_key" doc:"Key of the payment option."`
	Provider  string      `json:"provider"`
	Type      PaymentType `json:"type" enum:"card,bank_transfer,wallet,invoice"`
	Name      string      `json:"name"`
	Brand     string      `json:"brand,omitempty" doc:"Of a card, such as visa."`
	Last4     string      `json:"last4,omitempty" doc:"Of a card: the last digits."`
	ExpMonth  int         `json:"exp_month,omitempty" doc:"Of a card."`
	ExpYear   int         `json:"exp_year,omitempty" doc:"Of a card."`
	Default   bool        `json:"default" gorm:"column:is_default"`
	CreatedAt time.Time   `json:"created_at"`
	RemovedAt *time.Time  `json:"-"`

	// CollectionMethod is the option's when the method was made.
	CollectionMethod CollectionMethod `json:"collection_method" enum:"charge_automatically,send_invoice"`

	// Token is what the customer's browser got from the provider, until it is
	// exchanged for Ref, the method as the provider keeps it; Customer is the
	// provider's id of the account.
	Token    string `json:"-"`
	Ref      string `json:"-" gorm:"column:provider_ref"`
	Customer string `json:"-" gorm:"column:customer_ref"`
	Setup    string `json:"-" gorm:"column:setup_ref"` // page on which the customer enters it
}

// Chargeable reports whether the method can be charged without the customer.
func (m *PaymentMethod) Chargeable() bool {
	return m.CollectionMethod == ChargeAutomatically && m.Ref != ""
}

// Proposed reports whether a provider has yet to make the method of what the
// customer gave, or is about to give. Until then it cannot pay anything.
func (m *PaymentMethod) Proposed() bool {
	return m.CollectionMethod == ChargeAutomatically && m.Ref == ""
}

// Present fills the computed fields.
func (m *PaymentMethod) Present() { m.Object = "payment_method" }
