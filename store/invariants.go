package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"slipway/domain"
)

// Invariant is something that holds of the rows at any time, and what a look at
// all of them found.
type Invariant struct {
	Name    string
	Holds   string // the invariant, in a sentence
	Fix     string // what to do about rows of which it does not hold
	Checked int64  // rows it was checked on
	Broken  int64
	IDs     []string // of some broken rows, at most MaxBrokenIDs
}

// MaxBrokenIDs bounds how many broken rows are named: enough to look into one.
const MaxBrokenIDs = 5

// Find notes a row of which the invariant does not hold.
func (i *Invariant) Find(id string) {
	i.Broken++
	if len(i.IDs) < MaxBrokenIDs {
		i.IDs = append(i.IDs, id)
	}
}

// Check is the invariant as a line of what the doctor reports.
func (i *Invariant) Check() domain.Check {
	check := domain.Check{Name: i.Name, Status: domain.CheckOK, Message: fmt.Sprintf("%s %d checked.", i.Holds, i.Checked)}
	if i.Broken > 0 {
		check.Status = domain.CheckFail
		check.Message = fmt.Sprintf("%s Not so for %d of %d: %s.", i.Holds, i.Broken, i.Checked, strings.Join(i.IDs, ", "))
		check.Fix = i.Fix
	}
	return check
}

// rule is an invariant that one statement can check: broken selects the ids of
// the rows of which it does not hold, and may ask for a time with ?.
type rule struct {
	name, holds, fix string
	table            string
	broken           string
	before           bool // broken takes the time before which things must have settled
}

// neverBegan is true of money for a period that its subscription did not live
// to see.
const neverBegan = `p.status = 'succeeded' AND i.reason = 'subscription_cycle' AND s.ended_at IS NOT NULL AND s.ended_at < i.period_start`

const sayToSupport = "Look at the events of these, then put it right by hand; this should never happen: report it."

