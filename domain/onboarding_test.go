package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// statusPromise is what each status of an onboarding means to the people around it.
type statusPromise struct {
	actions []domain.Action
	blocked domain.BlockedOn
	next    domain.NextActionType // empty for none
	poll    int
}

const (
	choosePlan = domain.ActionChoosePlan
	addMethod  = domain.ActionAddPaymentMethod
	confirm    = domain.ActionConfirmPayment
	submit     = domain.ActionSubmitPayment
	approve    = domain.ActionApprovePayment
	reject     = domain.ActionRejectPayment
	activate   = domain.ActionActivate
	cancel     = domain.ActionCancel
	refresh    = domain.ActionRefresh
)

var statusPromises = map[domain.OnboardingStatus]statusPromise{
	domain.OnboardingReceived:        {[]domain.Action{cancel, refresh}, "", domain.NextWait, 1000},
	domain.OnboardingCreatingAccount: {[]domain.Action{cancel, refresh}, "", domain.NextWait, 500},
	domain.OnboardingWaitingForPlan: {[]domain.Action{choosePlan, cancel, refresh},
		domain.BlockedOnPlan, domain.NextChoosePlan, 5000},
	domain.OnboardingWaitingForPaymentMethod: {[]domain.Action{choosePlan, addMethod, confirm, activate, cancel, refresh},
		domain.BlockedOnPaymentMethod, domain.NextAddPaymentMethod, 5000},
	domain.OnboardingAwaitingPayment: {[]domain.Action{choosePlan, addMethod, submit, confirm, activate, cancel, refresh},
		domain.BlockedOnCustomer, domain.NextSubmitPayment, 5000},
	domain.OnboardingAwaitingApproval: {[]domain.Action{approve, reject, activate, cancel, refresh},
		domain.BlockedOnApproval, domain.NextAwaitApproval, 5000},
	domain.OnboardingActivating:   {[]domain.Action{refresh}, "", domain.NextWait, 500},
	domain.OnboardingCompensating: {[]domain.Action{refresh}, "", domain.NextWait, 500},
	domain.OnboardingCompleted:    {[]domain.Action{refresh}, "", domain.NextOpenApp, 0},
	domain.OnboardingFailed:       {[]domain.Action{refresh}, "", domain.NextContactSupport, 0},
	domain.OnboardingExpired:      {[]domain.Action{refresh}, "", "", 0},
	domain.OnboardingCanceled:     {[]domain.Action{refresh}, "", "", 0},
}

var allActions = []domain.Action{choosePlan, addMethod, submit, confirm, approve, reject, activate, cancel, refresh}

// onboardingIn returns an onboarding that got to the status.
func onboardingIn(status domain.OnboardingStatus) *domain.Onboarding {
	o := domain.NewOnboarding("onb_1", domain.KindSignup, noon)
	o.Restore(status, noon)
	o.Present()
	return o
}

func TestOnboarding_EveryStatusIsPromisedSomething(t *testing.T) {
	t.Parallel()
	for _, status := range domain.OnboardingMoves.States() {
		assert.Contains(t, statusPromises, status)
	}
	assert.Len(t, statusPromises, len(domain.OnboardingMoves))
}

func TestOnboarding_AcceptsTheActionsOfItsStatusAndNamesThemWhenRefusing(t *testing.T) {
	t.Parallel()
	for status, promise := range statusPromises {
		for _, action := range allActions {
			t.Run(string(status)+" "+string(action), func(t *testing.T) {
				o := onboardingIn(status)
				assert.Equal(t, promise.actions, o.Actions())
				err := o.Check(action)
				if slices.Contains(promise.actions, action) {
					assert.NoError(t, err)
					return
				}
				var refusal *domain.Error
				require.ErrorAs(t, err, &refusal)
				assert.Equal(t, domain.ReasonInvalidTransition, refusal.Kind())
				assert.Equal(t, string(status), refusal.From)
				assert.Contains(t, domain.OnboardingMoves, domain.OnboardingStatus(refusal.To))
				assert.Equal(t, promise.actions, refusal.AvailableActions)
			})
		}
	}
}

func TestOnboarding_ActionsAreTheCallersToChange(t *testing.T) {
	t.Parallel()
	o := onboardingIn(domain.OnboardingAwaitingApproval)
	o.Actions()[0] = "broken"
	assert.Equal(t, approve, o.Actions()[0])
}

