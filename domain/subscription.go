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
	OnboardingID       string             `json:"onboarding_id" doc:"@subscription.onboarding_id"`
	Status             SubscriptionStatus `json:"status" enum:"@subscription.status"`
	PlanCode           string             `json:"plan_code"`
	Plan               *PlanRef           `json:"plan" gorm:"serializer:json" doc:"Snapshot of the plan as agreed."`
	ManagedBy          ManagedBy          `json:"managed_by" enum:"provider,admin"`
	CurrentPeriodStart *time.Time         `json:"current_period_start" nullable:"true"`
	CurrentPeriodEnd   *time.Time         `json:"current_period_end" nullable:"true"`
	TrialEnd           *time.Time         `json:"trial_end" nullable:"true"`
	CancelAtPeriodEnd  bool               `json:"cancel_at_period_end"`
	CancelAt           *time.Time         `json:"cancel_at" nullable:"true"`
	EndedAt            *time.Time         `json:"ended_at" nullable:"true"`
	CancellationReason string             `json:"cancellation_reason,omitempty" doc:"@subscription.cancellation_reason"`
	PendingPlan        *PlanRef           `json:"pending_plan" gorm:"serializer:json" doc:"@subscription.pending_plan"`
	PastDueSince       *time.Time         `json:"past_due_since" doc:"While past_due: since when." nullable:"true"`
	GraceEndsAt        *time.Time         `json:"grace_ends_at" doc:"@subscription.grace_ends_at" nullable:"true"`
	NextRetryAt        *time.Time         `json:"next_retry_at" doc:"@subscription.next_retry_at" nullable:"true"`
	TestClockID        string             `json:"test_clock,omitempty" doc:"The test clock it lives by."`
	CreatedAt          time.Time          `json:"created_at"`
	UpdatedAt          time.Time          `json:"updated_at"`

	// Anchor is when the first paid or free period began; every later one begins
	// whole intervals after it, so that 31 January comes back to the 31st. Nil in
	// a trial.
	Anchor  *time.Time `json:"-"`
	Periods int        `json:"-"` // whole intervals from the anchor to the current period's start
	// Reminders counts the notices of this period; Due and DueAt are what
	// billing waits for.
	Reminders int        `json:"-"`
	Due       DueKind    `json:"-"`
	DueAt     *time.Time `json:"-"`

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
// paid or free period of the plan's interval, which anchors all later ones.
func (s *Subscription) Start(trialDays int, now time.Time) error {
	to := SubscriptionActive
	if trialDays > 0 {
		to = SubscriptionTrialing
	}
	if err := s.Advance(to, now); err != nil {
		return err
	}
	if trialDays > 0 {
		end := now.AddDate(0, 0, trialDays)
		s.TrialEnd, s.CurrentPeriodStart, s.CurrentPeriodEnd = &end, &now, &end
		return nil
	}
	s.anchorAt(now)
	return nil
}

// ExtendTrial moves the end of the trial, and with it the first period's, by
// whole days; the customer is reminded again.
func (s *Subscription) ExtendTrial(days int, now time.Time) {
	end := s.TrialEnd.AddDate(0, 0, days)
	s.TrialEnd, s.CurrentPeriodEnd, s.Reminders, s.UpdatedAt = &end, &end, 0, now
}

// anchorAt begins a period of the plan at the time and counts from there.
func (s *Subscription) anchorAt(at time.Time) {
	s.Anchor, s.Periods = &at, 0
	s.setPeriod()
}

// setPeriod computes the current period from the anchor.
func (s *Subscription) setPeriod() {
	start := s.Plan.Interval.AddInterval(*s.Anchor, s.Periods)
	end := s.Plan.Interval.AddInterval(*s.Anchor, s.Periods+1)
	s.CurrentPeriodStart, s.CurrentPeriodEnd, s.Reminders = &start, &end, 0
}

// NextPlan is the plan of the next period: the one changed to, or the same.
func (s *Subscription) NextPlan() *PlanRef {
	if s.PendingPlan != nil {
		return s.PendingPlan
	}
	return s.Plan
}