// rules are the invariants over our own rows. Each is true after every commit,
// except where a time says that something had time enough.
var rules = []rule{
	{
		name: "paid_invoices", holds: "Every paid invoice has one succeeded payment of its amount.", fix: sayToSupport, table: "invoices",
		broken: `SELECT i.id FROM invoices i WHERE i.status = 'paid' AND (SELECT count(*) FROM payments p WHERE p.invoice_id = i.id
			AND p.status = 'succeeded' AND p.amount = i.amount AND p.currency = i.currency) <> 1`,
	},
	{
		name: "succeeded_payments", holds: "Every succeeded payment has paid its invoice, and none paid twice.", fix: sayToSupport, table: "payments",
		broken: `SELECT p.id FROM payments p JOIN invoices i ON i.id = p.invoice_id WHERE p.status = 'succeeded' AND (i.status <> 'paid'
			OR EXISTS (SELECT 1 FROM payments q WHERE q.invoice_id = p.invoice_id AND q.status = 'succeeded' AND q.id <> p.id))`,
	},
	{
		name: "fulfilled_once", holds: "What was paid for is in use, or was until it ended.", table: "subscriptions",
		fix: "Activate them with POST /v1/admin/subscriptions/{id}/activate, or refund the payment.",
		broken: `SELECT s.id FROM subscriptions s JOIN invoices i ON i.subscription_id = s.id JOIN accounts a ON a.id = s.account_id
			WHERE i.reason = 'subscription_create' AND i.status = 'paid'
			AND (s.status IN ('incomplete', 'incomplete_expired') OR a.status = 'pending')`,
	},
	{
		name: "nothing_charged_after_the_end", holds: "No ended subscription was charged for after its end.", table: "payments",
		fix: "Refund these payments at their provider.",
		broken: `SELECT p.id FROM payments p JOIN invoices i ON i.id = p.invoice_id JOIN subscriptions s ON s.id = i.subscription_id
			WHERE p.status = 'succeeded' AND s.ended_at IS NOT NULL AND (p.created_at > s.ended_at OR i.created_at > s.ended_at)`,
	},
	{
		name: "one_live_subscription", holds: "An account has at most one subscription in use.", fix: sayToSupport, table: "accounts",
		broken: `SELECT account_id FROM subscriptions WHERE status IN ('trialing', 'active', 'past_due')
			GROUP BY account_id HAVING count(*) > 1`,
	},
	{
		name: "one_default_method", holds: "An account has at most one default payment method.", fix: sayToSupport, table: "accounts",
		broken: `SELECT account_id FROM payment_methods WHERE is_default GROUP BY account_id HAVING count(*) > 1`,
	},
	{
		name: "slugs", holds: "Every account in use holds a slug of its own.", fix: sayToSupport, table: "accounts",
		broken: `SELECT a.id FROM accounts a WHERE (a.status <> 'closed') <> EXISTS
			(SELECT 1 FROM slugs s WHERE s.slug = lower(a.slug) AND s.account_id = a.id AND s.status = 'held')`,
	},
	{
		name: "ledgers", holds: "Every balance is the sum of its ledger, and not below zero.", fix: sayToSupport, table: "balances",
		broken: `SELECT COALESCE(b.account_id, l.account_id) FROM balances b FULL JOIN (SELECT account_id,
			SUM(CASE WHEN pool = 'plan' THEN amount ELSE 0 END) AS plan, SUM(CASE WHEN pool = 'bonus' THEN amount ELSE 0 END) AS bonus
			FROM credits GROUP BY account_id) l ON l.account_id = b.account_id
			WHERE b.account_id IS NULL OR b.plan_credits <> COALESCE(l.plan, 0) OR b.bonus_credits <> COALESCE(l.bonus, 0)
			OR b.plan_credits < 0 OR b.bonus_credits < 0`,
	},
	{
		name: "late_payments", holds: "Money that came too late, or for what never began, was told of, and only such money.", table: "payments",
		fix: "Refund it, or start a new subscription with it.",
		broken: `SELECT p.id FROM payments p LEFT JOIN invoices i ON i.id = p.invoice_id LEFT JOIN subscriptions s ON s.id = i.subscription_id
			WHERE (p.late AND NOT EXISTS (SELECT 1 FROM events e WHERE e.account_id = p.account_id AND e.type = 'payment.late'))
			OR p.late <> (` + neverBegan + `) AND p.status <> 'failed'`,
	},
	{
		name: "onboarding_ends", holds: "An onboarding and its subscription tell the same end.", table: "onboardings",
		fix: "Run POST /v1/admin/subscriptions/{id}/refresh for the subscriptions of these.",
		broken: `SELECT o.id FROM onboardings o LEFT JOIN subscriptions s ON s.id = o.subscription_id WHERE
			(o.status = 'completed' AND (s.id IS NULL OR s.status IN ('incomplete', 'incomplete_expired')))
			OR (o.status IN ('failed', 'expired', 'canceled') AND s.id IS NOT NULL AND s.status <> 'incomplete_expired')`,
	},
	{
		name: "named_waits", holds: "Every onboarding that runs waits for something with a name, and not for longer than it may.", before: true, table: "onboardings",
		fix: "Look at their workflows in Temporal's UI; without a worker, start one.",
		broken: `SELECT o.id FROM onboardings o WHERE o.updated_at < ? AND o.status IN ('received', 'creating_account', 'activating', 'compensating')
			UNION SELECT o.id FROM onboardings o JOIN invoices i ON i.subscription_id = o.subscription_id AND i.status = 'open'
			WHERE o.status = 'awaiting_payment' AND o.test_clock_id = '' AND i.due_at < ?`,
	},
	{
		name: "billing_in_time", holds: "Billing has acted on every subscription in use that something was due for.", before: true, table: "subscriptions",
		fix: "Look at billing-{id} in Temporal's UI; without a worker, start one.",
		broken: `SELECT id FROM subscriptions WHERE status IN ('trialing', 'active', 'past_due') AND
			((due_at IS NULL AND updated_at < ?) OR (due_at < ? AND test_clock_id = ''))`,
	},
	{
		name: "decided_payments", holds: "No payment stays undecided at its provider.", before: true, table: "payments",
		fix: "Look at the provider: it may be away, or its keys wrong.",
		broken: `SELECT p.id FROM payments p JOIN invoices i ON i.id = p.invoice_id WHERE p.idempotency_key <> '' AND p.updated_at < ?
			AND (p.status IN ('created', 'processing', 'unknown') OR (p.status = 'requires_action' AND i.status <> 'open'))`,
	},
}

// Invariants checks everything that must hold of the rows, reading them all in
// the database and keeping none. What was under way after the time before is not
// held against anybody.
func (s *Store) Invariants(ctx context.Context, before time.Time) ([]Invariant, error) {
	found := make([]Invariant, 0, len(rules)+1)
	for _, r := range rules {
		i, err := s.checkRule(ctx, r, before.UTC())
		if err != nil {
			return nil, s.wrap("check "+r.name, "", err)
		}
		found = append(found, i)
	}
	grants, err := s.checkGrants(ctx)
	return append(found, grants), err
}

