package client

import (
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc/codes"

	"slipway/domain"
	"slipway/onboarding"
)

// How long callers should wait while Temporal is away, and while it is busy.
const (
	temporalRetryAfter = 5 * time.Second
	busyRetryAfter     = 30 * time.Second
)

// answer is what an error of Temporal's server means for the call.
type answer int

const (
	// away: it says nothing about the call, which may succeed soon.
	away answer = iota
	// busy: a limit is reached, of the server or of this one workflow.
	busy
	// refused: the call can never succeed as it is; an operator has to look.
	refused
	// missing: no such workflow runs.
	missing
)

// answers classify every code of the server. What is not known says nothing about
// the call, so that it ends nothing.
var answers = map[codes.Code]answer{
	codes.Canceled:           away,
	codes.Unknown:            away,
	codes.InvalidArgument:    refused,
	codes.DeadlineExceeded:   away,
	codes.NotFound:           missing,
	codes.AlreadyExists:      refused,
	codes.PermissionDenied:   away, // of this process for everything, until an operator corrects it
	codes.ResourceExhausted:  busy,
	codes.FailedPrecondition: refused,
	codes.Aborted:            away,
	codes.OutOfRange:         refused,
	codes.Unimplemented:      refused,
	codes.Internal:           away,
	codes.Unavailable:        away,
	codes.DataLoss:           away,
	codes.Unauthenticated:    away,
}

// answerOf classifies an error of the client. Some errors say more than their code.
func answerOf(err error) answer {
	var (
		namespace     *serviceerror.NamespaceNotFound
		elsewhere     *serviceerror.NamespaceNotActive
		invalid       *serviceerror.NamespaceInvalidState
		tooEarly      *serviceerror.WorkflowNotReady
		clientVersion *serviceerror.ClientVersionNotSupported
		serverVersion *serviceerror.ServerVersionNotSupported
	)
	for _, ofTheInstallation := range []any{&namespace, &elsewhere, &invalid, &tooEarly, &clientVersion, &serverVersion} {
		if errors.As(err, ofTheInstallation) {
			return away
		}
	}
	return answers[serviceerror.ToStatus(err).Code()]
}

// asOurs turns an error of Temporal, or of an activity behind it, into one of ours.
func asOurs(err error) error {
	var failure *temporal.ApplicationError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failure):
		return fromType(failure)
	}
	process := domain.Text(domain.LabelOnboardingProcess)
	switch answerOf(err) {
	case missing:
		return domain.NotFound("running workflow")
	case busy:
		return errors.Join(domain.Busy(process, busyRetryAfter), err)
	case refused:
		return err // internal: its text stays in the log
	default:
		return errors.Join(domain.Unavailable(process, temporalRetryAfter), err)
	}
}

// fromType makes the error that an activity or a validator returned again from
// its type and message; what callers are not meant to see stays as it is.
func fromType(failure *temporal.ApplicationError) error {
	if failure.Type() == domain.ReasonInvalidTransition {
		return domain.InvalidTransition("", "", nil) // the API says from which status, and what is allowed
	}
	if e := domain.ErrorOf(failure.Type(), failure.Message()); e != nil {
		return e
	}
	return failure
}

// states translate every status of Temporal into those that reconcile
// distinguishes. A workflow that an operator has paused is not stopped: it runs
// again when it is unpaused. A status that is not known ends nothing.
var states = map[enumspb.WorkflowExecutionStatus]onboarding.ProcessState{
	enumspb.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED:      onboarding.ProcessRunning,
	enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:          onboarding.ProcessRunning,
	enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED:           onboarding.ProcessRunning,
	enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW: onboarding.ProcessRunning,
	enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:        onboarding.ProcessCompleted,
	enumspb.WORKFLOW_EXECUTION_STATUS_FAILED:           onboarding.ProcessStopped,
	enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED:         onboarding.ProcessStopped,
	enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:       onboarding.ProcessStopped,
	enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:        onboarding.ProcessStopped,
}

// stateOf is what a status means.
func stateOf(status enumspb.WorkflowExecutionStatus) onboarding.ProcessState {
	if state, known := states[status]; known {
		return state
	}
	return onboarding.ProcessRunning
}
