package toytest_test

import (
	"testing"

	"slipway/payment/paymenttest"
	"slipway/payment/toytest"
)

func TestWallets_KeepWhatEveryProviderPromises(t *testing.T) {
	t.Parallel()
	const why = "it is in memory: no key, and no network that could fail"
	paymenttest.Run(t, func(testing.TB) paymenttest.Subject {
		w := toytest.New("a secret")
		return paymenttest.Subject{
			Provider: w, Confirm: w.Confirm, Finish: w.Finish, Event: toytest.EventAbout, Sign: w.Sign,
			Ledger: func() (entries []paymenttest.Entry) {
				for _, c := range w.Charges() {
					entries = append(entries, paymenttest.Entry{
						Key: c.Key, Amount: c.Amount, Currency: c.Currency, Status: c.Status, Refunded: c.Refunded,
					})
				}
				return entries
			},
			Tokens: paymenttest.Tokens{
				OK: toytest.TokenPays, DeclinedSoft: toytest.TokenEmpty, DeclinedHard: toytest.TokenBlocked,
				RequiresAction: toytest.TokenConfirms, Refused: "toy_nothing",
			},
			Lacks: map[paymenttest.Capability]string{
				paymenttest.CanRefuseKeys: why, paymenttest.CanThrottle: why, paymenttest.CanLoseResponses: why,
				paymenttest.CanStoreFailures: why, paymenttest.CanReset: why, paymenttest.CanFail: why,
			},
		}
	})
}
