package domain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestInterval_StaysOnItsAnchorDay(t *testing.T) {
	t.Parallel()
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateTime, s)
		require.NoError(t, err)
		return d
	}
	for _, c := range []struct {
		interval domain.Interval
		from     string
		n        int
		want     string
	}{
		{domain.IntervalMonth, "2026-01-15 09:30:00", 1, "2026-02-15 09:30:00"},
		{domain.IntervalMonth, "2026-01-31 23:59:59", 1, "2026-02-28 23:59:59"},
		{domain.IntervalMonth, "2028-01-31 00:00:00", 1, "2028-02-29 00:00:00"}, // leap year
		{domain.IntervalMonth, "2026-01-31 00:00:00", 2, "2026-03-31 00:00:00"}, // not 28 March
		{domain.IntervalMonth, "2026-01-31 00:00:00", 3, "2026-04-30 00:00:00"},
		{domain.IntervalMonth, "2026-01-30 00:00:00", 1, "2026-02-28 00:00:00"},
		{domain.IntervalMonth, "2026-12-31 12:00:00", 1, "2027-01-31 12:00:00"}, // year end
		{domain.IntervalMonth, "2026-11-30 12:00:00", 3, "2027-02-28 12:00:00"},
		{domain.IntervalMonth, "2026-01-31 00:00:00", 12, "2027-01-31 00:00:00"},
		{domain.IntervalMonth, "2026-01-31 00:00:00", 25, "2028-02-29 00:00:00"},
		{domain.IntervalMonth, "2026-01-31 00:00:00", 0, "2026-01-31 00:00:00"},
		{domain.IntervalMonth, "2026-03-31 00:00:00", -1, "2026-02-28 00:00:00"},
		{domain.IntervalYear, "2026-06-01 00:00:00", 1, "2027-06-01 00:00:00"},
		{domain.IntervalYear, "2028-02-29 06:00:00", 1, "2029-02-28 06:00:00"}, // leap day
		{domain.IntervalYear, "2028-02-29 06:00:00", 4, "2032-02-29 06:00:00"},
		{domain.IntervalYear, "2025-12-31 00:00:00", 2, "2027-12-31 00:00:00"},
	} {
		assert.Equal(t, day(c.want), c.interval.AddInterval(day(c.from), c.n), "%s + %d %s", c.from, c.n, c.interval)
	}
	odd := time.Date(2026, 1, 31, 1, 2, 3, 456_000_000, time.FixedZone("", 3600))
	assert.Equal(t, time.Date(2026, 2, 28, 1, 2, 3, 456_000_000, odd.Location()), domain.IntervalMonth.AddInterval(odd, 1))
}

func TestSubscription_StartsWithATrialOrAPeriod(t *testing.T) {
	t.Parallel()
	plan := &domain.PlanRef{Code: "starter", Interval: domain.IntervalMonth}

	trial := domain.NewSubscription("sub_1", "acct_1", "onb_1", plan, noon)
	require.NoError(t, trial.Start(14, noon))
	assert.Equal(t, domain.SubscriptionTrialing, trial.Status)
	assert.Equal(t, noon.AddDate(0, 0, 14), *trial.TrialEnd)
	assert.Equal(t, noon, *trial.CurrentPeriodStart)
	assert.Equal(t, *trial.TrialEnd, *trial.CurrentPeriodEnd)

	paid := domain.NewSubscription("sub_2", "acct_1", "onb_2", plan, noon)
	require.NoError(t, paid.Start(0, noon))
	assert.Equal(t, domain.SubscriptionActive, paid.Status)
	assert.Nil(t, paid.TrialEnd)
	assert.Equal(t, time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC), *paid.CurrentPeriodEnd)

	before := *paid
	require.Error(t, paid.Start(14, noon.AddDate(0, 1, 0)), "it starts once")
	assert.Equal(t, before.CurrentPeriodEnd, paid.CurrentPeriodEnd)
	assert.Equal(t, before.Status, paid.Status)
}

func TestSubscription_ALiveOneCanBeCanceled(t *testing.T) {
	t.Parallel()
	for _, status := range domain.SubscriptionMoves.States() {
		s := &domain.Subscription{Status: status}
		live := status == "trialing" || status == "active" || status == "past_due"
		assert.Equal(t, live, status.Live(), status)
		assert.NoError(t, s.Check(domain.ActionRefresh))
		if live {
			assert.NoError(t, s.Check(domain.ActionCancel), status)
			continue
		}
		var refusal *domain.Error
		require.ErrorAs(t, s.Check(domain.ActionCancel), &refusal, status)
		assert.Equal(t, string(status), refusal.From)
		assert.Equal(t, "canceled", refusal.To)
		assert.Equal(t, []domain.Action{domain.ActionRefresh}, refusal.AvailableActions)
	}
}

func TestPayment_ActionsFollowItsState(t *testing.T) {
	t.Parallel()
	approve, reject := domain.ActionApprovePayment, domain.ActionRejectPayment
	for _, c := range []struct {
		payment domain.Payment
		want    []domain.Action
	}{
		{domain.Payment{Status: domain.PaymentPendingApproval}, []domain.Action{approve, reject}},
		// Late money can be approved.
		{domain.Payment{Status: domain.PaymentFailed, FailureCode: domain.FailureExpired}, []domain.Action{approve}},
		{domain.Payment{Status: domain.PaymentFailed, FailureCode: domain.FailureExpired, Late: true}, []domain.Action{}},
		{domain.Payment{Status: domain.PaymentFailed, FailureCode: domain.FailureSuperseded}, []domain.Action{}},
		{domain.Payment{Status: domain.PaymentCreated}, []domain.Action{}},
		{domain.Payment{Status: domain.PaymentSucceeded}, []domain.Action{}},
	} {
		assert.Equal(t, c.want, c.payment.Actions(), "%+v", c.payment)
	}
}

