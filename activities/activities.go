// Package activities is what workflows have done: each exported method of
// Activities is one activity, safe to run twice. It reads its input, calls one
// function of the packages below, and returns its result.
//
// Inputs and results enter workflow histories, so they hold ids, codes,
// statuses, amounts and times only; what a person wrote is read from the store.
package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"slipway/billing"
	"slipway/domain"
	"slipway/notify/webhook"
	"slipway/onboarding"
	"slipway/payment"
	"slipway/store"
)

// Config is what the activities work with.
type Config struct {
	Store  *store.Store
	Policy domain.Policy
	// Providers are those who take money, by the name payment options use.
	Providers map[string]payment.Provider
	// ReturnURL is where providers send customers when they are done with a page.
	ReturnURL string
	Processes Processes // only reconcile and test clocks ask about workflows

	Webhooks   *webhook.Sender // only Deliver posts
	Deliveries Deliveries      // only reconcile starts some; nil starts none
}

// Activities are the activities. Workflows use a nil *Activities for the names
// of its methods.
type Activities struct {
	Config
	onboardings   *onboarding.Onboardings
	subscriptions *billing.Subscriptions
	purchases     *billing.Purchases
	methods       *billing.AccountMethods
	charger       *billing.Charger
}

// New connects the activities with what they call.
func New(c Config) *Activities {
	a := &Activities{Config: c}
	a.charger = &billing.Charger{Store: c.Store, Providers: c.Providers, ReturnURL: c.ReturnURL, Save: a.saveOutcome}
	a.onboardings = &onboarding.Onboardings{Store: c.Store, Policy: c.Policy, Charger: a.charger}
	a.subscriptions = &billing.Subscriptions{Store: c.Store, Policy: c.Policy}
	a.purchases = &billing.Purchases{Store: c.Store}
	a.methods = &billing.AccountMethods{Store: c.Store, Charger: a.charger}
	return a
}

// saveOutcome hands what a provider says of a payment to whoever has its invoice
// to pay: the onboarding that opened the subscription, the subscription, or the
// purchase of a credit package.
func (a *Activities) saveOutcome(ctx context.Context, p *domain.Payment, out payment.Outcome) error {
	invoice, err := a.Store.InvoiceByID(ctx, p.InvoiceID)
	if err != nil {
		return err
	}
	switch {
	case invoice.Type == domain.InvoiceCreditPackage:
		return a.purchases.Save(ctx, invoice.ID, p.ID, out)
	case invoice.Reason == domain.ReasonSubscriptionCreate:
		return a.onboardings.Save(ctx, invoice.SubscriptionID, p.ID, out)
	}
	return a.subscriptions.Save(ctx, invoice.SubscriptionID, p.ID, out)
}

// attemptOf counts the attempts of the activity from 1.
func attemptOf(ctx context.Context) int32 {
	if !activity.IsActivity(ctx) {
		return 1
	}
	return max(activity.GetInfo(ctx).Attempt, 1)
}

// retryLater turns a provider's trouble into what the activity fails with, for
// Temporal to try it again when the provider wants to be asked.
func retryLater(ctx context.Context, err error) error {
	trouble := payment.TroubleOf(err)
	if trouble == nil {
		return err
	}
	return billing.RetryLater(trouble, billing.Pause(trouble, attemptOf(ctx)))
}
