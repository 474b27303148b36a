package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestArch_EveryServerEndsSlowAndIdleConnections: a server without limits keeps
// whatever connection is left open. The functions of net/http that serve without
// a server of their own have none.
func TestArch_EveryServerEndsSlowAndIdleConnections(t *testing.T) {
	t.Parallel()
	servers := 0
	walkGo(t, func(path, file string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				for _, serve := range []string{"ListenAndServe", "ListenAndServeTLS", "Serve", "ServeTLS"} {
					assert.False(t, isOf(n.Fun, "http", serve), "%s calls http.%s", path, serve)
				}
				if name, is := n.Fun.(*ast.Ident); is && name.Name == "new" {
					assert.False(t, isOf(n.Args[0], "http", "Server"), "%s makes a server without limits", path)
				}
			case *ast.ValueSpec:
				assert.False(t, isOf(n.Type, "http", "Server"), "%s declares a server without limits", path)
			case *ast.CompositeLit:
				if isOf(n.Type, "http", "Server") {
					servers++
					for _, limit := range []string{"ReadHeaderTimeout", "ReadTimeout", "IdleTimeout", "MaxHeaderBytes"} {
						assert.Contains(t, keysOf(n), limit, "the server in %s", path)
					}
				}
			}
			return true
		})
	})
	assert.GreaterOrEqual(t, servers, 2)
}

// isOf reports whether an expression is a name of a package, such as http.Server.
func isOf(e ast.Expr, pkg, name string) bool {
	selector, is := e.(*ast.SelectorExpr)
	if !is || selector.Sel.Name != name {
		return false
	}
	of, is := selector.X.(*ast.Ident)
	return is && of.Name == pkg
}

// keysOf are the fields that a composite literal names.
func keysOf(lit *ast.CompositeLit) []string {
	var keys []string
	for _, element := range lit.Elts {
		if pair, is := element.(*ast.KeyValueExpr); is {
			if key, is := pair.Key.(*ast.Ident); is {
				keys = append(keys, key.Name)
			}
		}
	}
	return keys
}
