package api

import (
	"context"
	"time"

	"slipway/domain"
)

// resumableFor is how long after it has completed a sign-up is answered to who signs
// up again with the same address and password.
const resumableFor = 10 * time.Minute

// resumable reports whether a sign-up runs, or has just completed.
func (s *signups) resumable(ctx context.Context, o *domain.Onboarding) (bool, error) {
	if !o.Status.Ended() {
		return true, nil
	}
	now, err := s.store.NowOn(ctx, o.TestClockID)
	return err == nil && o.Status == domain.OnboardingCompleted && now.Sub(o.UpdatedAt) < resumableFor, err
}

// alreadyStarted says that the person's sign-up had begun before, and what the
// request asks for that it does not have.
type alreadyStarted struct {
	Differs []startedOtherwise `json:"differs" doc:"@alreadyStarted.differs"`
}

// startedOtherwise is one field of the request that the sign-up has another value of.
type startedOtherwise struct {
	Field     string `json:"field" enum:"@startedOtherwise.field" doc:"As in the request."`
	Asked     string `json:"asked" doc:"What this request says."`
	Has       string `json:"has" doc:"What the sign-up has."`
	ChangeURL string `json:"change_url,omitempty" doc:"@startedOtherwise.change_url"`
	Change    string `json:"change" doc:"How to change it, as a sentence."`
}

// startedAs compares a sign-up with what the same person asks for now. What is not
// asked for does not differ.
func startedAs(o, asked *domain.Onboarding) *alreadyStarted {
	name, slug, plan := o.AccountName, o.WantedSlug, o.WantedPlan
	if o.Account != nil {
		name, slug = o.Account.Name, o.Account.Slug
	}
	if o.Plan != nil {
		plan = o.Plan.Code
	}
	already := &alreadyStarted{Differs: []startedOtherwise{}}
	already.compare("account_name", asked.AccountName, name, "", domain.TextChangeByNewSignUp)
	already.compare("slug", asked.WantedSlug, slug, "", domain.TextChangeByNewSignUp)
	already.compare("country", asked.Country, o.Country, "", domain.TextChangeByNewSignUp)
	already.compareChangeable(o, "plan", asked.WantedPlan, plan, changeable{
		domain.ActionChoosePlan, "/plan", "/v1/account/subscription/change", domain.TextChangePlanHere,
	})
	option := o.WantedOption
	if next := o.NextAction; next != nil && next.PaymentOption != "" {
		option = next.PaymentOption
	}
	already.compareChangeable(o, "payment_option", asked.WantedOption, option, changeable{
		domain.ActionAddPaymentMethod, "/payment-method", "/v1/account/payment-methods", domain.TextChangeMethodHere,
	})
	return already
}

func (a *alreadyStarted) compare(field, asked, has, url string, how domain.TextCode) {
	if asked != "" && asked != has {
		a.Differs = append(a.Differs, startedOtherwise{field, asked, has, url, domain.Text(how)})
	}
}

// changeable says by which call a field is changed while the onboarding waits, and
// after it has completed.
type changeable struct {
	action    domain.Action
	path      string // below the onboarding
	afterward string
	how       domain.TextCode
}

func (a *alreadyStarted) compareChangeable(o *domain.Onboarding, field, asked, has string, by changeable) {
	switch {
	case o.Check(by.action) == nil:
		a.compare(field, asked, has, domain.OnboardingURL(o.ID)+by.path, by.how)
	case o.Status == domain.OnboardingCompleted:
		a.compare(field, asked, has, by.afterward, by.how)
	default:
		a.compare(field, asked, has, "", domain.TextChangeLater)
	}
}
