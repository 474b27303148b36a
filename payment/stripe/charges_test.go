package stripe_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
)

func TestStripe_ChargeCarriesItsKeyAndIsConfirmedAtOnce(t *testing.T) {
	t.Parallel()
	s, side := openStripe(t, map[string]http.HandlerFunc{createIntent: says(200, intentJSON("pi_1", "succeeded"))})
	out, err := s.Charge(t.Context(), aCharge)
	require.NoError(t, err)
	want := payment.Outcome{Key: "in_1/1", Ref: "pi_1", Status: payment.StatusSucceeded, Amount: 2900, Currency: "eur"}
	assert.Equal(t, want, out)
	asked := side.last(createIntent)
	assert.Equal(t, "in_1/1", asked.key)
	form := url.Values{
		"amount": {"2900"}, "currency": {"eur"}, "customer": {"cus_1"}, "payment_method": {"pm_1"},
		"payment_method_types[0]": {"card"},
		"confirm":                 {"true"}, "error_on_requires_action": {"false"}, "setup_future_usage": {"off_session"},
		"return_url":    {"https://app.example.com/back"},
		"metadata[key]": {"in_1/1"}, "metadata[invoice_id]": {"in_1"}, "metadata[account_id]": {"acct_1"},
	}
	assert.Equal(t, form, asked.form)

	renewal := aCharge
	renewal.OffSession = true
	_, err = s.Charge(t.Context(), renewal)
	require.NoError(t, err)
	form["off_session"] = []string{"true"}
	form.Del("return_url")
	form.Del("setup_future_usage")
	assert.Equal(t, form, side.last(createIntent).form)
}

func TestStripe_ADeclineIsAnOutcome(t *testing.T) {
	t.Parallel()
	page := `"next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://hooks.stripe.com/3ds"}}`
	for name, c := range map[string]struct {
		answer string
		want   payment.Outcome
	}{
		"soft, by the bank's code": {
			`"type":"card_error","code":"card_declined","decline_code":"insufficient_funds","payment_intent":` +
				intentJSON("pi_1", "requires_payment_method"),
			payment.Outcome{Ref: "pi_1", Status: payment.StatusFailed, Class: payment.ClassSoftDecline,
				Code: "insufficient_funds"},
		},
		"hard, by the bank's code": {
			`"type":"card_error","code":"card_declined","decline_code":"lost_card","payment_intent":` + intentJSON("pi_1",
				"requires_payment_method"),
			payment.Outcome{Ref: "pi_1", Status: payment.StatusFailed, Class: payment.ClassHardDecline, Code: "lost_card"},
		},
		"hard, by Stripe's code, without an intent": {
			`"type":"card_error","code":"expired_card"`,
			payment.Outcome{Status: payment.StatusFailed, Class: payment.ClassHardDecline, Code: "expired_card"},
		},
		"a bank that wants the customer": {
			`"type":"card_error","code":"authentication_required","decline_code":"authentication_required","payment_intent":` +
				intentJSON("pi_1", "requires_payment_method"),
			payment.Outcome{Ref: "pi_1", Status: payment.StatusFailed, Class: payment.ClassSoftDecline,
				Code: "authentication_required"},
		},
		"a bank that wants the customer, and a page": {
			`"type":"card_error","code":"authentication_required","payment_intent":` + intentJSON("pi_1",
				"requires_payment_method", page),
			payment.Outcome{Ref: "pi_1", Status: payment.StatusRequiresAction, ActionURL: "https://hooks.stripe.com/3ds"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := openStripe(t, map[string]http.HandlerFunc{createIntent: says(402, refusalJSON(c.answer))})
			c.want.Key, c.want.Amount, c.want.Currency = "in_1/1", 2900, "eur"
			out, err := s.Charge(t.Context(), aCharge)
			require.NoError(t, err)
			assert.Equal(t, c.want, out)
		})
	}
}

