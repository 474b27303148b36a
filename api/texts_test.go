package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// prose is what people read: two words, or a sentence of one.
var prose = regexp.MustCompile(`\pL \p{Ll}|^\p{Lu}\p{Ll}+\.$`)

// markup is what a browser reads, not a person.
var markup = regexp.MustCompile(`<[^>]*>|\{[^}]*\}`)

// description holds the files whose sentences are the API's own documentation,
// or that of its metrics.
var description = []string{
	"describe.go", "describe_fields.go", "describe_long.go", "operator_metrics.go", "problem_codes.go", "routes.go",
	"routes_about.go",
}

// notForPeople are the calls whose words go to a log, name a noun, or are hashed.
var notForPeople = []string{
	"CreateHash", "Debug", "Error", "ErrorContext", "Errorf", "LogAttrs", "New", "NotFound", "WarnContext", "write",
}

func TestTexts_NoSentenceBypassesTheCatalogue(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	read := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || slices.Contains(description, file) {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, 0)
		require.NoError(t, err)
		read++
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field: // its tag is documentation
				return false
			case *ast.KeyValueExpr:
				return called(n.Key) != "noun" // as NotFound names it
			case *ast.CallExpr:
				return !slices.Contains(notForPeople, called(n.Fun))
			case *ast.BasicLit:
				text, err := strconv.Unquote(n.Value)
				said := n.Kind == token.STRING && err == nil && prose.MatchString(markup.ReplaceAllString(text, ""))
				assert.False(t, said, "%s: %q: give it a code in domain/texts_fields.go", set.Position(n.Pos()), text)
			}
			return true
		})
	}
	assert.Greater(t, read, 40, "the walk finds the files")
}

// called is the name of what is called, such as Error of log.Error.
func called(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}
