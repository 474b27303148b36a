package activities_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
	"slipway/store/storetest"
)

func TestSteps_SaysHowTheSlugWasFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why        string
		before     []string // names of accounts that are there already
		wish       wish
		slug       string // a trailing * matches any end
		story      string
		normalized bool
	}{
		{why: "free", wish: named("Acme"), slug: "acme", story: "acme it is"},
		{why: "taken once", before: []string{"Acme"}, wish: named("Acme"), slug: "acme-2",
			story: "acme was taken, acme-2 it is"},
		{why: "taken twice", before: []string{"Acme", "ACME"}, wish: named("acme!"), slug: "acme-3",
			story: "acme was taken, acme-3 it is"},
		{why: "reserved", wish: named("Admin"), slug: "admin-2", story: "admin is reserved, admin-2 it is"},
		{why: "another script", wish: named("Кофейня"), slug: "kofeinia", story: "kofeinia it is"},
		{why: "nothing left", wish: named("❤️ ☂"), slug: "account-*", story: "account-* it is"},
		{why: "chosen", before: []string{"Acme"}, wish: slugged("the-acme"), slug: "the-acme", story: "the-acme it is"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			for _, name := range c.before {
				f.create(f.receive(named(name)))
			}
			o := f.receive(c.wish)
			f.create(o)
			slug := f.account(o).Slug
			if base, wild := strings.CutSuffix(c.slug, "*"); wild {
				assert.True(t, strings.HasPrefix(slug, base), slug)
			} else {
				assert.Equal(t, c.slug, slug)
			}
			row := f.onboarding(o)
			step := row.Step(domain.StepAccount)
			assert.Equal(t, strings.ReplaceAll(c.story, "account-*", slug), step.Message)
			assert.Equal(t, domain.StepDone, step.Status)
			assert.Equal(t, 1, step.Attempts)
			assert.Equal(t, &domain.AccountRef{ID: o.AccountID, Name: o.AccountName, Slug: slug}, row.Account)
		})
	}
}

func TestSteps_MovesThePersonToTheOwner(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.receive(email("ada@example.com"), country("DE"), named("Ada & Co"))
	state := f.create(o)
	assert.Equal(t, onboarding.State{
		OnboardingID: o.ID, Status: domain.OnboardingCreatingAccount, Version: 2, Step: domain.StepPlan,
	}, state)

	owner, err := f.store.UserByEmail(t.Context(), "ada@example.com")
	require.NoError(t, err)
	assert.Equal(t, &domain.User{
		ID: o.OwnerID, AccountID: o.AccountID, Role: domain.RoleOwner, Email: "ada@example.com",
		PasswordHash: "hash-of-" + o.ID, CreatedAt: noon,
	}, owner)
	assert.Empty(t, f.onboarding(o).PasswordHash, "the owner has it now")
	account := f.account(o)
	assert.Equal(t, domain.AccountPending, account.Status)
	assert.Equal(t, "DE", account.Country)
	assert.Equal(t, "Ada & Co", account.Name)
	assert.Equal(t, []domain.EventType{domain.EventAccountCreated}, f.story(o))
	assert.Equal(t, map[string]any{"slug": "ada-and-co"}, f.events(o)[0].Data)
	assert.Equal(t, domain.ActorSystem, f.events(o)[0].ActorType)
}

func TestSteps_AnActivationHasItsAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.receiveActivation(f.signUp(plan("starter")), plan("growth"))
	accounts := f.rows("accounts")
	state := f.create(o)
	assert.Equal(t, domain.OnboardingCreatingAccount, state.Status)
	assert.Equal(t, domain.StepSkipped, f.onboarding(o).Step(domain.StepAccount).Status)
	assert.Equal(t, accounts, f.rows("accounts"))
	assert.Empty(t, f.story(o))
}

func TestSteps_ManyOfOneNameAreAllServed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const people = 50
	inputs := make([]activities.StepInput, people)
	for i := range inputs {
		inputs[i].OnboardingID = f.receive(named("Acme")).ID
	}
	assert.Empty(t, storetest.Together(2*people, func(i int) error { // everyone twice, all at once
		_, err := f.CreateAccount(t.Context(), inputs[i%people])
		return err
	}))
	assert.Equal(t, people, f.count("SELECT count(DISTINCT slug) FROM accounts"))
	assert.Equal(t, people, f.count("SELECT count(*) FROM users"))
	assert.Equal(t, people, f.count("SELECT count(*) FROM events WHERE type = 'account.created'"))
}

func TestActivities_AnUnknownOnboardingIsNotFound(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := store.NewID(domain.PrefixOnboarding)
	for name, run := range map[string]func() error{
		"CreateAccount": func() error {
			_, err := f.CreateAccount(t.Context(), activities.StepInput{OnboardingID: id})
			return err
		},
		"Apply": func() error {
			in := activities.ApplyCommandInput{Noun: domain.NounOnboarding, ID: id, Action: domain.ActionCancel, Signal: true}
			_, err := f.Apply(t.Context(), in)
			return err
		},
		"Apply an unknown command": func() error {
			unknown := store.NewID(domain.PrefixCommand)
			in := activities.ApplyCommandInput{Noun: domain.NounOnboarding, ID: id, CommandID: unknown}
			_, err := f.Apply(t.Context(), in)
			return err
		},
		"End": func() error {
			_, err := f.EndOnboarding(t.Context(), activities.EndInput{OnboardingID: id, Status: domain.OnboardingFailed})
			return err
		},
		"Remind": func() error {
			_, err := f.RemindCustomer(t.Context(), activities.RemindInput{OnboardingID: id, Number: 1})
			return err
		},
		"Refresh": func() error {
			_, err := f.RefreshOnboarding(t.Context(), activities.RefreshInput{OnboardingID: id})
			return err
		},
		"Compare": func() error {
			_, err := f.CompareOnboarding(t.Context(), activities.CompareInput{OnboardingID: id})
			return err
		},
	} {
		assert.Equal(t, domain.CodeNotFound, domain.CodeOf(run()), name)
	}
}
