package api

import (
	"context"
	"strings"

	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

// OptionChange is what may change of a payment option: what is absent stays.
type OptionChange struct {
	ExternalID   *string         `json:"external_id,omitempty" format:"line" maxLength:"60" doc:"@option.external_id"`
	Provider     *string         `json:"provider,omitempty" format:"code" maxLength:"60" doc:"@option.provider"`
	Type         *string         `json:"type,omitempty" enum:"card,bank_transfer,wallet,invoice"`
	Name         *string         `json:"name,omitempty" format:"name" minLength:"1"`
	Instructions *string         `json:"instructions,omitempty" format:"paragraph" doc:"@option.instructions"`
	Countries    *[]countryCode  `json:"countries,omitempty" nullable:"false" maxItems:"300" doc:"@option.countries"`
	Currencies   *[]currencyCode `json:"currencies,omitempty" nullable:"false" maxItems:"300" doc:"@option.currencies"`
	Enabled      *bool           `json:"enabled,omitempty"`
	Preferred    *bool           `json:"preferred,omitempty" doc:"@optionChange.preferred"`
	Sort         *sortOrder      `json:"sort,omitempty"`
}

// apply changes the option, or says which fields cannot be accepted.
func (c OptionChange) apply(o *domain.PaymentOption, providers *payment.Registry) error {
	set(&o.ExternalID, c.ExternalID)
	set(&o.Provider, c.Provider)
	set((*string)(&o.Type), c.Type)
	set(&o.Name, c.Name)
	set(&o.Instructions, c.Instructions)
	setAll(&o.Countries, c.Countries)
	setAll(&o.Currencies, c.Currencies)
	set(&o.Enabled, c.Enabled)
	set(&o.Preferred, c.Preferred)
	set(&o.Sort, (*int)(c.Sort))

	var wrong fieldErrors
	c.checkProvider(o, providers, &wrong)
	wrong.require(o.Type != "", "type", domain.TextFieldRequired, domain.AcceptOptionType)
	wrong.name(o.Name, "name")
	return wrong.err()
}

// checkProvider sets what follows from the option's provider; who names none is
// paid by hand. One that was registered when the option was made may be gone:
// that refuses no other change.
func (c OptionChange) checkProvider(o *domain.PaymentOption, providers *payment.Registry, wrong *fieldErrors) {
	if o.Provider == "" && c.Provider == nil {
		byHand, _ := providers.Choose(string(o.Type), false)
		o.Provider = byHand.Name
	}
	r, registered := providers.Find(o.Provider)
	if !registered {
		if c.Provider != nil || o.Provider == "" {
			wrong.note("provider", domain.Text(domain.TextProviderUnknown), strings.Join(providers.Names(), " or "))
		}
		return
	}
	if o.Type != "" && !r.Serves(string(o.Type)) {
		message := domain.Text(domain.TextTypeNotServed, "provider", r.Name)
		wrong.note("type", message, strings.Join(r.Types, " or "))
	}
	o.CollectionMethod = domain.SendInvoice
	if r.Charges {
		o.CollectionMethod = domain.ChargeAutomatically
	}
}

type createOptionInput struct {
	Idempotent
	Body struct {
		Key catalogueKey `json:"key" doc:"Stable; it can never change."`
		OptionChange
	}
}

func (p paymentOptions) checkNew(in *createOptionInput, wrong *fieldErrors) {
	wrong.join(in.Body.apply(&domain.PaymentOption{}, p.config.Providers))
}

type changeOptionInput struct {
	ID   string `path:"id" doc:"Id of the payment option."`
	Body OptionChange
}

type optionOutput struct {
	Replayable
	Body *domain.PaymentOption
}

// list lists every payment option, enabled or not, in catalogue order.
func (p paymentOptions) list(ctx context.Context, _ *struct{}) (*listOutput[domain.PaymentOption], error) {
	options, err := p.store.PaymentOptions(ctx)
	return listed(store.List[domain.PaymentOption]{Data: options}, err)
}

// create adds a payment option, paid by hand and enabled unless the request
// says otherwise.
func (p paymentOptions) create(ctx context.Context, in *createOptionInput) (*optionOutput, error) {
	now := p.store.Now()
	o := &domain.PaymentOption{
		ID: store.NewID(domain.PrefixPaymentOption), Key: string(in.Body.Key),
		Enabled: true, CreatedAt: now, UpdatedAt: now,
	}
	id, again, err := p.makeOnce(ctx, in.Idempotent, "create_payment_option", in.Body, creation{
		id:    o.ID,
		check: func() error { return in.Body.apply(o, p.config.Providers) },
		save:  func(tx *store.Store) error { return saveOption(ctx, tx, callerOf(ctx), o) },
	})
	if err != nil {
		return nil, err
	}
	p.catalogueChanged(ctx)
	o, err = p.store.PaymentOptionByID(ctx, id)
	return &optionOutput{Replayable: replayed(again), Body: o}, err
}

var optionKind = kind[domain.PaymentOption]{
	prefix: domain.PrefixPaymentOption, noun: "payment option", read: (*store.Store).PaymentOptionByID,
	lock: (*store.Store).LockPaymentOption,
}

// change changes what is named of a payment option.
func (p paymentOptions) change(ctx context.Context, in *changeOptionInput) (*optionOutput, error) {
	option, err := optionKind.change(ctx, p.store, in.ID, func(tx *store.Store, o *domain.PaymentOption) error {
		if err := in.Body.apply(o, p.config.Providers); err != nil {
			return err
		}
		o.UpdatedAt = tx.Now()
		return saveOption(ctx, tx, callerOf(ctx), o)
	})
	if err != nil {
		return nil, err
	}
	p.catalogueChanged(ctx)
	return &optionOutput{Body: option}, nil
}

func saveOption(ctx context.Context, tx *store.Store, who caller, o *domain.PaymentOption) error {
	saved, err := tx.SavePaymentOption(ctx, o)
	if err != nil {
		return err
	}
	if !saved {
		return domain.Conflict(domain.TextOptionKeyTaken)
	}
	data := map[string]any{"payment_option": o.ID, "key": o.Key, "enabled": o.Enabled}
	return tx.InsertEvents(ctx, adminEvent(domain.EventPaymentOptionSaved, who, data))
}
