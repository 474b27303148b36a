package api

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

func TestSignUp_AnswersWithAccountCredentialAndNextAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme", "plan", "starter")
	assert.Equal(t, "completed", r.at("status"))
	assert.Equal(t, "acme", r.at("account.slug"))
	assert.Equal(t, "open_app", r.at("next_action.type"))
	assert.Equal(t, "/v1/onboardings/"+r.text("id"), r.header.Get("Location"))
	assert.True(t, strings.HasPrefix(r.text("client_secret"), r.text("id")+"_secret_"))
	assert.Empty(t, r.header.Get(headerReplayed))

	status := w.call("GET", "/v1/onboardings/"+r.text("id"), r.text("client_secret"), nil).ok(200)
	assert.Equal(t, "completed", status.at("status"))
	assert.NotContains(t, status.body, "client_secret", "it appears only in the answer to the POST")

	events := w.call("GET", "/v1/admin/events?onboarding_id="+r.text("id"), w.admin, nil).ok(200).rows()
	assert.Equal(t, "onboarding.received", events[len(events)-1]["type"])
	assert.Equal(t, "customer", events[len(events)-1]["actor_type"])
}

func TestSignUp_WithTemporalAwayIsAcceptedAndStartedByTheReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.flows.set(func() { w.flows.away = true })
	r := w.call("POST", "/v1/onboardings", "", person("acme"), "Idempotency-Key", "k").ok(202)
	assert.Equal(t, "received", r.at("status"))
	assert.NotEmpty(t, r.header.Get(headerRetryAfter))
	w.call("GET", "/v1/onboardings/"+r.text("id"), r.text("client_secret"), nil).ok(200)

	w.flows.set(func() { w.flows.away = false })
	again := w.call("POST", "/v1/onboardings", "", person("acme"), "Idempotency-Key", "k").ok(201)
	assert.Equal(t, r.at("id"), again.at("id"))
	assert.Equal(t, r.at("client_secret"), again.at("client_secret"))
	assert.Equal(t, "acme", again.at("account.slug"))
	assert.Equal(t, "true", again.header.Get(headerReplayed))
}

func TestSignUp_SameKeyAndBodyIsTheSameAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.call("POST", "/v1/onboardings", "", person("acme"), "Idempotency-Key", "k").ok(201)
	again := w.call("POST", "/v1/onboardings", "", person("acme"), "Idempotency-Key", "k").ok(201)
	assert.JSONEq(t, first.raw, again.raw)
	assert.Equal(t, "true", again.header.Get(headerReplayed))

	for _, other := range []map[string]any{
		person("other"), person("acme", "plan", "free"), person("acme", "password", goodPassword+"!"),
	} {
		w.call("POST", "/v1/onboardings", "", other, "Idempotency-Key", "k").
			problem(422, domain.ReasonIdempotencyKeyReused)
	}
}

func TestSignUp_TwoHundredEqualRequestsAtOnceAreOneSignUpAndOneHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.SignupRate = 1 })
	var wg sync.WaitGroup
	bodies, fresh := make([]string, 200), atomic.Int64{}
	for i := range bodies {
		wg.Go(func() {
			r := w.call("POST", "/v1/onboardings", "", person("acme"), "Idempotency-Key", "k")
			if assert.Equal(t, 201, r.status, r.raw) {
				bodies[i] = r.raw
			}
			if r.header.Get(headerReplayed) == "" {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	for _, body := range bodies {
		require.Equal(t, bodies[0], body)
	}
	assert.EqualValues(t, 1, fresh.Load(), "one made it, the others replay")
	assert.EqualValues(t, 1, w.api.passwords.hashed.Load())
	assert.Len(t, w.flows.begun, 1)
	assert.Len(t, w.call("GET", "/v1/admin/onboardings", w.admin, nil).ok(200).rows(), 1)
}

func TestSignUp_WithoutAKeyThePersonIsTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var wg sync.WaitGroup
	ids := make([]string, 50)
	for i := range ids {
		wg.Go(func() {
			r := w.call("POST", "/v1/onboardings", "", person("acme", "plan", "growth"))
			assert.Equal(t, 201, r.status, r.raw)
			ids[i] = r.text("id")
		})
	}
	wg.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	assert.EqualValues(t, 1, w.api.passwords.hashed.Load())
}

func TestSignUp_ThePersonIsKnownBeforeTheAccountExists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.flows.set(func() { w.flows.away = true })
	first := w.call("POST", "/v1/onboardings", "", person("acme")).ok(202)
	again := w.call("POST", "/v1/onboardings", "", person("acme")).ok(202)
	assert.Equal(t, first.at("id"), again.at("id"))
	w.call("POST", "/v1/onboardings", "", person("acme", "password", "another-strange-word")).
		problem(409, domain.ReasonEmailTaken)
}

func TestSignUp_ARegisteredEmailIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.age(w.signUp("acme", "plan", "free").text("id"), time.Hour)
	w.call("POST", "/v1/onboardings", "", person("acme")).problem(409, domain.ReasonEmailTaken)
	w.call("POST", "/v1/onboardings", "", person("x", "email", "ACME@example.com")).
		problem(409, domain.ReasonEmailTaken)
	w.call("POST", "/v1/onboardings", "", person("x", "email", "admin@slipway.test")).
		problem(409, domain.ReasonEmailTaken)
}

