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

// walkGo calls visit with the path from the root, and the path from here, of
// every Go file of ours, tests included.
func walkGo(t *testing.T, visit func(path, file string)) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path, err := filepath.Rel(root, file)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains(notOurs, d.Name()) || (strings.HasPrefix(d.Name(), ".") && path != ".")):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go"):
			visit(filepath.ToSlash(path), file)
		}
		return nil
	}))
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	set := token.NewFileSet()
	walkGo(t, func(path, file string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		parsed, err := parser.ParseFile(set, file, nil, parser.ParseComments)
		require.NoError(t, err)
		s := source{path: path, dir: filepath.ToSlash(filepath.Dir(path)), file: parsed, set: set}
		for _, i := range parsed.Imports {
			s.imports = append(s.imports, strings.Trim(i.Path.Value, `"`))
		}
		all = append(all, s)
	})
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
	"system/cluster":              {"store/storetest"},
	"system/cluster/run":          {"system/cluster"},
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
	"api":                       {"store", "payment", "domain"},
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

// unicodeTables are the Go project's own tables of Unicode and of IDNA: no
// behaviour, and without them domain could not say which two texts are the same.
var unicodeTables = []string{"golang.org/x/text/unicode/norm", "golang.org/x/net/idna"}

func TestArch_DomainKnowsTheStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, i := range s.imports {
			if s.dir == "domain" && !slices.Contains(unicodeTables, i) {
				require.NotContains(t, strings.Split(i, "/")[0], ".", "%s imports %s", s.path, i)
			}
		}
	}
}

// onlyIn says which files may import a library, by prefix of its path: every
// library that is linked has its line.
var onlyIn = map[string][]string{
	"github.com/Rhymond/go-money":     {"api/", "onboarding/", "payment/sandbox/"},
	"github.com/alexedwards/argon2id": {"api/", "app/"},
	"github.com/ccojocar/zxcvbn-go":   {"api/"},
	"github.com/danielgtaylor/huma":   {"api/"},
	"github.com/dustin/go-humanize":   {"app/"},
	"github.com/gin-contrib/cors":     {"api/"},
	"github.com/gin-gonic/gin":        {"api/"},
	"github.com/go-chi/httprate":      {"api/"},
	"github.com/google/uuid":          {"demo/", "devserver/"},
	"github.com/gosimple/slug":        {"store/"},
	"github.com/jackc/pgx":            {"store/"},
	"github.com/lmittmann/tint":       {"app/log.go"},
	"github.com/oklog/ulid":           {"store/"},
	"github.com/pressly/goose":        {"store/"},
	"github.com/prometheus/":          {"api/", "app/serve.go", "app/wire.go", "app/worker.go", "app/metrics_"},
	"github.com/schollz/progressbar":  {"app/progress.go"},
	"github.com/standard-webhooks/":   {"payment/sandbox/", "notify/webhook/"},
	"github.com/stretchr/testify":     {"payment/paymenttest/", "payment/sandbox/sandboxtest/", "store/storetest/"},
	"github.com/stripe/":              {"payment/stripe/"},
	"github.com/temporalio/ui-server": {"devserver/"},
	"github.com/urfave/cli":           {"app/"},
	"go.temporal.io/api/":             {"workflows/", "devserver/", "system/cluster/"},
	"github.com/compose-spec":         {"system/cluster/"},
	"go.temporal.io/sdk/activity":     {"activities/", "worker/alive.go"},
	"go.temporal.io/sdk/client": {
		"workflows/client/",
		"worker/worker.go",
		"app/wire.go",
		"app/temporal.go",
		"app/metrics_temporal.go",
		"app/dev.go",
		"system/cluster/",
	},
	"go.temporal.io/sdk/contrib/envconfig": {"app/temporal.go", "app/dev.go"},
	"go.temporal.io/sdk/converter":         {"workflows/"},
	"go.temporal.io/sdk/interceptor":       {"app/wire.go", "worker/", "activities/errors.go"},
	"go.temporal.io/sdk/log":               {"app/temporal.go", "system/cluster/"},
	"go.temporal.io/sdk/temporal":          {"workflows/", "activities/"},
	"go.temporal.io/sdk/worker":            {"worker/worker.go"},
	"go.temporal.io/sdk/workflow":          {"workflows/", "worker/worker.go"},
	"go.temporal.io/server":                {"devserver/"},
	"golang.org/x/sync/":                   {"api/", "app/", "demo/", "notify/", "payment/sandbox/", "store/"},
	"golang.org/x/net/idna":                {"domain/"},
	"golang.org/x/text/language":           {"api/"},
	"golang.org/x/text/unicode/norm":       {"domain/"},
	"google.golang.org/":                   {"devserver/", "workflows/client/", "system/cluster/"},
	"gorm.io/":                             {"store/"},
	"modernc.org/sqlite":                   {"store/", "devserver/", "payment/sandbox/"},
}

// home is the line of a library in onlyIn, or "".
func home(library string) string {
	for prefix := range onlyIn {
		if library == prefix || strings.HasPrefix(library, strings.TrimSuffix(prefix, "/")+"/") {
			return prefix
		}
	}
	return ""
}

func TestArch_EachLibraryHasItsHomes(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, s := range sources(t) {
		for _, i := range s.imports {
			if host, _, _ := strings.Cut(i, "/"); !strings.Contains(host, ".") {
				continue // the standard library, or a package of ours
			}
			line := home(i)
			require.NotEmpty(t, line, "%s imports %s, which has no home yet; give it one in onlyIn", s.path, i)
			place := slices.IndexFunc(onlyIn[line], func(h string) bool { return strings.HasPrefix(s.path, h) })
			require.GreaterOrEqual(t, place, 0, "%s imports %s, whose homes are %v", s.path, i, onlyIn[line])
			used[line+" in "+onlyIn[line][place]] = true
		}
	}
	for line, places := range onlyIn {
		for _, place := range places {
			assert.True(t, used[line+" in "+place], "nothing in %s imports %s any more", place, line)
		}
	}
}

func TestArch_WorkflowsTouchNothingButTemporal(t *testing.T) {
	t.Parallel()
	allowed := []string{"cmp", "errors", "fmt", "slices", "strconv", "strings", "time"}
	for _, s := range sources(t) {
		if s.dir != "workflows" || strings.HasPrefix(s.path, "workflows/client") {
			continue
		}
		for _, i := range s.imports {
			if !strings.HasPrefix(i, "slipway/") && !strings.HasPrefix(i, "go.temporal.io/") {
				require.Contains(t, allowed, i, s.path)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := call.X.(*ast.Ident); ok && x.Name == "time" {
					require.NotContains(
						t,
						[]string{"Now", "Sleep", "After", "NewTimer", "Since"},
						call.Sel.Name,
						s.path,
					)
				}
			}
			_, goroutine := n.(*ast.GoStmt)
			require.False(t, goroutine, "%s starts a goroutine", s.path)
			return true
		})
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
