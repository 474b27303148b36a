package domain_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

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
