package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// Billing lives beside a subscription for as long as it is in use: it renews
// it, recovers what was not paid, takes commands, and ends with it. What is due
// next is decided in domain.BillingPolicy and kept in the subscription's row;
// here it is waited for.
func Billing(ctx workflow.Context, in BillingInput) error {
	if !in.Entity {
		return billOnce(ctx, in)
	}
	b := &billing{
		news:     in.News,
		standing: activities.BillingStanding{SubscriptionID: in.SubscriptionID},
		alarm:    alarm{entity: in.SubscriptionID, turn: workflow.NewMutex(ctx)},
	}
	if err := b.takeMessages(ctx); err != nil {
		return err
	}
	return b.run(ctx)
}

// billing is the state of one running Billing.
type billing struct {
	standing activities.BillingStanding // as the last activity said
	alarm                               // how it sleeps
	changes  int                        // how often the standing was taken over
	known    bool                       // the standing has been read
	renewals int                        // periods that ended in this run
	messages int                        // commands and events taken in this run
	news     []string                   // payments a provider has news of
	asking   bool                       // a provider is being asked, and nothing has changed meanwhile
	failed   error                      // what no retry cures
	shown    attributes
}

func (b *billing) run(ctx workflow.Context) error {
	// What is due next is in the rows.
	if err := b.step(ctx, ""); err != nil {
		return err
	}
	for b.failed == nil {
		b.show(ctx)
		switch {
		case b.crowded(ctx) && carriesNews(ctx):
			// However much is said to it, its history stays small.
			return b.continueAsNew(ctx)
		case len(b.news) > 0:
			b.failed = b.lookUp(ctx)
		case b.standing.Collect:
			// Money is owed, undecided, or to be given back: a provider is asked.
			b.failed = b.collect(ctx)
		case !b.standing.Status.Live():
			// The subscription has ended: nothing more comes due.
			return b.close(ctx)
		case b.tooLong(ctx):
			return b.continueAsNew(ctx)
		default:
			b.failed = b.untilDue(ctx)
		}
	}
	return updateFailure(b.failed)
}

// untilDue sleeps until the next thing is due, and does it.
func (b *billing) untilDue(ctx workflow.Context) error {
	due, changes := b.standing.Due, b.changes
	reached, err := b.sleep(ctx, b.standing.DueAt, dueSummaries[due], func() bool {
		return b.changes != changes || len(b.news) > 0 || b.tooLong(ctx)
	})
	if err != nil || !reached {
		return err
	}
	if due == domain.DuePeriodEnd {
		b.renewals++
	}
	return b.step(ctx, due)
}

// dueSummaries say in Temporal's UI what a timer is for.
var dueSummaries = map[domain.DueKind]string{
	domain.DueNotice: "Before the period ends", domain.DueReminder: "Remind of the invoice",
	domain.DuePeriodEnd: "End of the period", domain.DueRetry: "Try the payment again",
	domain.DueGiveUp: "End of recovery",
}

// step does what is due, in turn; nothing, when due is empty, but to say what is
// next.
func (b *billing) step(ctx workflow.Context, due domain.DueKind) error {
	if err := b.turn.Lock(ctx); err != nil {
		return err
	}
	defer b.turn.Unlock()
	summary := "What is due next"
	if due != "" {
		summary = "Due: " + string(due)
	}
	input := activities.BillDueInput{SubscriptionID: b.entity, Due: due}
	return b.take(ctx, workflow.ExecuteLocalActivity(ownDatabase(ctx, summary), a.BillDue, input))
}

// take takes over the standing an activity returned.
func (b *billing) take(ctx workflow.Context, answer workflow.Future) error {
	var standing activities.BillingStanding
	if err := answer.Get(ctx, &standing); err != nil {
		return err
	}
	b.standing, b.clock, b.known, b.asking = standing, standing.Clock, true, false
	b.changes++
	return nil
}

// collect has providers asked, for as long as it takes. A command that changes
// what is wanted begins anew.
func (b *billing) collect(ctx workflow.Context) error {
	asking, stop := workflow.WithCancel(ctx)
	defer stop()
	input := activities.CollectBillingInput{SubscriptionID: b.entity}
	answer := workflow.ExecuteActivity(atProvider(asking, "Ask the payment provider"), a.CollectBilling, input)
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
	return b.step(ctx, "")
}

// lookUp asks providers what became of the payments they have news of.
func (b *billing) lookUp(ctx workflow.Context) error {
	news := b.news
	b.news = nil
	for _, payment := range news {
		err := workflow.ExecuteActivity(atProvider(ctx, "Look up a payment"), a.LookUp, activities.LookUpInput{PaymentID: payment}).Get(ctx, nil)
		if err != nil {
			return err
		}
	}
	return b.step(ctx, "")
}

// close answers what is still asked, and ends.
func (b *billing) close(ctx workflow.Context) error {
	return errors.Join(b.finishHandlers(ctx), b.leave(ctx))
}

func (b *billing) finishHandlers(ctx workflow.Context) error {
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// crowded reports whether so much was said in this run that the next should
// hear the rest.
func (b *billing) crowded(ctx workflow.Context) bool {
	return b.messages >= messagesPerRun || workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

// tooLong reports whether the run should be continued as a new one.
func (b *billing) tooLong(ctx workflow.Context) bool {
	return b.renewals >= renewalsPerRun || b.crowded(ctx)
}

// carriesNews is false in runs that began when news was still looked up before
// a run was continued.
func carriesNews(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "carry-news", workflow.DefaultVersion, 1) == 1
}

// continueAsNew starts the next run with the subscription's id and the news
// that was not looked into: the rest is in the rows. No command is cut off, no
// signal left behind; a command delivered to both runs is carried out once, by
// its row.
func (b *billing) continueAsNew(ctx workflow.Context) error {
	if err := b.finishHandlers(ctx); err != nil {
		return err
	}
	for b.drain(ctx); len(b.news) > 0 && !carriesNews(ctx); b.drain(ctx) {
		if err := b.lookUp(ctx); err != nil {
			return err
		}
	}
	return workflow.NewContinueAsNewError(ctx, Billing, BillingInput{SubscriptionID: b.entity, Entity: true, News: b.news})
}

// updateFailure is an activity's failure as the failure of the update that ran
// it: the type travels, a cause does not.
func updateFailure(err error) error {
	var failure *temporal.ApplicationError
	if errors.As(err, &failure) {
		return temporal.NewNonRetryableApplicationError(failure.Message(), failure.Type(), nil)
	}
	return err
}
