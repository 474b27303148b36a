package domain

import (
	"hash/fnv"
	"slices"
	"time"
)

// FinalAction is what becomes of a subscription that recovery could not save.
type FinalAction string

// The final actions.
const (
	FinalCancel FinalAction = "cancel"
	FinalUnpaid FinalAction = "unpaid"
)

// BillingPolicy is what a deployment may set about renewals and their recovery.
type BillingPolicy struct {
	// Retries are the attempts after a failed renewal, counted from it, ascending.
	Retries []time.Duration
	// Grace is how long a past-due subscription may still be used.
	Grace time.Duration
	// Final is done when the last retry has failed and grace is over.
	Final FinalAction
	// InvoiceAhead is how long before a period ends its successor's invoice is
	// sent to those who pay by hand, and a trial's end is announced; RemindAhead
	// is when they are reminded of it.
	InvoiceAhead, RemindAhead time.Duration
	// RenewalJitter spreads the charges of periods that end together: each comes up to
	// so much after its period's end, a subscription's own time, always the same. The
	// period itself begins when it would. Those on a test clock have none.
	RenewalJitter time.Duration
}

const day = 24 * time.Hour

// DefaultBillingPolicy is in force unless settings say otherwise.
func DefaultBillingPolicy() BillingPolicy {
	return BillingPolicy{
		Retries: []time.Duration{day, 3 * day, 5 * day, 7 * day}, Grace: 7 * day, Final: FinalCancel,
		InvoiceAhead: 3 * day, RemindAhead: day,
	}
}

// GivesUpAt is when recovery that began at the time ends.
func (p BillingPolicy) GivesUpAt(since time.Time) time.Time {
	end := p.Grace
	if len(p.Retries) > 0 {
		end = max(end, slices.Max(p.Retries))
	}
	return since.Add(end)
}

// DueKind is the next thing billing does for a subscription.
type DueKind string

// What may be due, in the words of a calendar.
const (
	// DuePeriodEnd: the trial or the paid period is over: renew, convert or end.
	DuePeriodEnd DueKind = "period_end"
	// DueNotice: the end is near: a trial's is announced, customers who pay by hand get
	// the next period's invoice.
	DueNotice DueKind = "notice"
	// DueReminder: an invoice that is paid by hand is still open.
	DueReminder DueKind = "reminder"
	// DueRetry: another attempt at an unpaid renewal.
	DueRetry DueKind = "retry"
	// DueGiveUp: recovery has failed; the final action follows.
	DueGiveUp DueKind = "give_up"
)

// NextDue is the one place that says what billing does next for a subscription
// and when; false when nothing ever is. byHand says that its renewals are paid
// by hand.
func (p BillingPolicy) NextDue(s *Subscription, byHand bool) (DueKind, time.Time, bool) {
	switch {
	case !s.Status.Live() || s.CurrentPeriodEnd == nil:
		return "", time.Time{}, false
	case s.Status == SubscriptionPastDue:
		return p.nextRecovery(s)
	case s.CancelAt != nil: // after the next period, where that is paid for
		return DuePeriodEnd, earlier(*s.CancelAt, *s.CurrentPeriodEnd), true
	}
	end := *s.CurrentPeriodEnd
	notice := s.Status == SubscriptionTrialing || (byHand && s.NextPlan().Amount > 0)
	switch {
	case notice && s.Reminders == 0:
		return DueNotice, later(end.Add(-p.InvoiceAhead), s.CurrentPeriodStart), true
	case notice && byHand && s.Reminders == 1:
		return DueReminder, later(end.Add(-p.RemindAhead), s.CurrentPeriodStart), true
	}
	if !byHand && s.NextPlan().Amount > 0 && s.TestClockID == "" {
		end = end.Add(p.jitter(s.ID))
	}
	return DuePeriodEnd, end, true
}

// jitter is the subscription's own part of the renewal jitter.
func (p BillingPolicy) jitter(id string) time.Duration {
	if p.RenewalJitter <= 0 {
		return 0
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(id)) // never fails
	return time.Duration(hash.Sum64() % uint64(p.RenewalJitter))
}

func (p BillingPolicy) nextRecovery(s *Subscription) (DueKind, time.Time, bool) {
	if s.NextRetryAt != nil {
		return DueRetry, *s.NextRetryAt, true
	}
	return DueGiveUp, p.GivesUpAt(*s.PastDueSince), true
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// later keeps a notice within its period: a trial of one day is announced when
// it begins.
func later(at time.Time, start *time.Time) time.Time {
	if start != nil && at.Before(*start) {
		return *start
	}
	return at
}

// NextRetry is when the next attempt of a recovery is due; nil after the last,
// and when only another method, or the customer, can help.
func (p BillingPolicy) NextRetry(since, now time.Time, hopeless bool) *time.Time {
	for _, after := range p.Retries {
		if at := since.Add(after); !hopeless && at.After(now) {
			return &at
		}
	}
	return nil
}
