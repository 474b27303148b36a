package domain

import (
	"time"
)

// Why an onboarding expired, as the code of its error.
const (
	ExpiredPayment    = "payment_expired"    // nobody paid before the payment window ended
	ExpiredOnboarding = "onboarding_expired" // it waited too long for something else
)

// OnboardingStatus is the state of one onboarding.
type OnboardingStatus string

// The states of an onboarding. Activities move it, except for received, which
// the API writes before any workflow exists.
const (
	// OnboardingReceived: stored and acknowledged, its workflow not yet running.
	OnboardingReceived OnboardingStatus = "received"
	// OnboardingCreatingAccount: the workflow runs; account, owner and slug come next.
	OnboardingCreatingAccount OnboardingStatus = "creating_account"
	// OnboardingWaitingForPlan: no plan could be chosen; continues when the
	// customer chooses one or an admin activates one.
	OnboardingWaitingForPlan OnboardingStatus = "waiting_for_plan"
	// OnboardingWaitingForPaymentMethod: money is owed and no option fits; goes
	// on when the customer adds a method or an admin enables an option.
	OnboardingWaitingForPaymentMethod OnboardingStatus = "waiting_for_payment_method"
	// OnboardingAwaitingPayment: an invoice is open; the customer pays and
	// submits a reference before the payment window ends.
	OnboardingAwaitingPayment OnboardingStatus = "awaiting_payment"
	// OnboardingAwaitingApproval: the customer said "paid"; an admin approves or rejects.
	OnboardingAwaitingApproval OnboardingStatus = "awaiting_approval"
	// OnboardingActivating: nothing is owed any more; fulfilment is under way.
	OnboardingActivating OnboardingStatus = "activating"
	// OnboardingCompensating: the onboarding is ending early; what it reserved is released.
	OnboardingCompensating OnboardingStatus = "compensating"
	// OnboardingCompleted: the account is active. An end.
	OnboardingCompleted OnboardingStatus = "completed"
	// OnboardingFailed: something only an operator can judge went wrong. An end.
	OnboardingFailed OnboardingStatus = "failed"
	// OnboardingExpired: no payment came within the payment window. An end.
	OnboardingExpired OnboardingStatus = "expired"
	// OnboardingCanceled: the customer or an admin gave it up. An end.
	OnboardingCanceled OnboardingStatus = "canceled"
)

// OnboardingMoves is the state machine of an onboarding.
var OnboardingMoves = Moves[OnboardingStatus]{
	OnboardingReceived: {OnboardingCreatingAccount, OnboardingFailed, OnboardingCanceled},
	OnboardingCreatingAccount: {OnboardingWaitingForPlan, OnboardingWaitingForPaymentMethod,
		OnboardingAwaitingPayment, OnboardingActivating, OnboardingCompensating},
	OnboardingWaitingForPlan: {OnboardingWaitingForPaymentMethod, OnboardingAwaitingPayment,
		OnboardingActivating, OnboardingCompensating},
	OnboardingWaitingForPaymentMethod: {OnboardingWaitingForPlan, OnboardingAwaitingPayment,
		OnboardingActivating, OnboardingCompensating},
	OnboardingAwaitingPayment: {OnboardingWaitingForPlan, OnboardingWaitingForPaymentMethod,
		OnboardingAwaitingApproval, OnboardingActivating, OnboardingCompensating},
	OnboardingAwaitingApproval: {OnboardingAwaitingPayment, OnboardingActivating, OnboardingCompensating},
	OnboardingActivating:       {OnboardingCompleted, OnboardingCompensating},
	OnboardingCompensating:     {OnboardingFailed, OnboardingExpired, OnboardingCanceled},
	OnboardingCompleted:        {},
	OnboardingFailed:           {},
	OnboardingExpired:          {},
	OnboardingCanceled:         {},
}

// Ended reports whether the status is one of the four ends.
func (s OnboardingStatus) Ended() bool { return OnboardingMoves.Ends(s) }

// OnboardingKind says how the onboarding began, and so which workflow runs it.
type OnboardingKind string

