package workflows

import (
	"cmp"
	"slices"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/billing"
	"slipway/domain"
	"slipway/onboarding"
)

// takeMessages registers everything that may be said to a running Billing. The
// context it returns is not reached by Temporal's own cancellation.
func (b *subscription) takeMessages(ctx workflow.Context) (workflow.Context, error) {
	taker := commandTaker{
		entity: &b.entity, nouns: []domain.Noun{domain.NounSubscription, domain.NounInvoice, domain.NounPayment},
		validate: func(ctx workflow.Context, _ domain.Action) error { return b.takesCommands(ctx, !b.asking) },
		apply:    b.apply,
		signaled: b.apply,
	}
	ctx = taker.takeCancellation(ctx)
	if err := taker.take(ctx); err != nil {
		return ctx, err
	}
	b.receiveTicks(ctx)
	b.receiveNews(ctx)
	b.receiveMethodChanges(ctx)
	options := workflow.UpdateHandlerOptions{
		Validator: func(ctx workflow.Context, _ CommandInput) error { return b.takesCommands(ctx, !b.asking) },
	}
	return ctx, workflow.SetUpdateHandlerWithOptions(ctx, string(domain.ActionRefresh), b.refresh, options)
}

// apply applies one command; the activity says whether the state allows it.
func (b *subscription) apply(
	ctx workflow.Context, in activities.ApplyCommandInput,
) (activities.ApplyCommandResult, error) {
	return b.applyCommand(ctx, in, func(result activities.ApplyCommandResult) {
		b.enter(*result.Subscription)
		b.waited = true
	})
}

// refresh reads the rows again and looks undecided payments up.
func (b *subscription) refresh(ctx workflow.Context, _ CommandInput) (billing.SubscriptionState, error) {
	b.commands++
	input := activities.SubscriptionInput{SubscriptionID: b.id}
	refreshing := asking(domain.Text(domain.SummaryRefresh), PriorityPerson, b.state.AccountID)
	err := b.take(ctx, refreshing.call(a.ChargeSubscription, input))
	return b.state, err
}

// receiveNews notes the payments providers have news of; a payment that is named
// twice is looked up once.
func (b *subscription) receiveNews(ctx workflow.Context) {
	takeSignal(ctx, &b.entity, SignalProviderEvent, func(_ workflow.Context, event ProviderEventInput) { b.note(event) })
}

func (b *subscription) note(event ProviderEventInput) {
	if event.PaymentID != "" && !slices.Contains(b.news, event.PaymentID) {
		b.news = append(b.news, event.PaymentID)
	}
}

// receiveMethodChanges reads the rows when the account has another method: a
// late payment may be tried with it.
func (b *subscription) receiveMethodChanges(ctx workflow.Context) {
	takeSignal(ctx, &b.entity, SignalMethodChanged, func(ctx workflow.Context, _ struct{}) {
		b.waited = true
		if err := b.read(ctx); err != nil {
			workflow.GetLogger(ctx).Error("read after a change of method", "error", err)
		}
	})
}

// show shows in Temporal's UI where the subscription is.
func (b *subscription) show(ctx workflow.Context) {
	s := b.state
	workflow.SetCurrentDetails(ctx, billingDetails(s))
	if b.shown == (attributes{}) {
		b.shown = shownAlready(ctx)
	}
	now := attributes{account: cmp.Or(s.AccountID, b.shown.account), plan: s.PlanCode, subscription: s.Status}
	was, waits := shownWait(ctx), billingWait(s)
	if now == b.shown {
		b.waits.show(ctx, waits)
		return
	}
	updates := []temporal.SearchAttributeUpdate{
		AttributePlan.ValueSet(s.PlanCode), AttributeSubscriptionStatus.ValueSet(string(s.Status)),
	}
	updates = setOrUnset(updates, AttributeAccount, now.account, b.shown.account) // started by hand
	if upsert(ctx, append(updates, waits.updates(was)...)) {
		b.shown = now
	}
}

// billingWait is what the subscription waits for. When a renewal is due its timer says: as
// an attribute it would cost an event each time.
func billingWait(s billing.SubscriptionState) wait {
	if !s.Status.Live() {
		return wait{}
	}
	now := wait{on: cmp.Or(s.BlockedOn, s.Due.BlockedOn())} // an activity of before does not say
	if now.on == domain.BlockedOnRenewal {
		return now
	}
	if now.until = until(s.DueAt); s.Amount > 0 {
		now.sum = onboarding.Price(s.Amount, s.Currency)
	}
	return now
}

// shownAlready is what the workflow was started with, or the run before left.
func shownAlready(ctx workflow.Context) attributes {
	set := workflow.GetTypedSearchAttributes(ctx)
	read := func(key temporal.SearchAttributeKeyKeyword) string { value, _ := set.GetKeyword(key); return value }
	return attributes{
		account: read(AttributeAccount),
		status:  domain.OnboardingStatus(read(AttributeOnboardingStatus)),
		plan:    read(AttributePlan), subscription: domain.SubscriptionStatus(read(AttributeSubscriptionStatus)),
	}
}

// billingDetails says in plain words where the subscription is.
func billingDetails(s billing.SubscriptionState) string {
	texts := []string{domain.Text(domain.TextSubscriptionIs, "plan", s.PlanCode, "status", string(s.Status))}
	if s.Charge {
		texts = append(texts, domain.Text(domain.TextProviderAsked))
	}
	if s.DueAt != nil {
		what := domain.Text(dueDetails[s.Due])
		texts = append(texts, domain.Text(domain.TextDueNext, "date", minuteOf(*s.DueAt), "what", what))
	}
	return strings.Join(texts, " ")
}

var dueDetails = map[domain.DueKind]domain.TextCode{
	domain.DueNotice:    domain.LabelDueNotice,
	domain.DueReminder:  domain.LabelDueReminder,
	domain.DuePeriodEnd: domain.LabelDuePeriodEnd,
	domain.DueRetry:     domain.LabelDueRetry,
	domain.DueGiveUp:    domain.LabelDueGiveUp,
}
