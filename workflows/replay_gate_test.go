package workflows_test

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"slipway/workflows"
)

// change is a change of a workflow that may be running: a call of workflow.GetVersion.
type change struct{ least, most int64 }

// changes are all of them, by their ids, as the source has them.
func changes(t *testing.T) map[string]change {
	t.Helper()
	all := map[string]change{}
	for _, file := range sources(t) {
		for _, d := range file.Decls {
			function, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			value := func(e ast.Expr) constant.Value { return valueOf(t, file, function, e) }
			ast.Inspect(function, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if ok && types.ExprString(call.Fun) == "workflow.GetVersion" {
					id := constant.StringVal(value(call.Args[1]))
					all[id] = change{number(t, value(call.Args[2])), number(t, value(call.Args[3]))}
				}
				return true
			})
		}
	}
	return all
}

// sources are the files of the package that are not tests.
func sources(t *testing.T) (all []*ast.File) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			require.NoError(t, err)
			all = append(all, parsed)
		}
	}
	return all
}

func number(t *testing.T, v constant.Value) int64 {
	t.Helper()
	n, exact := constant.Int64Val(v)
	require.True(t, exact)
	return n
}

// valueOf is a literal, workflow.DefaultVersion, or a constant of the function or file.
func valueOf(t *testing.T, file *ast.File, function *ast.FuncDecl, e ast.Expr) constant.Value {
	t.Helper()
	switch e := e.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0)
	case *ast.SelectorExpr:
		require.Equal(t, "workflow.DefaultVersion", types.ExprString(e))
		return constant.MakeInt64(int64(workflow.DefaultVersion))
	case *ast.Ident:
		for _, within := range []ast.Node{function, file} {
			if found := constantIn(within, e.Name); found != nil {
				return valueOf(t, file, function, found)
			}
		}
	}
	require.Fail(t, "the arguments of workflow.GetVersion are constants of its function or file", types.ExprString(e))
	return nil
}

// constantIn is the value of the constant of the name that is declared there.
func constantIn(within ast.Node, name string) (value ast.Expr) {
	ast.Inspect(within, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		for i := 0; ok && i < len(spec.Names) && i < len(spec.Values); i++ {
			if spec.Names[i].Name == name {
				value = spec.Values[i]
			}
		}
		return value == nil
	})
	return value
}

// A change is kept by what was recorded on both sides of it: a history from before, which
// must go on as it began, and one from after. Without them a change, or its removal, would
// pass every replay.
func TestReplay_EveryGetVersionHasHistoriesFromBeforeAndAfter(t *testing.T) {
	t.Parallel()
	returned := map[string]map[workflow.Version]bool{}
	marked := map[string]bool{}
	for _, file := range historyFiles(t) {
		h := historyIn(t, file)
		for id, v := range replayed(t, h).versions {
			if returned[id] == nil {
				returned[id] = map[workflow.Version]bool{}
			}
			returned[id][v] = true
		}
		for _, id := range markers(t, h) {
			marked[id] = true
		}
	}
	declared := changes(t)
	for id, c := range declared {
		for v := c.least; v <= c.most; v++ {
			if v == 0 { // no version: what was before a change is DefaultVersion, and its first is 1
				continue
			}
			assert.True(t, returned[id][workflow.Version(v)],
				"no recorded history runs through change %q at version %d: record one (see CONTRIBUTING.md)", id, v)
		}
	}
	for id := range marked {
		assert.Contains(t, declared, id, "a recorded history was changed by %q, which the source does not know", id)
	}
}

// markers are the ids of the changes that are in the history.
func markers(t *testing.T, h *historypb.History) (ids []string) {
	t.Helper()
	for _, e := range h.GetEvents() {
		if m := e.GetMarkerRecordedEventAttributes(); m.GetMarkerName() == "Version" {
			var id string
			require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(m.GetDetails()["change-id"], &id))
			ids = append(ids, id)
		}
	}
	return ids
}

// oneRun are the workflows that are never continued as new, with what bounds their run.
var oneRun = map[string]string{
	"Refresh":       "one activity",
	"ResumeServed":  "an activity for each change of the catalogue; it ends when there is none left",
	"Reconcile":     "ten activities for each change of the catalogue",
	"PaymentMethod": "a day, asked every two hours and at each news of the provider",
	"Delivery":      "one activity",
	"Advance":       "an activity for each advance that was asked for; it ends when there is none left",
}

func TestReplay_EveryWorkflowThatIsContinuedHasARunThatWas(t *testing.T) {
	t.Parallel()
	continued, waited := map[string]bool{}, map[string]bool{}
	for _, file := range historyFiles(t) {
		events := historyIn(t, file).GetEvents()
		name := events[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName()
		if events[len(events)-1].GetEventType() != enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW {
			continue
		}
		continued[name] = true
		for _, e := range events {
			waited[name] = waited[name] || e.GetEventType() == enumspb.EVENT_TYPE_TIMER_STARTED
		}
	}
	for _, kind := range workflows.Kinds() {
		name := nameOf(kind.Run)
		if oneRun[name] != "" {
			assert.False(t, continued[name], "%s is continued as new", name)
			continue
		}
		assert.True(t, continued[name],
			"no continued run of %s is recorded: record one, or say in oneRun what bounds it", name)
		assert.True(t, waited[name] || name == "ReconcileLoop", "%s has a timer before it is continued", name)
		assert.Equal(t, workflow.VersioningBehaviorAutoUpgrade, kind.Versioning,
			"%s, pinned, would keep an old version of the workers for ever", name)
	}
	assert.Less(t, len(oneRun), len(workflows.Kinds()))
}

// nameOf is how the workflow is registered.
func nameOf(run any) string {
	full := runtime.FuncForPC(reflect.ValueOf(run).Pointer()).Name()
	return full[strings.LastIndex(full, ".")+1:]
}

// A workflow that is not among the kinds would be started, and run on no worker.
func TestKinds_AreAllWorkflowsOfThePackage(t *testing.T) {
	t.Parallel()
	var want, found []string
	for _, kind := range workflows.Kinds() {
		found = append(found, nameOf(kind.Run))
		assert.Contains(t, workflows.TaskQueues, kind.TaskQueue)
		assert.NotEqual(t, workflow.VersioningBehaviorUnspecified, kind.Versioning)
	}
	for _, file := range sources(t) {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if ok && f.Recv == nil && f.Name.IsExported() && len(f.Type.Params.List) > 0 &&
				types.ExprString(f.Type.Params.List[0].Type) == "workflow.Context" {
				want = append(want, f.Name.Name)
			}
		}
	}
	assert.ElementsMatch(t, want, found)
}
