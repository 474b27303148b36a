package manual_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
	"slipway/payment/manual"
	"slipway/payment/paymenttest"
)

func TestManual_KeepsWhatEveryProviderPromises(t *testing.T) {
	t.Parallel()
	paymenttest.Run(t, func(testing.TB) paymenttest.Subject {
		lacks := map[paymenttest.Capability]string{}
		for _, c := range []paymenttest.Capability{
			paymenttest.CanCharge, paymenttest.CanDecline, paymenttest.CanAskForAction, paymenttest.CanConfirm,
			paymenttest.CanRefuseTokens, paymenttest.CanRefuseKeys, paymenttest.CanRefund, paymenttest.CanSetup,
			paymenttest.CanSignEvents,
			paymenttest.CanThrottle, paymenttest.CanLoseResponses, paymenttest.CanStoreFailures, paymenttest.CanReset,
			paymenttest.CanFail,
		} {
			lacks[c] = "a person does it, and there is nobody to ask"
		}
		lacks[paymenttest.CanRemember] = "it has no memory; an admin has"
		lacks[paymenttest.CanShowLedger] = "the books are the bank's"
		return paymenttest.Subject{Provider: manual.New(), Lacks: lacks}
	})
}

func TestManual_EverythingWaitsForAPerson(t *testing.T) {
	t.Parallel()
	ctx, p := t.Context(), manual.New()
	m, err := p.Attach(ctx, payment.Attach{Key: "pm_1", Customer: "cus_1"})
	require.NoError(t, err)
	assert.Equal(t, payment.Method{Customer: "cus_1", Ref: "manual"}, m)
	o, err := p.Charge(ctx, payment.Charge{Key: "in_1/1", Amount: 4900, Currency: "eur"})
	require.NoError(t, err)
	assert.Equal(t, payment.Outcome{Key: "in_1/1", Status: payment.StatusPendingApproval, Amount: 4900, Currency: "eur"},
		o)
	o, err = p.Lookup(ctx, "in_9/1")
	require.NoError(t, err)
	assert.Equal(t, payment.StatusPendingApproval, o.Status, "it never says that no money comes")
	o, err = p.Refund(ctx, payment.Refund{Key: "re_1", Charge: "in_1/1"})
	require.NoError(t, err)
	assert.Equal(t, payment.StatusPendingApproval, o.Status)
	_, err = p.Setup(ctx, payment.Setup{})
	assert.Equal(t, payment.ClassMisconfigured, payment.ClassOf(err))
}
