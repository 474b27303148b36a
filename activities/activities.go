// Package activities does what workflows decide: each exported method of
// Activities is one activity, one transaction, safe to run twice.
//
// Inputs and results enter workflow histories, so they hold ids, codes,
// statuses, amounts and times only; what a person wrote is read from the store.
package activities

import (
	"context"
	"time"

	"slipway/domain"
	"slipway/notify"
	"slipway/payment"
	"slipway/store"
)

// Activities are the activities and what they work with. Workflows use a nil
// *Activities for the names of its methods.
type Activities struct {
	Store     *store.Store
	Policy    Policy
	Processes Processes // only reconcile and test clocks ask about workflows
	// Providers are those who take money, by the name payment options use.
	Providers map[string]payment.Provider
	// ReturnURL is where providers send customers when they are done with a page.
	ReturnURL string

	Webhooks   *notify.Sender // only Deliver posts
	Deliveries Deliveries     // only reconcile starts some; nil starts none
}

// Policy is what a deployment may set about onboarding.
type Policy struct {
	// PaymentWindow is how long an invoice may stay unpaid before its
	// onboarding expires. A rejected payment opens a new window; while an admin
	// decides, none runs.
	PaymentWindow time.Duration
	// Reminders are sent this long after an invoice opens; those not before the
	// end of the window are dropped.
	Reminders []time.Duration
	// PreferredOption is a payment option's key or external id, chosen before
	// the catalogue's own preferred one.
	PreferredOption string
	// KeepSlugs tombstones the slug of an onboarding that ended early, instead
	// of releasing it for the next one.
	KeepSlugs bool
	// Billing is about renewals and their recovery.
	Billing domain.BillingPolicy
}

// Standing is where an onboarding stands after an activity: all a workflow
// needs to know to go on, and all it remembers.
type Standing struct {
	OnboardingID       string                    `json:"onboarding_id"`
	Status             domain.OnboardingStatus   `json:"status"`
	Version            int64                     `json:"version"`
	PlanCode           string                    `json:"plan_code,omitempty"`
	SubscriptionStatus domain.SubscriptionStatus `json:"subscription_status,omitempty"`
	InvoiceID          string                    `json:"invoice_id,omitempty"`
	Amount             int64                     `json:"amount,omitempty"`
	Currency           string                    `json:"currency,omitempty"`
	DueAt              *time.Time                `json:"due_at,omitempty"`    // end of the payment window
	RemindAt           []time.Time               `json:"remind_at,omitempty"` // within it
	// Collect: a payment provider is to be asked now, for a method or for money.
	Collect bool `json:"collect,omitempty"`
	// Clock is the test clock the onboarding lives by.
	Clock string `json:"clock,omitempty"`
	// Replaced is the subscription that ended in favour of the new one.
	Replaced string `json:"replaced,omitempty"`
}

// standing describes the onboarding as it was just saved or found.
func (a *Activities) standing(o *domain.Onboarding) Standing {
	s := Standing{OnboardingID: o.ID, Status: o.Status, Version: o.Version, Clock: o.TestClockID, Collect: collecting(o)}
	if o.Plan != nil {
		s.PlanCode = o.Plan.Code
	}
	if o.Subscription != nil {
		s.SubscriptionStatus, s.Replaced = o.Subscription.Status, o.Subscription.Replaced
	}
	if next := o.NextAction; o.Status == domain.OnboardingAwaitingPayment && next != nil {
		s.InvoiceID, s.Currency, s.DueAt = next.InvoiceID, next.Currency, next.ExpiresAt
		if next.Amount != nil {
			s.Amount = *next.Amount
		}
		s.RemindAt = a.remindAt(next.ExpiresAt)
	}
	if s.Collect && s.DueAt == nil { // a window may begin while the provider is asked
		look := o.UpdatedAt.Add(a.Policy.PaymentWindow)
		s.DueAt = &look
	}
	return s
}

