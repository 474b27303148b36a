package domain

import "time"

// ReasonImported is the ledger's reason of bonus credits that an imported
// account brought along.
const ReasonImported = "imported"

// EventAccountImported: an account that lived elsewhere was adopted with its
// subscription.
const EventAccountImported EventType = "account.imported"

// Term is where a subscription stood elsewhere when it was adopted.
type Term struct {
	Status      SubscriptionStatus // trialing, active, past_due or canceled
	TrialEnd    *time.Time         // of a trial that runs, or that there was: an account gets one
	PeriodStart *time.Time
	PeriodEnd   *time.Time // of a canceled one: when it ended
}

// Adopt puts a new subscription where it stood elsewhere, so that billing takes
// it over from there; or returns invalid with the field of the term that cannot
// be. byHand says that its renewals are paid by hand.
func (s *Subscription) Adopt(t Term, p BillingPolicy, byHand bool, now time.Time) error {
	if s.Plan.Amount == 0 && t.Status != SubscriptionActive && t.Status != SubscriptionCanceled {
		return Invalid("status", Text(TextImportStatusOfFree), Text(AcceptFreeStatus))
	}
	adopt, known := map[SubscriptionStatus]func(Term, time.Time) error{
		SubscriptionTrialing: s.adoptTrial, SubscriptionActive: s.adoptPeriod, SubscriptionPastDue: s.adoptPeriod,
		SubscriptionCanceled: s.adoptEnded,
	}[t.Status]
	if !known {
		return Invalid("status", Text(TextImportStatus), Text(AcceptStatus))
	}
	if err := adopt(t, now); err != nil {
		return err
	}
	s.Status = t.Status
	switch t.Status {
	case SubscriptionTrialing, SubscriptionActive:
		return s.checkNotLongOver(now)
	case SubscriptionPastDue:
		return s.adoptDebt(p, byHand, now)
	}
	return nil
}

// checkNotLongOver refuses an end so long ago that the next period would be over,
// too. Billing would renew one after the other at once: a year with a digit wrong
// would charge for all the months since.
func (s *Subscription) checkNotLongOver(now time.Time) error {
	if _, next := s.NextPeriod(); !next.Before(now) {
		return nil
	}
	field := "current_period_end"
	if s.Status == SubscriptionTrialing {
		field = "trial_end"
	}
	return Invalid(field, Text(TextImportLongOver), Text(AcceptWithinInterval, "interval", string(s.Plan.Interval)))
}

// adoptDebt puts recovery where it stood: it counts from the end of what was
// paid for.
func (s *Subscription) adoptDebt(p BillingPolicy, byHand bool, now time.Time) error {
	since := *s.CurrentPeriodEnd
	if since.After(now) {
		return Invalid("current_period_end", Text(TextImportNotPastDue), Text(AcceptPast))
	}
	grace := since.Add(p.Grace)
	s.PastDueSince, s.GraceEndsAt, s.NextRetryAt = &since, &grace, p.NextRetry(since, now, byHand)
	return nil
}

func (s *Subscription) adoptTrial(t Term, now time.Time) error {
	if t.TrialEnd == nil {
		return Invalid("trial_end", Text(TextImportTrialEnd), Text(AcceptTime))
	}
	if t.PeriodEnd != nil && !t.PeriodEnd.Equal(*t.TrialEnd) {
		return Invalid("current_period_end", Text(TextImportTrialPeriod), Text(AcceptTrialEnd))
	}
	start := t.PeriodStart
	if start == nil {
		begun := t.TrialEnd.AddDate(0, 0, -max(s.Plan.TrialDays, 1))
		start = &begun
	}
	if !start.Before(*t.TrialEnd) || start.After(now) {
		return Invalid("current_period_start", Text(TextImportTrialStart), Text(AcceptPastOfTrial))
	}
	s.TrialEnd, s.CurrentPeriodStart, s.CurrentPeriodEnd = t.TrialEnd, start, t.TrialEnd
	return nil
}

func (s *Subscription) adoptPeriod(t Term, now time.Time) error {
	switch {
	case t.PeriodStart == nil:
		return Invalid("current_period_start", Text(TextFieldRequired), Text(AcceptTime))
	case t.PeriodEnd == nil:
		return Invalid("current_period_end", Text(TextFieldRequired), Text(AcceptTime))
	case t.PeriodStart.After(now):
		return Invalid("current_period_start", Text(TextImportNotBegun), Text(AcceptPast))
	case t.TrialEnd != nil && t.TrialEnd.After(*t.PeriodStart):
		return Invalid("trial_end", Text(TextImportTrialTooLong), Text(AcceptUpToStart))
	}
	anchor, periods, fits := s.Plan.Interval.anchorOf(*t.PeriodStart, *t.PeriodEnd)
	if !fits {
		wrong := Text(TextImportPeriodLength, "interval", string(s.Plan.Interval))
		return Invalid("current_period_end", wrong, Text(AcceptSameDay))
	}
	s.Anchor, s.Periods, s.TrialEnd = &anchor, periods, t.TrialEnd
	s.setPeriod()
	return nil
}

func (s *Subscription) adoptEnded(t Term, now time.Time) error {
	switch {
	case t.PeriodEnd == nil:
		return Invalid("current_period_end", Text(TextImportEndMissing), Text(AcceptPast))
	case t.PeriodEnd.After(now):
		return Invalid("current_period_end", Text(TextImportNotEnded), Text(AcceptPastEnd))
	case t.PeriodStart != nil && !t.PeriodStart.Before(*t.PeriodEnd):
		return Invalid("current_period_start", Text(TextImportStartAfterEnd), Text(AcceptEarlier))
	case t.TrialEnd != nil && t.TrialEnd.After(*t.PeriodEnd):
		return Invalid("trial_end", Text(TextImportTrialAfterEnd), Text(AcceptUpToEnd))
	}
	s.CurrentPeriodStart, s.CurrentPeriodEnd, s.TrialEnd = t.PeriodStart, t.PeriodEnd, t.TrialEnd
	s.EndedAt, s.CancellationReason = t.PeriodEnd, ReasonImported
	return nil
}

// farthestAnchor is how many periods back an anchor is searched: a year
// plan of 29 February comes back to its day every four.
const farthestAnchor = 8

// anchorOf finds the day a period is counted from: its start, or, where a short
// month or year cut that, one of the days before it. False when the two are not
// one interval apart by any count.
func (i Interval) anchorOf(start, end time.Time) (anchor time.Time, periods int, fits bool) {
	if i.AddInterval(start, 1).Equal(end) {
		return start, 0, true
	}
	for n := 1; n <= farthestAnchor; n++ {
		anchor := i.AddInterval(end, -(n + 1))
		if i.AddInterval(anchor, n).Equal(start) && i.AddInterval(anchor, n+1).Equal(end) {
			return anchor, n, true
		}
	}
	return time.Time{}, 0, false
}
