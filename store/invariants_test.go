package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/store"
	"slipway/store/storetest"
)

// Rows that several of the broken ones stand on; $1 is an hour ago.
const (
	openInvoice = `INSERT INTO invoices (id, account_id, subscription_id, type, reason, status, amount, currency,
	                                     period_start, created_at, updated_at)
	 VALUES ('in_1', 'acct_1', 'sub_1', 'subscription', 'subscription_create', 'open', 5, 'usd', $1, $1, $1)`
	canceledPeriod = `UPDATE subscriptions
	 SET status = 'canceled', current_period_start = $1, current_period_end = $1, ended_at = $1`
	imported = `INSERT INTO events (id, type, account_id, subscription_id, actor_type, created_at)
	 VALUES ('evt_1', 'account.imported', 'acct_1', 'sub_1', 'system', $1)`
)

// broken rows, as nothing of ours writes them, and the invariants they break.
var broken = []struct {
	name   string
	breaks []string
	rows   []string
}{
	{"nothing", nil, nil},
	{
		"a paid invoice without a payment",
		[]string{"paid_invoices", "fulfilled_once"},
		[]string{
			`INSERT INTO invoices (id, account_id, subscription_id, type, reason, status, amount, currency, period_start,
		                       paid_at, created_at, updated_at)
		 VALUES ('in_1', 'acct_1', 'sub_1', 'subscription', 'subscription_create', 'paid', 5, 'usd', $1, $1, $1, $1)`,
		},
	},
	{
		"a payment of an open invoice",
		[]string{"succeeded_payments"},
		[]string{
			openInvoice,
			`INSERT INTO payments (id, account_id, invoice_id, provider, option_key, attempt, status, amount, currency,
		                       created_at, updated_at)
		 VALUES ('pay_1', 'acct_1', 'in_1', 'sandbox', 'card', 1, 'succeeded', 5, 'usd', $1, $1)`,
		},
	},
	{"a balance that is not its ledger's", []string{"ledgers"}, []string{
		`INSERT INTO balances (account_id, plan_credits, bonus_credits, updated_at) VALUES ('acct_1', 5, 0, $1)`}},
	{
		"a ledger without a balance",
		[]string{"ledgers"},
		[]string{
			`INSERT INTO credits (id, account_id, pool, amount, reason, idempotency_key, created_at)
		 VALUES ('cr_1', 'acct_1', 'bonus', 5, 'credit_package', 'k', $1)`,
		},
	},
	{"a period without its credits", []string{"billing_in_time", "period_grants"}, []string{
		`UPDATE subscriptions SET status = 'active', current_period_start = $1, current_period_end = $1`}},
	{
		"an imported period, its credits spent elsewhere",
		nil,
		[]string{
			canceledPeriod, imported,
		},
	},
	{
		"a period renewed after the import without its credits",
		[]string{"period_grants"},
		[]string{
			canceledPeriod, imported,
			`INSERT INTO events (id, type, account_id, subscription_id, actor_type, created_at)
		 VALUES ('evt_2', 'subscription.renewed', 'acct_1', 'sub_1', 'system', $1)`,
		},
	},
	{
		"more periods granted than imported",
		[]string{"period_grants"},
		[]string{
			canceledPeriod, imported,
			`INSERT INTO events (id, type, account_id, actor_type, created_at)
		 VALUES ('evt_0', 'account.created', 'acct_1', 'system', '2020-01-01 00:00:00+00:00')`,
			`INSERT INTO balances (account_id, plan_credits, bonus_credits, updated_at) VALUES ('acct_1', 10, 0, $1)`,
			`INSERT INTO credits (id, account_id, pool, amount, reason, subscription_id, idempotency_key, created_at)
		 VALUES ('cr_1', 'acct_1', 'plan', 5, 'plan_grant', 'sub_1', 'sub_1/a', $1),
		        ('cr_2', 'acct_1', 'plan', 5, 'plan_grant', 'sub_1', 'sub_1/b', $1)`,
		},
	},
	{"an account without its slug", []string{"slugs"}, []string{`DELETE FROM slugs WHERE account_id = 'acct_1'`}},
	{
		"late money without an event",
		[]string{"late_payments"},
		[]string{
			`INSERT INTO invoices (id, account_id, subscription_id, type, reason, status, amount, currency, period_start,
		                       created_at, updated_at)
		 VALUES ('in_1', 'acct_1', 'sub_1', 'subscription', 'subscription_create', 'void', 5, 'usd', $1, $1, $1)`,
			`INSERT INTO payments (id, account_id, invoice_id, provider, option_key, attempt, status, late, amount,
		                       currency, created_at, updated_at)
		 VALUES ('pay_1', 'acct_1', 'in_1', 'sandbox', 'card', 1, 'failed', true, 5, 'usd', $1, $1)`,
		},
	},
	{
		"a payment undecided for long",
		[]string{"decided_payments"},
		[]string{
			openInvoice,
			`INSERT INTO payments (id, account_id, invoice_id, provider, option_key, attempt, status, amount, currency,
		                       idempotency_key, created_at, updated_at)
		 VALUES ('pay_1', 'acct_1', 'in_1', 'sandbox', 'card', 1, 'unknown', 5, 'usd', 'in_1/1', $1, $1)`,
		},
	},
}

// sound is an account with an incomplete subscription, as it is for a moment.
var sound = []string{
	`INSERT INTO accounts (id, status, name, slug, created_at, updated_at)
	 VALUES ('acct_1', 'pending', 'Acme', 'acme', $1, $1)`,
	`INSERT INTO slugs (slug, base, number, account_id, status) VALUES ('acme', 'acme', 1, 'acct_1', 'held')`,
	`INSERT INTO onboardings (id, kind, status, version, steps, account_id, owner_id, subscription_id, checked_at,
	                          created_at, updated_at)
	 VALUES ('onb_1', 'signup', 'awaiting_approval', 1, '[]', 'acct_1', 'usr_1', 'sub_1', $1, $1, $1)`,
	`INSERT INTO subscriptions (id, account_id, onboarding_id, status, plan_code, plan, managed_by, created_at, updated_at)
	 VALUES ('sub_1', 'acct_1', 'onb_1', 'incomplete', 'growth', '{"code":"growth","credits":5}', 'provider', $1, $1)`,
}

func TestInvariants_FindWhatIsBrokenAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, database := range databases {
		for _, b := range broken {
			t.Run(name+"/"+b.name, func(t *testing.T) {
				t.Parallel()
				s := storetest.Open(t, database(t))
				db, then := s.Stats()["write"], time.Now().UTC().Add(-time.Hour)
				for _, row := range append(append([]string{}, sound...), b.rows...) {
					_, err := db.Exec(strings.ReplaceAll(row, "$1", "'"+then.Format("2006-01-02 15:04:05.000+00:00")+"'"))
					require.NoError(t, err, row)
				}
				found, err := s.Invariants(t.Context(), time.Now().Add(-time.Minute))
				require.NoError(t, err)
				var names []string
				for _, i := range found {
					if i.Broken > 0 {
						names = append(names, i.Name)
						require.NotEmpty(t, i.IDs)
						require.LessOrEqual(t, len(i.IDs), store.MaxBrokenIDs)
						require.NotEmpty(t, i.Check().Fix)
						require.Contains(t, i.Check().Message, i.IDs[0])
					}
				}
				assert.Equal(t, b.breaks, names)
			})
		}
	}
}
