package domain_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestBlockedOn_OperationsDescribesEveryValue(t *testing.T) {
	t.Parallel()
	var rows []string
	for on, text := range domain.BlockedOnTexts {
		rows = append(rows, fmt.Sprintf("| `%s` | %s |\n", on, domain.Text(text)))
	}
	slices.Sort(rows)
	table := "| `BlockedOn` | what is waited for |\n| --- | --- |\n" + strings.Join(rows, "")
	text, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	assert.True(t, strings.Contains(string(text), table), "docs/operations.md needs this table:\n\n%s", table)
}

func TestBlockedOn_EachValueHasItsSentence(t *testing.T) {
	t.Parallel()
	for _, status := range domain.OnboardingMoves.States() {
		if on := status.BlockedOn(); on != domain.BlockedOnNothing {
			assert.Contains(t, domain.BlockedOnTexts, on)
		}
	}
	for _, due := range []domain.DueKind{
		domain.DuePeriodEnd, domain.DueNotice, domain.DueReminder, domain.DueRetry, domain.DueGiveUp,
	} {
		assert.Contains(t, domain.BlockedOnTexts, due.BlockedOn())
	}
	for _, status := range domain.PaymentMoves.States() {
		assert.Contains(t, domain.BlockedOnTexts, (&domain.Payment{Status: status}).BlockedOn())
	}
}
