package client

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.temporal.io/sdk/temporal"

	"slipway/domain"
)

func TestErrors_AReasonThatOnlyTheWorkflowFindsKeepsItsClass(t *testing.T) {
	t.Parallel()
	for reason, code := range domain.ReasonCodes {
		err := asOurs(temporal.NewNonRetryableApplicationError("Why.", reason, nil))
		assert.Equal(t, code, domain.CodeOf(err), reason)
		assert.Equal(t, reason, domain.ReasonOf(err))
	}
	unknown := asOurs(temporal.NewApplicationError("a row", "panic"))
	assert.Equal(t, domain.CodeInternal, domain.CodeOf(unknown))
	away := asOurs(errors.New("no connection"))
	assert.Equal(t, domain.CodeUnavailable, domain.CodeOf(away))
}
