package domain

import "slices"

// Action is a command somebody may give to an onboarding or a subscription;
// also the name of the workflow update that carries it.
type Action string

// The commands. Customers give the first three, admins the rest; cancel
// belongs to both.
const (
	ActionChoosePlan       Action = "choose_plan"
	ActionAddPaymentMethod Action = "add_payment_method"
	ActionSubmitPayment    Action = "submit_payment"
	ActionApprovePayment   Action = "approve_payment"
	ActionRejectPayment    Action = "reject_payment"
	ActionActivate         Action = "activate"
	ActionCancel           Action = "cancel"
	ActionRefresh          Action = "refresh"

	ActionConfirmPayment Action = "confirm_payment"
	ActionResume         Action = "resume"
	ActionChangePlan     Action = "change_plan"
	ActionRetryPayment   Action = "retry_payment"
)

// onboardingActions says which commands a status accepts. Refresh is always
// allowed: it repairs, it does not decide.
var onboardingActions = map[OnboardingStatus][]Action{
	OnboardingReceived:        {ActionCancel},
	OnboardingCreatingAccount: {ActionCancel},
	OnboardingWaitingForPlan:  {ActionChoosePlan, ActionCancel},
	OnboardingWaitingForPaymentMethod: {ActionChoosePlan, ActionAddPaymentMethod, ActionConfirmPayment,
		ActionActivate, ActionCancel},
	OnboardingAwaitingPayment: {ActionChoosePlan, ActionAddPaymentMethod, ActionSubmitPayment, ActionConfirmPayment,
		ActionActivate, ActionCancel},
	OnboardingAwaitingApproval: {ActionApprovePayment, ActionRejectPayment, ActionActivate, ActionCancel},
}

// Actions lists what may be done to the onboarding now.
func (o *Onboarding) Actions() []Action {
	return append(slices.Clone(onboardingActions[o.Status]), ActionRefresh)
}

// Check returns nil when the action is allowed now, or the 409 that names what
// is. The workflow's validators and the API's dry runs both ask here.
func (o *Onboarding) Check(a Action) error {
	if slices.Contains(o.Actions(), a) {
		return nil
	}
	return InvalidTransition(string(o.Status), targets[a], o.Actions())
}

// targets names the status a refused action wanted to reach.
var targets = map[Action]string{
	ActionChoosePlan:       string(OnboardingActivating),
	ActionAddPaymentMethod: string(OnboardingAwaitingPayment),
	ActionSubmitPayment:    string(OnboardingAwaitingApproval),
	ActionConfirmPayment:   string(OnboardingCompleted),
	ActionApprovePayment:   string(OnboardingCompleted),
	ActionRejectPayment:    string(OnboardingAwaitingPayment),
	ActionActivate:         string(OnboardingCompleted),
	ActionCancel:           string(OnboardingCanceled),
}

// ActorType says who acted; it is part of every event.
type ActorType string

// Who may act. Temporal is an operator in Temporal's own UI or CLI, whose name
// we do not learn.
const (
	ActorCustomer ActorType = "customer"
	ActorAdmin    ActorType = "admin"
	ActorSystem   ActorType = "system"
	ActorTemporal ActorType = "temporal"
	ActorAPIKey   ActorType = "api_key"
)

// Actor is who did something: a type and, where known, an id. Never a name.
type Actor struct {
	Type ActorType `json:"type" enum:"customer,admin,system,temporal,api_key"`
	ID   string    `json:"id,omitempty"`
}

// Difference is one field of an onboarding that did not say what is true, as
// refresh found and repaired it.
type Difference struct {
	Field string `json:"field" doc:"Such as status."`
	Was   string `json:"was"`
	Is    string `json:"is"`
}
