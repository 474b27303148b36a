package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

var cataloguePromises = []promise{
	{"Seed_IsTheCatalogueOfTheIssue", false, seedContent},
	{"Seed_TwiceChangesNothingAndEditsStay", false, seedTwice},
	{"UseCardProvider_LeavesWhatIsToBeKept", false, useCardProvider},
	{"SavePlan_OneDefault", false, oneDefaultPlan},
	{"SavePaymentOption_OnePreferred", false, onePreferredOption},
	{"Catalogue_SwitchesUnderLoadAllSucceed", false, switchesUnderLoad},
	{"PlanOnOffer_IsActiveAndPublic", false, planOnOffer},
	{"CreditPackages_KeepEveryFieldAndTheirCode", false, creditPackages},
}

func seedContent(t *testing.T, s *store.Store) {
	ctx := t.Context()
	require.NoError(t, s.Seed(ctx))
	plans, err := s.Plans(ctx)
	require.NoError(t, err)
	type plan struct {
		code           string
		amount         int64
		credits, sites int64
		trial          int
		public, chosen bool
	}
	var got []plan
	for _, p := range plans {
		assert.Equal(t, "usd", p.Currency)
		assert.Equal(t, domain.IntervalMonth, p.Interval)
		assert.Equal(t, domain.CollectIfRequired, p.PaymentMethodCollection, "no card for a trial")
		assert.True(t, p.Active)
		assert.NotEmpty(t, p.Name)
		assert.NotEmpty(t, p.Description)
		assert.True(t, store.ValidID(domain.PrefixPlan, p.ID))
		got = append(got, plan{p.Code, p.Amount, p.Credits, p.Limits[domain.LimitSites], p.TrialDays, p.Public, p.Default})
	}
	assert.Equal(t, []plan{
		{"free", 0, 100, 1, 0, true, true},
		{"starter", 8900, 1000, 3, 14, true, false},
		{"growth", 13900, 2000, 10, 0, true, false},
		{"scale", 22900, 4000, 25, 0, true, false},
		{"enterprise", 0, 10000, 1000, 0, false, false},
	}, got)
	public, err := s.PublicPlans(ctx)
	require.NoError(t, err)
	assert.Equal(t, plans[:4], public)
	seedOptions(t, s)
}

func seedOptions(t *testing.T, s *store.Store) {
	options, err := s.PaymentOptions(t.Context())
	require.NoError(t, err)
	type option struct {
		key, external      string
		kind               domain.PaymentType
		enabled, preferred bool
		byCountry          bool
	}
	var offered []option
	for _, o := range options {
		if o.Key == "card" {
			assert.Equal(t, "sandbox", o.Provider, "charged, so no instructions are needed")
			assert.True(t, o.Chargeable())
		} else {
			assert.Equal(t, domain.ProviderManual, o.Provider)
			assert.False(t, o.Chargeable(), o.Key)
			assert.NotEmpty(t, o.Instructions, o.Key)
		}
		assert.True(t, store.ValidID(domain.PrefixPaymentOption, o.ID))
		offered = append(offered, option{o.Key, o.ExternalID, o.Type, o.Enabled, o.Preferred, len(o.Countries) > 0})
	}
	assert.Equal(t, []option{
		{"bank_transfer", "14", domain.TypeBankTransfer, true, true, false},
		{"card", "", domain.TypeCard, true, false, false},
		{"wallet", "", domain.TypeWallet, true, false, true},
		{"cheque", "", domain.TypeInvoice, false, false, false},
	}, offered)
}

func seedTwice(t *testing.T, s *store.Store) {
	ctx := t.Context()
	require.NoError(t, s.Seed(ctx))
	growth, err := s.PlanByCode(ctx, "growth")
	require.NoError(t, err)
	growth.Amount, growth.Public, growth.Default = 14900, false, true
	ok, err := s.SavePlan(ctx, growth)
	require.NoError(t, err)
	require.True(t, ok)
	options, err := s.PaymentOptions(ctx)
	require.NoError(t, err)
	card := options[1]
	card.Preferred, card.Name = true, "Credit card"
	ok, err = s.SavePaymentOption(ctx, &card)
	require.NoError(t, err)
	require.True(t, ok)
	plans, err := s.Plans(ctx)
	require.NoError(t, err)
	options, err = s.PaymentOptions(ctx)
	require.NoError(t, err)

	require.NoError(t, s.Seed(ctx))
	again, err := s.Plans(ctx)
	require.NoError(t, err)
	assert.Equal(t, plans, again)
	offered, err := s.PaymentOptions(ctx)
	require.NoError(t, err)
	assert.Equal(t, options, offered)
}

