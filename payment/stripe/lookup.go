package stripe

import (
	"context"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"

	"slipway/payment"
)

// How far a lookup goes. Stripe says that a new intent can be searched for
// within a minute, and during its own outages within an hour.
const (
	searchLag = 2 * time.Hour
	listedFor = 24 * time.Hour
	pageSize  = 100
	maxListed = 10 * pageSize
)

// Lookup finds the intent by the key in its metadata. Stripe's search is only
// eventually consistent, so an empty answer a second after a lost charge says
// nothing; its list is consistent at once, but has no filter for metadata. Both
// together know: what the search has not indexed yet is young, and therefore at
// the front of the list. Where more than a thousand intents were made since the
// search may have fallen behind, the answer is not known and ClassUnknown says
// so; asked again later, the search has caught up.
//
// A request that is still under way at Stripe may be found by neither. That is
// harmless, since whoever reads StatusNone charges with the same key. In India
// Stripe has no search, and lookups are ClassMisconfigured.
func (s *Provider) Lookup(ctx context.Context, key string) (payment.Outcome, error) {
	ref, err := s.find(ctx, key)
	if err != nil {
		return payment.Outcome{}, err
	}
	if ref == "" {
		return payment.Outcome{Key: key, Status: payment.StatusNone}, nil
	}
	return s.retrieve(ctx, key, ref)
}

// retrieve is the outcome of the intent as it is now.
func (s *Provider) retrieve(ctx context.Context, key, ref string) (payment.Outcome, error) {
	intent, err := s.intent(ctx, ref)
	if err != nil {
		return payment.Outcome{}, err
	}
	return outcomeOf(key, intent), nil
}

// intent reads the intent itself, as a search may show an older state of it.
func (s *Provider) intent(ctx context.Context, ref string) (*stripe.PaymentIntent, error) {
	params := &stripe.PaymentIntentRetrieveParams{}
	params.AddExpand("latest_charge") // knows what was refunded
	intent, err := s.client.V1PaymentIntents.Retrieve(ctx, ref, params)
	if err != nil {
		return nil, errorOf(err)
	}
	return intent, nil
}

// find returns the id of the intent with the key, empty when there is none.
func (s *Provider) find(ctx context.Context, key string) (string, error) {
	ref, err := s.search(ctx, key)
	if err != nil || ref != "" {
		return ref, err
	}
	return s.listed(ctx, key, time.Now())
}

func (s *Provider) search(ctx context.Context, key string) (string, error) {
	params := &stripe.PaymentIntentSearchParams{}
	params.Query = "metadata['" + metaKey + "']:'" + quote(key) + "'"
	params.Single = true
	for intent, err := range s.client.V1PaymentIntents.Search(ctx, params).All(ctx) {
		if err != nil {
			return "", errorOf(err)
		}
		if intent.Metadata[metaKey] == key {
			return intent.ID, nil
		}
	}
	return "", nil
}

// quote is the value inside the quotes of Stripe's query language.
func quote(value string) string {
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value)
}

// listed looks through the latest intents, newest first.
func (s *Provider) listed(ctx context.Context, key string, now time.Time) (string, error) {
	params := &stripe.PaymentIntentListParams{
		CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: now.Add(-listedFor).Unix()},
	}
	params.Limit = stripe.Int64(pageSize)
	seen := 0
	for intent, err := range s.client.V1PaymentIntents.List(ctx, params).All(ctx) {
		if err != nil {
			return "", errorOf(err)
		}
		if intent.Metadata[metaKey] == key {
			return intent.ID, nil
		}
		if seen++; seen < maxListed {
			continue
		}
		if intent.Created > now.Add(-searchLag).Unix() {
			return "", &payment.Error{Class: payment.ClassUnknown, Code: "lookup_incomplete"}
		}
		break
	}
	return "", nil
}
