package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// root is where the module begins, seen from here.
const root = ".."

// source is one Go file that is not a test.
type source struct {
	path    string // such as store/slugs.go
	dir     string // such as store; "." for the root
	imports []string
	file    *ast.File
	set     *token.FileSet
}

// notOurs are folders whose Go files belong to other modules or to no program.
var notOurs = []string{"tools", "third_party", "testdata"}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path, err := filepath.Rel(root, file)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains(notOurs, d.Name()) || (strings.HasPrefix(d.Name(), ".") && path != ".")):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		parsed, err := parser.ParseFile(set, file, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		s := source{path: filepath.ToSlash(path), dir: filepath.ToSlash(filepath.Dir(path)), file: parsed, set: set}
		for _, i := range parsed.Imports {
			s.imports = append(s.imports, strings.Trim(i.Path.Value, `"`))
		}
		all = append(all, s)
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, len(all), 50, "the walk finds the source")
	return all
}

// mayImport says, package by package, which of ours it may import: the arrows
// of the architecture, which run one way.
var mayImport = map[string][]string{
	"domain":                      {},
	"devserver":                   {},
	"store":                       {"domain"},
	"store/storetest":             {"domain", "store"},
	"payment":                     {},
	"payment/paymenttest":         {"payment"},
	"payment/manual":              {"payment"},
	"payment/sandbox":             {"payment"},
	"payment/stripe":              {"payment"},
	"payment/sandbox/sandboxtest": {"payment/sandbox"},
	"payment/toytest":             {"payment"},
	"notify/webhook":              {"domain"},
	"notify":                      {"notify/webhook", "store", "domain"},
	"testclock":                   {"store", "domain"},
	"billing":                     {"store", "payment", "domain"},
	"onboarding":                  {"billing", "store", "payment", "domain"},
	"activities": {"onboarding", "billing", "testclock", "notify", "notify/webhook", "store", "payment",
		"domain"},
	"activities/activitiestest": {"activities", "onboarding", "domain"},
	"workflows":                 {"activities", "onboarding", "billing", "domain"},
	"workflows/client":          {"workflows", "activities", "onboarding", "billing", "domain"},
	"worker":                    {"activities", "notify", "domain"},
	"api":                       {"workflows", "store", "payment", "domain"},
	"demo":                      {"domain"},
	"app": {"worker", "workflows", "workflows/client", "activities", "onboarding", "api", "store", "payment",
		"payment/manual", "payment/sandbox", "payment/stripe", "notify/webhook", "devserver", "demo", "domain"},
	".": {"app"},
}

func TestArch_ImportsRunOneWay(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		allowed, known := mayImport[s.dir]
		require.True(t, known, "package %s has no place in the architecture yet; give it one in mayImport", s.dir)
		for _, i := range s.imports {
			if ours, found := strings.CutPrefix(i, "slipway/"); found {
				require.Contains(t, allowed, ours, "%s must not import %s", s.path, ours)
			}
		}
	}
}

func TestArch_DomainKnowsTheStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, i := range s.imports {
			if s.dir == "domain" {
				require.NotContains(t, strings.Split(i, "/")[0], ".", "%s imports %s", s.path, i)
			}
		}
	}
}

// onlyIn says which files may import a library, by prefix of its path.
var onlyIn = map[string][]string{
	"gorm.io/":                        {"store/"},
	"github.com/jackc/pgx":            {"store/"},
	"modernc.org/sqlite":              {"store/", "devserver/", "payment/sandbox/"},
	"github.com/stripe/":              {"payment/stripe/"},
	"github.com/standard-webhooks/":   {"payment/sandbox/", "notify/webhook/"},
	"go.temporal.io/server":           {"devserver/"},
	"github.com/temporalio/ui-server": {"devserver/"},
	"github.com/gin-gonic/gin":        {"api/"},
	"github.com/danielgtaylor/huma":   {"api/"},
	"go.temporal.io/sdk/client": {"workflows/client", "worker/", "app/wire.go", "app/temporal.go", "app/dev.go",
		"devserver/"},
	"go.temporal.io/sdk/worker":        {"worker/"},
	"github.com/urfave/cli":            {"app/"},
	"github.com/schollz/progressbar":   {"app/progress.go"},
	"github.com/pressly/goose":         {"store/"},
	"github.com/gosimple/slug":         {"store/"},
	"github.com/ccojocar/zxcvbn-go":    {"api/"},
	"github.com/go-chi/httprate":       {"api/"},
	"github.com/oklog/ulid":            {"store/"},
	"go.temporal.io/sdk/contrib/envco": {"app/temporal.go", "app/dev.go"},
}

