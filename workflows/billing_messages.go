package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// billingCommands are the updates Billing takes, each named after its action.
var billingCommands = []domain.Action{
	domain.ActionCancel, domain.ActionResume, domain.ActionChangePlan, domain.ActionRetryPayment, domain.ActionSubmitPayment,
	domain.ActionApprovePayment, domain.ActionRejectPayment, domain.ActionActivate,
}

// takeMessages registers everything that may be said to a running Billing.
func (b *billing) takeMessages(ctx workflow.Context) error {
	for _, action := range billingCommands {
		handler := func(ctx workflow.Context, in CommandInput) (activities.BillingStanding, error) {
			return b.command(ctx, in)
		}
		if err := workflow.SetUpdateHandlerWithOptions(ctx, string(action), handler, workflow.UpdateHandlerOptions{
			Description: "A command stored by the API; send it through the API, which stores who gave it and why.",
			Validator:   b.takesCommands,
		}); err != nil {
			return err
		}
	}
	b.listen(ctx)
	b.takeNews(ctx)
	b.takeSignals(ctx, SignalMethodChanged, func(ctx workflow.Context) error { return b.step(ctx, "") })
	return workflow.SetUpdateHandlerWithOptions(ctx, string(domain.ActionRefresh), b.refresh, workflow.UpdateHandlerOptions{Validator: b.takesCommands})
}

// takesCommands refuses what comes when the run is about to end: the next one
// takes it, when the client asks again. Else a stream of commands, each waiting
// for its turn, would never let it end.
func (b *billing) takesCommands(ctx workflow.Context, _ CommandInput) error {
	if b.crowded(ctx) && !b.asking {
		return temporal.NewApplicationError("the run is being continued; send it again", typeRunEnds)
	}
	return nil
}

// command carries out one command, in turn; the activity says whether the state
// allows it.
func (b *billing) command(ctx workflow.Context, in CommandInput) (activities.BillingStanding, error) {
	b.messages++
	if err := b.turn.Lock(ctx); err != nil {
		return b.standing, err
	}
	defer b.turn.Unlock()
	input := activities.BillingInput{SubscriptionID: b.entity, CommandID: in.CommandID}
	if err := b.take(ctx, workflow.ExecuteLocalActivity(ownDatabase(ctx, "Command"), a.Bill, input)); err != nil {
		return b.standing, updateFailure(err)
	}
	return b.standing, nil
}

// refresh reads the rows anew and asks providers what is undecided.
func (b *billing) refresh(ctx workflow.Context, _ CommandInput) (activities.BillingStanding, error) {
	b.messages++
	input := activities.CollectBillingInput{SubscriptionID: b.entity}
	err := b.take(ctx, workflow.ExecuteActivity(atProvider(ctx, "Refresh"), a.CollectBilling, input))
	return b.standing, err
}

// takeNews notes the payments providers have news of; a payment told of twice
// is looked up once.
func (b *billing) takeNews(ctx workflow.Context) {
	events := workflow.GetSignalChannel(ctx, SignalProviderEvent)
	workflow.GoNamed(ctx, SignalProviderEvent, func(ctx workflow.Context) {
		for {
			var event ProviderEventInput
			events.Receive(ctx, &event)
			b.note(event)
		}
	})
}

func (b *billing) note(event ProviderEventInput) {
	b.messages++
	if event.PaymentID != "" && !slices.Contains(b.news, event.PaymentID) {
		b.news = append(b.news, event.PaymentID)
	}
}

// drain notes the news that has arrived and was not received yet: the next run
// would not see it. The other signals only say that rows have changed, which the
// next run reads anyway.
func (b *billing) drain(ctx workflow.Context) {
	events := workflow.GetSignalChannel(ctx, SignalProviderEvent)
	for {
		var event ProviderEventInput
		if !events.ReceiveAsync(&event) {
			return
		}
		b.note(event)
	}
}

