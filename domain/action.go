package domain

import "slices"

// Action is a command; also the name of the workflow update
// that carries it.
type Action string

// The commands. What each is about, who may give it and when is in Rules.
const (
	ActionChoosePlan       Action = "choose_plan"
	ActionAddPaymentMethod Action = "add_payment_method"
	ActionSubmitPayment    Action = "submit_payment"
	ActionConfirmPayment   Action = "confirm_payment"
	ActionApprovePayment   Action = "approve_payment"
	ActionRejectPayment    Action = "reject_payment"
	ActionActivate         Action = "activate"
	ActionCancel           Action = "cancel"
	ActionResume           Action = "resume"
	ActionChangePlan       Action = "change_plan"
	ActionRetryPayment     Action = "retry_payment"
	ActionExtendTrial      Action = "extend_trial"
	ActionRefresh          Action = "refresh"
)

// Noun is what a command is about: the thing whose status decides whether the
// command is allowed.
type Noun string

// The nouns that take commands.
const (
	NounOnboarding   Noun = "onboarding"
	NounSubscription Noun = "subscription"
	// NounPayment is one attempt to pay, which an admin decides about.
	NounPayment Noun = "payment"
	// NounInvoice is an open invoice: customers say that they paid it, and give up
	// those of credit packages.
	NounInvoice Noun = "invoice"
)

// Subject is a noun as a command finds it.
type Subject struct {
	Noun   Noun
	Status string

	Scheduled   bool   // subscription: a cancellation or another plan comes at the end of the period
	Canceling   bool   // subscription: it ends with the period
	Late        bool   // payment: the money came too late and is flagged
	Unowed      bool   // payment: its invoice is not open, so that its money comes too late
	Running     bool   // payment: its onboarding still runs, which takes no late money
	FailureCode string // payment: why it failed
}

// Rule declares one command on one noun. Routes, workflow updates, validators,
// dry runs, bulk commands, available actions, the API's description and
// docs/states.md derive from it or are compared with it by a test.
type Rule struct {
	Action Action
	Noun   Noun
	Title  string      // for people, as on a button
	By     []ActorType // who may give it through the API
	// From are the statuses that allow it; nil allows it in all. When is a further
	// condition; nil is none.
	From []string
	When func(Subject) bool
	// To is the status it leads to; empty where the status stays.
	To string
	// Done reports that the effect is there already, so that giving the command
	// again changes nothing and is no error. Nil: the status is To.
	Done func(Subject) bool
	// ReasonOptional: staff may leave the reason out. Customers always may.
	ReasonOptional bool
}

// statuses lists statuses of one noun for a Rule.
func statuses[S ~string](list ...S) []string {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = string(s)
	}
	return names
}

var (
	customers      = []ActorType{ActorCustomer}
	staff          = []ActorType{ActorAdmin}
	staffCustomers = []ActorType{ActorAdmin, ActorCustomer}
)

// Rules are all commands there are, in the order in which they are offered.
var Rules = slices.Concat(onboardingRules, subscriptionRules, paymentRules, invoiceRules)

var onboardingRules = []Rule{
	{Action: ActionChoosePlan, Noun: NounOnboarding, Title: "Choose a plan", By: customers,
		From: statuses(OnboardingWaitingForPlan, OnboardingWaitingForPaymentMethod, OnboardingAwaitingPayment),
		To:   string(OnboardingActivating), Done: never},
	{Action: ActionAddPaymentMethod, Noun: NounOnboarding, Title: "Choose how to pay", By: customers,
		From: statuses(OnboardingWaitingForPaymentMethod, OnboardingAwaitingPayment),
		To:   string(OnboardingAwaitingPayment), Done: never},
	{Action: ActionSubmitPayment, Noun: NounOnboarding, Title: "Submit the reference of a payment", By: customers,
		From: statuses(OnboardingAwaitingPayment), To: string(OnboardingAwaitingApproval), Done: never},
	{Action: ActionConfirmPayment, Noun: NounOnboarding, Title: "Say that the provider's page is done", By: customers,
		From: statuses(OnboardingWaitingForPaymentMethod, OnboardingAwaitingPayment), To: string(OnboardingCompleted)},
	{Action: ActionApprovePayment, Noun: NounOnboarding, Title: "Approve: the money is there", By: staff,
		From: statuses(OnboardingAwaitingApproval), To: string(OnboardingCompleted), Done: never, ReasonOptional: true},
	{Action: ActionRejectPayment, Noun: NounOnboarding, Title: "Reject: the money is not there", By: staff,
		From: statuses(OnboardingAwaitingApproval), To: string(OnboardingAwaitingPayment), Done: never},
	{Action: ActionActivate, Noun: NounOnboarding, Title: "Activate without the customer's payment", By: staff,
		From: statuses(OnboardingWaitingForPaymentMethod, OnboardingAwaitingPayment, OnboardingAwaitingApproval),
		To:   string(OnboardingCompleted)},
	{Action: ActionCancel, Noun: NounOnboarding, Title: "Cancel", By: staffCustomers,
		From: statuses(OnboardingReceived, OnboardingCreatingAccount, OnboardingWaitingForPlan,
			OnboardingWaitingForPaymentMethod, OnboardingAwaitingPayment, OnboardingAwaitingApproval),
		To: string(OnboardingCanceled)},
	{Action: ActionRefresh, Noun: NounOnboarding, Title: "Compare with the workflow and repair", By: staff,
		Done: never, ReasonOptional: true},
}

