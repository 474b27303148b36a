package api

import (
	"context"
	"slices"

	"slipway/domain"
	"slipway/store"
)

// check notes a weak password beside what else is wrong with a sign-up; alone, it
// has a code of its own.
func (in *signUpInput) check(wrong *fieldErrors) {
	if len(*wrong) > 0 {
		wrong.join(checkPassword(in.Body.Password, in.Body.Email, in.Body.AccountName))
	}
}

// check returns the onboarding that the request asks for, or what the catalogue
// has to say against it.
func (s *signups) check(ctx context.Context, req signUpRequest) (*domain.Onboarding, error) {
	if err := s.checkSlug(ctx, req.Slug); err != nil {
		return nil, err
	}
	option, err := s.checkCatalogue(ctx, req)
	if err != nil {
		return nil, err
	}
	if err := s.clocks.check(ctx, req.TestClock); err != nil {
		return nil, err
	}
	o := newOnboarding(domain.KindSignup, s.store)
	o.Email, o.AccountName, o.Country = req.Email, req.AccountName, req.Country
	o.WantedSlug, o.WantedPlan, o.WantedOption = req.Slug, req.Plan, option
	o.PaymentToken, o.TestClockID = req.PaymentToken, req.TestClock
	o.AccountID, o.OwnerID = store.NewID(domain.PrefixAccount), store.NewID(domain.PrefixUser)
	return o, checkPassword(req.Password, o.Email, o.AccountName)
}

func (s *signups) checkSlug(ctx context.Context, slug string) error {
	if !s.store.SlugReserved(slug) {
		return nil
	}
	free, err := s.store.SuggestSlugs(ctx, slug)
	if err != nil {
		return err
	}
	e := domain.Invalid("body.slug", domain.Text(domain.TextSlugKept), domain.Text(domain.AcceptSlug))
	e.Reason, e.Detail, e.Suggestions = domain.ReasonSlugReserved, domain.Text(domain.TextSlugReserved), free
	return e
}

// checkCatalogue refuses a plan, payment option or token that is not on offer,
// and returns the option to pay with: the one named, or the one the token is for.
// While nothing is on offer at all, a sign-up is accepted and waits for the
// catalogue.
func (s *signups) checkCatalogue(ctx context.Context, req signUpRequest) (string, error) {
	if req.Plan != "" {
		plans, err := s.store.PublicPlans(ctx)
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
	options, err := s.options.offered(ctx)
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
	return key, s.options.checkToken(option, req.PaymentToken)
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
