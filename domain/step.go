package domain

import (
	"slices"
	"time"
)

// StepKey names one step of an onboarding.
type StepKey string

// The steps, in the order in which they are shown and run.
const (
	StepAccount       StepKey = "account"
	StepPlan          StepKey = "plan"
	StepPaymentMethod StepKey = "payment_method"
	StepPayment       StepKey = "payment"
	StepActivation    StepKey = "activation"
)

// StepDeclaration declares one step of Signup and Activation.
type StepDeclaration struct {
	Key   StepKey
	Title string // for people; also what Temporal's UI shows of it
	// Activity does the step, in one transaction of its own. An onboarding that
	// pays is activated in the transaction of its payment instead.
	Activity string
	// ProviderActivity calls a payment provider, when the state after Activity asks
	// for it; empty for none.
	ProviderActivity string
	// WaitsIn are the statuses of an onboarding while this step waits, for a person
	// or for a provider.
	WaitsIn []OnboardingStatus
	// RetryPolicy names a policy of workflows/policies.go.
	RetryPolicy string
	// Compensation undoes what the step may have done at third parties when the
	// onboarding ends early. It is registered before the step runs, and safe if the
	// step never ran. EndOnboarding undoes our own rows, all at once.
	Compensation string
}

// RetryOwnDatabase is the retry policy of work on our own database.
const RetryOwnDatabase = "own_database"

// Steps is what Signup and Activation walk, in this order. What customers,
// operators and docs see of steps derives from it. An onboarding that was received
// before a step was added gets the step in its place, still to be done. A new
// first step needs workflow.GetVersion, since running workflows began with another.
var Steps = []StepDeclaration{
	{Key: StepAccount, Title: "Create the account", Activity: "CreateAccount", RetryPolicy: RetryOwnDatabase},
	{Key: StepPlan, Title: "Choose the plan", Activity: "ChoosePlan", RetryPolicy: RetryOwnDatabase,
		WaitsIn: []OnboardingStatus{OnboardingWaitingForPlan}},
	{Key: StepPaymentMethod, Title: "Attach the payment method", Activity: "AttachPaymentMethod",
		ProviderActivity: "RegisterPaymentMethod", RetryPolicy: RetryOwnDatabase,
		WaitsIn: []OnboardingStatus{OnboardingWaitingForPaymentMethod}},
	{Key: StepPayment, Title: "Collect the payment", Activity: "CollectPayment",
		ProviderActivity: "ChargePayment", RetryPolicy: RetryOwnDatabase, Compensation: "RefundPayment",
		WaitsIn: []OnboardingStatus{OnboardingAwaitingPayment, OnboardingAwaitingApproval}},
	{Key: StepActivation, Title: "Activate the subscription", Activity: "ActivateSubscription",
		RetryPolicy: RetryOwnDatabase},
}

// StepOf is the declaration of the step; false when there is none with the key.
func StepOf(steps []StepDeclaration, key StepKey) (StepDeclaration, bool) {
	i := slices.IndexFunc(steps, func(s StepDeclaration) bool { return s.Key == key })
	if i < 0 {
		return StepDeclaration{}, false
	}
	return steps[i], true
}

// StepStatus is the state of one step.
type StepStatus string

// The states of a step. Retrying is a step's business, never the onboarding's:
// the process continues, this step tries again at NextAttemptAt.
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

// Set sets status and message. It sets StartedAt on the first call and FinishedAt
// when the status is final, and clears an earlier error: a step that stays open
// with an error gets it after Set; Fail sets both.
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

// Over reports whether the step needs nothing more.
func (s *Step) Over() bool { return s.Status == StepDone || s.Status == StepSkipped }

// Fail says that the step ended without its result.
func (s *Step) Fail(code, detail string, now time.Time) {
	s.Set(StepFailed, detail, now)
	s.Error = &OnboardingError{Code: code, Detail: detail}
}
