package store

import (
	"context"
	"strings"
	"time"

	"slipway/domain"
)

// creditRules hold of balances and their ledgers after every commit.
var creditRules = []rule{
	{
		name: "ledgers", table: "balances",
		holds: "Every balance is the sum of its ledger, and is not below zero.",
		fix:   correctByHand,
		broken: `SELECT COALESCE(b.account_id, l.account_id) FROM balances b FULL JOIN (SELECT account_id,
			SUM(CASE WHEN pool = 'plan' THEN amount ELSE 0 END) AS plan,
			SUM(CASE WHEN pool = 'bonus' THEN amount ELSE 0 END) AS bonus
			FROM credits GROUP BY account_id) l ON l.account_id = b.account_id
			WHERE b.account_id IS NULL OR b.plan_credits <> COALESCE(l.plan, 0) OR b.bonus_credits <> COALESCE(l.bonus, 0)
			OR b.plan_credits < 0 OR b.bonus_credits < 0`,
	},
}

// invariantBatch is how many rows are held at a time.
const invariantBatch = 500

// checkGrants goes through every subscription that was ever used: each period
// that began granted its credits once.
func (s *Store) checkGrants(ctx context.Context) (Invariant, error) {
	i := Invariant{Name: "period_grants", Holds: "Each period granted its credits once.", Fix: correctByHand}
	for after := ""; ; {
		var subs []domain.Subscription
		err := s.conn(ctx).Where("id > ? AND current_period_start IS NOT NULL", after).Order("id").Limit(invariantBatch).
			Find(&subs).Error
		if err != nil || len(subs) == 0 {
			return i, s.wrap("check credits", "", err)
		}
		grants, err := s.periodGrants(ctx, subs)
		if err != nil {
			return i, err
		}
		for n := range subs {
			if i.Checked++; !granted(&subs[n], grants[subs[n].ID]) {
				i.Find(subs[n].ID)
			}
		}
		after = subs[len(subs)-1].ID
	}
}

// grants are the credits of a subscription's periods.
type grants struct {
	keys    []string // of the grants, one a period and one for each change of plan
	whole   int64    // grants of periods whose events are there
	periods int64    // how many periods began, by their events

	imported *time.Time // when it was adopted in the middle of a period; nil: it began here
	renewed  bool
}

// count adds what an event says of the subscription's periods.
func (g *grants) count(e *domain.Event) {
	g.periods++
	switch e.Type {
	case domain.EventAccountImported:
		g.imported = &e.CreatedAt
	case domain.EventSubscriptionRenewed:
		g.renewed = true
	}
}

// importedPeriod reports whether the current period is the one that was imported.
// Its credits were granted elsewhere and may be spent. Only a renewal or another
// interval begins a period here, and another interval begins it after the import.
func (g *grants) importedPeriod(sub *domain.Subscription) bool {
	return g.imported != nil && !g.renewed && !sub.CurrentPeriodStart.After(*g.imported)
}

// begins are the events of a period that began, or that was under way when it was
// imported.
var begins = []domain.EventType{
	domain.EventSubscriptionActivated, domain.EventSubscriptionRenewed, domain.EventSubscriptionChanged,
	domain.EventAccountImported,
}

// periodGrants returns the grants of each subscription, by id. They are found by
// account: no index of ledgers and events is by subscription.
func (s *Store) periodGrants(ctx context.Context, subs []domain.Subscription) (map[string]grants, error) {
	found := map[string]grants{}
	ids, accounts := make([]string, len(subs)), make([]string, len(subs))
	for n := range subs {
		ids[n], accounts[n] = subs[n].ID, subs[n].AccountID
	}
	since, err := s.eventsSince(ctx)
	if err != nil {
		return nil, err
	}
	var credits []domain.Credit
	err = s.conn(ctx).Select("subscription_id", "idempotency_key", "created_at").
		Where("account_id IN ? AND subscription_id IN ? AND reason = ?", accounts, ids, domain.ReasonPlanGrant).
		Find(&credits).Error
	for _, c := range credits {
		g := found[c.SubscriptionID]
		g.keys = append(g.keys, c.IdempotencyKey)
		if strings.Count(c.IdempotencyKey, "/") == 1 && c.CreatedAt.After(since) {
			g.whole++
		}
		found[c.SubscriptionID] = g
	}
	var begun []domain.Event
	if err == nil {
		err = s.conn(ctx).Select("subscription_id", "type", "created_at").
			Where("account_id IN ? AND subscription_id IN ? AND type IN ?", accounts, ids, begins).Find(&begun).Error
	}
	for n := range begun {
		g := found[begun[n].SubscriptionID]
		g.count(&begun[n])
		found[begun[n].SubscriptionID] = g
	}
	return found, s.wrap("read period grants", "", err)
}

// eventsSince is when the oldest event happened that may be pruned: all that happened after
// it are there; of what happened with it, some may be gone.
func (s *Store) eventsSince(ctx context.Context) (time.Time, error) {
	var oldest []domain.Event
	err := s.conn(ctx).Select("created_at").Where(prunableEvent).Order("id").Limit(1).Find(&oldest).Error
	if err != nil || len(oldest) == 0 { // then nothing can be compared
		return s.now(), s.wrap("read oldest event", "", err)
	}
	return oldest[0].CreatedAt, nil
}

// granted reports whether the subscription's current period has its credits,
// unless it was imported, and no more periods have credits than began since events
// are kept.
func granted(sub *domain.Subscription, g grants) bool {
	current := sub.PeriodKey()
	has := sub.Plan == nil || sub.Plan.Credits == 0 || g.importedPeriod(sub)
	for _, key := range g.keys {
		has = has || strings.HasPrefix(key, current)
	}
	return has && g.whole <= g.periods
}
