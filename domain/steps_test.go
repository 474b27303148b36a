package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// walked returns an onboarding in the status whose steps have these statuses.
func walked(status domain.OnboardingStatus, steps ...domain.StepStatus) *domain.Onboarding {
	o := domain.NewOnboarding("onb_1", domain.KindSignup, noon)
	o.Status = status
	for i, s := range steps {
		o.Steps[i].Set(s, "so far", noon)
	}
	return o
}

func TestOnboarding_GetsAStepThatWasDeclaredLater(t *testing.T) {
	t.Parallel()
	o := &domain.Onboarding{}
	o.Step("verify_address").Set(domain.StepDone, "verified", noon)
	require.Len(t, o.Steps, 1)
	assert.Equal(t, domain.StepDone, o.Step("verify_address").Status)
}

func TestOnboarding_GetsALaterStepInItsPlace(t *testing.T) {
	t.Parallel()
	var declared []domain.StepKey
	for _, step := range domain.Steps {
		declared = append(declared, step.Key)
	}
	for _, later := range declared {
		o := domain.NewOnboarding("onb_1", domain.KindSignup, noon)
		o.Steps = slices.DeleteFunc(o.Steps, func(s domain.Step) bool { return s.Key == later })
		o.Step(later).Set(domain.StepDone, "so far", noon)
		var shown []domain.StepKey
		for _, step := range o.Steps {
			shown = append(shown, step.Key)
		}
		assert.Equal(t, declared, shown, later)
		assert.Equal(t, domain.StepDone, o.Step(later).Status)
	}
}

func TestOnboarding_CurrentStepIsTheFirstThatIsNotOver(t *testing.T) {
	t.Parallel()
	o := walked(domain.OnboardingActivating, domain.StepDone, domain.StepSkipped, domain.StepFailed)
	assert.Equal(t, domain.StepPaymentMethod, o.CurrentStep().Key, "a step that failed is not over")
	assert.Equal(t, domain.StepAccount, walked(domain.OnboardingReceived).CurrentStep().Key)
	for i := range o.Steps {
		o.Steps[i].Status = domain.StepDone
	}
	assert.Nil(t, o.CurrentStep())
}

func TestOnboarding_AsksAProviderWhileAStepRunsThatCanWait(t *testing.T) {
	t.Parallel()
	done, awaiting := domain.StepDone, domain.OnboardingAwaitingPayment
	for _, c := range []struct {
		why    string
		status domain.OnboardingStatus
		steps  []domain.StepStatus
		want   bool
	}{
		{"a charge is under way", awaiting, []domain.StepStatus{done, done, done, domain.StepRunning}, true},
		{"it is tried again later", awaiting, []domain.StepStatus{done, done, done, domain.StepRetrying}, true},
		{"the customer has to pay", awaiting, []domain.StepStatus{done, done, done, domain.StepWaiting}, false},
		{"the step is our own", domain.OnboardingCreatingAccount, []domain.StepStatus{domain.StepRunning}, false},
		{"nothing is left", domain.OnboardingCompleted, []domain.StepStatus{done, done, done, done, done}, false},
	} {
		assert.Equal(t, c.want, walked(c.status, c.steps...).AsksProvider(), c.why)
	}
}

func TestOnboarding_RedoBeginsAgainAtTheStep(t *testing.T) {
	t.Parallel()
	o := walked(domain.OnboardingAwaitingPayment, domain.StepDone, domain.StepSkipped, domain.StepDone, domain.StepFailed,
		domain.StepSkipped)
	version, at := o.Version, noon.Add(time.Minute)
	o.Redo(domain.StepPlan, at)
	var statuses []domain.StepStatus
	for _, s := range o.Steps {
		statuses = append(statuses, s.Status)
	}
	assert.Equal(t, []domain.StepStatus{
		domain.StepDone, domain.StepPending, domain.StepPending, domain.StepPending, domain.StepSkipped,
	}, statuses, "what came before stays, what was skipped later stays skipped")
	assert.Equal(t, domain.NextWait, o.NextAction.Type, "no person has to act")
	assert.Equal(t, version+1, o.Version)
	assert.Equal(t, at, o.UpdatedAt)
}

func TestPolicy_RemindsWithinThePaymentWindow(t *testing.T) {
	t.Parallel()
	policy := domain.Policy{
		PaymentWindow: 23 * time.Hour,
		Reminders:     []time.Duration{time.Hour, 20 * time.Hour, 23 * time.Hour},
	}
	due := noon.Add(23 * time.Hour)
	assert.Equal(t, []time.Time{noon.Add(time.Hour), noon.Add(20 * time.Hour)}, policy.RemindAt(&due))
	assert.Nil(t, policy.RemindAt(nil))
}
