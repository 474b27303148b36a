package docs_test

import (
	"go/ast"
	"go/token"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestArch_NoInit(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				require.NotEqual(t, "init", f.Name.Name, s.path)
			}
		}
	}
}

func TestArch_NoPackageStateThatChanges(t *testing.T) {
	t.Parallel()
	all := sources(t)
	names, specs := packageVariables(all)
	require.Greater(t, len(names), 20, "the walk finds variables")
	for _, s := range all {
		ast.Inspect(s.file, func(n ast.Node) bool {
			for _, changed := range assigned(n) {
				name, ok := firstOf(changed).(*ast.Ident)
				if !ok || name.Name == "_" || !names[s.dir+"."+name.Name] {
					continue
				}
				local := name.Obj != nil && !specs[name.Obj.Decl]
				require.True(t, local, "%s changes %s", s.set.Position(n.Pos()), name.Name)
			}
			return true
		})
	}
}

// packageVariables are the variables outside of functions: their names with
// their folder, such as store.tables, and their declarations.
func packageVariables(all []source) (names map[string]bool, specs map[any]bool) {
	names, specs = map[string]bool{}, map[any]bool{}
	for _, s := range all {
		for _, d := range s.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				specs[spec] = true
				for _, name := range spec.(*ast.ValueSpec).Names {
					names[s.dir+"."+name.Name] = true
				}
			}
		}
	}
	return names, specs
}

// assigned are the expressions that a statement changes.
func assigned(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	}
	return nil
}

// firstOf is the first part of an expression such as a.b[c].
func firstOf(e ast.Expr) ast.Expr {
	switch inner := e.(type) {
	case *ast.SelectorExpr:
		return firstOf(inner.X)
	case *ast.IndexExpr:
		return firstOf(inner.X)
	case *ast.StarExpr:
		return firstOf(inner.X)
	case *ast.ParenExpr:
		return firstOf(inner.X)
	}
	return e
}
