package paymenttest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
)

var chargePromises = []promise{
	{"Charge_BringsTheMoney", []Capability{CanCharge}, chargeBringsTheMoney},
	{"Charge_SameKeyChargesOnce", []Capability{CanCharge, CanRemember}, sameKeyChargesOnce},
	{"Charge_SameKeyAtOnceChargesOnce", []Capability{CanCharge, CanRemember}, sameKeyAtOnce},
	{"Charge_SameKeyForAnotherAmountIsRefused", []Capability{CanCharge, CanRemember}, sameKeyOtherAmount},
	{"Charge_AnotherKeyChargesAgain", []Capability{CanCharge, CanRemember}, anotherKeyChargesAgain},
	{"Charge_SoftDecline", []Capability{CanDecline}, softDecline},
	{"Charge_HardDecline", []Capability{CanDecline}, hardDecline},
	{"Charge_RequiresActionHasAPage", []Capability{CanAskForAction}, requiresActionHasAPage},
	{"Charge_ConfirmedBringsTheMoney", []Capability{CanAskForAction, CanConfirm, CanRemember}, confirmedBringsTheMoney},
	{"Charge_NotConfirmedIsAHardDecline", []Capability{CanAskForAction, CanConfirm, CanRemember}, notConfirmed},
	{"Lookup_FindsWhatWasCharged", []Capability{CanCharge, CanRemember}, lookupFinds},
	{"Lookup_FindsWhatWasDeclined", []Capability{CanDecline, CanRemember}, lookupFindsDeclines},
	{"Lookup_OfNothingIsNone", []Capability{CanRemember}, lookupOfNothing},
}

func chargeBringsTheMoney(t *testing.T, s Subject) {
	c := chargeOf(attach(t, s, s.Tokens.OK))
	o := charged(t, s, c)
	assert.Equal(t, payment.StatusSucceeded, o.Status)
	assert.NotEmpty(t, o.Ref)
	assert.EqualValues(t, amount, o.Amount)
	assert.Equal(t, currency, o.Currency)
	assert.Zero(t, o.Refunded)
	assert.Empty(t, o.Class)
	requireOnTheBooks(t, 1, s, c.Key)
}

func sameKeyChargesOnce(t *testing.T, s Subject) {
	c := chargeOf(attach(t, s, s.Tokens.OK))
	first := charged(t, s, c)
	assert.Equal(t, first, charged(t, s, c))
	requireOnTheBooks(t, 1, s, c.Key)
}

func sameKeyAtOnce(t *testing.T, s Subject) {
	c := chargeOf(attach(t, s, s.Tokens.OK))
	const callers = 20
	outcomes, errs := make([]payment.Outcome, callers), make([]error, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() { outcomes[i], errs[i] = s.Provider.Charge(t.Context(), c) })
	}
	wg.Wait()
	done := lookedUp(t, s, c.Key)
	assert.Equal(t, payment.StatusSucceeded, done.Status)
	for i, err := range errs {
		if err != nil { // a provider may ask those who come too close to come again
			requireClass(t, err, payment.ClassThrottled, payment.ClassUnavailable, payment.ClassUnknown)
			continue
		}
		assert.Equal(t, done.Ref, outcomes[i].Ref)
	}
	requireOnTheBooks(t, 1, s, c.Key)
}

func sameKeyOtherAmount(t *testing.T, s Subject) {
	c := chargeOf(attach(t, s, s.Tokens.OK))
	charged(t, s, c)
	other := c
	other.Amount++
	_, err := s.Provider.Charge(t.Context(), other)
	requireClass(t, err, payment.ClassMisconfigured)
	assert.EqualValues(t, amount, lookedUp(t, s, c.Key).Amount)
	requireOnTheBooks(t, 1, s, c.Key)
}

func anotherKeyChargesAgain(t *testing.T, s Subject) {
	m := attach(t, s, s.Tokens.OK)
	a, b := chargeOf(m), chargeOf(m)
	assert.NotEqual(t, charged(t, s, a).Ref, charged(t, s, b).Ref)
	requireOnTheBooks(t, 2, s, a.Key, b.Key)
}

func softDecline(t *testing.T, s Subject) {
	declined(t, s, s.Tokens.DeclinedSoft, payment.ClassSoftDecline)
}

func hardDecline(t *testing.T, s Subject) {
	declined(t, s, s.Tokens.DeclinedHard, payment.ClassHardDecline)
}

func declined(t *testing.T, s Subject, token string, class payment.Class) {
	t.Helper()
	o := charged(t, s, chargeOf(attach(t, s, token)))
	assert.Equal(t, payment.StatusFailed, o.Status)
	assert.Equal(t, class, o.Class)
	assert.NotEmpty(t, o.Code)
	assert.Empty(t, o.ActionURL)
}

func requiresActionHasAPage(t *testing.T, s Subject) {
	o := charged(t, s, chargeOf(attach(t, s, s.Tokens.RequiresAction)))
	assert.Equal(t, payment.StatusRequiresAction, o.Status)
	assert.Regexp(t, `^https?://`, o.ActionURL)
}

func confirmedBringsTheMoney(t *testing.T, s Subject) {
	c := chargeOf(attach(t, s, s.Tokens.RequiresAction))
	s.Confirm(charged(t, s, c), true)
	o := lookedUp(t, s, c.Key)
	assert.Equal(t, payment.StatusSucceeded, o.Status)
	assert.Equal(t, o, charged(t, s, c), "the same key is the same charge, now paid")
	requireOnTheBooks(t, 1, s, c.Key)
}

func notConfirmed(t *testing.T, s Subject) {
	c := chargeOf(attach(t, s, s.Tokens.RequiresAction))
	s.Confirm(charged(t, s, c), false)
	o := lookedUp(t, s, c.Key)
	assert.Equal(t, payment.StatusFailed, o.Status)
	assert.Equal(t, payment.ClassHardDecline, o.Class)
}

func lookupFinds(t *testing.T, s Subject) {
	c := chargeOf(attach(t, s, s.Tokens.OK))
	assert.Equal(t, charged(t, s, c), lookedUp(t, s, c.Key))
}

func lookupFindsDeclines(t *testing.T, s Subject) {
	c := chargeOf(attach(t, s, s.Tokens.DeclinedSoft))
	assert.Equal(t, charged(t, s, c), lookedUp(t, s, c.Key))
}

func lookupOfNothing(t *testing.T, s Subject) {
	key := newKey()
	o, err := s.Provider.Lookup(t.Context(), key)
	require.NoError(t, err)
	assert.Equal(t, payment.StatusNone, o.Status)
	requireOnTheBooks(t, 0, s, key)
}
