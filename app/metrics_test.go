package app

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
)

// metricsTable is the table of docs/operations.md, from what is registered.
func metricsTable(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	descriptions := make(chan *prometheus.Desc, 1000)
	registry.Describe(descriptions)
	close(descriptions)
	parts := regexp.MustCompile(`fqName: "(slipway_[a-z_]+)", help: "([^"]+)".*variableLabels: \{([^}]*)\}`)
	var rows []string
	for d := range descriptions {
		if found := parts.FindStringSubmatch(d.String()); found != nil {
			rows = append(
				rows,
				fmt.Sprintf("| `%s` | %s | %s |\n", found[1], strings.ReplaceAll(found[3], ",", ", "), found[2]),
			)
		}
	}
	require.NotEmpty(t, rows)
	slices.Sort(rows)
	return "| metric | labels | |\n| --- | --- | --- |\n" + strings.Join(rows, "")
}

func TestMetrics_OperationsDescribesEveryOne(t *testing.T) {
	t.Parallel()
	a := New(Defaults(), io.Discard, io.Discard)
	a.DataDir = t.TempDir()
	t.Cleanup(a.Close)
	require.NoError(t, a.openStore())
	require.NoError(t, a.ConnectTemporal(client.Options{}))
	require.NoError(t, a.ConnectProviders(true))
	require.NoError(t, a.buildAPI(true))
	a.registerWork()
	table := metricsTable(t, a.registry)
	text, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	assert.True(t, strings.Contains(string(text), table), "docs/operations.md needs this table:\n\n%s", table)
}
