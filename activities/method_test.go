package activities_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/billing"
	"slipway/domain"
	"slipway/store"
)

func (s *shop) finishPage(page, token string) {
	s.t.Helper()
	require.NotEmpty(s.t, page)
	s.submitForm(page, url.Values{"token": {token}})
}

func TestCollect_ACardEnteredOnTheProvidersPage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("growth"), option("card"))
	assert.Equal(t, domain.OnboardingWaitingForPaymentMethod, o.Status)
	assert.Equal(t, domain.NextAddPaymentMethod, o.NextAction.Type)
	page := o.NextAction.URL
	require.NotNil(t, o.NextAction.ExpiresAt)

	s.apply(o, domain.ActionConfirmPayment) // nothing was entered yet
	s.collect(o)
	assert.Equal(t, page, s.onboarding(o).NextAction.URL, "the same page")
	assert.Equal(t, domain.StepWaiting, s.onboarding(o).Step(domain.StepPaymentMethod).Status)

	s.finishPage(page, "tok_ok")
	s.apply(o, domain.ActionConfirmPayment)
	state, _ := s.collect(o)
	assert.Equal(t, domain.OnboardingCompleted, state.Status)
	m := s.methods(o)[0]
	assert.Equal(t, "4242", m.Last4)
	assert.True(t, m.Default)
	assert.NotEmpty(t, m.Ref)
	s.assertBooks(o)
}

func TestCollect_ATokenInPlaceOfThePage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("growth"), option("card"))
	s.apply(o, domain.ActionAddPaymentMethod, byCard("tok_ok"))
	state, _ := s.collect(o)
	assert.Equal(t, domain.OnboardingCompleted, state.Status)
	s.assertBooks(o)
}

func TestCollect_ATrialThatAsksForACardChargesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.changePlan("starter", func(p *domain.Plan) { p.PaymentMethodCollection = domain.CollectAlways })
	o := s.buy(plan("starter"), card("tok_ok"))
	assert.Equal(t, domain.OnboardingCompleted, o.Status)
	assert.Equal(t, domain.SubscriptionTrialing, s.subscription(o).Status)
	assert.Empty(t, s.ledger())
	assert.True(t, s.methods(o)[0].Default)
}

// propose stores a method of which only the token is known, as the API does.
func (s *shop) propose(o *domain.Onboarding, token string) activities.AddPaymentMethodInput {
	s.t.Helper()
	m := &domain.PaymentMethod{
		ID: store.NewID(domain.PrefixPaymentMethod), AccountID: o.AccountID, Option: "card", Provider: "sandbox",
		CollectionMethod: domain.ChargeAutomatically,
		Type:             domain.TypeCard, Name: "Card", Token: token, CreatedAt: s.store.Now(),
	}
	require.NoError(s.t, s.store.ProposeMethod(s.t.Context(), m))
	return activities.AddPaymentMethodInput{AccountID: o.AccountID, MethodID: m.ID}
}

func (s *shop) attach(in activities.AddPaymentMethodInput) billing.AddedMethod {
	s.t.Helper()
	return twice(s.fixture, func() (billing.AddedMethod, error) { return s.AddPaymentMethod(s.t.Context(), in) })
}

func TestAttachMethod_TheFirstIsTheDefault(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.noOptions()
	o := s.signUp(plan("free"))
	require.Empty(t, s.methods(o))
	assert.Equal(t, billing.AddedMethod{Attached: true}, s.attach(s.propose(o, "tok_ok")))
	assert.Equal(t, billing.AddedMethod{Attached: true}, s.attach(s.propose(o, "tok_3ds")))
	methods := s.methods(o)
	require.Len(t, methods, 2)
	assert.True(t, methods[0].Default)
	assert.False(t, methods[1].Default)
	assert.Equal(t, methods[0].Customer, methods[1].Customer, "one customer at the provider")
	assert.Zero(t, s.count("SELECT count(*) FROM payment_methods WHERE token <> ''"))
}

func TestAttachMethod_OnThePage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("free"))
	in := s.propose(o, "")
	offered := s.attach(in)
	require.NotEmpty(t, offered.PageURL)
	assert.False(t, offered.Attached)
	s.finishPage(offered.PageURL, "tok_3ds")
	assert.Equal(t, billing.AddedMethod{Attached: true}, s.attach(in))
	assert.Equal(t, 1, s.count("SELECT count(*) FROM payment_methods WHERE last4 = '3155'"))
}

func TestAttachMethod_RefusedOrRemovedIsNoMethod(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("free"))
	in := s.propose(o, "tok_nobody")
	result, err := s.AddPaymentMethod(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, billing.AddedMethod{Code: "invalid_token"}, result)
	assert.Zero(t, s.count("SELECT count(*) FROM payment_methods WHERE option_key = 'card' AND removed_at IS NULL"))
	assert.Equal(t, billing.AddedMethod{Code: "removed"}, s.attach(in))
	assert.Equal(t, 1, s.count("SELECT count(*) FROM events WHERE type = 'payment_method.refused'"))
}

func TestAttachMethod_WaitsForAProviderThatIsAway(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("free"))
	in := s.propose(o, "tok_ok")
	s.outage(true)
	_, err := s.AddPaymentMethod(t.Context(), in)
	assert.Equal(t, domain.CodeUnavailable, domain.CodeOf(err))
	s.outage(false)
	assert.True(t, s.attach(in).Attached)
}

func TestAttachMethod_ACardForALatePaymentIsChargedAtOnce(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"tok_declined_funds", "tok_declined_stolen"} {
		s := newShop(t)
		o := s.signUp(plan("starter"))
		s.attach(s.propose(o, token))
		s.makeDefault(o)
		s.live(o, noon.AddDate(0, 0, 16))
		require.Equal(t, domain.SubscriptionPastDue, s.subscription(o).Status)
		result := s.attach(s.propose(o, "tok_ok"))
		assert.Equal(t, billing.AddedMethod{Attached: true, SubscriptionID: o.SubscriptionID}, result)
		state := s.live(o, s.clock.Now())
		assert.Equal(t, domain.SubscriptionActive, state.Status, token)
		assert.Equal(t, noon.AddDate(0, 0, 14), *s.subscription(o).CurrentPeriodStart)
	}
}

// makeDefault makes the account's newest method its default.
func (s *shop) makeDefault(o *domain.Onboarding) {
	s.t.Helper()
	methods := s.methods(o)
	require.NoError(s.t, s.store.Within(s.t.Context(), func(tx *store.Store) error {
		return tx.MakeDefault(s.t.Context(), &methods[len(methods)-1])
	}))
}

func TestAttach_NothingIsChangedWhileTheProviderIsAsked(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.receive(plan("growth"), card("tok_ok"))
	s.walk(o)
	before := s.onboarding(o)
	require.True(t, before.AsksProvider())
	again, err := s.AttachPaymentMethod(t.Context(), stepInput(o))
	require.NoError(t, err)
	assert.True(t, again.AsksProvider)
	assert.Equal(t, before.Version, s.onboarding(o).Version)
}