func TestSignUp_OnePersonWithManyPasswordsIsOneSignUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var wg sync.WaitGroup
	var made atomic.Int64
	for i := range 20 {
		wg.Go(func() {
			r := w.call(
				"POST", "/v1/onboardings", "",
				person("acme", "plan", "growth", "password", fmt.Sprintf("%s-%d", goodPassword, i)),
			)
			if r.status == 201 {
				made.Add(1)
			} else {
				assert.Equal(t, 409, r.status, r.raw)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, made.Load())
}

func TestSignUp_AChosenSlugIsNeverReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.Equal(t, "wanted", w.signUp("first", "slug", "wanted").at("account.slug"))
	r := w.call("POST", "/v1/onboardings", "", person("second", "slug", "wanted")).
		problem(409, domain.ReasonSlugTaken)
	suggestions := r.at("suggestions").([]any)
	assert.Len(t, suggestions, 3)
	got := w.signUp("second", "slug", suggestions[0])
	assert.Equal(t, suggestions[0], got.at("account.slug"), "what is suggested is free")
	w.call("POST", "/v1/onboardings", "", person("third", "slug", "admin")).problem(422, domain.ReasonSlugReserved)
}

func TestSignUp_APlanThatCannotBeHadIsRefusedWithThoseThatCan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, plan := range []string{"enterprise", "nothing"} {
		r := w.call("POST", "/v1/onboardings", "", person("acme", "plan", plan)).
			problem(422, domain.ReasonPlanUnavailable)
		assert.Equal(t, []any{"free", "starter", "growth", "scale"}, r.at("suggestions"))
		assert.NotContains(t, r.raw, plan)
	}
	assert.Empty(t, w.call("GET", "/v1/admin/onboardings", w.admin, nil).ok(200).rows())
}

func TestSignUp_WithAnEmptyCatalogueIsAcceptedAndWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.closeCatalogue()
	r := w.signUp("acme", "plan", "growth", "payment_option", "card")
	assert.Equal(t, "waiting_for_plan", r.at("status"))
	assert.Equal(t, "choose_plan", r.at("next_action.type"))
}

// closeCatalogue deactivates every plan and disables every option.
func (w *world) closeCatalogue() {
	w.t.Helper()
	ctx := context.Background()
	plans, err := w.store.Plans(ctx)
	require.NoError(w.t, err)
	for _, p := range plans {
		w.call("PATCH", "/v1/admin/plans/"+p.ID, w.admin, map[string]any{"active": false}).ok(200)
	}
	options, err := w.store.PaymentOptions(ctx)
	require.NoError(w.t, err)
	for _, o := range options {
		w.call("PATCH", "/v1/admin/payment-options/"+o.ID, w.admin, map[string]any{"enabled": false}).ok(200)
	}
}

func TestSignUp_APaymentOptionMustServeTheCountry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call("POST", "/v1/onboardings", "", person("acme", "payment_option", "wallet")).
		problem(422, domain.ReasonPaymentOptionUnavailable)
	r := w.call("POST", "/v1/onboardings", "", person("acme", "payment_option", "wallet", "country", "DE")).
		problem(422, domain.ReasonPaymentOptionUnavailable)
	assert.Equal(t, []any{"bank_transfer", "card"}, r.at("suggestions"))
	w.call("POST", "/v1/onboardings", "", person("acme", "payment_option", "cheque")).
		problem(422, domain.ReasonPaymentOptionUnavailable)
	w.signUp("acme", "plan", "growth", "payment_option", "wallet", "country", "KE")
}

func TestSignUp_LimitsAddressesAndEmailsButNotReplays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.SignupRate = 3 })
	for i := range 3 {
		name := fmt.Sprintf("acme%d", i)
		w.call("POST", "/v1/onboardings", "", person(name), "Idempotency-Key", name).ok(201)
	}
	r := w.call("POST", "/v1/onboardings", "", person("late")).problem(429, string(domain.CodeThrottled))
	assert.NotEqual(t, "0", r.header.Get(headerRetryAfter))
	for range 5 {
		w.call("POST", "/v1/onboardings", "", person("acme1"), "Idempotency-Key", "acme1").ok(201)
		w.call("GET", "/v1/plans", "", nil).ok(200)
	}
}

func TestSignUp_NobodyForgesTheAddressTheyAreLimitedBy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.SignupRate = 1 })
	w.call("POST", "/v1/onboardings", "", person("one"), "X-Forwarded-For", "10.0.0.1").ok(201)
	w.call("POST", "/v1/onboardings", "", person("two"), "X-Forwarded-For", "10.0.0.2").problem(429, "throttled")
}

func TestSignUp_AClosedConnectionDoesNotTakeTheAnswerFromOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	in := &signUpInput{Body: signUpRequest{Email: "ada@example.com", Password: goodPassword, AccountName: "Ada"}}
	out, err := w.api.signups.create(ctx, in)
	require.NoError(t, err)
	assert.Equal(t, domain.OnboardingReceived != out.Body.Status, out.Status == 201)
}

func TestSignUp_StoresNoPasswordAndNoSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme")
	o := w.onboarding(r.text("id"))
	assert.Empty(t, o.PasswordHash, "the owner has it")
	assert.True(t, store.ValidID(domain.PrefixUser, o.OwnerID))
	for _, secret := range []string{goodPassword, r.text("client_secret"), "acme@example.com"} {
		assert.NotContains(t, w.log.String(), secret)
	}
}
