package domain

import (
	"slices"
	"time"
)

// SubscriptionStatus is the state of a subscription, in Stripe's words.
type SubscriptionStatus string

// The states of a subscription.
const (
	// SubscriptionIncomplete: opened, its first invoice not yet paid.
	SubscriptionIncomplete SubscriptionStatus = "incomplete"
	// SubscriptionIncompleteExpired: the first invoice was never paid. An end.
	SubscriptionIncompleteExpired SubscriptionStatus = "incomplete_expired"
	// SubscriptionTrialing: in use, nothing charged before trial_end.
	SubscriptionTrialing SubscriptionStatus = "trialing"
	// SubscriptionActive: in use and paid for, or free.
	SubscriptionActive SubscriptionStatus = "active"
	// SubscriptionPastDue: a renewal was not paid yet; recovery is under way.
	SubscriptionPastDue SubscriptionStatus = "past_due"
	// SubscriptionUnpaid: recovery gave up without ending it. An end for billing.
	SubscriptionUnpaid SubscriptionStatus = "unpaid"
	// SubscriptionCanceled: ended by the customer, an admin, or recovery. An end.
	SubscriptionCanceled SubscriptionStatus = "canceled"
)

// SubscriptionMoves is the state machine of a subscription.
var SubscriptionMoves = Moves[SubscriptionStatus]{
	SubscriptionIncomplete:        {SubscriptionActive, SubscriptionTrialing, SubscriptionIncompleteExpired},
	SubscriptionTrialing:          {SubscriptionActive, SubscriptionPastDue, SubscriptionCanceled},
	SubscriptionActive:            {SubscriptionPastDue, SubscriptionCanceled},
	SubscriptionPastDue:           {SubscriptionActive, SubscriptionUnpaid, SubscriptionCanceled},
	SubscriptionUnpaid:            {},
	SubscriptionCanceled:          {},
	SubscriptionIncompleteExpired: {},
}

// SubscriptionLive lists the states of which an account may have one
// subscription at a time, by partial unique index. Incomplete is not among
// them: a customer may be about to pay for the next plan while using this one.
var SubscriptionLive = []SubscriptionStatus{SubscriptionTrialing, SubscriptionActive, SubscriptionPastDue}

// Live reports whether the subscription is the account's current one.
func (s SubscriptionStatus) Live() bool { return slices.Contains(SubscriptionLive, s) }

// ManagedBy says who decides about renewals.
type ManagedBy string

const (
	// ManagedByProvider: payments move it.
	ManagedByProvider ManagedBy = "provider"
	// ManagedByAdmin: an admin activated it by hand.
	ManagedByAdmin ManagedBy = "admin"
)

// Subscription is an account's use of a plan over time.
type Subscription struct {
	ID                 string             `json:"id" gorm:"primaryKey" doc:"Prefixed ULID."`
	Object             string             `json:"object" gorm:"-" enum:"subscription"`
	AccountID          string             `json:"account_id"`
	OnboardingID       string             `json:"onboarding_id" doc:"The onboarding that opened it; its commands take the payment."`
	Status             SubscriptionStatus `json:"status" enum:"incomplete,incomplete_expired,trialing,active,past_due,unpaid,canceled"`
	PlanCode           string             `json:"plan_code"`
	Plan               *PlanRef           `json:"plan" gorm:"serializer:json" doc:"Snapshot of the plan as agreed."`
	ManagedBy          ManagedBy          `json:"managed_by" enum:"provider,admin"`
	CurrentPeriodStart *time.Time         `json:"current_period_start" nullable:"true"`
	CurrentPeriodEnd   *time.Time         `json:"current_period_end" nullable:"true"`
	TrialEnd           *time.Time         `json:"trial_end" nullable:"true"`
	CancelAtPeriodEnd  bool               `json:"cancel_at_period_end"`
	CancelAt           *time.Time         `json:"cancel_at" nullable:"true"`
	EndedAt            *time.Time         `json:"ended_at" nullable:"true"`
	CancellationReason string             `json:"cancellation_reason,omitempty" doc:"Such as canceled_by_admin, replaced or payment_expired."`
	CreatedAt          time.Time          `json:"created_at"`
	UpdatedAt          time.Time          `json:"updated_at"`

	AvailableActions []Action `json:"available_actions,omitempty" gorm:"-" doc:"Admin lists only: what may be done now."`
}

// NewSubscription returns an incomplete subscription to the plan.
func NewSubscription(id, accountID, onboardingID string, plan *PlanRef, now time.Time) *Subscription {
	return &Subscription{
		ID: id, AccountID: accountID, OnboardingID: onboardingID, Status: SubscriptionIncomplete,
		PlanCode: plan.Code, Plan: plan, ManagedBy: ManagedByProvider, CreatedAt: now, UpdatedAt: now,
	}
}

// Advance moves the subscription, or returns the 409 of an illegal move.
func (s *Subscription) Advance(to SubscriptionStatus, now time.Time) error {
	if err := SubscriptionMoves.check(s.Status, to, s.Actions()); err != nil {
		return err
	}
	s.Status, s.UpdatedAt = to, now
	if SubscriptionMoves.Ends(to) {
		s.EndedAt = &now
	}
	return nil
}

// Start begins the first period: a trial when trialDays is not zero, else a
// paid or free period of the plan's interval.
func (s *Subscription) Start(trialDays int, now time.Time) error {
	to, end := SubscriptionActive, s.Plan.Interval.AddInterval(now, 1)
	if trialDays > 0 {
		to, end = SubscriptionTrialing, now.AddDate(0, 0, trialDays)
		s.TrialEnd = &end
	}
	if err := s.Advance(to, now); err != nil {
		return err
	}
	s.CurrentPeriodStart, s.CurrentPeriodEnd = &now, &end
	return nil
}

// Actions lists what an admin may do to a subscription whose onboarding has
// ended. While it runs, the onboarding's actions count.
func (s *Subscription) Actions() []Action {
	if s.Status.Live() {
		return []Action{ActionCancel, ActionRefresh}
	}
	return []Action{ActionRefresh}
}

// Check returns nil when the action is allowed now, or the 409 that names what is.
func (s *Subscription) Check(a Action) error {
	if slices.Contains(s.Actions(), a) {
		return nil
	}
	to := map[Action]SubscriptionStatus{
		ActionActivate: SubscriptionActive, ActionApprovePayment: SubscriptionActive,
		ActionCancel: SubscriptionCanceled,
	}[a]
	return InvalidTransition(string(s.Status), string(to), s.Actions())
}

// Present fills the computed fields.
func (s *Subscription) Present() { s.Object = "subscription" }