// NextPeriod is the period that follows the current one, whether it is paid or
// not.
func (s *Subscription) NextPeriod() (start, end time.Time) {
	next := *s
	next.roll()
	return *next.CurrentPeriodStart, *next.CurrentPeriodEnd
}

// roll makes the next period the current one. A plan that is paid in another
// interval, and the end of a trial, begin a new count.
func (s *Subscription) roll() {
	sameCount := s.Anchor != nil && s.NextPlan().Interval == s.Plan.Interval
	s.Plan, s.PlanCode, s.PendingPlan = s.NextPlan(), s.NextPlan().Code, nil
	if !sameCount {
		s.anchorAt(*s.CurrentPeriodEnd)
		return
	}
	s.Periods++
	s.setPeriod()
}

// Upgrades reports whether changing to the plan is to more: a higher price, or
// a longer interval. Changing to less waits for the end of the period.
func (s *Subscription) Upgrades(to *PlanRef) bool {
	if to.Interval != s.Plan.Interval {
		return to.Interval == IntervalYear
	}
	return to.Amount > s.Plan.Amount
}

// SwitchPlan changes the plan now. The dates stay, unless the plan is paid in
// another interval: then a new period begins.
func (s *Subscription) SwitchPlan(to *PlanRef, now time.Time) {
	sameCount := to.Interval == s.Plan.Interval || s.Status == SubscriptionTrialing
	s.Plan, s.PlanCode, s.PendingPlan, s.UpdatedAt = to, to.Code, nil, now
	if !sameCount {
		s.anchorAt(now)
	}
}

// Renew begins the next period, which is paid for or free: the subscription is
// active, whatever it was before.
func (s *Subscription) Renew(now time.Time) error {
	if s.Status != SubscriptionActive {
		if err := s.Advance(SubscriptionActive, now); err != nil {
			return err
		}
	}
	s.roll()
	s.recovered(now)
	return nil
}

// FallBehind says that the next period is not paid for and begins: use continues
// within grace.
func (s *Subscription) FallBehind(p BillingPolicy, now time.Time) error {
	if err := s.Advance(SubscriptionPastDue, now); err != nil {
		return err
	}
	grace := now.Add(p.Grace)
	s.PastDueSince, s.GraceEndsAt = &now, &grace
	return nil
}

// recovered clears what recovery remembers.
func (s *Subscription) recovered(now time.Time) {
	s.PastDueSince, s.GraceEndsAt, s.NextRetryAt, s.UpdatedAt = nil, nil, nil, now
}

// End ends the subscription in one of its final states, for a reason such as
// canceled_by_customer or payment_failed.
func (s *Subscription) End(to SubscriptionStatus, reason string, now time.Time) error {
	if err := s.Advance(to, now); err != nil {
		return err
	}
	s.recovered(now)
	s.CancellationReason, s.CancelAt, s.CancelAtPeriodEnd = reason, nil, false
	s.Due, s.DueAt, s.PendingPlan = "", nil, nil
	return nil
}

// Entitled reports whether the subscription may be used now: in a trial, when
// paid, and, while a payment is late, within grace.
func (s *Subscription) Entitled(now time.Time) bool {
	switch s.Status {
	case SubscriptionTrialing, SubscriptionActive:
		return true
	case SubscriptionPastDue:
		return s.GraceEndsAt != nil && now.Before(*s.GraceEndsAt)
	}
	return false
}

// Subject is the subscription as a command finds it. While its onboarding runs,
// the onboarding's rules count.
func (s *Subscription) Subject() Subject {
	return Subject{Noun: NounSubscription, Status: string(s.Status), Canceling: s.CancelAt != nil,
		Scheduled: s.CancelAt != nil || s.PendingPlan != nil}
}

// Actions lists what may be done to the subscription now.
func (s *Subscription) Actions() []Action { return s.Subject().Actions() }

// Check returns nil when the action is allowed now, or the 409 that names what is.
func (s *Subscription) Check(a Action) error { return s.Subject().Check(a) }

// Present fills the computed fields.
func (s *Subscription) Present() { s.Object = "subscription" }
