package api

import (
	"context"
	"net/http"
	"slices"

	"slipway/domain"
	"slipway/payment"
)

type optionsInput struct {
	Country     string       `query:"country" format:"country" doc:"ISO 3166-1 alpha-2, upper case."`
	Currency    currencyCode `query:"currency" doc:"ISO 4217, lower case."`
	IfNoneMatch string       `header:"If-None-Match" format:"line" doc:"@options.if_none_match"`
}

type optionsOutput struct {
	Status       int
	ETag         string `header:"ETag" doc:"Changes with the answer."`
	CacheControl string `header:"Cache-Control" doc:"How long the answer may be kept."`
	Body         listOf[domain.PaymentOption]
}

// paymentOptions are the ways to pay that the catalogue has.
type paymentOptions struct{ *shared }

// listPublic answers the ways to pay that serve a country and currency.
func (p paymentOptions) listPublic(ctx context.Context, in *optionsInput) (*optionsOutput, error) {
	options, err := p.catalogue.options.get(ctx)
	if err != nil {
		return nil, err
	}
	serving := []domain.PaymentOption{}
	for i := range options {
		if options[i].Serves(in.Country, string(in.Currency)) && p.taken(&options[i]) {
			serving = append(serving, options[i])
		}
	}
	out := &optionsOutput{Status: http.StatusOK, CacheControl: publicCache[0], Body: newList(serving, "")}
	r, err := render(out.Body)
	if err != nil {
		return nil, err
	}
	if out.ETag = r.etag; matchesETag(in.IfNoneMatch, r.etag) {
		out.Status = http.StatusNotModified
	}
	return out, nil
}

// findOption returns the option with the key if it can be used from the country
// in the currency, else payment_option_unavailable with the keys of those that can.
func findOption(options []domain.PaymentOption, key, country, currency string) (*domain.PaymentOption, error) {
	keys := []string{}
	for i := range options {
		if !options[i].Serves(country, currency) {
			continue
		}
		if options[i].Key == key {
			return &options[i], nil
		}
		keys = append(keys, options[i].Key)
	}
	e := domain.Invalid("body.payment_option",
		domain.Text(domain.TextNotUsableHere), domain.Text(domain.AcceptSuggestion))
	e.Reason, e.Suggestions = domain.ReasonPaymentOptionUnavailable, keys
	e.Detail = domain.Text(domain.TextPaymentOptionUnavailable)
	return nil, e
}

// usable returns the payment option a customer named, if it can be used.
func (p paymentOptions) usable(
	ctx context.Context, key, token, country, currency string,
) (*domain.PaymentOption, error) {
	options, err := p.offered(ctx)
	if err != nil {
		return nil, err
	}
	option, err := findOption(options, key, country, currency)
	if err != nil {
		return nil, err
	}
	return option, p.checkToken(option, token)
}

// offered are the options that money can come by here.
func (p paymentOptions) offered(ctx context.Context) ([]domain.PaymentOption, error) {
	options, err := p.store.PaymentOptions(ctx)
	return slices.DeleteFunc(options, func(o domain.PaymentOption) bool { return !p.taken(&o) }), err
}

// taken reports whether money comes by the option: a card whose provider is not set
// up cannot be charged.
func (p paymentOptions) taken(option *domain.PaymentOption) bool {
	_, found := p.config.Providers.Find(option.Provider)
	return found || !option.Chargeable()
}

// checkToken refuses what was never a token of the option's provider.
func (p paymentOptions) checkToken(option *domain.PaymentOption, token string) error {
	if token == "" {
		return nil
	}
	if !option.Chargeable() {
		return invalidToken(domain.TextTokenUnwanted, domain.AcceptNoToken)
	}
	registered, _ := p.config.Providers.Find(option.Provider)
	checker, checks := registered.Provider.(payment.TokenChecker)
	if checks && !checker.PossibleToken(token) {
		return invalidToken(domain.TextTokenElsewhere, domain.AcceptToken)
	}
	return nil
}

func invalidToken(message, accepted domain.TextCode) error {
	return domain.Invalid("body.payment_token", domain.Text(message), domain.Text(accepted))
}