func TestArch_EachLibraryHasOneHome(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, i := range s.imports {
			for library, homes := range onlyIn {
				if strings.HasPrefix(i, library) {
					require.True(t, slices.ContainsFunc(homes, func(h string) bool { return strings.HasPrefix(s.path, h) }),
						"%s imports %s, whose home is %v", s.path, i, homes)
				}
			}
		}
	}
}

func TestArch_WorkflowsTouchNothingButTemporal(t *testing.T) {
	t.Parallel()
	forbidden := []string{"os", "math/rand", "math/rand/v2", "crypto/rand", "net", "net/http", "database/sql", "io", "log",
		"log/slog", "sync"}
	for _, s := range sources(t) {
		if s.dir != "workflows" || strings.HasPrefix(s.path, "workflows/client") {
			continue
		}
		for _, i := range s.imports {
			require.NotContains(t, forbidden, i, s.path)
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := call.X.(*ast.Ident); ok && x.Name == "time" {
					require.NotContains(t, []string{"Now", "Sleep", "After", "NewTimer", "Since"}, call.Sel.Name, s.path)
				}
			}
			_, goroutine := n.(*ast.GoStmt)
			require.False(t, goroutine, "%s starts a goroutine", s.path)
			return true
		})
	}
}

func TestArch_NoPackageStateThatChangesAndNoInit(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				require.NotEqual(t, "init", f.Name.Name, s.path)
			}
		}
	}
}

func TestArch_FunctionsFitAScreenAndFilesAnEditor(t *testing.T) {
	t.Parallel()
	short, all := 0, 0
	for _, s := range sources(t) {
		lines := s.set.Position(s.file.End()).Line
		assert.LessOrEqual(t, lines, 300, "%s is too long", s.path)
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			length := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line + 1
			assert.LessOrEqual(t, length, 60, "%s: %s", s.path, f.Name.Name)
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

// stillTooMany are the receivers over the bound, with what they have: a number
// here may only become smaller, until its line goes.
var stillTooMany = map[string]int{
	"api.API": 186, "onboarding.Onboarding": 62, "billing.Subscription": 46,
}

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
		assert.LessOrEqual(t, n, max(mostMethods, stillTooMany[receiver]), receiver)
	}
}

func TestArch_EveryExportedNameSaysSomething(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && ofExported(d) {
					require.NotEmpty(t, d.Doc.Text(), "%s: %s has no comment", s.path, d.Name.Name)
				}
			case *ast.GenDecl:
				requireDocs(t, s, d)
			}
		}
	}
}

// ofExported reports whether the function, or the type it is a method of, can
// be seen from other packages.
func ofExported(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	name, ok := t.(*ast.Ident)
	return !ok || name.IsExported()
}

func requireDocs(t *testing.T, s source, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() {
				require.NotEmpty(t, d.Doc.Text()+spec.Doc.Text(), "%s: %s has no comment", s.path, spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() {
					require.NotEmpty(t, d.Doc.Text()+spec.Doc.Text()+spec.Comment.Text(), "%s: %s has no comment", s.path, name.Name)
				}
			}
		}
	}
}

func TestArch_TheRootHoldsMainAlone(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "*.go"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(root, "main.go")}, files)
}

func TestArch_ProductionBuildLeavesTheEmbeddedServerOut(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "-tags", "nodev,nomsgpack", root).CombinedOutput()
	require.NoError(t, err, string(out))
	for _, dep := range strings.Fields(string(out)) {
		for _, left := range []string{"go.temporal.io/server", "github.com/temporalio/ui-server", "slipway/devserver"} {
			require.False(t, strings.HasPrefix(dep, left), dep)
		}
	}
}