// takeSignals runs handle for each signal of the name.
func (b *billing) takeSignals(ctx workflow.Context, name string, handle func(workflow.Context) error) {
	signals := workflow.GetSignalChannel(ctx, name)
	workflow.GoNamed(ctx, name, func(ctx workflow.Context) {
		for {
			signals.Receive(ctx, nil)
			b.messages++
			if err := handle(ctx); err != nil {
				workflow.GetLogger(ctx).Error("signal", "name", name, "error", err)
			}
		}
	})
}

// show tells Temporal's UI where the subscription stands.
func (b *billing) show(ctx workflow.Context) {
	s := b.standing
	workflow.SetCurrentDetails(ctx, billingDetails(s))
	now := attributes{plan: s.PlanCode, subscription: s.Status}
	if b.shown == (attributes{}) {
		b.shown = shownAlready(ctx)
	}
	if now == b.shown {
		return
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx,
		attributePlan.ValueSet(s.PlanCode), attributeSubscriptionStatus.ValueSet(string(s.Status))); err != nil {
		workflow.GetLogger(ctx).Error("set search attributes", "error", err)
		return
	}
	b.shown = now
}

// shownAlready is what the workflow was started with, or the run before left.
func shownAlready(ctx workflow.Context) attributes {
	set := workflow.GetTypedSearchAttributes(ctx)
	plan, _ := set.GetKeyword(attributePlan)
	status, _ := set.GetKeyword(attributeSubscriptionStatus)
	return attributes{plan: plan, subscription: domain.SubscriptionStatus(status)}
}

// billingDetails says in plain words where the subscription stands.
func billingDetails(s activities.BillingStanding) string {
	text := fmt.Sprintf("The subscription to %s is %s.", s.PlanCode, s.Status)
	if s.Collect {
		text += " A payment provider is being asked."
	}
	if s.DueAt != nil {
		text += " Next, on " + s.DueAt.UTC().Format("2 Jan 2006 15:04 MST") + ": " + dueDetails[s.Due] + "."
	}
	return text
}

var dueDetails = map[domain.DueKind]string{
	domain.DueNotice:    "the end of the period is announced, and who pays by hand gets an invoice",
	domain.DueReminder:  "who has not paid the invoice is reminded",
	domain.DuePeriodEnd: "the period ends; it renews, or the subscription ends",
	domain.DueRetry:     "the late payment is tried again",
	domain.DueGiveUp:    "recovery ends, and with it the use of the account",
}

// billOnce took one command of a subscription whose onboarding had ended, before
// Billing was an entity. Recorded runs replay with it.
func billOnce(ctx workflow.Context, in BillingInput) error {
	answered := 0
	turn := workflow.NewMutex(ctx)
	handle := func(ctx workflow.Context, command CommandInput) (activities.BillingStanding, error) {
		defer func() { answered++ }()
		var result activities.BillingStanding
		if err := turn.Lock(ctx); err != nil {
			return result, err
		}
		defer turn.Unlock()
		input := activities.BillingInput{SubscriptionID: in.SubscriptionID, CommandID: command.CommandID}
		err := workflow.ExecuteLocalActivity(ownDatabase(ctx, "Command"), a.Bill, input).Get(ctx, &result)
		if err != nil {
			return result, updateFailure(err)
		}
		workflow.SetCurrentDetails(ctx, "The subscription to "+result.PlanCode+" is "+string(result.Status)+".")
		return result, workflow.UpsertTypedSearchAttributes(ctx,
			attributePlan.ValueSet(result.PlanCode), attributeSubscriptionStatus.ValueSet(string(result.Status)))
	}
	for _, action := range []domain.Action{domain.ActionCancel, domain.ActionApprovePayment} {
		if err := workflow.SetUpdateHandler(ctx, string(action), handle); err != nil {
			return err
		}
	}
	if _, err := workflow.AwaitWithTimeout(ctx, commandPatience, func() bool { return answered > 0 }); err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}
