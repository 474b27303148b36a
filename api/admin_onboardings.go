package api

import (
	"context"
	"time"

	"slipway/domain"
	"slipway/store"
)

// stuckAfter is how long an onboarding stays unchanged before ?stuck=true finds it.
const stuckAfter = 10 * time.Minute

// adminOnboarding is an onboarding as an admin sees it: with the person, and
// what may be done.
type adminOnboarding struct {
	domain.Onboarding
	AccountID        string          `json:"account_id"`
	SubscriptionID   string          `json:"subscription_id" doc:"Commands name it, even before it exists."`
	Email            string          `json:"email,omitempty" doc:"Of a sign-up."`
	AvailableActions []domain.Action `json:"available_actions" nullable:"false" doc:"What may be done now."`
}

type onboardingsInput struct {
	Page
	Search
	OfAccount
	Status onboardingStatus `query:"status" doc:"Only those in this status."`
	Plan   planFilter       `query:"plan" doc:"@onboardings.plan"`
	Stuck  string           `query:"stuck" format:"code" maxLength:"20" doc:"@onboardings.stuck"`
}

// list lists onboardings.
func (onb onboardings) list(ctx context.Context, in *onboardingsInput) (*listOutput[adminOnboarding], error) {
	page, err := in.decode(domain.PrefixOnboarding)
	if err != nil {
		return nil, err
	}
	stuckFor, err := in.stuckFor(onb.store.Now())
	if err != nil {
		return nil, err
	}
	query, err := in.searched()
	if err != nil {
		return nil, err
	}
	rows, err := onb.store.ListOnboardings(ctx, store.OnboardingFilter{
		AccountID: string(in.AccountID), Status: string(in.Status), Plan: string(in.Plan), Query: query,
		StuckFor: stuckFor, Page: page,
	})
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(o *domain.Onboarding) adminOnboarding {
		return adminOnboarding{Onboarding: *o, AccountID: o.AccountID, SubscriptionID: o.SubscriptionID,
			Email: domain.ShownEmail(o.Email), AvailableActions: o.Actions()}
	}), nil
}

// stuckFor is the time since which an onboarding must be unchanged; zero
// without the filter.
func (in *onboardingsInput) stuckFor(now time.Time) (time.Time, error) {
	switch in.Stuck {
	case "", "false":
		return time.Time{}, nil
	case "true":
		return now.Add(-stuckAfter), nil
	}
	d, err := time.ParseDuration(in.Stuck)
	if err != nil || d <= 0 {
		return time.Time{}, invalidQuery("stuck", domain.TextNotADuration, domain.AcceptDuration)
	}
	return now.Add(-d), nil
}

// newestOnboardings reads the newest onboarding of each row's account at once.
func newestOnboardings[T any](
	ctx context.Context, s *store.Store, rows []T, accountID func(*T) string,
) (map[string]*domain.Onboarding, error) {
	ids := make([]string, 0, len(rows))
	for i := range rows {
		ids = append(ids, accountID(&rows[i]))
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.LatestOnboardings(ctx, ids)
}
