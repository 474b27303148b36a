package activities_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
)

// janitor resolves what has been undecided for long.
func (s *shop) janitor() activities.ResolveResult {
	s.t.Helper()
	value, err := s.temporalEnv().ExecuteActivity(s.ResolvePayments, activities.ResolveInput{})
	require.NoError(s.t, err)
	var result activities.ResolveResult
	require.NoError(s.t, value.Get(&result))
	return result
}

func TestResolvePayments_DecidesWhatNobodyElseDoes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	wanted, p := s.prepared("tok_ok")
	s.chargeBehind(p)
	unwanted, q := s.prepared("tok_ok")
	s.chargeBehind(q)
	require.NoError(t, s.decide(s.command(unwanted, domain.ActionCancel)))
	assert.Equal(t, activities.ResolveResult{}, s.janitor(), "too fresh to check")

	s.clock.forward(11 * time.Minute)
	s.outage(true)
	assert.Equal(t, activities.ResolveResult{Checked: 2}, s.janitor(), "what is away now is checked next time")
	s.outage(false)
	assert.Equal(t, activities.ResolveResult{}, s.janitor(), "others have their turn before")
	s.clock.forward(11 * time.Minute)
	assert.Equal(t, activities.ResolveResult{Checked: 2, Decided: 2}, s.janitor())
	assert.Equal(t, domain.OnboardingCompleted, s.onboarding(wanted).Status)
	assert.Equal(t, domain.PaymentFailed, s.last(unwanted).Status)
	assert.Equal(t, int64(13900), s.last(unwanted).Refunded)
	assert.Len(t, s.fakes.events, 2, "who waits gets an event")
	assert.Equal(t, activities.ResolveResult{}, s.janitor(), "once is enough")
	s.assertBooks(wanted)
	s.assertBooks(unwanted)
}

// event stores a provider's event the way the API does.
func (s *shop) event(id, key string) {
	s.t.Helper()
	isNew, err := s.store.InsertProviderEvent(s.t.Context(), &domain.ProviderEvent{
		Provider: "sandbox", EventID: id, Type: "charge", Name: "charge.succeeded", Key: key,
		OccurredAt: s.store.Now(), ReceivedAt: s.store.Now(),
	})
	require.NoError(s.t, err)
	require.True(s.t, isNew)
}

func TestReconcile_HandsOnTheEventsNobodyHandedOn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	signingUp := s.buy(plan("growth"), card("tok_3ds"))
	paying := s.trial("tok_3ds")
	s.buyPackage(paying, "credits-500")
	purchase := s.last(paying)
	s.live(paying, after(14))
	renewal := s.last(paying)
	onPage := s.buy(plan("growth"), option("card"))
	proposed, err := s.store.ProposedMethod(t.Context(), onPage.AccountID)
	require.NoError(t, err)
	idle := s.signUp(plan("free"))
	method := s.propose(idle, "")

	s.event("1", s.last(signingUp).Key)
	s.event("2", purchase.Key)
	s.event("3", renewal.Key)
	s.event("4", proposed.ID)
	s.event("5", method.MethodID)
	s.event("6", "in_of_somebody_else/1")
	s.event("7", "")
	assert.Zero(t, s.reconcile().Routed, "the API has a moment for it")
	s.clock.forward(11 * time.Second)
	s.fakes.failure = domain.Unavailable("Temporal", 0)
	_, err = s.temporalEnv().ExecuteActivity(s.Reconcile, activities.ReconcileInput{StaleAfter: stale})
	require.Error(t, err)
	s.fakes.failure, s.fakes.events = nil, nil
	s.reconcile()
	assert.Equal(t, 7, s.count("SELECT count(*) FROM provider_events WHERE processed_at IS NOT NULL"))

	var events []string
	for _, owner := range s.fakes.events {
		to := ""
		if owner.Onboarding != nil {
			to = owner.Onboarding.ID
		}
		events = append(events, fmt.Sprint(owner.AccountID, to, owner.PaymentID, owner.InvoiceID, owner.MethodID))
	}
	assert.ElementsMatch(t, []string{
		signingUp.AccountID + signingUp.ID + s.last(signingUp).ID,
		paying.AccountID + purchase.ID + purchase.InvoiceID,
		paying.AccountID + renewal.ID,
		onPage.AccountID + onPage.ID + proposed.ID,
		idle.AccountID + method.MethodID,
	}, events)
	assert.Zero(t, s.reconcile().Routed, "once is enough")
}

func TestReconcile_StartsTheBillingOfWhatIsInUse(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_ok")
	assert.Equal(t, 1, s.reconcile().Billings)
	s.due(o, "") // its Billing takes it over
	assert.Zero(t, s.reconcile().Billings)
	s.clock.set(after(11).Add(9 * time.Minute))
	assert.Zero(t, s.reconcile().Billings)
	s.clock.forward(2 * time.Minute)
	assert.Equal(t, 1, s.reconcile().Billings, "it should have acted: it was stopped by hand")
	assert.Equal(t, []string{o.SubscriptionID, o.SubscriptionID}, s.fakes.billings)
}

func TestLookUp_AsksNobodyWhereThereIsNothingToFind(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	byHand := s.signUp(plan("growth"))
	p := s.submit(byHand)
	s.outage(true)
	s.lookUp(*p)
	o, q := func() (*domain.Onboarding, domain.Payment) { s.outage(false); return s.prepared("tok_ok") }()
	before := s.dump()
	s.lookUp(q) // never charged
	s.assertUnchanged(before, "no news")
	assert.Equal(t, domain.OnboardingAwaitingPayment, s.onboarding(o).Status)
	s.outage(true)
	err := s.LookUpPayment(t.Context(), activities.LookUpInput{PaymentID: q.ID})
	assert.Equal(t, domain.CodeUnavailable, domain.CodeOf(err))
}
