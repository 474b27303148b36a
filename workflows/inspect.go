package workflows

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/domain"
	"slipway/onboarding"
)

// The search attributes operators filter by: few, and of few values but for
// AccountId. Temporal's list and a workflow's page show them without a worker.
var (
	AttributeAccount            = temporal.NewSearchAttributeKeyKeyword("AccountId")
	AttributeOnboardingStatus   = temporal.NewSearchAttributeKeyKeyword("OnboardingStatus")
	AttributeBlockedOn          = temporal.NewSearchAttributeKeyKeyword("BlockedOn")
	AttributePlan               = temporal.NewSearchAttributeKeyKeyword("PlanCode")
	AttributeSubscriptionStatus = temporal.NewSearchAttributeKeyKeyword("SubscriptionStatus")
	AttributeAmountDue          = temporal.NewSearchAttributeKeyKeyword("AmountDue")
	AttributeWaitsUntil         = temporal.NewSearchAttributeKeyTime("WaitsUntil")
)

// SearchAttributes are the custom search attributes the namespace must have.
// An unregistered one would hang workflows silently.
func SearchAttributes() map[string]enumspb.IndexedValueType {
	names := map[string]enumspb.IndexedValueType{}
	for _, key := range []temporal.SearchAttributeKey{
		AttributeAccount, AttributeOnboardingStatus, AttributeBlockedOn, AttributePlan, AttributeSubscriptionStatus,
		AttributeAmountDue, AttributeWaitsUntil,
	} {
		names[key.GetName()] = key.GetValueType()
	}
	return names
}

// attributes are the search attributes that change while a workflow runs, beside its
// wait.
type attributes struct {
	account      string
	status       domain.OnboardingStatus
	plan         string
	subscription domain.SubscriptionStatus
	asksProvider bool // no attribute of its own
}

// show shows in Temporal's UI where the onboarding is: search attributes, in one
// event and only when one changed, and current details, which cost none. Between
// two calls to a provider in a row the attributes stay: it is asked on.
func (w *walker) show(ctx workflow.Context) {
	s := w.state
	workflow.SetCurrentDetails(ctx, details(s))
	if w.shown == (attributes{}) {
		w.shown = shownAlready(ctx)
	}
	now := attributes{
		account: w.shown.account, status: s.Status, plan: s.PlanCode,
		subscription: s.SubscriptionStatus, asksProvider: s.AsksProvider,
	}
	if s.AsksProvider && w.shown.asksProvider {
		return
	}
	was := shownWait(ctx)
	waits := w.waiting(was)
	if now == w.shown {
		w.waits.show(ctx, waits)
		return
	}
	updates := []temporal.SearchAttributeUpdate{AttributeOnboardingStatus.ValueSet(string(now.status))}
	updates = append(updates, waits.updates(was)...)
	updates = setOrUnset(updates, AttributePlan, now.plan, w.shown.plan)
	updates = setOrUnset(updates, AttributeSubscriptionStatus, string(now.subscription), string(w.shown.subscription))
	if upsert(ctx, updates) {
		w.shown = now
	}
}

// waiting is what the onboarding waits for now. What is owed is known from the invoice on.
func (w *walker) waiting(was wait) wait {
	s := w.state
	now := wait{on: s.BlockedOn, until: until(s.ExpiresAt)}
	if now.on == domain.BlockedOnNothing { // of an activity from before it said so
		now.on = s.Status.BlockedOn()
	}
	if s.AsksProvider || (w.asked != nil && !s.Status.Ended()) {
		now.on = domain.BlockedOnProvider
	}
	switch {
	case now.on == domain.BlockedOnNothing:
		return wait{}
	case s.Status == domain.OnboardingAwaitingPayment || s.AsksProvider:
		now.until = until(s.DueAt)
	}
	switch {
	case s.Amount > 0:
		now.sum = onboarding.Price(s.Amount, s.Currency)
	case s.Status == domain.OnboardingAwaitingApproval, s.Status == domain.OnboardingAwaitingPayment:
		now.sum = was.sum
	}
	return now
}

// setOrUnset adds an update when the value changed; an empty value is none.
func setOrUnset(
	updates []temporal.SearchAttributeUpdate, key temporal.SearchAttributeKeyKeyword, now, was string,
) []temporal.SearchAttributeUpdate {
	switch {
	case now == was:
		return updates
	case now == "":
		return append(updates, key.ValueUnset())
	default:
		return append(updates, key.ValueSet(now))
	}
}

// details says in plain words where the onboarding is and what it takes to go
// on.
func details(s onboarding.State) string {
	switch s.Status {
	case domain.OnboardingWaitingForPlan:
		return domain.Text(domain.TextWaitsAtPlan)
	case domain.OnboardingWaitingForPaymentMethod:
		return domain.Text(domain.TextWaitsAtMethod)
	case domain.OnboardingAwaitingPayment:
		amount := onboarding.Price(s.Amount, s.Currency)
		if s.DueAt == nil {
			return domain.Text(domain.TextWaitsAtPayment, "amount", amount, "plan", s.PlanCode)
		}
		return domain.Text(domain.TextWaitsAtPaymentUntil,
			"amount", amount, "plan", s.PlanCode, "date", minuteOf(*s.DueAt))
	case domain.OnboardingAwaitingApproval:
		return domain.Text(domain.TextWaitsAtApproval)
	case domain.OnboardingCompleted:
		return domain.Text(domain.TextOnboardingDone, "plan", s.PlanCode, "status", string(s.SubscriptionStatus))
	default:
		return domain.Text(domain.TextOnboardingIs, "status", string(s.Status))
	}
}

// minuteOf is a time as operators read it.
func minuteOf(at time.Time) string { return at.UTC().Format("2 Jan 2006 15:04 MST") }
