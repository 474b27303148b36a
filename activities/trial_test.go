package activities_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestExtendTrial_WhatFollowsIsInvoicedAnew(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("starter"), option("bank_transfer"))
	s.live(o, after(12))
	require.Len(t, s.invoicesWith(o, domain.InvoiceOpen), 1, "three days before the trial ends")

	s.execute(o, domain.ActionExtendTrial, func(c *domain.Command) { c.Details.Days = 7 })
	assert.Empty(t, s.invoicesWith(o, domain.InvoiceOpen), "the one for another period is taken back")
	assert.Equal(t, after(21), *s.subscription(o).TrialEnd)
	assert.Equal(t, after(21), *s.subscription(o).CurrentPeriodEnd)

	s.live(o, after(19))
	open := s.invoicesWith(o, domain.InvoiceOpen)
	require.Len(t, open, 1)
	assert.Equal(t, after(21), open[0].PeriodStart)
	assert.Len(t, s.days(o, domain.EventSubscriptionTrialEnds), 2, "the new end is announced, too")
}