func TestPlan_RefIsWhatWasAgreed(t *testing.T) {
	t.Parallel()
	p := domain.Plan{ID: "plan_1", Code: "growth", Name: "Growth", Amount: 13900, Currency: "usd",
		Interval: domain.IntervalMonth, TrialDays: 3, Credits: 2000}
	assert.Equal(t, &domain.PlanRef{
		ID:        "plan_1",
		Code:      "growth",
		Name:      "Growth",
		Amount:    13900,
		Currency:  "usd",
		Interval:  domain.IntervalMonth,
		TrialDays: 3,
		Credits:   2000,
		Features:  []string{},
		Limits:    map[string]int64{},
	}, p.Ref())
}

func TestPaymentOption_Serves(t *testing.T) {
	t.Parallel()
	inKenya := domain.PaymentOption{Enabled: true, Countries: []string{"KE"}, Currencies: []string{"kes"}}
	for _, c := range []struct {
		why               string
		option            domain.PaymentOption
		country, currency string
		want              bool
	}{
		{"anywhere", domain.PaymentOption{Enabled: true}, "DE", "eur", true},
		{"anywhere, nothing known", domain.PaymentOption{Enabled: true}, "", "", true},
		{"disabled", domain.PaymentOption{}, "", "", false},
		{"its country", domain.PaymentOption{Enabled: true, Countries: []string{"KE", "UG"}}, "UG", "usd", true},
		{"another country", domain.PaymentOption{Enabled: true, Countries: []string{"KE", "UG"}}, "DE", "usd", false},
		{"country not known", domain.PaymentOption{Enabled: true, Countries: []string{"KE"}}, "", "usd", false},
		{"its currency", domain.PaymentOption{Enabled: true, Currencies: []string{"kes"}}, "KE", "kes", true},
		{"another currency", domain.PaymentOption{Enabled: true, Currencies: []string{"kes"}}, "KE", "usd", false},
		{"currency not known", domain.PaymentOption{Enabled: true, Currencies: []string{"kes"}}, "KE", "", true},
		{"both", inKenya, "KE", "kes", true},
		{"one of both", inKenya, "KE", "usd", false},
	} {
		assert.Equal(t, c.want, c.option.Serves(c.country, c.currency), c.why)
	}
}

func TestChoosePaymentOption_FollowsTheRule(t *testing.T) {
	t.Parallel()
	catalogue := []domain.PaymentOption{
		{Key: "cheque", ExternalID: "9", Enabled: false},
		{Key: "wallet", ExternalID: "77", Enabled: true, Countries: []string{"KE"}, Currencies: []string{"kes", "usd"}},
		{Key: "card", Enabled: true},
		{Key: "bank_transfer", ExternalID: "14", Enabled: true, Preferred: true, Currencies: []string{"usd", "eur"}},
	}
	for _, c := range []struct {
		why                               string
		asked, setting, country, currency string
		want                              string // empty for none
	}{
		{"asked for", "card", "", "DE", "usd", "card"},
		{"asked for beats the setting", "card", "14", "DE", "usd", "card"},
		{"asked for and disabled is not replaced", "cheque", "", "DE", "usd", ""},
		{"asked for and unknown is not replaced", "gold", "", "DE", "usd", ""},
		{"asked for by an external id is not a key", "14", "", "DE", "usd", ""},
		{"asked for in a country it does not serve", "wallet", "", "DE", "usd", ""},
		{"asked for in its country", "wallet", "", "KE", "kes", "wallet"},
		{"asked for in a currency it does not take", "bank_transfer", "", "DE", "kes", ""},
		{"setting by key", "", "card", "DE", "usd", "card"},
		{"setting by external id", "", "14", "DE", "usd", "bank_transfer"},
		{"setting by external id beats the preferred", "", "77", "KE", "usd", "wallet"},
		{"setting that is disabled falls back", "", "cheque", "DE", "usd", "bank_transfer"},
		{"setting that does not serve falls back", "", "77", "DE", "usd", "bank_transfer"},
		{"an unknown setting falls back", "", "15", "DE", "usd", "bank_transfer"},
		{"no setting matches no empty external id", "", "", "DE", "usd", "bank_transfer"},
		{"preferred", "", "", "KE", "usd", "bank_transfer"},
		{"preferred does not serve: the first that does", "", "", "KE", "kes", "wallet"},
		{"preferred does not serve, nor the first", "", "", "DE", "kes", "card"},
		{"nothing known", "", "", "", "", "bank_transfer"},
	} {
		got := domain.ChoosePaymentOption(catalogue, c.asked, c.setting, c.country, c.currency)
		if c.want == "" {
			assert.Nil(t, got, c.why)
			continue
		}
		require.NotNil(t, got, c.why)
		assert.Equal(t, c.want, got.Key, c.why)
	}
	assert.Nil(t, domain.ChoosePaymentOption(nil, "", "14", "DE", "usd"), "an empty catalogue")
	assert.Nil(t, domain.ChoosePaymentOption(catalogue[:1], "", "", "DE", "usd"), "all disabled")
	assert.Same(t, &catalogue[2], domain.ChoosePaymentOption(catalogue, "card", "", "", ""),
		"the catalogue's own, not a copy")
}

func TestBalance_TotalIsBothPools(t *testing.T) {
	t.Parallel()
	b := domain.Balance{Plan: 40, Bonus: 2}
	b.Present()
	assert.Equal(t, int64(42), b.Total)
	assert.Equal(t, domain.BalanceAvailable, b.Status)
}
