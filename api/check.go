package api

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	"slipway/domain"
	"slipway/store"
)

// What the fields accept, as a problem says it.
const (
	acceptedEmail   = "a plain address such as ada@example.com, at most 254 bytes"
	acceptedName    = "1 to 120 visible characters: no control, zero-width or line-breaking ones"
	acceptedSlug    = "3 to 48 lower-case letters, digits and single hyphens between them"
	acceptedToken   = "a token from the provider's form, or nothing"
	acceptedCountry = "an ISO 3166-1 alpha-2 code, upper case, such as KE"
)

// fieldErrors collects what is wrong with a request, so that a client learns
// all of it at once.
type fieldErrors []domain.FieldError

// require notes the field unless it is as it should be.
func (f *fieldErrors) require(ok bool, field, message, accepted string) {
	if !ok {
		*f = append(*f, domain.FieldError{Field: "body." + field, Message: message, Accepted: accepted})
	}
}

// err is the problem with every field noted, or nil.
func (f fieldErrors) err() error {
	if len(f) == 0 {
		return nil
	}
	return &domain.Error{Code: domain.CodeInvalid, Detail: domain.Text(domain.TextInvalid), Fields: f}
}

// checkSignUp returns the onboarding that the request asks for, or what is
// wrong with it: first its form, then what the catalogue has.
func (a *API) checkSignUp(ctx context.Context, req signUpRequest) (*domain.Onboarding, error) {
	var wrong fieldErrors
	email, ok := domain.NormalEmail(req.Email)
	wrong.require(ok, "email", "It is no plain e-mail address.", acceptedEmail)
	wrong.require(domain.ValidName(req.AccountName), "account_name", "It cannot be a name.", acceptedName)
	wrong.require(req.Slug == "" || domain.ValidSlug(req.Slug), "slug", "It has not the form of a slug.", acceptedSlug)
	wrong.require(req.Country == "" || validCountry(req.Country), "country", "There is no such country.", acceptedCountry)
	wrong.require(req.PaymentToken == "" || tokenPattern.MatchString(req.PaymentToken), "payment_token", "It is no token.", acceptedToken)
	if err := wrong.err(); err != nil {
		return nil, err
	}
	if err := a.checkSlug(ctx, req.Slug); err != nil {
		return nil, err
	}
	option, err := a.checkCatalogue(ctx, req)
	if err != nil {
		return nil, err
	}
	if err := a.checkClock(ctx, req.TestClock); err != nil {
		return nil, err
	}
	o := newOnboarding(domain.KindSignup, a.store)
	o.Email, o.AccountName, o.Country = email, strings.TrimSpace(req.AccountName), req.Country
	o.WantedSlug, o.WantedPlan, o.WantedOption = req.Slug, req.Plan, option
	o.PaymentToken, o.TestClockID = req.PaymentToken, req.TestClock
	o.AccountID, o.OwnerID = store.NewID(domain.PrefixAccount), store.NewID(domain.PrefixUser)
	return o, checkPassword(req.Password, email, o.AccountName)
}

func newOnboarding(kind domain.OnboardingKind, s *store.Store) *domain.Onboarding {
	o := domain.NewOnboarding(store.NewID(domain.PrefixOnboarding), kind, s.Now())
	o.SubscriptionID = store.NewID(domain.PrefixSubscription)
	return o
}

// ValidCountry is validCountry for who imports accounts.
func ValidCountry(code string) bool { return validCountry(code) }

// validCountry reports whether code names a country as ISO 3166-1 writes it.
func validCountry(code string) bool {
	region, err := language.ParseRegion(code)
	return err == nil && len(code) == 2 && region.IsCountry() && region.Canonicalize().String() == code
}

func (a *API) checkSlug(ctx context.Context, slug string) error {
	if !domain.SlugReserved(slug) {
		return nil
	}
	free, err := a.store.SuggestSlugs(ctx, slug)
	if err != nil {
		return err
	}
	e := domain.Invalid("body.slug", "It is a word the product keeps for itself.", acceptedSlug)
	e.Reason, e.Detail, e.Suggestions = domain.ReasonSlugReserved, domain.Text(domain.TextSlugReserved), free
	return e
}

// checkCatalogue refuses a plan, payment option or token that cannot be had, and
// returns the option to pay with: the one named, or the one the token is for.
// Where nothing can be had at all, a sign-up is accepted and waits for the
// catalogue.
func (a *API) checkCatalogue(ctx context.Context, req signUpRequest) (string, error) {
	if req.Plan != "" {
		plans, err := a.store.PublicPlans(ctx)
		if err != nil {
			return "", err
		}
		if err := findPlan(plans, req.Plan); err != nil && len(plans) > 0 {
			return "", err
		}
	}
	if req.PaymentOption == "" && req.PaymentToken == "" {
		return "", nil
	}
	options, err := a.store.PaymentOptions(ctx)
	if err != nil {
		return "", err
	}
	key := req.PaymentOption
	if key == "" {
		key = firstChargeable(options, req.Country)
	}
	option, err := findOption(options, key, req.Country, "")
	enabled := func(o domain.PaymentOption) bool { return o.Enabled }
	if err != nil && (slices.ContainsFunc(options, enabled) || req.PaymentToken != "") {
		return "", err
	}
	if err != nil {
		return key, nil
	}
	return key, a.checkToken(option, req.PaymentToken)
}

// firstChargeable is the first option that takes a token; empty without one.
func firstChargeable(options []domain.PaymentOption, country string) string {
	for i := range options {
		if options[i].Chargeable() && options[i].Serves(country, "") {
			return options[i].Key
		}
	}
	return ""
}

// findPlan returns plan_unavailable, with the codes that can be had, unless one
// of the plans has the code.
func findPlan(plans []domain.Plan, code string) error {
	codes := []string{}
	for _, p := range plans {
		if p.Code == code {
			return nil
		}
		codes = append(codes, p.Code)
	}
	e := domain.Invalid("body.plan", "It cannot be had.", "one of the suggestions")
	e.Reason, e.Detail, e.Suggestions = domain.ReasonPlanUnavailable, domain.Text(domain.TextPlanUnavailable), codes
	return e
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
	e := domain.Invalid("body.payment_option", "It cannot be used here.", "one of the suggestions")
	e.Reason, e.Detail, e.Suggestions = domain.ReasonPaymentOptionUnavailable, domain.Text(domain.TextPaymentOptionUnavailable), keys
	return nil, e
}

// validLine reports whether s is one line of visible text of min to max characters.
func validLine(s string, min, max int) bool {
	n := utf8.RuneCountInString(strings.TrimSpace(s))
	return domain.CleanText(s) && n >= min && utf8.RuneCountInString(s) <= max
}