// collecting reports whether the step that needs a payment provider is under way.
func collecting(o *domain.Onboarding) bool {
	key, waits := map[domain.OnboardingStatus]domain.StepKey{
		domain.OnboardingWaitingForPaymentMethod: domain.StepPaymentMethod,
		domain.OnboardingAwaitingPayment:         domain.StepPayment,
	}[o.Status]
	if !waits {
		return false
	}
	status := o.Step(key).Status
	return status == domain.StepRunning || status == domain.StepRetrying
}

// asking reports whether a provider is being asked, and not waited for.
func asking(o *domain.Onboarding) bool {
	return collecting(o) && (o.Step(domain.StepPayment).Status == domain.StepRunning || o.Step(domain.StepPaymentMethod).Status == domain.StepRunning)
}

func (a *Activities) remindAt(due *time.Time) []time.Time {
	if due == nil {
		return nil
	}
	var times []time.Time
	for _, after := range a.Policy.Reminders {
		if after < a.Policy.PaymentWindow {
			times = append(times, due.Add(after-a.Policy.PaymentWindow))
		}
	}
	return times
}

// change runs fn on the locked onboarding in one transaction, then saves it
// with the events fn recorded. A fn that finds nothing to do returns nil without
// counting the version up, and nothing is written.
func (a *Activities) change(ctx context.Context, onboardingID string, fn func(c *changeSet) error) (Standing, error) {
	var standing Standing
	err := a.Store.Within(ctx, func(tx *store.Store) error {
		o, err := tx.LockOnboarding(ctx, onboardingID)
		if err != nil {
			return err
		}
		now, err := tx.NowOn(ctx, o.TestClockID)
		if err != nil {
			return err
		}
		c := &changeSet{ctx: ctx, tx: tx.At(now), policy: a.Policy, now: now, onboarding: o, actor: systemActor}
		c.about = domain.Event{AccountID: o.AccountID, OnboardingID: o.ID, SubscriptionID: o.SubscriptionID}
		before := o.Version
		if err := fn(c); err != nil {
			return err
		}
		if o.Version > before {
			if collecting(o) {
				if err := c.wake(o.TestClockID, o.ID); err != nil {
					return err
				}
			}
			err = c.commit()
		} else {
			err = c.tell()
		}
		standing = a.standing(o)
		return err
	})
	return standing, err
}

var systemActor = domain.Actor{Type: domain.ActorSystem}

// changeSet is one change under way: the transaction, what it is about, and
// the events that will tell of it.
type changeSet struct {
	ctx        context.Context
	tx         *store.Store
	policy     Policy
	now        time.Time
	about      domain.Event       // the ids every event of the change carries
	onboarding *domain.Onboarding // of a change of one; nil in billing
	sub        *domain.Subscription
	actor      domain.Actor
	reason     string // what the actor gave
	events     []domain.Event
	account    *domain.Account // when this change created it
	opened     bool            // a subscription was opened and is not saved yet
	methodID   string          // for the method the command brings
	asked      bool            // the customer, or a provider, was asked for the method before
	obtained   bool            // a provider has just made a method
}

// record notes an event, to be stored when the change commits.
func (c *changeSet) record(t domain.EventType, data map[string]any) {
	event := c.about
	event.Type, event.ActorType, event.ActorID, event.Reason, event.Data = t, c.actor.Type, c.actor.ID, c.reason, data
	c.events = append(c.events, event)
}

// advance moves the onboarding; see domain.Onboarding.Advance.
func (c *changeSet) advance(to domain.OnboardingStatus) error {
	return c.onboarding.Advance(to, c.now)
}

// step records what became of a step.
func (c *changeSet) step(key domain.StepKey, status domain.StepStatus, message string) *domain.Step {
	s := c.onboarding.Step(key)
	s.Set(status, message, c.now)
	return s
}

func (c *changeSet) commit() error {
	if err := c.tx.SaveOnboarding(c.ctx, c.onboarding); err != nil {
		return err
	}
	return c.tell()
}

// tell stores the events of the change.
func (c *changeSet) tell() error {
	if len(c.events) == 0 {
		return nil
	}
	return c.tx.InsertEvents(c.ctx, c.events...)
}
