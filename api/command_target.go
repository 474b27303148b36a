package api

import (
	"context"
	"errors"

	"slipway/domain"
)

// target is what a command is about, as the database has it.
type target struct {
	noun domain.Noun // whose status is reported, the same before and after
	id   string      // what the command names

	onboarding   *domain.Onboarding
	subscription *domain.Subscription // nil before it exists
	payment      *domain.Payment      // that is decided on
	paymentFor   *domain.Invoice      // what that pays
	invoice      *domain.Invoice      // that is paid, or whose payment is decided on
	// subscriptionID is set where the answer has the subscription.
	subscriptionID string
}

// errDone says that a command's effect is there already.
var errDone = errors.New("the effect is there already")

// runs reports whether an onboarding is about it that still runs.
func (t *target) runs() bool {
	return t.onboarding != nil && !t.onboarding.Status.Ended() && !t.purchase()
}

// purchase reports whether it is about a credit package: no onboarding and no
// subscription is.
func (t *target) purchase() bool {
	return t.invoice != nil && t.invoice.Type == domain.InvoiceCreditPackage
}

// subject is the noun whose rules decide.
func (t *target) subject() domain.Subject {
	switch t.noun {
	case domain.NounPayment:
		s := t.payment.SubjectOf(t.paymentFor)
		s.Running = t.runs()
		return s
	case domain.NounInvoice:
		return t.invoice.Subject()
	case domain.NounSubscription:
		return t.subscription.Subject()
	}
	return t.onboarding.Subject()
}

// allows returns nil when the command may be given, errDone when there is
// nothing left to do, else why it is refused.
func (t *target) allows(r commandRequest) error {
	if r.valid != nil {
		if err := r.valid(t); err != nil {
			return err
		}
	}
	if t.done(r.command.Action) {
		return errDone
	}
	return t.check(r.command.Action)
}

// done reports whether the action's effect is there already. An onboarding that
// was canceled leaves a subscription that was never used: that is canceled too.
func (t *target) done(action domain.Action) bool {
	if t.subject().Done(action) {
		return true
	}
	o := t.onboarding
	neverUsed := t.noun == domain.NounSubscription && o != nil && o.Status.Ended() &&
		o.Status != domain.OnboardingCompleted
	return neverUsed && o.Subject().Done(action)
}

// check returns nil when the state allows the action. About the payment of an
// onboarding that runs, the onboarding must allow it too.
func (t *target) check(action domain.Action) error {
	err := t.subject().Check(action)
	if err == nil && t.noun == domain.NounPayment && t.runs() {
		return t.onboarding.Check(action)
	}
	return err
}

// recipient is whose workflow takes commands. Customers name the onboarding:
// its workflow answers, or has closed.
func (t *target) recipient() domain.Recipient {
	cmd := domain.Command{}
	t.name(&cmd)
	switch {
	case t.purchase():
		return domain.Recipient{InvoiceID: t.invoice.ID, AccountID: t.invoice.AccountID}
	case t.runs() || t.noun == domain.NounOnboarding:
		return domain.Recipient{Onboarding: t.onboarding, SubscriptionID: cmd.SubscriptionID}
	}
	to := domain.Recipient{SubscriptionID: cmd.SubscriptionID}
	if t.subscription != nil {
		to.AccountID = t.subscription.AccountID
	}
	return to
}

// name writes into the command what it is about.
func (t *target) name(cmd *domain.Command) {
	if t.invoice != nil {
		cmd.InvoiceID, cmd.SubscriptionID = t.invoice.ID, t.invoice.SubscriptionID
	}
	if t.subscription != nil {
		cmd.OnboardingID, cmd.SubscriptionID = t.subscription.OnboardingID, t.subscription.ID
	}
	if t.onboarding != nil {
		cmd.OnboardingID, cmd.SubscriptionID = t.onboarding.ID, t.onboarding.SubscriptionID
	}
	if t.payment != nil {
		cmd.PaymentID = t.payment.ID
	}
}

// owner is the customer to whom a client_secret belongs, which names no person.
func (t *target) owner() string {
	if t.onboarding == nil {
		return ""
	}
	return t.onboarding.OwnerID
}

// reread is the target as it is now.
func (c commands) reread(ctx context.Context, t *target) (*target, error) {
	after, err := *t, error(nil)
	if t.onboarding != nil {
		after.onboarding, err = c.store.OnboardingByID(ctx, t.onboarding.ID)
	}
	if err == nil && t.payment != nil {
		after.payment, err = c.store.PaymentByID(ctx, t.payment.ID)
	}
	if err == nil && t.invoice != nil {
		after.invoice, err = c.store.InvoiceByID(ctx, t.invoice.ID)
	}
	if err == nil && t.subscriptionID != "" {
		after.subscription, err = orNil(c.store.SubscriptionByID(ctx, t.subscriptionID))
	}
	return &after, err
}
