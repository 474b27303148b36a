package workflows_test

import (
	"slices"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"slipway/domain"
	"slipway/store"
	"slipway/workflows"
)

// What the database holds now.

func (f *flow) row() *domain.Onboarding {
	f.t.Helper()
	row, err := f.store.OnboardingByID(f.t.Context(), f.o.ID)
	require.NoError(f.t, err)
	return row
}

func (f *flow) subscription() *domain.Subscription {
	f.t.Helper()
	row, err := f.store.SubscriptionByID(f.t.Context(), f.o.SubscriptionID)
	require.NoError(f.t, err)
	return row
}

// payments of the account, oldest first.
func (f *flow) payments() []domain.Payment {
	f.t.Helper()
	list, err := f.store.ListPayments(f.t.Context(), store.PaymentFilter{
		AccountID: f.o.AccountID, Page: store.Page{Limit: 100},
	})
	require.NoError(f.t, err)
	slices.Reverse(list.Data)
	return list.Data
}

// events of the type, oldest first.
func (f *flow) events(of domain.EventType) []domain.Event {
	f.t.Helper()
	list, err := f.store.ListEvents(f.t.Context(), store.EventFilter{
		OnboardingID: f.o.ID, Type: string(of), Page: store.Page{Limit: 100},
	})
	require.NoError(f.t, err)
	slices.Reverse(list.Data)
	return list.Data
}

func (f *flow) exec(statement string, args ...any) {
	f.t.Helper()
	_, err := f.db.ExecContext(f.t.Context(), statement, args...)
	require.NoError(f.t, err)
}

func (f *flow) count(query string, args ...any) int {
	f.t.Helper()
	var n int
	require.NoError(f.t, f.db.QueryRowContext(f.t.Context(), query, args...).Scan(&n))
	return n
}

// assertStatus expects the row to have the status now.
func (f *flow) assertStatus(want domain.OnboardingStatus, why ...any) {
	f.t.Helper()
	assert.Equal(f.t, want, f.row().Status, why...)
}

// assertEnd expects the workflow to have closed as Temporal's UI should show
// it, and the row to say the same.
func (f *flow) assertEnd(want domain.OnboardingStatus) {
	f.t.Helper()
	require.True(f.t, f.IsWorkflowCompleted())
	err := f.GetWorkflowError()
	var failure *temporal.ApplicationError
	switch want {
	case domain.OnboardingCompleted:
		require.NoError(f.t, err)
		var result workflows.OnboardingResult
		require.NoError(f.t, f.GetWorkflowResult(&result))
		assert.Equal(f.t, workflows.OnboardingResult{Status: want, SubscriptionStatus: f.subscription().Status}, result)
	case domain.OnboardingCanceled:
		assert.True(f.t, temporal.IsCanceledError(err), "%v", err)
	default:
		require.ErrorAs(f.t, err, &failure)
		assert.Equal(f.t, string(want), failure.Type())
		assert.True(f.t, failure.NonRetryable())
	}
	f.assertStatus(want)
	if want != domain.OnboardingCompleted {
		f.assertGivenBack()
	}
}

// assertGivenBack expects nothing left of a sign-up that ended early.
func (f *flow) assertGivenBack() {
	f.t.Helper()
	assert.Zero(f.t, f.count("SELECT count(*) FROM slugs WHERE account_id = ?", f.o.AccountID))
	assert.Zero(f.t, f.count("SELECT count(*) FROM accounts WHERE id = ? AND status <> 'closed'", f.o.AccountID))
	assert.Zero(f.t, f.count("SELECT count(*) FROM invoices WHERE status <> 'void'"))
	assert.Zero(f.t, f.count("SELECT count(*) FROM payments WHERE status <> 'failed'"))
	assert.Zero(f.t, f.count("SELECT count(*) FROM subscriptions WHERE status <> 'incomplete_expired'"))
	assert.Zero(f.t, f.count("SELECT count(*) FROM balances"))
}

// awaitingGrowth are the search attributes of who has plan growth to pay.
var awaitingGrowth = map[string]string{
	"OnboardingStatus": "awaiting_payment", "BlockedOn": "customer", "PlanCode": "growth",
	"SubscriptionStatus": "incomplete", "AmountDue": "$139.00", "WaitsUntil": noon.Add(window).Format(time.RFC3339),
}

// notWaiting adds to search attributes that nothing is waited for any more.
func notWaiting(set map[string]string) map[string]string {
	set["BlockedOn"], set["AmountDue"], set["WaitsUntil"] = "", "", ""
	return set
}

// expectMethodChange expects one signal to the subscription's Billing.
func (f *flow) expectMethodChange(subscriptionID string) {
	f.OnSignalExternalWorkflow(mock.Anything, workflows.BillingID(subscriptionID), "", workflows.SignalMethodChanged,
		mock.Anything).Return(nil).Once()
}
