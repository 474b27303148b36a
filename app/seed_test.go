package app

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestSeed_OffersACardOnlyWhereSomebodyChargesIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := func(args ...string) {
		var out, errs bytes.Buffer
		require.Zero(t, Main(append([]string{"slipway"}, append(args, "--data-dir", dir)...), &out, &errs), errs.String())
	}
	card := func() domain.PaymentOption {
		a := &App{Settings: Defaults()}
		a.DataDir = dir
		require.NoError(t, a.openStore())
		defer func() { require.NoError(t, a.Store.Close()) }()
		options, err := a.Store.PaymentOptions(t.Context())
		require.NoError(t, err)
		for _, o := range options {
			if o.Key == "card" {
				return o
			}
		}
		return domain.PaymentOption{}
	}
	run("migrate")
	for range 2 {
		run("seed")
		assert.False(t, card().Enabled, "nobody charges it")
	}
	run("seed", "--stripe-secret-key", "sk_test_1")
	assert.True(t, card().Enabled)
	assert.Equal(t, "stripe", card().Provider)
}
