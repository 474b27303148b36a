package docs_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// prose is what people read: two words of which the second is not a name, or a
// sentence or its beginning in one word.
var prose = regexp.MustCompile(`\pL[,;:]? \p{Ll}|^\p{Lu}\p{Ll}+(\.$|:? $)`)

// markup is what a browser reads, not a person: HTML, styles, headers.
var markup = regexp.MustCompile(`<[^>]*>|\{[^}]*\}|^(public|private|text/\w+|image/\S+)[,;].*`)

// speaking are the packages whose words reach people: callers in problems,
// customers in steps, operators in Temporal's UI.
var speaking = []string{"api", "onboarding", "billing", "workflows", "workflows/client", "activities"}

// documentation are the files whose sentences describe the API and its metrics.
var documentation = regexp.MustCompile(`^api/(describe|routes|operator_metrics|problem_codes)\w*\.go$`)

// notForPeople are the calls whose words go to a log, name a noun or are hashed.
var notForPeople = []string{
	"New", "Errorf", "Error", "ErrorContext", "Warn", "WarnContext", "Info", "Debug", "LogAttrs", "NotFound",
	"CreateHash", "write",
}

// sentences are the places where a source has words of its own.
func sentences(s source) []string {
	var found []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec, *ast.Field: // a field's tag is no sentence
			return false
		case *ast.KeyValueExpr:
			return nameOf(n.Key) != "noun" // as NotFound names it
		case *ast.CallExpr:
			return !slices.Contains(notForPeople, nameOf(n.Fun))
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if n.Kind == token.STRING && err == nil && prose.MatchString(markup.ReplaceAllString(text, "")) {
				found = append(found, s.set.Position(n.Pos()).String()+": "+text)
			}
		}
		return true
	})
	return found
}

func TestTexts_EachSentenceComesFromTheCatalogue(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if slices.Contains(speaking, s.dir) && !documentation.MatchString(s.path) {
			assert.Empty(t, sentences(s), "a sentence for people needs a code in domain/texts_*.go")
		}
	}
}

// nameOf is the last name of an expression, such as New of errors.New.
func nameOf(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

// catalogue are the codes of the texts by the names of their constants.
func catalogue(t *testing.T, all []source) map[string]domain.TextCode {
	t.Helper()
	codes := map[string]domain.TextCode{}
	for _, s := range all {
		if s.dir != "domain" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			spec, is := n.(*ast.ValueSpec)
			if is && nameOf(spec.Type) == "TextCode" {
				code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				require.NoError(t, err)
				codes[spec.Names[0].Name] = domain.TextCode(code)
			}
			return true
		})
	}
	require.Greater(t, len(codes), 100, "the walk finds the codes")
	return codes
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// placeholders are the names of the values that a text needs.
func placeholders(code domain.TextCode) []string {
	names := []string{}
	for _, match := range placeholder.FindAllStringSubmatch(domain.Text(code), -1) {
		names = append(names, match[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// filled are the names of the values that follow a code in a call.
func filled(args []ast.Expr) []string {
	names := []string{}
	for i := 0; i < len(args); i += 2 {
		if literal, is := args[i].(*ast.BasicLit); is {
			names = append(names, strings.Trim(literal.Value, `"`))
		}
	}
	slices.Sort(names)
	return names
}

// uses calls use for each code in the source, with the names of the values that
// are given with it: none in a table, whose texts are used as they are.
func uses(s source, codes map[string]domain.TextCode, use func(name string, values []string, at token.Pos)) {
	given := map[token.Pos][]string{}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			for i, arg := range n.Args {
				given[arg.End()] = filled(n.Args[i+1:])
				if reason, is := strings.CutPrefix(nameOf(arg), "Reason"); is && nameOf(n.Fun) == "unavailableAs" {
					use("Text"+reason, []string{}, arg.Pos()) // its text has the same code
				}
			}
		case *ast.Ident:
			if _, known := codes[n.Name]; known {
				use(n.Name, append([]string{}, given[n.End()]...), n.Pos())
			}
		}
		return true
	})
}

func TestTexts_EachIsUsedWithAllItsValues(t *testing.T) {
	t.Parallel()
	all := sources(t)
	codes, used := catalogue(t, all), map[string]bool{}
	for _, s := range all {
		if strings.HasPrefix(s.path, "domain/texts") {
			continue
		}
		uses(s, codes, func(name string, values []string, at token.Pos) {
			used[name] = true
			assert.Equal(t, placeholders(codes[name]), values, "%s: %s", s.set.Position(at), name)
		})
	}
	for name := range codes {
		assert.True(t, used[name], "%s is not used", name)
	}
}
