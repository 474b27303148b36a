// Package activities holds the activities that workflows run: each exported method
// of Activities is one, thin and safe to run twice. The packages below do the work.
//
// Inputs and results enter workflow histories, so they hold ids, codes,
// statuses, amounts and times only; what a person wrote is read from the store.
package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"slipway/billing"
	"slipway/domain"
	"slipway/notify"
	"slipway/notify/webhook"
	"slipway/onboarding"
	"slipway/payment"
	"slipway/store"
	"slipway/testclock"
)

// Pace bounds the posts to one webhook endpoint.
type Pace = notify.Pace

// Config is what the activities work with.
type Config struct {
	Store  *store.Store
	Policy domain.Policy
	// Providers are those who take money, by the name payment options use.
	Providers map[string]payment.Provider
	// ReturnURL is where providers send customers when they are done with a page.
	ReturnURL string
	Processes Processes // only reconcile and test clocks ask about workflows
	// ReconcileEvery is the pause between two rounds of a job of reconcile.
	ReconcileEvery time.Duration
	// Retention is how long what nothing needs any more is kept.
	Retention domain.Retention
	// Pruned is called with the rows of each table that went; nil for nobody.
	Pruned func(table string, rows int64)

	Webhooks   *webhook.Sender // only Deliver and DeliverDue post
	Pace       Pace            // of DeliverDue
	Deliveries notify.Starter  // only reconcile signals some; nil signals none
}

// Processes is what activities ask of running workflows. The client of workflows
// is the one implementation; the interface keeps imports running one way.
type Processes interface {
	onboarding.Processes
	billing.Processes
	testclock.Processes
	stopping
	// Ping asks whether Temporal answers at all.
	Ping(ctx context.Context) error
}

// Activities are all activities: the methods of the types below, one type per
// capability, each in the file of its name. A worker registers an *Activities;
// workflows use a zero one for the names of its methods.
type Activities struct {
	Config
	Onboarding
	Subscriptions
	Purchases
	PaymentMethods
	Payments
	Commands
	TestClocks
	Delivery
	Reconciliation
}

// New connects the activities with what they call.
func New(c Config) *Activities {
	subscriptions := &billing.Subscriptions{Store: c.Store, Policy: c.Policy}
	purchases := &billing.Purchases{Store: c.Store, Limits: c.Policy.Limits}
	charger := &billing.Charger{Store: c.Store, Providers: c.Providers, ReturnURL: c.ReturnURL}
	onboardings := &onboarding.Onboardings{Store: c.Store, Policy: c.Policy, Charger: charger}
	charger.Save = (&outcomes{c.Store, onboardings, subscriptions, purchases}).save
	money := &billing.Reconciler{Store: c.Store, Charger: charger, Processes: c.Processes}
	return &Activities{
		Config:         c,
		Onboarding:     Onboarding{onboardings},
		Subscriptions:  Subscriptions{subscriptions, charger},
		Purchases:      Purchases{purchases, charger},
		PaymentMethods: PaymentMethods{&billing.AccountMethods{Store: c.Store, Charger: charger}},
		Payments:       Payments{charger},
		Commands:       Commands{c.Store, onboardings, subscriptions, purchases},
		TestClocks:     TestClocks{&testclock.Clocks{Store: c.Store, Processes: c.Processes}},
		Delivery:       Delivery{&notify.Deliveries{Store: c.Store, Sender: c.Webhooks, Pace: c.Pace}},
		Reconciliation: Reconciliation{
			c.Store, &onboarding.Reconciler{Onboardings: onboardings, Processes: c.Processes}, money,
			&notify.Outbox{Store: c.Store, Starter: c.Deliveries}, c.Processes, c.ReconcileEvery,
			c.Retention, c.Pruned,
		},
	}
}

// outcomes are saved by whoever has the invoice to pay: the onboarding that
// opened the subscription, the subscription, or the purchase of a credit package.
type outcomes struct {
	store         *store.Store
	onboardings   *onboarding.Onboardings
	subscriptions *billing.Subscriptions
	purchases     *billing.Purchases
}

// save saves what a provider says of a payment.
func (o *outcomes) save(ctx context.Context, p *domain.Payment, out payment.Outcome) error {
	invoice, err := o.store.InvoiceByID(ctx, p.InvoiceID)
	if err != nil {
		return err
	}
	switch {
	case invoice.Type == domain.InvoiceCreditPackage:
		return o.purchases.Save(ctx, invoice.ID, p.ID, out)
	case invoice.Reason == domain.ReasonSubscriptionCreate:
		return o.onboardings.Save(ctx, invoice.SubscriptionID, p.ID, out)
	}
	return o.subscriptions.Save(ctx, invoice.SubscriptionID, p.ID, out)
}

// attemptOf counts the attempts of the activity from 1.
func attemptOf(ctx context.Context) int32 {
	if !activity.IsActivity(ctx) {
		return 1
	}
	return max(activity.GetInfo(ctx).Attempt, 1)
}

// heartbeats says that the activity is at work whenever it is called.
func heartbeats(ctx context.Context) func() {
	return func() {
		if ctx.Err() == nil { // else the SDK warns that it could not
			activity.RecordHeartbeat(ctx)
		}
	}
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
