package activities_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
	"slipway/store/storetest"
)

// book is a log that a test can read.
type book struct {
	mu    sync.Mutex
	lines strings.Builder
}

func (b *book) write(message string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprintln(&b.lines, append([]any{message}, args...)...)
}
func (b *book) Debug(string, ...any)     {}
func (b *book) Info(m string, a ...any)  { b.write(m, a...) }
func (b *book) Warn(m string, a ...any)  { b.write(m, a...) }
func (b *book) Error(m string, a ...any) { b.write(m, a...) }
func (b *book) String() string           { b.mu.Lock(); defer b.mu.Unlock(); return b.lines.String() }

func TestErrors_SayWhatAHistoryMayHold(t *testing.T) {
	t.Parallel()
	const person = "ada@example.com"
	row := errors.New("UNIQUE constraint failed for " + person)
	for _, c := range []struct {
		why     string
		err     error
		kind    string
		retried bool
	}{
		{"invalid", domain.Invalid("email", "It is taken.", "another"), "invalid", false},
		{"unauthenticated", &domain.Error{Code: domain.CodeUnauthenticated}, "unauthenticated", false},
		{"payment required", &domain.Error{Code: domain.CodePaymentRequired}, "payment_required", false},
		{"forbidden", &domain.Error{Code: domain.CodeForbidden}, "forbidden", false},
		{"not found", domain.NotFound("onboarding"), "not_found", false},
		{"invalid transition", domain.InvalidTransition("completed", "canceled", nil), "invalid_transition", false},
		{"another reason", &domain.Error{Code: domain.CodeConflict, Reason: domain.ReasonEmailTaken}, "email_taken", false},
		{"throttled", &domain.Error{Code: domain.CodeThrottled}, "throttled", true},
		{"unavailable", domain.Unavailable("The database", 0), "unavailable", true},
		{"unavailable, with its cause", fmt.Errorf("read: %w: %w", domain.Unavailable("The database", 0), row),
			"unavailable", true},
		{"not found, wrapped", fmt.Errorf("of %s: %w", person, domain.NotFound("plan")), "not_found", false},
		{"final", &domain.Error{Code: domain.CodeInternal, Final: true}, "internal", false},
		{"unknown", row, "internal", true},
		{"unknown, wrapped", fmt.Errorf("insert owner: %w", row), "internal", true},
	} {
		for _, local := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/local=%v", c.why, local), func(t *testing.T) {
				t.Parallel()
				log := &book{}
				suite := testsuite.WorkflowTestSuite{}
				suite.SetLogger(log)
				env := suite.NewTestActivityEnvironment()
				env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&activities.Errors{}}})
				fails := func(context.Context) (onboarding.State, error) {
					return onboarding.State{OnboardingID: person}, c.err
				}
				env.RegisterActivityWithOptions(fails, activity.RegisterOptions{Name: "fails"})
				run := env.ExecuteActivity
				if local {
					run = env.ExecuteLocalActivity
				}
				_, err := run(fails)
				var failure *temporal.ApplicationError
				require.ErrorAs(t, err, &failure)
				assert.Equal(t, c.kind, failure.Type())
				assert.Equal(t, !c.retried, failure.NonRetryable())
				assert.False(t, failure.HasDetails())
				for cause := err; cause != nil; cause = errors.Unwrap(cause) {
					assert.NotContains(t, cause.Error(), person)
				}
				if c.retried {
					assert.Contains(t, log.String(), c.err.Error(), "its text is in the worker's log")
				}
			})
		}
	}
}

func TestErrors_LeaveAResultAsItIs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.receive(plan("free"))
	value, err := f.temporalEnv().ExecuteActivity(f.CreateAccount, activities.StepInput{OnboardingID: o.ID})
	require.NoError(t, err)
	var state onboarding.State
	require.NoError(t, value.Get(&state))
	assert.Equal(t, domain.OnboardingCreatingAccount, state.Status)

	unknown := activities.StepInput{OnboardingID: store.NewID(domain.PrefixOnboarding)}
	_, err = f.temporalEnv().ExecuteActivity(f.CreateAccount, unknown)
	var failure *temporal.ApplicationError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "not_found", failure.Type())
}

// TestErrors_WhatTheDatabaseRefusesIsNeverTriedAgain has both databases refuse a
// row, as text and by a rule of the table.
func TestErrors_WhatTheDatabaseRefusesIsNeverTriedAgain(t *testing.T) {
	t.Parallel()
	const person = "ada@example.com"
	good := domain.Plan{ID: "plan_1", Code: "x", Name: person, Currency: "usd", Interval: domain.IntervalMonth,
		PaymentMethodCollection: domain.CollectIfRequired}
	negative, nowhere, nul, half := good, good, good, good
	negative.Amount, nowhere.Interval, nul.Name, half.Name = -1, "century", person+"\x00", person+"\xed\xa0\x80"
	for name, fresh := range map[string]func(testing.TB) string{
		"sqlite": storetest.SQLite, "postgres": storetest.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := storetest.OpenEmpty(t, fresh(t))
			require.NoError(t, s.Migrate(t.Context()))
			bad := map[string]domain.Plan{"negative amount": negative, "no such interval": nowhere}
			if name == "postgres" { // SQLite holds both
				bad["NUL"], bad["half a pair"] = nul, half
			}
			for why, plan := range bad {
				log := &book{}
				suite := testsuite.WorkflowTestSuite{}
				suite.SetLogger(log)
				env := suite.NewTestActivityEnvironment()
				env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&activities.Errors{}}})
				save := func(ctx context.Context) error { _, err := s.SavePlan(ctx, &plan); return err }
				env.RegisterActivityWithOptions(save, activity.RegisterOptions{Name: "save"})
				_, err := env.ExecuteActivity(save)
				var failure *temporal.ApplicationError
				require.ErrorAs(t, err, &failure, why)
				assert.True(t, failure.NonRetryable(), why)
				assert.NotContains(t, err.Error(), person, why)
				assert.Contains(t, log.String(), "for good", why)
			}
			plan := good
			_, err := s.SavePlan(t.Context(), &plan)
			require.NoError(t, err)
		})
	}
}
