package docs_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// requireTable fails with the table that the document should have.
func requireTable(t *testing.T, document, table string) {
	t.Helper()
	text, err := os.ReadFile(document)
	require.NoError(t, err)
	require.True(t, strings.Contains(string(text), table), "docs/%s needs this table:\n\n%s", document, table)
}

// commandTable is the table of docs/states.md, from the declarations.
func commandTable() string {
	var b strings.Builder
	b.WriteString("| command | about | given by | while it is | leads to | reason |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- |\n")
	for _, r := range domain.Rules {
		givers := make([]string, len(r.By))
		for i, g := range r.By {
			givers[i] = string(g)
		}
		from, to, reason := strings.Join(r.From, ", "), r.To, "of staff"
		if from == "" {
			from = "anything"
		}
		if to == "" {
			to = "as it is"
		}
		if r.ReasonOptional || !strings.Contains(strings.Join(givers, " "), string(domain.ActorAdmin)) {
			reason = "optional"
		}
		fmt.Fprintf(&b, "| `%s`: %s | %s | %s | %s | %s | %s |\n", r.Action, r.Title, r.Noun,
			strings.Join(givers, ", "), from, to, reason)
	}
	return b.String()
}

func TestStates_EveryCommandIsDescribedAsItIsDeclared(t *testing.T) {
	t.Parallel()
	requireTable(t, "states.md", commandTable())
}

// stepTable is the table of docs/architecture.md, from the declarations.
func stepTable() string {
	var b strings.Builder
	b.WriteString("| step | activity | at a provider | waits in | taken back by |\n| --- | --- | --- | --- | --- |\n")
	for _, s := range domain.Steps {
		waits := make([]string, len(s.WaitsIn))
		for i, w := range s.WaitsIn {
			waits[i] = string(w)
		}
		fmt.Fprintf(&b, "| `%s`: %s | %s | %s | %s | %s |\n", s.Key, s.Title, s.Activity, s.ProviderActivity,
			strings.Join(waits, ", "), s.Compensation)
	}
	return b.String()
}

func TestArchitecture_EveryStepIsDescribedAsItIsDeclared(t *testing.T) {
	t.Parallel()
	requireTable(t, "architecture.md", stepTable())
}
