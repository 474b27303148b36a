package paymenttest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
)

var refundPromises = []promise{
	{"Refund_GivesAllOfItBackOnce", []Capability{CanCharge, CanRemember, CanRefund}, refundAll},
	{"Refund_SameKeyRefundsOnce", []Capability{CanCharge, CanRemember, CanRefund}, refundSameKey},
	{"Refund_AtMostWhatWasCharged", []Capability{CanCharge, CanRemember, CanRefund}, refundAtMost},
	{"Refund_CancelsWhatWasNotConfirmed", []Capability{CanAskForAction, CanRemember, CanRefund}, refundCancels},
	{"Refund_OfADeclinedChargeGivesNothing", []Capability{CanDecline, CanRemember, CanRefund}, refundDeclined},
	{"Refund_OfNothingIsNone", []Capability{CanRemember, CanRefund}, refundOfNothing},
}

// refunded gives a part of the charge back, or all of it for 0.
func refunded(t *testing.T, s Subject, key string, o payment.Outcome, part int64) payment.Outcome {
	t.Helper()
	got, err := s.Provider.Refund(t.Context(), payment.Refund{Key: key, Charge: o.Key, Ref: o.Ref, Amount: part})
	require.NoError(t, err)
	assert.Equal(t, o.Key, got.Key)
	return got
}

func refundAll(t *testing.T, s Subject) {
	o := charged(t, s, chargeOf(attach(t, s, s.Tokens.OK)))
	got := refunded(t, s, newKey(), o, 0)
	assert.EqualValues(t, amount, got.Refunded)
	assert.Equal(t, got, lookedUp(t, s, o.Key))
	entries, shown := onTheBooks(s, o.Key)
	if shown {
		assert.EqualValues(t, amount, entries[0].Refunded)
	}
}

func refundSameKey(t *testing.T, s Subject) {
	o := charged(t, s, chargeOf(attach(t, s, s.Tokens.OK)))
	key := newKey()
	for range 3 {
		assert.EqualValues(t, 100, refunded(t, s, key, o, 100).Refunded)
	}
	byKey := o
	byKey.Ref = ""
	assert.EqualValues(t, 300, refunded(t, s, newKey(), byKey, 200).Refunded, "the charge's key is enough to find it by")
	assert.EqualValues(t, amount, refunded(t, s, newKey(), o, 0).Refunded, "all that is left")
	assert.EqualValues(t, amount, lookedUp(t, s, o.Key).Refunded)
}

func refundAtMost(t *testing.T, s Subject) {
	o := charged(t, s, chargeOf(attach(t, s, s.Tokens.OK)))
	refunded(t, s, newKey(), o, amount-100)
	_, err := s.Provider.Refund(t.Context(), payment.Refund{Key: newKey(), Charge: o.Key, Ref: o.Ref, Amount: 101})
	requireClass(t, err, payment.ClassMisconfigured)
	assert.EqualValues(t, amount-100, lookedUp(t, s, o.Key).Refunded)
}

func refundCancels(t *testing.T, s Subject) {
	o := charged(t, s, chargeOf(attach(t, s, s.Tokens.RequiresAction)))
	key := newKey()
	for range 2 {
		assert.Equal(t, payment.StatusCanceled, refunded(t, s, key, o, 0).Status)
	}
	got := lookedUp(t, s, o.Key)
	assert.Equal(t, payment.StatusCanceled, got.Status)
	assert.Zero(t, got.Refunded, "nothing came, so nothing goes back")
}

func refundDeclined(t *testing.T, s Subject) {
	o := charged(t, s, chargeOf(attach(t, s, s.Tokens.DeclinedHard)))
	got := refunded(t, s, newKey(), o, 0)
	assert.Equal(t, payment.StatusFailed, got.Status)
	assert.Zero(t, got.Refunded)
}

// refundOfNothing is what lets a compensation be sent without knowing whether
// what it takes back ever happened.
func refundOfNothing(t *testing.T, s Subject) {
	got := refunded(t, s, newKey(), payment.Outcome{Key: newKey()}, 0)
	assert.Equal(t, payment.StatusNone, got.Status)
}
