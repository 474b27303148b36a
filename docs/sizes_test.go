package docs_test

import (
	"go/ast"
	"go/format"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The bounds of a file, of a line and of a function.
const (
	mostLines         = 300
	mostCharacters    = 120
	mostFunctionLines = 60
)

func TestArch_FilesFitAnEditorAndLinesAScreen(t *testing.T) {
	t.Parallel()
	seen := 0
	walkGo(t, func(path, file string) {
		seen++
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		assert.LessOrEqual(t, len(lines), mostLines, "%s is too long", path)
		for i, line := range lines {
			assert.LessOrEqual(t, utf8.RuneCountInString(line), mostCharacters, "%s:%d is too long", path, i+1)
		}
		formatted, err := format.Source(text)
		require.NoError(t, err, path)
		assert.Equal(t, string(formatted), string(text), "%s: run gofmt", path)
	})
	assert.Greater(t, seen, 300, "the walk finds code and tests")
}

func TestArch_FunctionsFitAScreen(t *testing.T) {
	t.Parallel()
	short, all := 0, 0
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			length := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line + 1
			assert.LessOrEqual(t, length, mostFunctionLines, "%s: %s", s.path, f.Name.Name)
			all++
			if length <= 30 {
				short++
			}
		}
	}
	assert.GreaterOrEqual(t, short*10, all*9, "nine functions in ten are under 30 lines")
}

// wireLines is what fits two screens.
const wireLines = 130

func TestArch_TheMapFitsTwoScreens(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.path == "app/wire.go" {
			assert.LessOrEqual(t, s.set.Position(s.file.End()).Line, wireLines)
			return
		}
	}
	t.Fatal("there is no app/wire.go")
}

// mostMethods is how many methods a receiver may have. The store's handle has no
// state of its own, and its methods lie in the files of their nouns.
const mostMethods = 40

func TestArch_NoReceiverDoesEverything(t *testing.T) {
	t.Parallel()
	methods := map[string]int{}
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil {
				continue
			}
			receiver := f.Recv.List[0].Type
			if pointer, is := receiver.(*ast.StarExpr); is {
				receiver = pointer.X
			}
			if name, is := receiver.(*ast.Ident); is {
				methods[s.dir+"."+name.Name]++
			}
		}
	}
	require.Greater(t, methods["store.Store"], mostMethods, "the count finds methods")
	delete(methods, "store.Store")
	for receiver, n := range methods {
		assert.LessOrEqual(t, n, mostMethods, receiver)
	}
}
