package domain_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// constantsOfType are the values of this package's constants of a type.
func constantsOfType(t *testing.T, name string) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var values []string
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			kind, named := spec.Type.(*ast.Ident)
			value, literal := spec.Values[0].(*ast.BasicLit)
			if named && literal && kind.Name == name {
				text, err := strconv.Unquote(value.Value)
				require.NoError(t, err)
				values = append(values, text)
			}
			return true
		})
	}
	require.NotEmpty(t, values)
	return values
}

func TestEventTypes_DescribeEachEventOnce(t *testing.T) {
	t.Parallel()
	described := map[string]bool{}
	for _, declared := range constantsOfType(t, "EventType") {
		assert.NotEmpty(t, domain.EventTypes[domain.EventType(declared)], declared)
		assert.False(t, described[declared], "%s is declared twice", declared)
		described[declared] = true
	}
	for known := range domain.EventTypes {
		assert.True(t, described[string(known)], "%s is no constant", known)
	}
}

// eventForm is what a type of event looks like, whether it happens or not.
var eventForm = regexp.MustCompile(`^[a-z_]+\.[a-z_*]+$`)

// TestWebhooksDoc_ListsTheEventTypes compares docs/webhooks.md with the table.
// When one changes, paste what the failure prints.
func TestWebhooksDoc_ListsTheEventTypes(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/webhooks.md")
	require.NoError(t, err)
	var rows []string
	for _, line := range strings.Split(string(doc), "\n") {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| `"), "`")
		if strings.HasPrefix(line, "| `") && eventForm.MatchString(first) && !strings.Contains(line, "/v1/") {
			rows = append(rows, line)
		}
	}
	var want []string
	for _, name := range slices.Sorted(maps.Keys(domain.EventTypes)) {
		want = append(want, "| `"+string(name)+"` | "+domain.EventTypes[name]+" |")
	}
	assert.Equal(t, want, rows, "docs/webhooks.md should have:\n\n%s\n", strings.Join(want, "\n"))
}
