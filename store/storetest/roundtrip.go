package storetest

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

var roundTripPromises = []promise{
	{"Onboarding_KeepsEveryField", false, keepsOnboarding},
	{"Onboarding_KeepsNull", false, keepsNull},
	{"EveryNoun_KeepsEveryField", false, keepsNouns},
	{"Times_AreUTCWhateverTheCallersZone", false, keepsUTC},
}

// full checks that the test gave every stored field a value, so that a new
// field cannot be forgotten here.
func full(t *testing.T, row any) {
	t.Helper()
	v := reflect.ValueOf(row).Elem()
	for i := range v.NumField() {
		if field := v.Type().Field(i); field.IsExported() && field.Tag.Get("gorm") != "-" {
			assert.False(t, v.Field(i).IsZero(), "%s.%s has no value to keep", v.Type(), field.Name)
		}
	}
}

// fullOnboarding has a value in every field.
func fullOnboarding() *domain.Onboarding {
	o := NewOnboarding("ada@example.com")
	amount := int64(13900)
	o.Status, o.Version, o.Reminders = domain.OnboardingAwaitingPayment, 7, 2
	o.PaymentToken, o.TestClockID = "tok_ok", "clk_1"
	o.Account = &domain.AccountRef{ID: o.AccountID, Name: "Äcme 株式会社 🚀", Slug: "acme"}
	o.Plan = &domain.PlanRef{
		ID: "plan_1", Code: "growth", Name: "Growth", Amount: amount, Currency: "usd", Interval: domain.IntervalMonth,
		TrialDays: 3, Credits: 2000, Features: []string{"api", "sso"}, Limits: map[string]int64{domain.LimitSites: 10},
	}
	o.Subscription = &domain.SubscriptionRef{ID: o.SubscriptionID, Status: domain.SubscriptionIncomplete}
	o.NextAction = &domain.NextAction{
		Type:          domain.NextSubmitPayment,
		URL:           "/v1/onboardings/x/payment",
		ExpiresAt:     later(60),
		Amount:        &amount,
		Currency:      "usd",
		InvoiceID:     "in_1",
		PaymentOption: "bank_transfer",
		Instructions:  "<b>Transfer</b> & \"wait\"",
		Message:       "It's 'fine'; -- \\",
	}
	o.Error = &domain.OnboardingError{Code: "payment_rejected", Detail: "Please check it."}
	for i := range o.Steps {
		o.Steps[i] = domain.Step{
			Key: o.Steps[i].Key, Status: domain.StepRetrying, Attempts: i + 1, Message: "Waiting.",
			StartedAt: later(1), FinishedAt: later(2), NextAttemptAt: later(3), Error: o.Error,
		}
	}
	o.PasswordHash, o.AccountName, o.Country = "$argon2id$v=19$", "Äcme 株式会社 🚀", "DE"
	o.WantedSlug, o.WantedPlan, o.WantedOption = "acme", "growth", "bank_transfer"
	o.CreatedAt, o.UpdatedAt, o.CheckedAt, o.SecretRevokedAt = *later(4), *later(5), *later(6), later(7)
	return o
}