func useCardProvider(t *testing.T, s *store.Store) {
	ctx := t.Context()
	require.NoError(t, s.Seed(ctx))
	card := func() *domain.PaymentOption {
		options, err := s.PaymentOptions(ctx)
		require.NoError(t, err)
		return &options[1]
	}
	require.NoError(t, s.UseCardProvider(ctx, ""))
	assert.False(t, card().Enabled, "nobody charges it")
	require.NoError(t, s.UseCardProvider(ctx, card().Provider))
	assert.True(t, card().Enabled, "it is charged now")
	for _, step := range []struct {
		provider string
		keep     []string
		want     string
	}{
		{"one", nil, "one"},
		{"two", []string{"one", "two"}, "one"}, // it was given to one, which is still there
		{"two", []string{"two"}, "two"},        // one is gone
		{"box", []string{"two"}, "two"},
		{"box", nil, "box"},
	} {
		require.NoError(t, s.UseCardProvider(ctx, step.provider, step.keep...))
		assert.Equal(t, step.want, card().Provider, step)
	}
	byHand := card()
	byHand.Provider, byHand.CollectionMethod = domain.ProviderManual, domain.SendInvoice
	ok, err := s.SavePaymentOption(ctx, byHand)
	require.NoError(t, err)
	require.True(t, ok)
	require.NoError(t, s.UseCardProvider(ctx, "one"))
	assert.Equal(t, domain.ProviderManual, card().Provider, "an admin has it paid by hand")

	withdrawn := card()
	withdrawn.CollectionMethod, withdrawn.Enabled = domain.ChargeAutomatically, false
	withdrawn.UpdatedAt = withdrawn.UpdatedAt.Add(time.Hour)
	_, err = s.SavePaymentOption(ctx, withdrawn)
	require.NoError(t, err)
	require.NoError(t, s.UseCardProvider(ctx, "one"))
	assert.False(t, card().Enabled, "an admin does not offer it")
}

// defaults lists the codes of the default plans.
func defaults(t *testing.T, s *store.Store) (codes []string) {
	t.Helper()
	plans, err := s.Plans(t.Context())
	require.NoError(t, err)
	for _, p := range plans {
		if p.Default {
			codes = append(codes, p.Code)
		}
	}
	return codes
}

func oneDefaultPlan(t *testing.T, s *store.Store) {
	ctx := t.Context()
	require.NoError(t, s.Seed(ctx))
	gold := &domain.Plan{
		ID:                      store.NewID(domain.PrefixPlan),
		Code:                    "gold",
		Name:                    "Gold",
		Currency:                "usd",
		Interval:                domain.IntervalMonth,
		PaymentMethodCollection: domain.CollectIfRequired,
		Active:                  true,
		Public:                  true,
		Default:                 true,
		CreatedAt:               moment,
		UpdatedAt:               moment,
	}
	ok, err := s.SavePlan(ctx, gold)
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, []string{"gold"}, defaults(t, s))

	copycat := *gold
	copycat.ID, copycat.Code = store.NewID(domain.PrefixPlan), "free"
	ok, err = s.SavePlan(ctx, &copycat)
	require.NoError(t, err)
	assert.False(t, ok, "the code is another plan's")
	assert.Equal(t, []string{"gold"}, defaults(t, s), "what was not saved changed nothing")

	gold.Code = "starter"
	ok, err = s.SavePlan(ctx, gold)
	require.NoError(t, err)
	assert.False(t, ok, "nor may it take another's by a change")
	got, err := s.PlanByID(ctx, gold.ID)
	require.NoError(t, err)
	assert.Equal(t, "gold", got.Code)

	errs := Together(20, func(i int) error {
		plan := *gold
		plan.ID, plan.Code = store.NewID(domain.PrefixPlan), "gold-"+string(rune('a'+i))
		_, err := s.SavePlan(ctx, &plan)
		return err
	})
	require.Empty(t, errs)
	assert.Len(t, defaults(t, s), 1)
}

func onePreferredOption(t *testing.T, s *store.Store) {
	ctx := t.Context()
	require.NoError(t, s.Seed(ctx))
	preferred := func() (keys []string) {
		options, err := s.PaymentOptions(ctx)
		require.NoError(t, err)
		for _, o := range options {
			if o.Preferred {
				keys = append(keys, o.Key)
			}
		}
		return keys
	}
	gold := &domain.PaymentOption{
		ID:               store.NewID(domain.PrefixPaymentOption),
		Key:              "gold",
		Provider:         "manual",
		Type:             domain.TypeCard,
		Name:             "Gold",
		CollectionMethod: domain.SendInvoice,
		Enabled:          true,
		Preferred:        true,
		ExternalID:       "14",
		CreatedAt:        moment,
		UpdatedAt:        moment,
	}
	ok, err := s.SavePaymentOption(ctx, gold)
	require.NoError(t, err)
	assert.False(t, ok, "the external id is another's")
	assert.Equal(t, []string{"bank_transfer"}, preferred(), "what was not saved changed nothing")
	gold.ExternalID = ""
	ok, err = s.SavePaymentOption(ctx, gold)
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, []string{"gold"}, preferred())
}

func planOnOffer(t *testing.T, s *store.Store) {
	ctx := t.Context()
	require.NoError(t, s.Seed(ctx))
	p, err := s.PlanByCode(ctx, "growth")
	require.NoError(t, err)
	for _, c := range []struct{ active, public, want bool }{
		{true, true, true}, {true, false, false}, {false, true, false}, {false, false, false},
	} {
		p.Active, p.Public = c.active, c.public
		ok, err := s.SavePlan(ctx, p)
		require.NoError(t, err)
		require.True(t, ok)
		_, err = s.PlanOnOffer(ctx, "growth")
		assert.Equal(t, c.want, err == nil, "%+v: %v", c, err)
	}
}
