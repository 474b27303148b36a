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
// subscriptions_one_live.
var (
	factsColumns = "SELECT a.status, a.test_clock_id, s.id, s.status, s.plan_code, s.plan, s.grace_ends_at"
	factsSites   = ", (SELECT COUNT(*) FROM sites WHERE account_id = a.id AND deleted_at IS NULL)"
	factsFrom    = " FROM accounts a LEFT JOIN subscriptions s ON s.account_id = a.id" +
		" AND " + inUse("s.") + " WHERE a.id = ?"
	factsQuery      = factsColumns + ", 0" + factsFrom
	factsQuerySites = factsColumns + factsSites + factsFrom
)

// openQuery counts the account if AppIsOpen holds for it.
var openQuery = "SELECT COUNT(*) FROM accounts a JOIN subscriptions s ON s.account_id = a.id AND " + inUse("s.") +
	" WHERE a.id = ? AND a.status = 'active'" +
	" AND NOT EXISTS (SELECT 1 FROM invoices i WHERE i.account_id = a.id AND i.status = 'open')" +
	" AND NOT EXISTS (SELECT 1 FROM onboardings o WHERE o.account_id = a.id AND " + stillRuns("o.") + ")"

// AppIsOpen reports, in one statement, whether nothing is asked of the account's
// owner: it is active, its subscription is in use, nothing is owed and no onboarding
// runs.
func (s *Store) AppIsOpen(ctx context.Context, accountID string) (bool, error) {
	var n int64
	err := s.conn(ctx).Raw(openQuery, accountID).Row().Scan(&n)
	return n > 0, s.wrap("read whether the app is open", "", err)
}

// EntitlementFacts reads what a decision about the account needs, in one
// statement: the account's status, the plan, status and grace of the subscription
// in use and, when asked, the number of sites. Only an overdue subscription on a
// test clock costs a second statement, for the time. not_found when there is no
// such account.
func (s *Store) EntitlementFacts(
	ctx context.Context, accountID string, countSites bool,
) (domain.EntitlementFacts, int64, error) {
	query := factsQuery
	if countSites {
		query = factsQuerySites
	}
	account, sites := &domain.Account{ID: accountID}, int64(0)
	var id, status, code sql.NullString
	var plan []byte
	var grace sql.NullTime
	row := s.conn(ctx).Raw(query, accountID).Row()
	err := row.Scan(&account.Status, &account.TestClockID, &id, &status, &code, &plan, &grace, &sites)
	if errors.Is(err, sql.ErrNoRows) {
		return domain.EntitlementFacts{}, 0, domain.NotFound("account")
	}
	if err != nil {
		return domain.EntitlementFacts{}, 0, s.wrap("read entitlement facts", "", err)
	}
	facts := domain.EntitlementFacts{Account: account, Now: s.now()}
	if !id.Valid {
		return facts, sites, nil
	}
	facts.Subscription = &domain.Subscription{
		ID: id.String, AccountID: accountID, Status: domain.SubscriptionStatus(status.String),
		PlanCode: code.String, Plan: new(domain.PlanRef),
	}
	if err := json.Unmarshal(plan, facts.Subscription.Plan); err != nil {
		return domain.EntitlementFacts{}, 0, fmt.Errorf("read entitlement facts: the plan: %w", err)
	}
	if grace.Valid {
		end := grace.Time.UTC()
		facts.Subscription.GraceEndsAt = &end
		facts.Now, err = s.NowOn(ctx, account.TestClockID)
	}
	return facts, sites, err
}

// Explain adds to the facts what a refusal needs to say how to cure it: the newest
// subscription where none is in use, the newest onboarding, the plans on offer.
func (s *Store) Explain(ctx context.Context, facts *domain.EntitlementFacts) error {
	id := facts.Account.ID
	var err error
	if facts.Subscription == nil {
		q := s.conn(ctx).Where("account_id = ?", id).Order("id DESC")
		facts.Subscription, err = absent(one[domain.Subscription](s, q, "subscription"))
	}
	if err == nil {
		facts.Onboarding, err = absent(s.LatestOnboarding(ctx, id))
	}
	if err == nil {
		facts.Offer, err = s.PublicPlans(ctx)
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
