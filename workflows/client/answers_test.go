package client

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"slipway/domain"
	"slipway/onboarding"
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
}

func TestAnswers_EveryCodeOfTheServerHasAClass(t *testing.T) {
	t.Parallel()
	ours := map[answer]domain.Code{
		away: domain.CodeUnavailable, busy: domain.CodeUnavailable, refused: domain.CodeInternal,
		missing: domain.CodeNotFound,
	}
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		class, known := answers[code]
		require.True(t, known, code)
		err := asOurs(serviceerror.FromStatus(status.New(code, "what the server says")))
		assert.Equal(t, ours[class], domain.CodeOf(err), code)
	}
	assert.Equal(t, codes.Unauthenticated+1, codes.Code(17), "no code is new")
}

func TestAnswers_SaysWhatMoreThanACodeIsKnown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want domain.Code
	}{
		{serviceerror.NewInvalidArgument("exceeded workflow execution limit for signal events"), domain.CodeInternal},
		{serviceerror.NewFailedPrecondition("the limit on the total number of updates"), domain.CodeInternal},
		{serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT, ""), domain.CodeUnavailable},
		{serviceerror.NewWorkflowNotReady("no task has completed"), domain.CodeUnavailable},
		{serviceerror.NewNamespaceNotFound("default"), domain.CodeUnavailable},
		{serviceerror.NewNamespaceNotActive("default", "a", "b"), domain.CodeUnavailable},
		{serviceerror.NewUnavailable("a shard is on the move"), domain.CodeUnavailable},
		{serviceerror.NewNotFound("no such workflow"), domain.CodeNotFound},
		{errors.New("no connection"), domain.CodeUnavailable},
		{context.DeadlineExceeded, domain.CodeUnavailable},
		{fmt.Errorf("wrapped: %w", serviceerror.NewNotFound("no such workflow")), domain.CodeNotFound},
	} {
		assert.Equal(t, c.want, domain.CodeOf(asOurs(c.err)), c.err)
	}
	var ours *domain.Error
	require.ErrorAs(t, asOurs(serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT, "")), &ours)
	assert.Equal(t, busyRetryAfter, ours.RetryAfter, "later than when it is only away")
}

func TestStates_OnlyWhatHasEndedIsStopped(t *testing.T) {
	t.Parallel()
	for number, name := range enumspb.WorkflowExecutionStatus_name {
		_, known := states[enumspb.WorkflowExecutionStatus(number)]
		assert.True(t, known, "%s needs a line in states", name)
	}
	assert.Equal(t, onboarding.ProcessRunning, stateOf(enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED))
	assert.Equal(t, onboarding.ProcessStopped, stateOf(enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED))
	assert.Equal(t, onboarding.ProcessRunning, stateOf(99), "what is unknown ends nothing")
}
