package domain

import "time"

// StepKey names one of the five steps every onboarding shows.
type StepKey string

// The steps, in the order they are shown and, mostly, done.
const (
	StepAccount       StepKey = "account"
	StepPlan          StepKey = "plan"
	StepPaymentMethod StepKey = "payment_method"
	StepPayment       StepKey = "payment"
	StepActivation    StepKey = "activation"
)

// StepKeys is the order in which clients draw the steps.
var StepKeys = []StepKey{StepAccount, StepPlan, StepPaymentMethod, StepPayment, StepActivation}

// StepStatus is the state of one step.
type StepStatus string

// The states of a step. Retrying is a step's business, never the onboarding's:
// the process goes on, this step tries again at NextAttemptAt.
const (
	StepPending  StepStatus = "pending"
	StepRunning  StepStatus = "running"
	StepWaiting  StepStatus = "waiting"
	StepRetrying StepStatus = "retrying"
	StepDone     StepStatus = "done"
	StepSkipped  StepStatus = "skipped"
	StepFailed   StepStatus = "failed"
)

// Step is one line of the progress a customer sees.
type Step struct {
	Key           StepKey          `json:"key" enum:"account,plan,payment_method,payment,activation"`
	Status        StepStatus       `json:"status" enum:"pending,running,waiting,retrying,done,skipped,failed"`
	Attempts      int              `json:"attempts" doc:"How often it was tried."`
	Message       string           `json:"message" doc:"What happened, in plain words."`
	StartedAt     *time.Time       `json:"started_at" nullable:"true"`
	FinishedAt    *time.Time       `json:"finished_at" nullable:"true"`
	NextAttemptAt *time.Time       `json:"next_attempt_at" doc:"Set while retrying." nullable:"true"`
	Error         *OnboardingError `json:"error"`
}

// Set records what became of the step. It starts the step's clock on the first
// call, stops it when the status is final, and clears an earlier error: a
// caller that has one calls Fail instead.
func (s *Step) Set(status StepStatus, message string, now time.Time) {
	s.Status, s.Message, s.Error, s.NextAttemptAt = status, message, nil, nil
	if s.StartedAt == nil && status != StepPending {
		s.StartedAt = &now
	}
	s.FinishedAt = nil
	if status == StepDone || status == StepSkipped || status == StepFailed {
		s.FinishedAt = &now
	}
}

// Fail records that the step ended without its result.
func (s *Step) Fail(code, detail string, now time.Time) {
	s.Set(StepFailed, detail, now)
	s.Error = &OnboardingError{Code: code, Detail: detail}
}
