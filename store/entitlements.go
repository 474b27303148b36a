package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"slipway/domain"
)

// The one read of an entitlement check: the account and the subscription in use,
// with or without its sites counted. The condition is that of the index
// subscriptions_one_live, word for word.
const (
	standingColumns = "SELECT a.status, a.test_clock_id, s.id, s.status, s.plan_code, s.plan, s.grace_ends_at"
	standingSites   = ", (SELECT COUNT(*) FROM sites WHERE account_id = a.id AND deleted_at IS NULL)"
	standingFrom    = " FROM accounts a LEFT JOIN subscriptions s ON s.account_id = a.id" +
		" AND s.status IN ('trialing', 'active', 'past_due') WHERE a.id = ?"
	standingQuery      = standingColumns + ", 0" + standingFrom
	standingQuerySites = standingColumns + standingSites + standingFrom
)

// Standing reads what a decision about the account needs, in one statement: of
// the account its status, of the subscription in use what says whether and as
// what it may be used; and, when asked, how many sites there are. Only a late
// payment on a test clock costs a second, for the time. not_found without such
// an account.
func (s *Store) Standing(ctx context.Context, accountID string, countSites bool) (domain.Standing, int64, error) {
	query := standingQuery
	if countSites {
		query = standingQuerySites
	}
	account, sites := &domain.Account{ID: accountID}, int64(0)
	var id, status, code sql.NullString
	var plan []byte
	var grace sql.NullTime
	row := s.conn(ctx).Raw(query, accountID).Row()
	err := row.Scan(&account.Status, &account.TestClockID, &id, &status, &code, &plan, &grace, &sites)
	if errors.Is(err, sql.ErrNoRows) {
		return domain.Standing{}, 0, domain.NotFound("account")
	}
	if err != nil {
		return domain.Standing{}, 0, s.wrap("read standing", "", err)
	}
	standing := domain.Standing{Account: account, Now: s.now()}
	if !id.Valid {
		return standing, sites, nil
	}
	standing.Subscription = &domain.Subscription{
		ID: id.String, AccountID: accountID, Status: domain.SubscriptionStatus(status.String), PlanCode: code.String, Plan: new(domain.PlanRef),
	}
	if err := json.Unmarshal(plan, standing.Subscription.Plan); err != nil {
		return domain.Standing{}, 0, fmt.Errorf("read standing: the plan: %w", err)
	}
	if grace.Valid {
		end := grace.Time.UTC()
		standing.Subscription.GraceEndsAt = &end
		standing.Now, err = s.NowOn(ctx, account.TestClockID)
	}
	return standing, sites, err
}

// Explain adds to a standing what says how a refusal is cured: the newest
// subscription where none is in use, the newest onboarding, the plans on offer.
func (s *Store) Explain(ctx context.Context, standing *domain.Standing) error {
	id := standing.Account.ID
	var err error
	if standing.Subscription == nil {
		q := s.conn(ctx).Where("account_id = ?", id).Order("id DESC")
		standing.Subscription, err = absent(one[domain.Subscription](s, q, "subscription"))
	}
	if err == nil {
		standing.Onboarding, err = absent(s.LatestOnboarding(ctx, id))
	}
	if err == nil {
		standing.Offer, err = s.PublicPlans(ctx)
	}
	return err
}

// absent turns not_found into nil.
func absent[T any](row *T, err error) (*T, error) {
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, nil
	}
	return row, err
}
