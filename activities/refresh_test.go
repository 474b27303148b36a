package activities_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
)

func (f *fixture) refresh(o *domain.Onboarding, workflow domain.OnboardingStatus) onboarding.Repaired {
	f.t.Helper()
	in := activities.RefreshInput{OnboardingID: o.ID, Workflow: workflow}
	first, err := f.RefreshOnboarding(f.t.Context(), in)
	require.NoError(f.t, err)
	before := f.dump()
	again, err := f.RefreshOnboarding(f.t.Context(), in)
	require.NoError(f.t, err)
	assert.Empty(f.t, again.Differences, "repaired is repaired")
	assert.Equal(f.t, first.State, again.State)
	f.assertUnchanged(before, "the second run changes nothing")
	return first
}

func TestRefresh_FindsNothingWhereNothingIsWrong(t *testing.T) {
	t.Parallel()
	for _, status := range domain.OnboardingMoves.States() {
		if status == domain.OnboardingActivating || status == domain.OnboardingCompensating {
			continue // no transaction ends there
		}
		for _, workflow := range []domain.OnboardingStatus{"", status} {
			f := newFixture(t)
			o := f.reach(status)
			before := f.dump()
			result := f.refresh(o, workflow)
			assert.Equal(t, []domain.Difference{}, result.Differences, status)
			assert.Equal(t, status, result.State.Status)
			f.assertUnchanged(before, string(status))
		}
	}
}

func TestRefresh_APlanChosenWhileNoMethodServesIsNotUndone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.signUp(plan("growth"))
	f.noOptions()
	f.apply(o, domain.ActionChoosePlan, toPlan("scale"))
	o = f.onboarding(o)
	require.Equal(t, domain.OnboardingWaitingForPaymentMethod, o.Status)
	assert.Empty(t, f.refresh(o, o.Status).Differences)
	assert.Equal(t, "scale", f.onboarding(o).Plan.Code)
	f.allOptions()
	assert.Equal(t, int64(22900), f.open(o).Amount)
}

func TestRefresh_RepairsEachKindOfDamageAndSaysWhatDiffered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why      string
		from     domain.OnboardingStatus
		workflow domain.OnboardingStatus
		damage   string
		want     [][3]string // field, was, is; names enter no history
	}{
		{
			"status, completed", domain.OnboardingCompleted, "", "status = 'awaiting_payment'",
			[][3]string{{"status", "awaiting_payment", "completed"}},
		},
		{
			"status, an end that is not true", domain.OnboardingCompleted, "", "status = 'canceled'",
			[][3]string{{"status", "canceled", "completed"}},
		},
		{
			"status, awaiting payment", domain.OnboardingAwaitingPayment, "", "status = 'waiting_for_plan', next_action = NULL",
			[][3]string{{"status", "waiting_for_plan", "awaiting_payment"}},
		},
		{
			"status, awaiting approval", domain.OnboardingAwaitingApproval, "", "status = 'awaiting_payment'",
			[][3]string{{"status", "awaiting_payment", "awaiting_approval"}},
		},
		{
			"status, expired", domain.OnboardingExpired, "", "status = 'awaiting_payment'",
			[][3]string{{"status", "awaiting_payment", "expired"}},
		},
		{
			"status, failed", domain.OnboardingFailed, "", "status = 'completed'",
			[][3]string{{"status", "completed", "failed"}},
		},
		{
			"status, canceled", domain.OnboardingCanceled, "", "status = 'activating'",
			[][3]string{{"status", "activating", "canceled"}},
		},
		{
			"status, where only the workflow knows", domain.OnboardingWaitingForPlan, domain.OnboardingWaitingForPlan,
			"status = 'completed'",
			[][3]string{{"status", "completed", "waiting_for_plan"}},
		},
		{
			"subscription's status", domain.OnboardingAwaitingPayment, "",
			`subscription = json_set(subscription, '$.status', 'active')`,
			[][3]string{{"subscription.status", "active", "incomplete"}},
		},
		{
			"subscription's id", domain.OnboardingAwaitingPayment, "", `subscription = json_set(subscription, '$.id', 'sub_1')`,
			[][3]string{{"subscription.id", "sub_1", "$subscription"}},
		},
		{
			"subscription gone", domain.OnboardingCompleted, "", `subscription = NULL`,
			[][3]string{{"subscription.id", "", "$subscription"}, {"subscription.status", "", "active"}},
		},
		{
			"account's slug", domain.OnboardingAwaitingPayment, "", `account = json_set(account, '$.slug', 'evil')`,
			[][3]string{{"account.slug", "another", "the account's"}},
		},
		{
			"account's id", domain.OnboardingAwaitingPayment, "", `account = json_set(account, '$.id', 'acct_1')`,
			[][3]string{{"account.id", "acct_1", "$account"}},
		},
		{
			"account's name", domain.OnboardingAwaitingPayment, "", `account = json_set(account, '$.name', 'Evil Ltd')`,
			[][3]string{{"account.name", "another", "the account's"}},
		},
		{
			"account gone", domain.OnboardingCompleted, "", `account = NULL`,
			[][3]string{
				{"account.id", "", "$account"}, {"account.slug", "another", "the account's"},
				{"account.name", "another", "the account's"},
			},
		},
		{
			"plan", domain.OnboardingAwaitingPayment, "", `plan = json_set(plan, '$.code', 'free')`,
			[][3]string{{"plan.code", "free", "growth"}},
		},
		{
			"plan gone", domain.OnboardingAwaitingPayment, "", `plan = NULL`,
			[][3]string{{"plan.code", "", "growth"}},
		},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			o := f.reach(c.from)
			f.exec("UPDATE onboardings SET "+c.damage+" WHERE id = ?", o.ID)
			result := f.refresh(o, c.workflow)
			want := differences(o, c.want)
			assert.Equal(t, want, result.Differences)
			assert.Equal(t, c.from, result.State.Status)
			row := f.onboarding(o)
			assert.Equal(t, c.from, row.Status)
			assert.Equal(t, o.Account, row.Account)
			assert.Equal(t, o.Subscription, row.Subscription)
			assert.Equal(t, o.Plan, row.Plan)
			assert.Equal(t, o.NextAction, row.NextAction)
			assert.Greater(t, row.Version, o.Version)
			event := f.lastEvent(o, domain.EventOnboardingRepaired)
			assert.Equal(t, domain.ActorSystem, event.ActorType)
			is, err := json.Marshal(want)
			require.NoError(t, err)
			written, err := json.Marshal(event.Data["differences"])
			require.NoError(t, err)
			assert.JSONEq(t, string(is), string(written))
		})
	}
}

// differences spells them out for the onboarding.
func differences(o *domain.Onboarding, rows [][3]string) []domain.Difference {
	all := []domain.Difference{}
	known := strings.NewReplacer("$account", o.AccountID, "$subscription", o.SubscriptionID)
	for _, r := range rows {
		all = append(all, domain.Difference{Field: r[0], Was: known.Replace(r[1]), Is: known.Replace(r[2])})
	}
	return all
}

func TestRefresh_AnAdminsLeavesATrace(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.reach(domain.OnboardingAwaitingPayment)
	in := f.command(o, domain.ActionRefresh, because("looks odd"))
	result, err := f.RefreshOnboarding(t.Context(), activities.RefreshInput{OnboardingID: o.ID, CommandID: in.CommandID})
	require.NoError(t, err)
	assert.Empty(t, result.Differences)
	event := f.lastEvent(o, domain.EventOnboardingRepaired)
	assert.Equal(t, domain.ActorAdmin, event.ActorType)
	assert.Equal(t, "looks odd", event.Reason)
}
