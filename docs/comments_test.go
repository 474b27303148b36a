package docs_test

import (
	"go/ast"
	"testing"

	"github.com/stretchr/testify/require"
)

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