func (s *Store) checkRule(ctx context.Context, r rule, before time.Time) (Invariant, error) {
	i := Invariant{Name: r.name, Holds: r.holds, Fix: r.fix}
	var times []any
	for range strings.Count(r.broken, "?") {
		times = append(times, before)
	}
	if err := s.conn(ctx).Table(r.table).Count(&i.Checked).Error; err != nil {
		return i, err
	}
	if err := s.conn(ctx).Raw("SELECT count(*) FROM ("+r.broken+") AS broken", times...).Scan(&i.Broken).Error; err != nil || i.Broken == 0 {
		return i, err
	}
	err := s.conn(ctx).Raw(fmt.Sprintf("%s ORDER BY 1 LIMIT %d", r.broken, MaxBrokenIDs), times...).Scan(&i.IDs).Error
	return i, err
}

// invariantBatch is how many rows are held at a time.
const invariantBatch = 500

// checkGrants goes through every subscription that was ever used: each period
// that began brought its credits once.
func (s *Store) checkGrants(ctx context.Context) (Invariant, error) {
	i := Invariant{Name: "period_grants", Holds: "Each period brought its credits once.", Fix: sayToSupport}
	for after := ""; ; {
		var subs []domain.Subscription
		err := s.conn(ctx).Where("id > ? AND current_period_start IS NOT NULL", after).Order("id").Limit(invariantBatch).Find(&subs).Error
		if err != nil || len(subs) == 0 {
			return i, s.wrap("check credits", "", err)
		}
		ids := make([]string, len(subs))
		for n := range subs {
			ids[n] = subs[n].ID
		}
		grants, err := s.periodGrants(ctx, ids)
		if err != nil {
			return i, err
		}
		for n := range subs {
			if i.Checked++; !granted(&subs[n], grants[subs[n].ID]) {
				i.Find(subs[n].ID)
			}
		}
		after = ids[len(ids)-1]
	}
}

// grants are the credits of a subscription's periods.
type grants struct {
	keys    []string // of the grants, one a period and one for each change of plan
	periods int64    // how many periods began, by the events that told of it

	imported *time.Time // when it was adopted in the middle of a period; nil: it began here
	renewed  bool
}

// count adds what an event tells of the subscription's periods.
func (g *grants) count(e *domain.Event) {
	g.periods++
	switch e.Type {
	case domain.EventAccountImported:
		g.imported = &e.CreatedAt
	case domain.EventSubscriptionRenewed:
		g.renewed = true
	}
}

// broughtAlong reports whether the current period is the one that was imported.
// Its credits were given elsewhere and may be spent. Only a renewal or another
// interval begins one here, and another interval begins it after the import.
func (g *grants) broughtAlong(sub *domain.Subscription) bool {
	return g.imported != nil && !g.renewed && !sub.CurrentPeriodStart.After(*g.imported)
}

// begins are the events that tell of a period that began, or was under way when
// it came here.
var begins = []domain.EventType{
	domain.EventSubscriptionActivated, domain.EventSubscriptionRenewed, domain.EventSubscriptionChanged, domain.EventAccountImported,
}

func (s *Store) periodGrants(ctx context.Context, ids []string) (map[string]grants, error) {
	found := map[string]grants{}
	var credits []domain.Credit
	err := s.conn(ctx).Select("subscription_id", "idempotency_key").
		Where("subscription_id IN ? AND reason = ?", ids, domain.ReasonPlanGrant).Find(&credits).Error
	for _, c := range credits {
		g := found[c.SubscriptionID]
		g.keys = append(g.keys, c.IdempotencyKey)
		found[c.SubscriptionID] = g
	}
	var begun []domain.Event
	if err == nil {
		err = s.conn(ctx).Select("subscription_id", "type", "created_at").
			Where("subscription_id IN ? AND type IN ?", ids, begins).Find(&begun).Error
	}
	for n := range begun {
		g := found[begun[n].SubscriptionID]
		g.count(&begun[n])
		found[begun[n].SubscriptionID] = g
	}
	return found, s.wrap("read period grants", "", err)
}

// granted reports whether the subscription's current period has its credits,
// unless it brought them along, and no more periods have than began.
func granted(sub *domain.Subscription, g grants) bool {
	current, whole := sub.PeriodKey(), int64(0)
	has := sub.Plan == nil || sub.Plan.Credits == 0 || g.broughtAlong(sub)
	for _, key := range g.keys {
		has = has || strings.HasPrefix(key, current)
		if strings.Count(key, "/") == 1 {
			whole++
		}
	}
	return has && whole <= g.periods
}