func keepsOnboarding(t *testing.T, s *store.Store) {
	ctx := t.Context()
	want := fullOnboarding()
	full(t, want)
	ok, err := s.InsertOnboarding(ctx, want)
	require.NoError(t, err)
	require.True(t, ok)
	want.Present()
	read := func() *domain.Onboarding {
		got, err := s.OnboardingByID(ctx, want.ID)
		require.NoError(t, err)
		return got
	}
	assert.Equal(t, want, read())

	want.Status, want.WantedPlan, want.Reminders, want.Version = domain.OnboardingAwaitingApproval, "scale", 3, 8
	want.Steps[0].Message, want.UpdatedAt = "Done.", *later(9)
	changed := *want
	changeReceived(&changed) // it stays as it was received
	within(t, s, func(tx *store.Store) error { return tx.SaveOnboarding(ctx, &changed) })
	assert.Equal(t, *later(9), want.UpdatedAt, "when it changed is for the caller to say")
	assert.Equal(t, want, read())
	for _, find := range []func() (*domain.Onboarding, error){
		func() (*domain.Onboarding, error) { return s.OnboardingBySubscription(ctx, want.SubscriptionID) },
		func() (*domain.Onboarding, error) { return s.SignupByEmail(ctx, want.Email) },
		func() (*domain.Onboarding, error) { return s.LatestOnboarding(ctx, want.AccountID) },
	} {
		got, err := find()
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

// changeReceived changes every text that is written when the row is made, and
// never again.
func changeReceived(o *domain.Onboarding) {
	row := reflect.ValueOf(o).Elem()
	for i := range row.NumField() {
		onlyOnce := strings.Contains(row.Type().Field(i).Tag.Get("gorm"), "<-:create")
		if onlyOnce && row.Field(i).Kind() == reflect.String {
			row.Field(i).SetString("other")
		}
	}
}

func keepsNull(t *testing.T, s *store.Store) {
	ctx := t.Context()
	o := insertOnboarding(t, s, "ada@example.com", domain.OnboardingReceived)
	o.NextAction = nil
	o.Touch(moment)
	within(t, s, func(tx *store.Store) error { return tx.SaveOnboarding(ctx, o) })
	assert.Equal(t, 1, count(t, s, "onboardings WHERE account IS NULL AND plan IS NULL AND subscription IS NULL"+
		" AND next_action IS NULL AND error IS NULL"))
	got, err := s.OnboardingByID(ctx, o.ID)
	require.NoError(t, err)
	assert.Equal(t, o, got)

	o.Error = &domain.OnboardingError{Code: "x"}
	o.Touch(moment)
	within(t, s, func(tx *store.Store) error { return tx.SaveOnboarding(ctx, o) })
	o.Error = nil
	o.Touch(moment)
	within(t, s, func(tx *store.Store) error { return tx.SaveOnboarding(ctx, o) })
	got, err = s.OnboardingByID(ctx, o.ID)
	require.NoError(t, err)
	assert.Nil(t, got.Error, "what is gone stays gone")
}

// keeps saves a row with a value in every field and compares what comes back.
func keeps[T any](t *testing.T, want *T, save func(context.Context, *T) error, read func(context.Context) (*T, error)) {
	t.Helper()
	full(t, want)
	require.NoError(t, save(t.Context(), want), "%T", want)
	got, err := read(t.Context())
	require.NoError(t, err, "%T", want)
	presentable(want)
	assert.Equal(t, want, got)
}

func presentable(row any) {
	if p, ok := row.(interface{ Present() }); ok {
		p.Present()
	}
}

func keepsNouns(t *testing.T, s *store.Store) {
	a := insertAccount(t, s)
	account := &domain.Account{ID: a.ID, Status: domain.AccountClosed, Name: "Ü", Slug: "closed-one", Country: "KE",
		CreatedAt: *later(1), UpdatedAt: *later(2), ClosedAt: later(3), TestClockID: "clk_1"}
	keeps(t, account, s.SaveAccount,
		func(ctx context.Context) (*domain.Account, error) { return s.AccountByID(ctx, a.ID) })

	owner := newOwner(a.ID, "eve@example.com")
	owner.ReleasedAt = later(1)
	keeps(t, owner, func(ctx context.Context, u *domain.User) error { return s.InsertAccount(ctx, newAccount(), u) },
		func(ctx context.Context) (*domain.User, error) { return s.UserByID(ctx, owner.ID) })

	session := newSession(owner, 200)
	session.AccountID = "acct_1"
	keeps(t, session, s.InsertSession,
		func(ctx context.Context) (*domain.Session, error) { return s.SessionByToken(ctx, session.TokenHash) })

	key := &domain.APIKey{
		ID:         "key_1",
		Name:       "CI",
		SecretHash: []byte{0, 255},
		CreatedBy:  "usr_1",
		CreatedAt:  moment,
		RevokedAt:  later(1),
	}
	keeps(t, key, s.InsertAPIKey, func(ctx context.Context) (*domain.APIKey, error) { return s.APIKeyByID(ctx, "key_1") })

	keepsCatalogue(t, s)
	keepsBilling(t, s, a)
	keepsCommand(t, s)
}

func keepsCatalogue(t *testing.T, s *store.Store) {
	plan := &domain.Plan{
		ID:                      "plan_1",
		Code:                    "gold",
		Name:                    "Gold",
		Description:             "All.",
		Amount:                  1 << 40,
		Currency:                "usd",
		Interval:                domain.IntervalYear,
		TrialDays:               7,
		PaymentMethodCollection: domain.CollectAlways,
		Credits:                 5,
		Features:                []string{"api"},
		Limits:                  map[string]int64{"sites": 9},
		Public:                  true,
		Active:                  true,
		Default:                 true,
		Sort:                    3,
		CreatedAt:               moment,
		UpdatedAt:               *later(1),
	}
	keeps(t, plan, saved(s.SavePlan), func(ctx context.Context) (*domain.Plan, error) { return s.PlanByID(ctx, "plan_1") })

	option := &domain.PaymentOption{
		ID:               "po_1",
		Key:              "gold",
		ExternalID:       "15",
		Provider:         "gold",
		CollectionMethod: domain.ChargeAutomatically,
		Type:             domain.TypeWallet,
		Name:             "Gold",
		Instructions:     "Bring it.",
		Countries:        []string{"KE"},
		Currencies:       []string{"kes"},
		Enabled:          true,
		Preferred:        true,
		Sort:             3,
		CreatedAt:        moment,
		UpdatedAt:        *later(1),
	}
	keeps(t, option, saved(s.SavePaymentOption),
		func(ctx context.Context) (*domain.PaymentOption, error) { return s.PaymentOptionByID(ctx, "po_1") })
}

func keepsCommand(t *testing.T, s *store.Store) {
	command := &domain.Command{
		ID: "cmd_1", Action: domain.ActionActivate, OnboardingID: "onb_1", SubscriptionID: "sub_1", PaymentID: "pay_1",
		InvoiceID: "in_1", ActorType: domain.ActorAdmin, ActorID: "usr_1", Reason: "Paid in cash", Plan: "gold",
		Option: "card", Reference: "ref", Waive: true, Token: "tok_ok", MethodID: "pm_1", At: domain.CancelPeriodEnd,
		CreatedAt: moment, Note: "by phone", Details: domain.CommandDetails{Days: 7}, AppliedAt: later(1), Redundant: true,
	}
	keeps(t, command, s.InsertCommand,
		func(ctx context.Context) (*domain.Command, error) { return s.CommandByID(ctx, "cmd_1") })
	again := *command
	again.Reason = "another"
	require.NoError(t, s.InsertCommand(t.Context(), &again))
	got, err := s.CommandByID(t.Context(), "cmd_1")
	require.NoError(t, err)
	assert.Equal(t, "Paid in cash", got.Reason, "a command is stored once")
}

// saved makes a catalogue save look like the others.
func saved[T any](save func(context.Context, *T) (bool, error)) func(context.Context, *T) error {
	return func(ctx context.Context, row *T) error {
		_, err := save(ctx, row)
		return err
	}
}

// keepsUTC needs a time zone other than UTC to prove anything; the store's tests
// set one.
func keepsUTC(t *testing.T, s *store.Store) {
	ctx := t.Context()
	_, offset := time.Now().Zone()
	require.NotZero(t, offset, "set time.Local to another zone than UTC in TestMain")
	kathmandu := time.FixedZone("", 5*3600+45*60)

	a := insertAccount(t, s)
	sub := newSubscription(a.ID, domain.SubscriptionActive)
	end := later(7).In(kathmandu)
	sub.CreatedAt, sub.CurrentPeriodEnd = moment.Local(), &end
	require.NoError(t, subscribed(t, s, sub))
	got, err := s.SubscriptionByID(ctx, sub.ID)
	require.NoError(t, err)
	assert.Equal(t, moment, got.CreatedAt)
	assert.Equal(t, later(7), got.CurrentPeriodEnd)
	text, err := json.Marshal(got)
	require.NoError(t, err)
	assert.Contains(t, string(text), `"created_at":"2026-03-14T15:09:26.535Z"`)

	first := newInvoice(a.ID, sub.ID, domain.InvoiceOpen)
	require.NoError(t, s.InsertInvoice(ctx, first))
	second := newInvoice(a.ID, sub.ID, domain.InvoiceOpen)
	second.PeriodStart = moment.In(kathmandu)
	require.Error(t, s.InsertInvoice(ctx, second), "the same period, written in another zone")

	o := NewOnboarding("ada@example.com")
	o.UpdatedAt, o.CheckedAt = s.Now().Add(-time.Hour), s.Now().Add(-time.Hour)
	ok, err := s.InsertOnboarding(ctx, o)
	require.NoError(t, err)
	require.True(t, ok)
	for minutes, want := range map[int]int{30: 1, 90: 0} {
		before := time.Now().Add(-time.Duration(minutes) * time.Minute).In(kathmandu)
		list, err := s.ListOnboardings(ctx, store.OnboardingFilter{StuckFor: before})
		require.NoError(t, err)
		assert.Len(t, list.Data, want, "changed an hour ago, asked for %d minutes", minutes)
		rows, err := s.ReceivedOnboardings(ctx, before, 10)
		require.NoError(t, err)
		assert.Len(t, rows, want, "checked an hour ago, asked for %d minutes", minutes)
	}
}
