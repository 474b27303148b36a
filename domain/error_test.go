package domain_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestCode_OnlyWhatMayPassIsRetried(t *testing.T) {
	t.Parallel()
	for code, retry := range map[domain.Code]bool{
		domain.CodeInvalid: false, domain.CodeUnauthenticated: false, domain.CodePaymentRequired: false,
		domain.CodeForbidden: false, domain.CodeNotFound: false, domain.CodeConflict: false,
		domain.CodeThrottled: true, domain.CodeUnavailable: true, domain.CodeInternal: true,
	} {
		assert.Equal(t, retry, code.Retryable(), code)
	}
}

func TestError_CodeAndReasonSurviveWrapping(t *testing.T) {
	t.Parallel()
	taken := &domain.Error{Code: domain.CodeConflict, Reason: domain.ReasonSlugTaken, Detail: "The slug is taken."}
	for _, c := range []struct {
		err    error
		code   domain.Code
		reason string
		text   string
	}{
		{domain.NotFound("account"), domain.CodeNotFound, "not_found", "not_found: There is no such account."},
		{domain.Unavailable("The database", time.Second), domain.CodeUnavailable, "unavailable",
			"unavailable: The database is not available right now; try again."},
		{domain.Invalid("body.email", "is missing", "an e-mail address"), domain.CodeInvalid, "invalid",
			"invalid: The request has a field that cannot be accepted."},
		{domain.InvalidTransition("paid", "open", nil), domain.CodeConflict, "invalid_transition",
			"invalid_transition: The current state does not allow this."},
		{taken, domain.CodeConflict, "slug_taken", "slug_taken: The slug is taken."},
		{&domain.Error{Code: domain.CodeForbidden}, domain.CodeForbidden, "forbidden", "forbidden"},
		{errors.New("disk on fire"), domain.CodeInternal, "internal", "disk on fire"},
	} {
		assert.Equal(t, c.text, c.err.Error())
		for _, err := range []error{c.err, fmt.Errorf("save: %w", c.err), errors.Join(errors.New("first"), c.err)} {
			assert.Equal(t, c.code, domain.CodeOf(err), err)
			assert.Equal(t, c.reason, domain.ReasonOf(err), err)
		}
	}
}

// reasons are the constants of error.go that spell a reason.
func reasons(t *testing.T) []string {
	t.Helper()
	var all []string
	for name, value := range constants(t, "error.go") {
		if strings.HasPrefix(name, "Reason") {
			all = append(all, value)
		}
	}
	return all
}

// constants are the string constants that a file of this package declares.
func constants(t *testing.T, name string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	require.NoError(t, err)
	found := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if value, ok := spec.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING {
				text, err := strconv.Unquote(value.Value)
				require.NoError(t, err)
				found[spec.Names[0].Name] = text
			}
		}
		return true
	})
	return found
}

func TestReasonCodes_HaveEachReasonSoThatAnErrorSurvivesAWorkflow(t *testing.T) {
	t.Parallel()
	all := reasons(t)
	assert.Len(t, domain.ReasonCodes, len(all))
	for _, reason := range all {
		e := domain.ErrorOf(reason, "Why.")
		require.NotNil(t, e, reason)
		assert.Equal(t, reason, e.Kind())
		assert.NotEqual(t, domain.CodeInternal, e.Code, reason)
	}
	for kind, code := range map[string]domain.Code{
		"not_found": domain.CodeNotFound, "unavailable": domain.CodeUnavailable,
	} {
		assert.Equal(t, code, domain.ErrorOf(kind, "").Code)
	}
	assert.Nil(t, domain.ErrorOf("internal", ""), "its text is for the log")
	assert.Nil(t, domain.ErrorOf("panic", ""))
}
