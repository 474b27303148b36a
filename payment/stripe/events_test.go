package stripe_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85/webhook"

	"slipway/payment"
	"slipway/payment/stripe"
)

// eventJSON is an event in Stripe's shape, of an API version that is not the
// library's.
func eventJSON(name, object string) []byte {
	return fmt.Appendf(nil,
		`{"id":"evt_1","object":"event","api_version":"2020-08-27","created":1790000000,"livemode":false,
		"type":%q,"data":{"object":%s}}`, name, object)
}

// sign are the headers Stripe sends with the body.
func sign(body []byte, at time.Time) http.Header {
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: hookSecret, Timestamp: at})
	return http.Header{"Stripe-Signature": {signed.Header}}
}

func TestStripe_EventsSayWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	ours := `{"metadata":{"key":"in_1/1"}}`
	for name, c := range map[string]struct {
		name, object string
		kind         payment.EventType
		key          string
	}{
		"paid":     {"payment_intent.succeeded", ours, payment.EventCharge, "in_1/1"},
		"failed":   {"payment_intent.payment_failed", ours, payment.EventCharge, "in_1/1"},
		"refunded": {"charge.refunded", ours, payment.EventCharge, "in_1/1"},
		"not ours": {"payment_intent.succeeded", `{"metadata":{}}`, payment.EventCharge, ""},
		"disputed": {"charge.dispute.created", `{"payment_intent":"pi_1","metadata":{}}`, payment.EventCharge,
			""},
		"page finished": {"checkout.session.completed", `{"mode":"setup","client_reference_id":"m_1"}`,
			payment.EventSetup, "m_1"},
		"page of a shop": {"checkout.session.completed", `{"mode":"payment","client_reference_id":"m_1"}`,
			payment.EventOther, ""},
		"something else":           {"customer.created", ours, payment.EventOther, ""},
		"something of other shape": {"account.updated", `{"mode":7,"metadata":[1]}`, payment.EventOther, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := openStripe(t, nil)
			now := time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)
			body := eventJSON(c.name, c.object)
			got, err := s.Event(sign(body, now), body, now)
			require.NoError(t, err)
			assert.Equal(t, payment.Event{
				ID: "evt_1", Type: c.kind, Name: c.name, Key: c.key, OccurredAt: time.Unix(1790000000, 0).UTC(),
			}, got)
		})
	}
}

func TestStripe_ForgedEventsAreNotBelieved(t *testing.T) {
	t.Parallel()
	now := time.Now()
	body := eventJSON("payment_intent.succeeded", `{"metadata":{"key":"in_1/1"}}`)
	good := sign(body, now).Get("Stripe-Signature")
	old := sign(body, now.Add(-time.Hour)).Get("Stripe-Signature")
	other := eventJSON("payment_intent.succeeded", `{"metadata":{"key":"in_2/1"}}`)
	fresh := fmt.Sprintf("t=%d,", now.Unix())
	for name, c := range map[string]struct {
		signature string
		body      []byte
	}{
		"not signed": {"", body},
		"nonsense":   {"nonsense", body},
		"other body": {good, other},
		"other secret": {webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: "whsec_x",
			Timestamp: now}).Header, body},
		"old":                   {old, body},
		"from the future":       {sign(body, now.Add(time.Hour)).Get("Stripe-Signature"), body},
		"old, a fresh time":     {fresh + strings.SplitN(old, ",", 2)[1], body},
		"old, two times":        {fresh + old, body},
		"old, two times, after": {old + "," + strings.TrimSuffix(fresh, ","), body},
		"signed, but no event": {sign([]byte(`{"object":"v2.core.event"}`), now).Get("Stripe-Signature"),
			[]byte(`{"object":"v2.core.event"}`)},
		"signed, but empty": {sign([]byte(`{"object":"event"}`), now).Get("Stripe-Signature"),
			[]byte(`{"object":"event"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := openStripe(t, nil)
			got, err := s.Event(http.Header{"Stripe-Signature": {c.signature}}, c.body, now)
			assert.Zero(t, got)
			assert.Equal(t, payment.ClassForged, requirePaymentError(t, err).Class)
			assertNoSecrets(t, err)
		})
	}
}

func TestStripe_WithoutASecretNoEventIsBelieved(t *testing.T) {
	t.Parallel()
	s := stripe.New(stripe.Config{SecretKey: apiKey})
	body := eventJSON("payment_intent.succeeded", `{}`)
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: ""})
	_, err := s.Event(http.Header{"Stripe-Signature": {signed.Header}}, body, time.Now())
	assert.Equal(t, payment.ClassMisconfigured, payment.ClassOf(err))
}
