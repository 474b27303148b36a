package domain_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

var (
	docSection = regexp.MustCompile("(?ms)^## (\\w+)\n(.*?)^```mermaid\nstateDiagram-v2\n(.*?)^```")
	docEdge    = regexp.MustCompile(`^(\S+) --> (\S+?)(?:\s*:.*)?$`)
)

// edges is the body of the diagram a table draws, a line per move.
func edges[S ~string](moves domain.Moves[S], first S) []string {
	lines := []string{fmt.Sprintf("[*] --> %s", first)}
	for from, next := range moves {
		for _, to := range next {
			lines = append(lines, fmt.Sprintf("%s --> %s", from, to))
		}
		if moves.Ends(from) {
			lines = append(lines, fmt.Sprintf("%s --> [*]", from))
		}
	}
	slices.Sort(lines)
	return lines
}

// drawn reads the edges of a diagram; a line that is no edge is an error.
func drawn(t *testing.T, diagram string) []string {
	t.Helper()
	lines := []string{}
	for _, line := range strings.Split(diagram, "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "%%") {
			continue
		}
		edge := docEdge.FindStringSubmatch(line)
		require.NotNil(t, edge, "docs/states.md: %q is no edge", line)
		lines = append(lines, edge[1]+" --> "+edge[2])
	}
	slices.Sort(lines)
	return lines
}

// The diagrams are drawn by hand, in an order that reads well; this test only
// compares. When a table changes, paste what the failure prints.
func TestStatesDoc_DrawsTheTables(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/states.md")
	require.NoError(t, err)
	sections := docSection.FindAllStringSubmatch(string(doc), -1)
	tables := map[string][]string{
		"Onboarding":   edges(domain.OnboardingMoves, domain.OnboardingReceived),
		"Account":      edges(domain.AccountMoves, domain.AccountPending),
		"Subscription": edges(domain.SubscriptionMoves, domain.SubscriptionIncomplete),
		"Invoice":      edges(domain.InvoiceMoves, domain.InvoiceOpen),
		"Payment":      edges(domain.PaymentMoves, domain.PaymentCreated),
		"Delivery":     edges(domain.DeliveryMoves, domain.DeliveryPending),
		"Clock":        edges(domain.ClockMoves, domain.ClockReady),
	}
	found := map[string]bool{}
	for _, section := range sections {
		name, text, diagram := section[1], section[2], section[3]
		want, known := tables[name]
		require.True(t, known, "%s is no state machine", name)
		found[name] = true
		assert.NotEmpty(t, strings.TrimSpace(text), "%s begins with who moves it", name)
		assert.Equal(t, want, drawn(t, diagram), "docs/states.md does not draw the table of %s. It should have:\n\n    %s\n",
			name, strings.Join(want, "\n    "))
	}
	for name, want := range tables {
		assert.True(t, found[name], "docs/states.md lacks a section \"## %s\" with a diagram of:\n\n    %s\n", name,
			strings.Join(want, "\n    "))
	}
}
