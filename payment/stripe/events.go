package stripe

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/webhook"

	"slipway/payment"
)

// Event reads a webhook of any API version, since nothing but ids is taken from
// it. A dispute does not carry the metadata of its charge: its event has no key,
// and is there to be seen. Without a webhook secret it is ClassMisconfigured:
// anybody can sign with an empty one.
func (s *Provider) Event(header http.Header, body []byte, now time.Time) (payment.Event, error) {
	if s.webhookSecret == "" {
		return payment.Event{}, &payment.Error{Class: payment.ClassMisconfigured, Code: "webhook_secret_missing"}
	}
	signature := header.Get("Stripe-Signature")
	options := webhook.ConstructEventOptions{IgnoreTolerance: true, IgnoreAPIVersionMismatch: true}
	event, err := webhook.ConstructEventWithOptions(body, signature, s.webhookSecret, options)
	if err != nil {
		return payment.Event{}, &payment.Error{Class: payment.ClassForged, Cause: err}
	}
	if age := now.Sub(signedAt(signature)); age > payment.MaxEventAge || age < -payment.MaxEventAge {
		return payment.Event{}, &payment.Error{Class: payment.ClassForged, Cause: webhook.ErrTooOld}
	}
	if event.ID == "" || event.Data == nil {
		return payment.Event{}, &payment.Error{Class: payment.ClassForged, Cause: errors.New("stripe: no event")}
	}
	return eventOf(event), nil
}

// stripeSignedAt is the time that was signed: the last one, as the library that
// has verified the signature reads it. The library itself would hold it against
// the machine's clock, and only against one that is behind.
func signedAt(signature string) time.Time {
	var at time.Time
	for part := range strings.SplitSeq(signature, ",") {
		if value, found := strings.CutPrefix(part, "t="); found {
			seconds, _ := strconv.ParseInt(value, 10, 64)
			at = time.Unix(seconds, 0)
		}
	}
	return at
}

func eventOf(e stripe.Event) payment.Event {
	// A field of another shape than these belongs to an event of another kind.
	var about struct {
		Mode              string            `json:"mode"`
		ClientReferenceID string            `json:"client_reference_id"`
		Metadata          map[string]string `json:"metadata"`
	}
	_ = json.Unmarshal(e.Data.Raw, &about)
	out := payment.Event{ID: e.ID, Type: payment.EventOther, Name: string(e.Type),
		OccurredAt: time.Unix(e.Created, 0).UTC()}
	switch {
	case e.Type == stripe.EventTypeCheckoutSessionCompleted && about.Mode == string(stripe.CheckoutSessionModeSetup):
		out.Type, out.Key = payment.EventSetup, about.ClientReferenceID
	case strings.HasPrefix(out.Name, "payment_intent."), strings.HasPrefix(out.Name, "charge.dispute."),
		e.Type == stripe.EventTypeChargeRefunded:
		out.Type, out.Key = payment.EventCharge, about.Metadata[metaKey]
	}
	return out
}