const (
	// KindSignup begins with a visitor: workflow Signup, id signup-<onb>.
	KindSignup OnboardingKind = "signup"
	// KindActivation begins with an account that chooses a plan: workflow
	// Activation, id activation-<sub>.
	KindActivation OnboardingKind = "activation"
)

// Onboarding is one run from "sign up" (or "choose a plan") to an active
// account: what the API received and, kept up to date by activities, how far
// it has come. Reading it answers every status request; nothing else is asked.
type Onboarding struct {
	ID      string           `json:"id" gorm:"primaryKey" doc:"Prefixed ULID." example:"onb_01JD9Z5X8QK3V6W2M4N7P0R1ST"`
	Object  string           `json:"object" gorm:"-" enum:"onboarding"`
	Kind    OnboardingKind   `json:"kind" gorm:"<-:create" enum:"signup,activation"`
	Status  OnboardingStatus `json:"status" enum:"@onboarding.status"`
	Done    bool             `json:"done" gorm:"-" doc:"True at an end: completed, failed, expired or canceled."`
	Version int64            `json:"version" doc:"Counts every change; the ETag and the SSE event id."`

	Account      *AccountRef      `json:"account" gorm:"serializer:json" doc:"Null until the account exists."`
	Plan         *PlanRef         `json:"plan" gorm:"serializer:json" doc:"@onboarding.plan"`
	Subscription *SubscriptionRef `json:"subscription" gorm:"serializer:json"`
	Steps        []Step           `json:"steps" gorm:"serializer:json" nullable:"false"`
	NextAction   *NextAction      `json:"next_action" gorm:"serializer:json" doc:"@onboarding.next_action"`
	Error        *OnboardingError `json:"error" gorm:"serializer:json"`
	RetryAfterMS int              `json:"retry_after_ms" gorm:"-" doc:"@onboarding.retry_after_ms"`
	CreatedAt    time.Time        `json:"created_at" gorm:"<-:create"`
	UpdatedAt    time.Time        `json:"updated_at"`

	// What was received. Personal data stays in this row and never enters a history.
	// What is written when the row is made, and never again (<-:create), costs an
	// update nothing: neither its checks nor its indexes.
	Email          string    `json:"-" gorm:"<-:create"`
	PasswordHash   string    `json:"-"` // moved to the owner when the account is created
	AccountName    string    `json:"-" gorm:"<-:create"`
	WantedSlug     string    `json:"-" gorm:"<-:create"` // claimed at reception when the customer chose one
	WantedPlan     string    `json:"-"`                  // a plan code; empty for the catalogue's default
	WantedOption   string    `json:"-"`                  // a payment option key; empty for the server's rule
	Country        string    `json:"-" gorm:"<-:create"` // ISO 3166-1 alpha-2, or empty
	AccountID      string    `json:"-" gorm:"<-:create"` // allocated at reception, for histories from the start
	OwnerID        string    `json:"-" gorm:"<-:create"`
	SubscriptionID string    `json:"-" gorm:"<-:create"`
	PaymentToken   string    `json:"-"` // from the provider's form in the browser, until a method is made of it
	TestClockID    string    `json:"-" gorm:"<-:create"`
	Reminders      int       `json:"-"` // sent in the current payment window
	CheckedAt      time.Time `json:"-"` // when reconcile last compared it with its workflow

	SecretRevokedAt *time.Time `json:"-"` // when staff ended its client_secret; nil mostly
}

// AccountRef is the part of an account every onboarding answer carries.
type AccountRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Slug string `json:"slug"`
}

// SubscriptionRef is the part of a subscription every onboarding answer carries.
type SubscriptionRef struct {
	ID     string             `json:"id"`
	Status SubscriptionStatus `json:"status"`
	// Replaced is the one that ended in its favour, if any.
	Replaced string `json:"replaced,omitempty" doc:"Id of the subscription that it took the place of, such as a trial's."`
}

// OnboardingError says why an onboarding ended early or what went wrong last.
type OnboardingError struct {
	Code   string `json:"code" doc:"What clients branch on, such as payment_rejected."`
	Detail string `json:"detail" doc:"One sentence for a person."`
}