func TestStripe_StatusOfAnIntent(t *testing.T) {
	t.Parallel()
	young := fmt.Sprintf(`"created":%d`, time.Now().Unix())
	failure := `"last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"stolen_card"}`
	for name, c := range map[string]struct {
		intent string
		want   payment.Outcome
	}{
		"processing": {intentJSON("pi_1", "processing"), payment.Outcome{Status: payment.StatusProcessing}},
		"canceled":   {intentJSON("pi_1", "canceled"), payment.Outcome{Status: payment.StatusCanceled}},
		"a page": {
			intentJSON("pi_1", "requires_action",
				`"next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://hooks.stripe.com/3ds"}}`),
			payment.Outcome{Status: payment.StatusRequiresAction, ActionURL: "https://hooks.stripe.com/3ds"},
		},
		"an action without a page": {
			intentJSON("pi_1", "requires_action", `"next_action":{"type":"use_stripe_sdk","use_stripe_sdk":{}}`),
			payment.Outcome{Status: payment.StatusRequiresAction},
		},
		"declined": {
			intentJSON("pi_1", "requires_payment_method", failure, young),
			payment.Outcome{Status: payment.StatusFailed, Class: payment.ClassHardDecline, Code: "stolen_card"},
		},
		"turned down by the customer": {
			intentJSON("pi_1", "requires_payment_method",
				`"last_payment_error":{"type":"card_error","code":"payment_intent_authentication_failure"}`),
			payment.Outcome{Status: payment.StatusFailed, Class: payment.ClassHardDecline,
				Code: "payment_intent_authentication_failure"},
		},
		"still being confirmed": {intentJSON("pi_1", "requires_confirmation", young),
			payment.Outcome{Status: payment.StatusProcessing}},
		"never confirmed": {
			intentJSON("pi_1", "requires_confirmation"),
			payment.Outcome{Status: payment.StatusFailed, Class: payment.ClassSoftDecline, Code: "not_confirmed"},
		},
		"refunded": {
			intentJSON("pi_1", "succeeded", `"latest_charge":{"id":"ch_1","object":"charge","amount_refunded":900}`),
			payment.Outcome{Status: payment.StatusSucceeded, Refunded: 900},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := openStripe(t, map[string]http.HandlerFunc{createIntent: says(200, c.intent)})
			c.want.Key, c.want.Ref, c.want.Amount, c.want.Currency = "in_1/1", "pi_1", 2900, "eur"
			out, err := s.Charge(t.Context(), aCharge)
			require.NoError(t, err)
			assert.Equal(t, c.want, out)
		})
	}
}

func TestStripe_ARepeatedChargeReturnsItsStateNow(t *testing.T) {
	t.Parallel()
	decline := `"type":"card_error","code":"card_declined","payment_intent":` + intentJSON("pi_1",
		"requires_payment_method")
	for name, stored := range map[string]http.HandlerFunc{
		"confirmed since": says(200, intentJSON("pi_1", "requires_action"), "Idempotent-Replayed", "true"),
		"declined":        says(402, refusalJSON(decline), "Idempotent-Replayed", "true"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := openStripe(t, map[string]http.HandlerFunc{createIntent: stored, getIntent: says(200, intentJSON("pi_1",
				"succeeded"))})
			out, err := s.Charge(t.Context(), aCharge)
			require.NoError(t, err)
			assert.Equal(t, payment.StatusSucceeded, out.Status)
		})
	}
}

func TestStripe_AChargeThatCanNeverBeMadeIsADeclineAndNoFaultOfOurs(t *testing.T) {
	t.Parallel()
	for code, param := range map[string]string{"amount_too_small": "amount", "resource_missing": "payment_method"} {
		s, _ := openStripe(t, map[string]http.HandlerFunc{
			createIntent: says(400, refusalJSON(`"type":"invalid_request_error","code":"`+code+`","param":"`+param+`"`)),
		})
		out, err := s.Charge(t.Context(), payment.Charge{Key: "in_1/1", Customer: "cus_1", Method: "pm_1", Amount: 7,
			Currency: "usd"})
		require.NoError(t, err, code)
		assert.Equal(t, payment.StatusFailed, out.Status)
		assert.Equal(t, payment.ClassHardDecline, out.Class, "asked again it would be refused for ever")
		assert.Equal(t, code, out.Code)
	}
	s, _ := openStripe(t, map[string]http.HandlerFunc{
		createIntent: says(400, refusalJSON(`"type":"invalid_request_error","code":"resource_missing","param":"customer"`)),
	})
	_, err := s.Charge(t.Context(), payment.Charge{Key: "in_1/1", Customer: "cus_1", Method: "pm_1", Amount: 700,
		Currency: "usd"})
	assert.Equal(t, payment.ClassMisconfigured, payment.ClassOf(err),
		"perhaps the key of another mode: nobody's card is to blame")
}