func TestOnboarding_SaysWhatComesNext(t *testing.T) {
	t.Parallel()
	for status, promise := range statusPromises {
		t.Run(string(status), func(t *testing.T) {
			o := onboardingIn(status)
			assert.Equal(t, promise.blocked, status.BlockedOn())
			assert.Equal(t, promise.poll, o.RetryAfterMS)
			assert.Equal(t, domain.OnboardingMoves.Ends(status), o.Done)
			assert.Equal(t, o.Done || promise.blocked != "", o.AtRest())
			if promise.next == "" {
				assert.Nil(t, o.NextAction)
				return
			}
			require.NotNil(t, o.NextAction)
			assert.Equal(t, promise.next, o.NextAction.Type)
			assert.NotEmpty(t, o.NextAction.URL)
		})
	}
}

func TestOnboarding_WhileAProviderIsAskedWorkIsUnderWay(t *testing.T) {
	t.Parallel()
	for _, key := range []domain.StepKey{domain.StepPaymentMethod, domain.StepPayment} {
		declared, _ := domain.StepOf(domain.Steps, key)
		o := onboardingIn(declared.WaitsIn[0])
		for _, step := range domain.Steps {
			if step.Key == key {
				break
			}
			o.Step(step.Key).Set(domain.StepDone, "", noon)
		}
		for status, atRest := range map[domain.StepStatus]bool{
			domain.StepRunning: false, domain.StepRetrying: false, domain.StepWaiting: true,
		} {
			o.Step(key).Set(status, "", noon)
			o.Present()
			assert.Equal(t, atRest, o.AtRest(), "%s %s", key, status)
			assert.Equal(t, atRest, o.RetryAfterMS == 5000, "%s %s", key, status)
		}
	}
}

func TestNewOnboarding_HasEveryStepPending(t *testing.T) {
	t.Parallel()
	o := domain.NewOnboarding("onb_1", domain.KindActivation, noon)
	o.Present()
	require.Len(t, o.Steps, len(domain.Steps))
	for i, declared := range domain.Steps {
		assert.Equal(t, declared.Key, o.Steps[i].Key)
		assert.Equal(t, domain.StepPending, o.Steps[i].Status)
		assert.Same(t, o.Step(declared.Key), &o.Steps[i])
	}
	assert.Equal(t, "onboarding", o.Object)
	assert.Equal(t, int64(1), o.Version)
	assert.Equal(t, []time.Time{noon, noon, noon}, []time.Time{o.CreatedAt, o.UpdatedAt, o.CheckedAt})
}

func TestOnboarding_RestoreNeedsNoTable(t *testing.T) {
	t.Parallel()
	o := domain.NewOnboarding("onb_1", domain.KindSignup, noon)
	o.Restore(domain.OnboardingCompleted, noon.Add(time.Second))
	assert.Equal(t, domain.OnboardingCompleted, o.Status)
	assert.Equal(t, int64(2), o.Version)
	assert.Equal(t, noon.Add(time.Second), o.UpdatedAt)
}

func TestStep_SetKeepsItsClock(t *testing.T) {
	t.Parallel()
	at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	s := domain.Step{Key: domain.StepPayment}

	s.Set(domain.StepPending, "later", at(0))
	assert.Nil(t, s.StartedAt, "pending has not begun")

	s.Set(domain.StepRunning, "begun", at(1))
	require.NotNil(t, s.StartedAt)
	assert.Nil(t, s.FinishedAt)

	s.Fail("declined", "The card was declined.", at(2))
	assert.Equal(t, domain.StepFailed, s.Status)
	assert.Equal(t, &domain.OnboardingError{Code: "declined", Detail: "The card was declined."}, s.Error)
	assert.Equal(t, "The card was declined.", s.Message)
	assert.Equal(t, at(2), *s.FinishedAt)

	next := at(9)
	s.NextAttemptAt = &next
	s.Set(domain.StepRetrying, "again", at(3))
	assert.Nil(t, s.Error, "the earlier error is gone")
	assert.Nil(t, s.NextAttemptAt, "who retries says when")
	assert.Nil(t, s.FinishedAt, "the clock runs again")

	s.Set(domain.StepWaiting, "waiting", at(4))
	assert.Nil(t, s.FinishedAt)
	s.Set(domain.StepDone, "done", at(5))
	assert.Equal(t, at(1), *s.StartedAt, "it began once")
	assert.Equal(t, at(5), *s.FinishedAt)

	s = domain.Step{}
	s.Set(domain.StepSkipped, "free", at(6))
	assert.Equal(t, at(6), *s.StartedAt)
	assert.Equal(t, at(6), *s.FinishedAt)
}
