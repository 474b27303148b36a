package storetest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

var onboardingPromises = []promise{
	{"InsertOnboarding_OnePerPersonUntilGivenUp", false, onePerPerson},
	{"InsertOnboarding_TwoHundredAtOnceAreOne", false, twoHundredAtOnce},
	{"InsertOnboarding_OneOpenActivationPerAccount", false, oneActivation},
	{"SaveOnboarding_RefusesAStaleVersion", false, staleVersion},
	{"SaveOnboarding_NeedsATransaction", false, needsTransaction},
	{"Within_IsAllOrNothing", false, allOrNothing},
	{"LockOnboarding_LosesNoChange", false, losesNoChange},
	{"Watch_CancelLeavesNothing", false, watchCancel},
	{"LatestOnboardings_OnePerAccount", false, latestOnboardings},
	{"UncheckedOnboardings_AreReadInBatches", false, unchecked},
	{"Lookups_NotFoundIsNotFound", false, notFound},
}

func onePerPerson(t *testing.T, s *store.Store) {
	ctx := t.Context()
	first := insertOnboarding(t, s, "ada@example.com", domain.OnboardingReceived)
	set := func(status domain.OnboardingStatus) {
		_, err := writer(s).ExecContext(ctx, "UPDATE onboardings SET status = '"+string(status)+"'")
		require.NoError(t, err)
	}
	for _, status := range domain.OnboardingMoves.States() {
		set(status)
		freed := status == "failed" || status == "expired" || status == "canceled"
		err := s.Within(ctx, func(tx *store.Store) error {
			ok, err := tx.InsertOnboarding(ctx, NewOnboarding("ada@example.com"))
			require.NoError(t, err)
			assert.Equal(t, freed, ok, status)
			other, err := tx.InsertOnboarding(ctx, NewOnboarding("bob@example.com"))
			require.NoError(t, err)
			assert.True(t, other, "somebody else may always")
			return errors.New("take it back")
		})
		require.Error(t, err)
		found, err := s.SignupByEmail(ctx, "ada@example.com")
		if freed {
			assertCode(t, domain.CodeNotFound, err)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, first.ID, found.ID)
	}
}

func twoHundredAtOnce(t *testing.T, s *store.Store) {
	stored := make([]bool, 200)
	errs := Together(len(stored), func(i int) (err error) {
		stored[i], err = s.InsertOnboarding(t.Context(), NewOnboarding("ada@example.com"))
		return err
	})
	require.Empty(t, errs)
	won := 0
	for _, ok := range stored {
		if ok {
			won++
		}
	}
	assert.Equal(t, 1, won)
	assert.Equal(t, 1, count(t, s, "onboardings"))
}

func oneActivation(t *testing.T, s *store.Store) {
	ctx := t.Context()
	activation := func(accountID string) *domain.Onboarding {
		o := NewOnboarding("ada@example.com")
		o.Kind, o.AccountID = domain.KindActivation, accountID
		return o
	}
	signup := insertOnboarding(t, s, "ada@example.com", domain.OnboardingCompleted)
	first := activation(signup.AccountID)
	for _, c := range []struct {
		o    *domain.Onboarding
		want bool
	}{{first, true}, {activation(signup.AccountID), false}, {activation("acct_other"), true}} {
		ok, err := s.InsertOnboarding(ctx, c.o)
		require.NoError(t, err)
		assert.Equal(t, c.want, ok)
	}
	for _, status := range []domain.OnboardingStatus{"completed", "failed", "expired", "canceled"} {
		first.Restore(status, moment)
		within(t, s, func(tx *store.Store) error { return tx.SaveOnboarding(ctx, first) })
		first = activation(signup.AccountID)
		ok, err := s.InsertOnboarding(ctx, first)
		require.NoError(t, err)
		assert.True(t, ok, "free again after %s", status)
	}
}

func staleVersion(t *testing.T, s *store.Store) {
	ctx := t.Context()
	id := insertOnboarding(t, s, "ada@example.com", domain.OnboardingReceived).ID
	mine, err := s.OnboardingByID(ctx, id)
	require.NoError(t, err)
	theirs, err := s.OnboardingByID(ctx, id)
	require.NoError(t, err)

	require.NoError(t, theirs.Advance(domain.OnboardingCreatingAccount, moment))
	within(t, s, func(tx *store.Store) error { return tx.SaveOnboarding(ctx, theirs) })
	require.NoError(t, mine.Advance(domain.OnboardingCanceled, moment))
	err = s.Within(ctx, func(tx *store.Store) error { return tx.SaveOnboarding(ctx, mine) })
	assertCode(t, domain.CodeUnavailable, err)

	err = s.Within(ctx, func(tx *store.Store) error { return tx.SaveOnboarding(ctx, theirs) })
	assertCode(t, domain.CodeUnavailable, err) // not counted up
	got, err := s.OnboardingByID(ctx, id)
	require.NoError(t, err)
	assert.Equal(t, domain.OnboardingCreatingAccount, got.Status)
	assert.Equal(t, int64(2), got.Version)
}

func needsTransaction(t *testing.T, s *store.Store) {
	o := insertOnboarding(t, s, "ada@example.com", domain.OnboardingReceived)
	o.Touch(moment)
	require.ErrorContains(t, s.SaveOnboarding(t.Context(), o), "outside a transaction")
}

