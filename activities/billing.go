package activities

import (
	"context"
	"reflect"
	"time"

	"slipway/domain"
	"slipway/store"
)

// BillingStanding is where a subscription stands after an activity: all its
// workflow needs to know to go on.
type BillingStanding struct {
	SubscriptionID string                    `json:"subscription_id"`
	Status         domain.SubscriptionStatus `json:"status"`
	PlanCode       string                    `json:"plan_code"`
	// Due is what comes next, and DueAt when; without one, nothing but a command.
	Due   domain.DueKind `json:"due,omitempty"`
	DueAt *time.Time     `json:"due_at,omitempty"`
	// Collect: a payment provider is to be asked now.
	Collect bool `json:"collect,omitempty"`
	// Clock is the test clock the subscription lives by.
	Clock string `json:"clock,omitempty"`
	// Late: the command was about money that nobody waited for; it is flagged.
	Late bool `json:"late,omitempty"`
}

// bill runs fn on the locked subscription in one transaction, computes what is
// due next, and saves what changed with the events fn recorded.
func (a *Activities) bill(ctx context.Context, subscriptionID string, fn func(c *changeSet) error) (BillingStanding, error) {
	var standing BillingStanding
	err := a.Store.Within(ctx, func(tx *store.Store) error {
		sub, err := tx.LockSubscription(ctx, subscriptionID)
		if err != nil {
			return err
		}
		now, err := tx.NowOn(ctx, sub.TestClockID)
		if err != nil {
			return err
		}
		c := &changeSet{ctx: ctx, tx: tx.At(now), policy: a.Policy, now: now, sub: sub, actor: systemActor}
		c.about = domain.Event{AccountID: sub.AccountID, OnboardingID: sub.OnboardingID, SubscriptionID: sub.ID}
		before := *sub
		if err := fn(c); err != nil {
			return err
		}
		if standing, err = c.billingStanding(); err != nil {
			return err
		}
		if !reflect.DeepEqual(before, *sub) {
			if err := c.tx.SaveSubscription(ctx, sub); err != nil {
				return err
			}
		}
		if standing.Collect {
			if err := c.wake(sub.TestClockID, sub.ID); err != nil {
				return err
			}
		}
		return c.tell()
	})
	return standing, err
}

// billingStanding says what is due next and notes it in the subscription.
func (c *changeSet) billingStanding() (BillingStanding, error) {
	s := c.sub
	standing := BillingStanding{SubscriptionID: s.ID, Status: s.Status, PlanCode: s.PlanCode, Clock: s.TestClockID}
	undecided, err := c.tx.UndecidedPayments(c.ctx, s.ID)
	if err != nil {
		return standing, err
	}
	var askedAgain time.Time // when what a provider is still deciding about is looked up
	for i := range undecided {
		standing.Collect = standing.Collect || undecided[i].ToAsk()
		if undecided[i].Status == domain.PaymentProcessing {
			askedAgain = undecided[i].UpdatedAt.Add(store.RecheckAfter)
		}
	}
	byHand, err := c.byHand()
	if err != nil {
		return standing, err
	}
	due, at, found := c.policy.Billing.NextDue(s, byHand)
	if !found {
		s.Due, s.DueAt = "", nil
		return standing, nil
	}
	if due == domain.DueGiveUp {
		if askedAgain, err = c.awaitDecision(askedAgain); err != nil {
			return standing, err
		}
	}
	if at.Before(askedAgain) {
		at = askedAgain
	}
	s.Due, s.DueAt = due, &at
	standing.Due, standing.DueAt = due, &at
	return standing, nil
}

// decisionWithin is how long recovery waits for an admin to decide about a
// transfer the customer says to have made.
const decisionWithin = 30 * 24 * time.Hour

func (c *changeSet) decidedBy(invoice *domain.Invoice) time.Time {
	return invoice.CreatedAt.Add(decisionWithin)
}

// awaitDecision is until when giving up waits for the admin who has a transfer
// to decide about, or as given.
func (c *changeSet) awaitDecision(until time.Time) (time.Time, error) {
	invoice, err := c.awaitingTransfer()
	if err != nil || invoice == nil {
		return until, err
	}
	return c.decidedBy(invoice), nil
}

// awaitingTransfer is the invoice of the next period while an admin has a
// transfer for it to decide about; nil otherwise.
func (c *changeSet) awaitingTransfer() (*domain.Invoice, error) {
	invoice, err := c.cycleInvoice()
	if err != nil || invoice == nil || invoice.Status != domain.InvoiceOpen {
		return nil, err
	}
	_, err = c.tx.PendingPayment(c.ctx, invoice.ID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, nil
	}
	return invoice, err
}

// byHand reports whether renewals are paid by hand: the account's default
// method cannot be charged, or there is none.
func (c *changeSet) byHand() (bool, error) {
	method, err := c.defaultMethod()
	return method == nil || !method.Chargeable(), err
}

// defaultMethod is the account's default method; nil without one.
func (c *changeSet) defaultMethod() (*domain.PaymentMethod, error) {
	method, err := c.tx.DefaultMethod(c.ctx, c.about.AccountID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, nil
	}
	return method, err
}

// BillDueInput says what the workflow waited for.
type BillDueInput struct {
	SubscriptionID string         `json:"subscription_id"`
	Due            domain.DueKind `json:"due,omitempty"` // empty: nothing; only say what is next
}

// dues says what is done for a subscription when it is due.
var dues = map[domain.DueKind]func(*changeSet) error{
	domain.DueNotice:    (*changeSet).giveNotice,
	domain.DueReminder:  (*changeSet).remindOfInvoice,
	domain.DuePeriodEnd: (*changeSet).endPeriod,
	domain.DueRetry:     (*changeSet).retryCharge,
	domain.DueGiveUp:    (*changeSet).giveUp,
}

// BillDue does what is due for a subscription now. What was done before, or is
// not due any more, changes nothing.
func (a *Activities) BillDue(ctx context.Context, in BillDueInput) (BillingStanding, error) {
	return a.bill(ctx, in.SubscriptionID, func(c *changeSet) error {
		byHand, err := c.byHand()
		if err != nil || in.Due == "" {
			return err
		}
		due, at, found := c.policy.Billing.NextDue(c.sub, byHand)
		if !found || due != in.Due || at.After(c.now.Add(c.skew())) {
			return nil
		}
		return dues[due](c)
	})
}

// clockSkew is how far this machine's clock may be behind Temporal's, which
// woke the workflow: what is due there is due here.
const clockSkew = time.Minute

// skew is none for those who live by a test clock: there is only one.
func (c *changeSet) skew() time.Duration {
	if c.sub.TestClockID != "" {
		return 0
	}
	return clockSkew
}

// CollectBillingInput names the subscription.
type CollectBillingInput struct {
	SubscriptionID string `json:"subscription_id"`
}

// CollectBilling asks providers about the subscription's undecided payments:
// it charges what is owed, looks up what is unknown, and gives back what is not
// wanted any more.
func (a *Activities) CollectBilling(ctx context.Context, in CollectBillingInput) (BillingStanding, error) {
	err := a.giveBackUnwanted(ctx, in.SubscriptionID)
	if err == nil {
		err = a.askFor(ctx, in.SubscriptionID)
	}
	if err != nil {
		return BillingStanding{}, a.providerTrouble(ctx, err)
	}
	return a.bill(ctx, in.SubscriptionID, func(*changeSet) error { return nil })
}
