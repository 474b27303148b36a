//go:build !nodev

package system

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"slipway/domain"
)

// savedViews are the queries of docs/operations.md, as printed.
func savedViews(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	_, after, found := strings.Cut(string(page), "Queries for saved views")
	require.True(t, found)
	_, block, _ := strings.Cut(after, "```\n")
	block, _, _ = strings.Cut(block, "```")
	return strings.Split(strings.TrimSpace(block), "\n")
}

func TestOperator_TheSavedViewsOfTheManualWorkAsPrinted(t *testing.T) {
	t.Parallel()
	r := startApp(t)
	waits, ended := r.person(1, "growth"), r.person(2, "growth")
	r.submit(waits, "wire 1")
	r.submit(ended, "wire 2")
	r.until(waits, domain.OnboardingAwaitingApproval)
	r.until(ended, domain.OnboardingAwaitingApproval)
	count := func(query string) int64 {
		found, err := r.app.Temporal.CountWorkflow(context.Background(), &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: client.DefaultNamespace, Query: query,
		})
		require.NoError(t, err, query)
		return found.GetCount()
	}
	views := savedViews(t)
	require.Len(t, views, 10)
	eventually(t, func() bool { return count(views[0]) == 2 }, "both wait for approval")
	r.terminate("signup-" + ended.ID)
	eventually(t, func() bool { return count(views[0]) == 1 }, "one that was terminated is not in the view")
	for _, query := range views {
		assert.GreaterOrEqual(t, count(query), int64(0), query)
	}
}