var subscriptionRules = []Rule{
	{Action: ActionCancel, Noun: NounSubscription, Title: "Cancel", By: staffCustomers,
		From: statuses(SubscriptionLive...), To: string(SubscriptionCanceled)},
	{Action: ActionResume, Noun: NounSubscription, Title: "Keep it as it is: no cancellation, no other plan",
		By: customers, From: statuses(SubscriptionLive...), When: func(s Subject) bool { return s.Scheduled },
		To: string(SubscriptionActive), Done: func(s Subject) bool { return live(s) && !s.Scheduled }},
	{Action: ActionChangePlan, Noun: NounSubscription, Title: "Change the plan", By: customers,
		From: statuses(SubscriptionTrialing, SubscriptionActive), When: func(s Subject) bool { return !s.Canceling },
		To: string(SubscriptionActive), Done: never},
	{Action: ActionRetryPayment, Noun: NounSubscription, Title: "Charge a late payment now", By: customers,
		From: statuses(SubscriptionPastDue), To: string(SubscriptionActive)},
	{Action: ActionActivate, Noun: NounSubscription, Title: "Activate without the customer's payment", By: staff,
		From: statuses(SubscriptionPastDue), To: string(SubscriptionActive),
		Done: func(s Subject) bool { return live(s) && s.Status != string(SubscriptionPastDue) }},
	{Action: ActionExtendTrial, Noun: NounSubscription, Title: "Extend the trial", By: staff,
		From: statuses(SubscriptionTrialing), When: func(s Subject) bool { return !s.Canceling },
		To: string(SubscriptionTrialing), Done: never},
	{Action: ActionRefresh, Noun: NounSubscription, Title: "Compare with the workflow and repair", By: staff,
		Done: never, ReasonOptional: true},
}

var paymentRules = []Rule{
	{Action: ActionApprovePayment, Noun: NounPayment, Title: "Approve: the money is there", By: staff,
		From: statuses(PaymentPendingApproval), When: func(s Subject) bool { return !s.Unowed },
		To: string(PaymentSucceeded), Done: approved, ReasonOptional: true},
	// Money that arrives after the end, or after a card has paid, can still be
	// approved, which flags it.
	{Action: ActionApprovePayment, Noun: NounPayment, Title: "Approve: the money came too late", By: staff,
		From: statuses(PaymentPendingApproval, PaymentFailed), When: canBeLate,
		To: string(PaymentFailed), Done: approved, ReasonOptional: true},
	{Action: ActionRejectPayment, Noun: NounPayment, Title: "Reject: the money is not there", By: staff,
		From: statuses(PaymentPendingApproval), To: string(PaymentFailed),
		Done: func(s Subject) bool { return s.FailureCode == FailureRejected }},
}

var invoiceRules = []Rule{
	{Action: ActionSubmitPayment, Noun: NounInvoice, Title: "Submit the reference of a payment", By: customers,
		From: statuses(InvoiceOpen), To: string(InvoicePaid), Done: never},
	{Action: ActionCancel, Noun: NounInvoice, Title: "Cancel", By: staffCustomers,
		From: statuses(InvoiceOpen), To: string(InvoiceVoid)},
}

func canBeLate(s Subject) bool {
	if s.Status == string(PaymentPendingApproval) {
		return s.Unowed
	}
	return !s.Late && !s.Running && s.FailureCode != FailureSuperseded
}

func never(Subject) bool      { return false }
func live(s Subject) bool     { return SubscriptionStatus(s.Status).Live() }
func approved(s Subject) bool { return s.Status == string(PaymentSucceeded) || s.Late }

// allows reports whether the rule lets its command through now.
func (r Rule) allows(s Subject) bool {
	return r.Noun == s.Noun && (r.From == nil || slices.Contains(r.From, s.Status)) && (r.When == nil || r.When(s))
}

// RuleOf is the declaration of an action on the subject: the one that allows it
// now, else any; false when the noun does not know the action.
func RuleOf(s Subject, a Action) (Rule, bool) {
	found, known := Rule{}, false
	for _, r := range Rules {
		if r.Action != a || r.Noun != s.Noun {
			continue
		}
		if r.allows(s) {
			return r, true
		}
		if !known {
			found, known = r, true
		}
	}
	return found, known
}

// Actions lists what may be done to the subject now.
func (s Subject) Actions() []Action {
	allowed := []Action{}
	for _, r := range Rules {
		if r.allows(s) {
			allowed = append(allowed, r.Action)
		}
	}
	return allowed
}

// Check returns nil when the action is allowed now, or the 409 that names what
// is. Validators, dry runs and activities all ask here.
func (s Subject) Check(a Action) error {
	r, known := RuleOf(s, a)
	if known && r.allows(s) {
		return nil
	}
	return InvalidTransition(s.Status, r.To, s.Actions())
}

// Done reports whether the action's effect is there already: giving it again
// changes nothing.
func (s Subject) Done(a Action) bool {
	r, known := RuleOf(s, a)
	switch {
	case !known:
		return false
	case r.Done != nil:
		return r.Done(s)
	}
	return r.To == s.Status
}

// LeadsTo is the status the action leads to from where the subject is.
func (s Subject) LeadsTo(a Action) string {
	if r, known := RuleOf(s, a); known && r.To != "" && !s.Done(a) {
		return r.To
	}
	return s.Status
}

// ActionsOn lists the actions the nouns know, each once, in order: the updates
// of their workflow.
func ActionsOn(nouns ...Noun) []Action {
	var actions []Action
	for _, r := range Rules {
		if slices.Contains(nouns, r.Noun) && !slices.Contains(actions, r.Action) {
			actions = append(actions, r.Action)
		}
	}
	return actions
}