// NewOnboarding returns a received onboarding with its steps pending.
func NewOnboarding(id string, kind OnboardingKind, now time.Time) *Onboarding {
	o := &Onboarding{
		ID: id, Kind: kind, Status: OnboardingReceived, Version: 1,
		CreatedAt: now, UpdatedAt: now, CheckedAt: now,
		NextAction: &NextAction{Type: NextWait, URL: OnboardingURL(id)},
	}
	for _, step := range Steps {
		o.Steps = append(o.Steps, Step{Key: step.Key, Status: StepPending})
	}
	return o
}

// Subject is the onboarding as a command finds it.
func (o *Onboarding) Subject() Subject {
	return Subject{Noun: NounOnboarding, Status: string(o.Status)}
}

// Actions lists what may be done to the onboarding now.
func (o *Onboarding) Actions() []Action { return o.Subject().Actions() }

// Check returns nil when the action is allowed now, or the 409 that names what is.
func (o *Onboarding) Check(a Action) error { return o.Subject().Check(a) }

// Advance is the only way an onboarding changes its status. It checks the
// table, counts the version and keeps next_action and error in step. Staying
// where it is counts as a change but needs no table entry.
func (o *Onboarding) Advance(to OnboardingStatus, now time.Time) error {
	if o.Status != to {
		if err := OnboardingMoves.check(o.Status, to, o.Actions()); err != nil {
			return err
		}
		o.Status = to
		o.NextAction = o.DefaultNextAction()
	}
	o.Touch(now)
	return nil
}

// Restore writes a status that other rows prove to be true, whatever the table
// says of the way there. Only a repair and an import call it.
func (o *Onboarding) Restore(status OnboardingStatus, now time.Time) {
	o.Status = status
	o.NextAction = o.DefaultNextAction()
	o.Touch(now)
}

// Touch counts a change that leaves the status as it is.
func (o *Onboarding) Touch(now time.Time) {
	o.Version++
	o.UpdatedAt = now
}

// secretOutlives is how long after its onboarding's end a client_secret opens it.
const secretOutlives = 24 * time.Hour

// SecretEnded reports whether the client_secret opens nothing any more.
func (o *Onboarding) SecretEnded(now time.Time) bool {
	return o.SecretRevokedAt != nil || (o.Status.Ended() && now.Sub(o.UpdatedAt) > secretOutlives)
}

// RevokeSecret ends the client_secret at once. It counts as no change of the onboarding
// but for those who watch it: how long it has waited stays as it is.
func (o *Onboarding) RevokeSecret(now time.Time) {
	o.Version++
	o.SecretRevokedAt = &now
}

// Present fills the fields that are computed rather than stored. The store
// calls it on every onboarding it returns.
func (o *Onboarding) Present() {
	o.Object = "onboarding"
	o.Done = o.Status.Ended()
	if o.RetryAfterMS = pollAfterMS[o.Status]; o.AsksProvider() {
		o.RetryAfterMS = pollProviderAfterMS
	}
	if o.Steps == nil {
		o.Steps = []Step{}
	}
}

// How soon a polling client should ask again: quickly where work is under way,
// slowly where a person is waited for.
var pollAfterMS = map[OnboardingStatus]int{
	OnboardingReceived:                1000,
	OnboardingCreatingAccount:         500,
	OnboardingWaitingForPlan:          5000,
	OnboardingWaitingForPaymentMethod: 5000,
	OnboardingAwaitingPayment:         5000,
	OnboardingAwaitingApproval:        5000,
	OnboardingActivating:              500,
	OnboardingCompensating:            500,
}

// pollProviderAfterMS is the same while a provider is asked, whatever the status.
const pollProviderAfterMS = 1000

// AtRest reports whether nothing changes until a person acts: a long poll without
// a version to compare answers then. While a provider is asked, work is under way.
func (o *Onboarding) AtRest() bool {
	return o.Status.Ended() || (o.Status.BlockedOn() != BlockedOnNothing && !o.AsksProvider())
}