func allOrNothing(t *testing.T, s *store.Store) {
	ctx := t.Context()
	broken := errors.New("broken")
	half := func(then func(tx *store.Store) error) error {
		return s.Within(ctx, func(tx *store.Store) error {
			a := newAccount()
			require.NoError(t, tx.InsertAccount(ctx, a, newOwner(a.ID, "ada@example.com")))
			_, err := tx.AccountByID(ctx, a.ID)
			require.NoError(t, err, "a transaction sees what it wrote")
			return then(tx)
		})
	}
	require.ErrorIs(t, half(func(*store.Store) error { return broken }), broken)
	require.ErrorIs(t, half(func(tx *store.Store) error {
		return tx.Within(ctx, func(*store.Store) error { return broken })
	}), broken, "a transaction inside is the same one")
	assert.Panics(t, func() { _ = half(func(*store.Store) error { panic("broken") }) })
	assert.Zero(t, count(t, s, "accounts"))
	assert.Zero(t, count(t, s, "users"))

	require.NoError(t, half(func(tx *store.Store) error {
		return tx.Within(ctx, func(inner *store.Store) error {
			_, err := inner.ClaimSlug(ctx, "acme", "acct_1")
			return err
		})
	}))
	assert.Equal(t, 1, count(t, s, "accounts"))
	assert.Equal(t, 1, count(t, s, "slugs"))
}

func losesNoChange(t *testing.T, s *store.Store) {
	ctx := t.Context()
	id := insertOnboarding(t, s, "ada@example.com", domain.OnboardingReceived).ID
	errs := Together(40, func(int) error {
		return s.Within(ctx, func(tx *store.Store) error {
			o, err := tx.LockOnboarding(ctx, id)
			if err != nil {
				return err
			}
			o.Reminders++
			o.Touch(tx.Now())
			return tx.SaveOnboarding(ctx, o)
		})
	})
	require.Empty(t, errs)
	o, err := s.OnboardingByID(ctx, id)
	require.NoError(t, err)
	assert.Equal(t, 40, o.Reminders)
	assert.Equal(t, int64(41), o.Version)
}

func watchCancel(t *testing.T, s *store.Store) {
	var cancels []func()
	for range 3 {
		_, cancel := s.Watch("onb_1")
		cancels = append(cancels, cancel)
	}
	_, cancel := s.Watch("onb_2")
	cancels = append(cancels, cancel)
	assert.Equal(t, 4, s.Watchers())
	for _, cancel := range cancels {
		cancel()
		cancel() // twice is once
	}
	assert.Zero(t, s.Watchers())
}

func latestOnboardings(t *testing.T, s *store.Store) {
	ctx := t.Context()
	first := insertOnboarding(t, s, "ada@example.com", domain.OnboardingCompleted)
	other := insertOnboarding(t, s, "bob@example.com", domain.OnboardingReceived)
	second := NewOnboarding("ada@example.com")
	second.Kind, second.AccountID = domain.KindActivation, first.AccountID
	_, err := s.InsertOnboarding(ctx, second)
	require.NoError(t, err)

	latest, err := s.LatestOnboardings(ctx, []string{first.AccountID, other.AccountID, "acct_none"})
	require.NoError(t, err)
	require.Len(t, latest, 2)
	assert.Equal(t, second.ID, latest[first.AccountID].ID)
	assert.Equal(t, other.ID, latest[other.AccountID].ID)
	assert.Equal(t, "onboarding", latest[other.AccountID].Object)
	one, err := s.LatestOnboarding(ctx, first.AccountID)
	require.NoError(t, err)
	assert.Equal(t, second.ID, one.ID)
	none, err := s.LatestOnboardings(ctx, nil)
	require.NoError(t, err)
	assert.Empty(t, none)
}

func notFound(t *testing.T, s *store.Store) {
	ctx := t.Context()
	errs := map[string]error{}
	_, errs["account"] = s.AccountByID(ctx, "x")
	_, errs["user by e-mail"] = s.UserByEmail(ctx, "x")
	_, errs["user"] = s.UserByID(ctx, "x")
	_, errs["session"] = s.SessionByToken(ctx, []byte("x"))
	_, errs["API key"] = s.APIKeyByID(ctx, "x")
	_, errs["API key by secret"] = s.APIKeyID(ctx, []byte("x"))
	_, errs["onboarding"] = s.OnboardingByID(ctx, "x")
	_, errs["onboarding, locked"] = s.LockOnboarding(ctx, "x")
	_, errs["onboarding by subscription"] = s.OnboardingBySubscription(ctx, "x")
	_, errs["sign-up"] = s.SignupByEmail(ctx, "x")
	_, errs["latest onboarding"] = s.LatestOnboarding(ctx, "x")
	_, errs["plan"] = s.PlanByID(ctx, "x")
	_, errs["plan by code"] = s.PlanByCode(ctx, "x")
	_, errs["payment option"] = s.PaymentOptionByID(ctx, "x")
	_, errs["subscription"] = s.SubscriptionByID(ctx, "x")
	_, errs["subscription, locked"] = s.LockSubscription(ctx, "x")
	_, errs["live subscription"] = s.LiveSubscription(ctx, "x")
	_, errs["invoice"] = s.InvoiceByID(ctx, "x")
	_, errs["open invoice"] = s.OpenInvoice(ctx, "x")
	_, errs["payment"] = s.PaymentByID(ctx, "x")
	_, errs["payment, locked"] = s.LockPayment(ctx, "x")
	_, errs["pending payment"] = s.PendingPayment(ctx, "x")
	_, errs["default method"] = s.DefaultMethod(ctx, "x")
	_, errs["method"] = s.MethodByID(ctx, "x", "x")
	_, errs["balance"] = s.Balance(ctx, "x")
	_, errs["command"] = s.CommandByID(ctx, "x")
	for what, err := range errs {
		assert.Equal(t, domain.CodeNotFound, domain.CodeOf(err), what)
	}
}
