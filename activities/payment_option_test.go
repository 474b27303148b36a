package activities_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestSteps_WaitsForAPaymentMethodOnlyWhereOneIsNeeded(t *testing.T) {
	t.Parallel()
	always := func(code string) func(*fixture) {
		return func(f *fixture) {
			f.noOptions()
			f.changePlan(code, func(p *domain.Plan) { p.PaymentMethodCollection = domain.CollectAlways })
		}
	}
	for _, c := range []struct {
		why       string
		catalogue func(f *fixture)
		wishes    []wish
		want      domain.OnboardingStatus
	}{
		{"free", (*fixture).noOptions, []wish{plan("free")}, domain.OnboardingCompleted},
		{"trial", (*fixture).noOptions, []wish{plan("starter")}, domain.OnboardingCompleted},
		{"paid", (*fixture).noOptions, []wish{plan("growth")}, domain.OnboardingWaitingForPaymentMethod},
		{"paid, the one asked for is disabled", func(*fixture) {}, []wish{plan("growth"), option("cheque")},
			domain.OnboardingWaitingForPaymentMethod},
		{"paid, the one asked for is for other countries", func(*fixture) {},
			[]wish{plan("growth"), option("wallet"), country("DE")}, domain.OnboardingWaitingForPaymentMethod},
		{"free, always collected", always("free"), []wish{plan("free")}, domain.OnboardingWaitingForPaymentMethod},
		{"trial, always collected", always("starter"), []wish{plan("starter")}, domain.OnboardingWaitingForPaymentMethod},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			c.catalogue(f)
			o := f.receive(c.wishes...)
			f.create(o)
			assert.Equal(t, c.want, f.open(o).Status)
			assert.Empty(t, f.methods(o))
			if c.want == domain.OnboardingCompleted {
				return
			}
			row := f.onboarding(o)
			assert.Equal(t, step{domain.StepWaiting, "Waiting for a way to pay that serves this country and currency."},
				steps(row)[domain.StepPaymentMethod])
			assert.Equal(t, domain.NextAddPaymentMethod, row.NextAction.Type)
			assert.Equal(t, c.wishes, c.wishes)
			assert.NotNil(t, row.Plan)
			assert.Zero(t, f.count("SELECT count(*) FROM invoices"))
			assert.Equal(t, 1, f.count("SELECT count(*) FROM events WHERE type = 'onboarding.waiting'"))

			f.exec("UPDATE payment_options SET enabled = true, countries = '[]'")
			assert.NotEqual(t, c.want, f.open(o).Status, "continues when the catalogue serves it")
		})
	}
}

func TestSteps_ChoosesThePaymentOptionByRule(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why       string
		preferred string // the deployment's setting
		catalogue func(f *fixture)
		wishes    []wish
		want      string
	}{
		{"the catalogue's preferred", "", nil, nil, "bank_transfer"},
		{"the deployment's, by key", "card", nil, nil, "card"},
		{"the deployment's, by external id", "14", func(f *fixture) {
			f.exec("UPDATE payment_options SET preferred = false")
			f.exec("UPDATE payment_options SET preferred = true WHERE key = 'card'")
		}, nil, "bank_transfer"},
		{"the deployment's does not exist", "15", nil, nil, "bank_transfer"},
		{"the deployment's is not for the country", "wallet", nil, []wish{country("DE")}, "bank_transfer"},
		{"the deployment's is for the country", "wallet", nil, []wish{country("KE")}, "wallet"},
		{"asked for", "14", nil, []wish{option("card")}, "card"},
		{"asked for, by country", "", nil, []wish{option("wallet"), country("UG")}, "wallet"},
		{"none preferred: the first", "", func(f *fixture) {
			f.exec("UPDATE payment_options SET preferred = false")
			f.exec("UPDATE payment_options SET sort = 1 WHERE key = 'card'")
		}, nil, "card"},
		{"by currency", "", func(f *fixture) {
			f.exec(`UPDATE payment_options SET currencies = '["eur"]' WHERE key = 'bank_transfer'`)
		}, nil, "card"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, func(p *domain.Policy) { p.PreferredOption = c.preferred })
			if c.catalogue != nil {
				c.catalogue(f)
			}
			o := f.signUp(append(c.wishes, plan("growth"))...)
			assert.Equal(t, domain.OnboardingAwaitingPayment, o.Status)
			assert.Equal(t, c.want, o.NextAction.PaymentOption)
			methods := f.methods(o)
			require.Len(t, methods, 1)
			assert.Equal(t, c.want, methods[0].Option)
			assert.True(t, methods[0].Default)
		})
	}
}
