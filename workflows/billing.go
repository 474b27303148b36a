package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/billing"
	"slipway/domain"
)

// Billing lives beside a subscription for as long as it is in use: it renews
// it, recovers what was not paid, takes commands, and ends with it. What is due
// next is decided in domain.BillingPolicy and kept in the subscription's row;
// here it is waited for.
func Billing(ctx workflow.Context, in BillingInput) error {
	b := &subscription{
		entity: newEntity(ctx, domain.NounSubscription, in.SubscriptionID), news: in.News,
		state: billing.SubscriptionState{SubscriptionID: in.SubscriptionID},
	}
	if err := underOwnID(ctx, BillingID(in.SubscriptionID)); err != nil {
		return err
	}
	ctx, err := b.takeMessages(ctx)
	if err != nil {
		return err
	}
	return b.run(ctx)
}

// subscription is the state of one running Billing.
type subscription struct {
	entity
	state    billing.SubscriptionState // as the last activity said
	changes  int                       // how often the state was taken over
	renewals int                       // periods that ended in this run
	news     []string                  // payments a provider has news of
	asking   bool                      // a provider is being asked, and nothing has changed meanwhile
	waited   bool                      // somebody waits for what is charged next
	failed   error                     // what no retry cures
	shown    attributes
}

func (b *subscription) run(ctx workflow.Context) error {
	// What is due next is in the rows.
	if err := b.read(ctx); err != nil {
		return err
	}
	for b.failed == nil {
		b.show(ctx)
		switch {
		case b.crowded(ctx):
			// However much is said to it, its history stays small.
			return b.nextRun(ctx)
		case len(b.news) > 0:
			b.failed = b.lookUp(ctx)
		case b.state.Charge:
			// Money is owed, undecided, or to be refunded: a provider is asked.
			b.failed = b.charge(ctx)
			b.waited = false
		case !b.state.Status.Live():
			// The subscription has ended: nothing more comes due.
			return b.close(ctx)
		case b.tooLong(ctx):
			return b.nextRun(ctx)
		default:
			b.failed = b.untilDue(ctx)
		}
	}
	return updateFailure(b.failed)
}

// untilDue sleeps until the next thing is due, and does it.
func (b *subscription) untilDue(ctx workflow.Context) error {
	due, changes := b.state.Due, b.changes
	reached, err := b.sleep(ctx, b.state.DueAt, domain.Text(dueSummaries[due]), func() bool {
		return b.changes != changes || len(b.news) > 0 || b.tooLong(ctx)
	})
	if err != nil || !reached {
		return err
	}
	if due == domain.DuePeriodEnd {
		b.renewals++
	}
	return b.execute(ctx, domain.Text(domain.SummaryDue, "due", string(due)), a.ProcessDue,
		activities.ProcessDueInput{SubscriptionID: b.id, Due: due})
}

// dueSummaries say in Temporal's UI what a timer is for.
var dueSummaries = map[domain.DueKind]domain.TextCode{
	domain.DueNotice:    domain.SummaryUntilNotice,
	domain.DueReminder:  domain.SummaryUntilReminder,
	domain.DuePeriodEnd: domain.SummaryUntilPeriodEnd,
	domain.DueRetry:     domain.SummaryUntilRetry,
	domain.DueGiveUp:    domain.SummaryUntilGiveUp,
}

// read reads the rows: they say what is due next.
func (b *subscription) read(ctx workflow.Context) error {
	return b.execute(ctx, domain.Text(domain.SummaryNextDue), a.ReadSubscription,
		activities.SubscriptionInput{SubscriptionID: b.id})
}

// execute runs one activity on our own database, in turn, and takes over the
// state it returns.
func (b *subscription) execute(ctx workflow.Context, summary string, activity, input any) error {
	return b.inTurn(ctx, func() error {
		return b.take(ctx, ownDatabase(summary, activity, input))
	})
}

// take takes over the state an activity returned.
func (b *subscription) take(ctx workflow.Context, answer call) error {
	var state billing.SubscriptionState
	if err := answer.Get(ctx, &state); err != nil {
		return err
	}
	b.enter(state)
	return nil
}

func (b *subscription) enter(state billing.SubscriptionState) {
	b.state, b.clock, b.asking = state, state.Clock, false
	b.changes++
}

// charge has providers asked, for as long as it takes. A command that changes
// what is wanted starts again.
func (b *subscription) charge(ctx workflow.Context) error {
	cancelable, stop := workflow.WithCancel(ctx)
	defer stop()
	input := activities.SubscriptionInput{SubscriptionID: b.id}
	charging := asking(domain.Text(domain.SummaryAskProvider), b.priority(), b.state.AccountID)
	answer := charging.call(a.ChargeSubscription, input).start(cancelable)
	changes := b.changes
	b.asking = true
	err := workflow.Await(ctx, func() bool {
		return !b.turn.IsLocked() && (answer.IsReady() || b.changes != changes)
	})
	if err != nil {
		return err
	}
	if b.changes == changes {
		return b.take(ctx, answer)
	}
	stop()
	_ = answer.Get(ctx, nil) // whatever it brought is in the rows
	return b.read(ctx)
}

// priority is a person's when a command led to the charge, and not the calendar.
func (b *subscription) priority() int {
	if b.waited {
		return PriorityPerson
	}
	return PriorityRenewal
}

// lookUp asks providers for the outcome of the payments they have news of.
func (b *subscription) lookUp(ctx workflow.Context) error {
	news := b.news
	b.news = nil
	for _, payment := range news {
		asking := asking(domain.Text(domain.SummaryLookUp), PriorityPerson, b.state.AccountID)
		input := activities.LookUpInput{PaymentID: payment}
		err := asking.call(a.LookUpPayment, input).Get(ctx, nil)
		if err != nil {
			return err
		}
	}
	return b.read(ctx)
}

// tooLong reports whether the run should be continued as a new one.
func (b *subscription) tooLong(ctx workflow.Context) bool {
	return b.renewals >= renewalsPerRun || b.crowded(ctx)
}

// nextRun starts the next run with the subscription's id and the news that was
// not looked up: the rest is in the rows. A command that reaches both runs is
// applied once, because its row says so.
func (b *subscription) nextRun(ctx workflow.Context) error {
	return b.continueAsNew(ctx, func() any { return BillingInput{SubscriptionID: b.id, News: b.news} })
}
