package payment_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
	"slipway/payment/manual"
	"slipway/payment/sandbox"
	"slipway/payment/stripe"
)

func TestRegistry_RefusesWhatCannotBeNamed(t *testing.T) {
	t.Parallel()
	p := manual.New()
	for name, list := range map[string][]payment.Registration{
		"no name":          {{Provider: p}},
		"not in addresses": {{Name: "Bank of A", Provider: p}},
		"no provider":      {{Name: "bank"}},
		"twice":            {{Name: "bank", Provider: p}, {Name: "bank", Provider: p}},
	} {
		_, err := payment.NewRegistry(list...)
		assert.Error(t, err, name)
	}
}

func TestRegistry_FindsByName(t *testing.T) {
	t.Parallel()
	r, err := payment.NewRegistry(manual.New().Registration(), sandbox.New(sandbox.Config{}).Registration())
	require.NoError(t, err)
	assert.Equal(t, []string{"manual", "sandbox"}, r.Names())
	assert.Len(t, r.Providers(), 2)
	assert.Len(t, r.All(), 2)
	found, known := r.Find("sandbox")
	assert.True(t, known)
	assert.Equal(t, r.Providers()["sandbox"], found.Provider)
	_, known = r.Find("stripe")
	assert.False(t, known)
}

// TestRegistry_RealMoneyGoesBeforeSimulated says who charges the catalogue's card.
func TestRegistry_RealMoneyGoesBeforeSimulated(t *testing.T) {
	t.Parallel()
	byHand, inBox := manual.New().Registration(), sandbox.New(sandbox.Config{}).Registration()
	real := stripe.New(stripe.Config{}).Registration()
	for name, c := range map[string]struct {
		list    []payment.Registration
		kind    string
		charges bool
		want    string
	}{
		"a real one":         {[]payment.Registration{byHand, inBox, real}, "card", true, "stripe"},
		"a simulated one":    {[]payment.Registration{byHand, inBox}, "card", true, "sandbox"},
		"none that charges":  {[]payment.Registration{byHand}, "card", true, ""},
		"none for the type":  {[]payment.Registration{byHand, inBox, real}, "wallet", true, ""},
		"by hand, any type":  {[]payment.Registration{real, inBox, byHand}, "wallet", false, "manual"},
		"by hand, also card": {[]payment.Registration{real, inBox, byHand}, "card", false, "manual"},
	} {
		r, err := payment.NewRegistry(c.list...)
		require.NoError(t, err)
		chosen, found := r.Choose(c.kind, c.charges)
		assert.Equal(t, c.want, chosen.Name, name)
		assert.Equal(t, c.want != "", found, name)
	}
}
