package paymenttest

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
)

var failurePromises = []promise{
	{"Throttled_CarriesTheDelay", []Capability{CanThrottle}, throttledCarriesTheDelay},
	{"LostResponse_IsFoundByLookup", []Capability{CanLoseResponses, CanRemember}, lostResponse},
	{"StoredFailure_IsSpentAndAnotherKeyPays", []Capability{CanStoreFailures, CanRemember}, storedFailure},
	{"Reset_IsNoOutcome", []Capability{CanReset, CanRemember}, reset},
	{"Failure_IsUnknownAndNotSpent", []Capability{CanFail, CanRemember}, failure},
	{"WrongAPIKey_IsMisconfigured", []Capability{CanRefuseKeys}, wrongAPIKey},
	{"UnknownCurrency_IsMisconfigured", []Capability{CanCharge, CanRemember}, unknownCurrency},
	{"Errors_NameNoSecretsAndNoPeople", []Capability{CanRefuseKeys}, errorsAreShort},
}

// throttledCarriesTheDelay repeats the charge until it is no longer throttled. It asks again at
// once: what is looked at here is what is said about the delay.
func throttledCarriesTheDelay(t *testing.T, s Subject) {
	c := chargeOf(attach(t, s, s.Tokens.Throttled))
	for range 100 {
		o, err := s.Provider.Charge(t.Context(), c)
		if err == nil {
			assert.Equal(t, payment.StatusSucceeded, o.Status)
			requireOnTheBooks(t, 1, s, c.Key)
			return
		}
		e := requireClass(t, err, payment.ClassThrottled)
		assert.Positive(t, e.RetryAfter)
		assert.LessOrEqual(t, e.RetryAfter, 5*time.Second)
		assert.False(t, e.Spent)
		requireOnTheBooks(t, 0, s, c.Key)
	}
	t.Fatal("throttled for ever")
}

func lostResponse(t *testing.T, s Subject) {
	c := chargeOf(attach(t, s, s.Tokens.LostResponse))
	_, err := s.Provider.Charge(t.Context(), c)
	e := requireClass(t, err, payment.ClassUnknown)
	assert.False(t, e.Spent)
	o := lookedUp(t, s, c.Key)
	assert.Equal(t, payment.StatusSucceeded, o.Status)
	assert.Equal(t, o, charged(t, s, c), "the repetition finds the charge")
	requireOnTheBooks(t, 1, s, c.Key)
}

func storedFailure(t *testing.T, s Subject) {
	m := attach(t, s, s.Tokens.StoredFailure)
	c := chargeOf(m)
	_, err := s.Provider.Charge(t.Context(), c)
	requireClass(t, err, payment.ClassUnknown)
	for range 2 {
		_, err = s.Provider.Charge(t.Context(), c)
		assert.True(t, requireClass(t, err, payment.ClassUnknown).Spent, "the answer is a stored one")
	}
	assert.Equal(t, payment.StatusNone, lookedUp(t, s, c.Key).Status)
	another := chargeOf(m)
	assert.Equal(t, payment.StatusSucceeded, charged(t, s, another).Status, "another attempt is not spoilt by it")
	requireOnTheBooks(t, 0, s, c.Key)
	requireOnTheBooks(t, 1, s, another.Key)
}

func reset(t *testing.T, s Subject) {
	c := chargeOf(attach(t, s, s.Tokens.Reset))
	_, err := s.Provider.Charge(t.Context(), c)
	requireClass(t, err, payment.ClassUnknown, payment.ClassUnavailable)
	assert.Equal(t, payment.StatusNone, lookedUp(t, s, c.Key).Status)
	assert.Equal(t, payment.StatusSucceeded, charged(t, s, c).Status)
	requireOnTheBooks(t, 1, s, c.Key)
}

func failure(t *testing.T, s Subject) {
	c := chargeOf(attach(t, s, s.Tokens.Failing))
	_, err := s.Provider.Charge(t.Context(), c)
	assert.False(t, requireClass(t, err, payment.ClassUnknown).Spent)
	assert.Equal(t, payment.StatusNone, lookedUp(t, s, c.Key).Status)
	for range 100 {
		if _, err = s.Provider.Charge(t.Context(), c); err == nil {
			break
		}
	}
	require.NoError(t, err, "the same key pays in the end")
	requireOnTheBooks(t, 1, s, c.Key)
}

// everyCall sends one request of each kind.
func everyCall(t *testing.T, p payment.Provider) map[string]error {
	t.Helper()
	ctx, errs := t.Context(), map[string]error{}
	_, errs["attach"] = p.Attach(ctx, payment.Attach{Key: newKey(), AccountID: "acct_1", Token: "tok_secret"})
	_, errs["setup"] = p.Setup(ctx, payment.Setup{Key: newKey(), AccountID: "acct_1",
		ReturnURL: "http://127.0.0.1:1/done"})
	_, errs["charge"] = p.Charge(ctx, chargeOf(payment.Method{Customer: "customer_1", Ref: "method_1"}))
	_, errs["lookup"] = p.Lookup(ctx, newKey())
	_, errs["refund"] = p.Refund(ctx, payment.Refund{Key: newKey(), Charge: newKey(), Ref: "charge_1"})
	return errs
}

func wrongAPIKey(t *testing.T, s Subject) {
	for call, err := range everyCall(t, s.Refused) {
		requireClass(t, err, payment.ClassMisconfigured)
		assert.Error(t, err, call)
	}
}

func errorsAreShort(t *testing.T, s Subject) {
	for call, err := range everyCall(t, s.Refused) {
		var e *payment.Error
		if assert.True(t, errors.As(err, &e), call) {
			assert.NotContains(t, e.Error(), "tok_secret", call)
			assert.Less(t, len(e.Error()), 120, call)
		}
	}
}

func unknownCurrency(t *testing.T, s Subject) {
	c := chargeOf(attach(t, s, s.Tokens.OK))
	c.Currency = "zzz"
	_, err := s.Provider.Charge(t.Context(), c)
	requireClass(t, err, payment.ClassMisconfigured)
	requireOnTheBooks(t, 0, s, c.Key)
}
