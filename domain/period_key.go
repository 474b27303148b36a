package domain

// PeriodKey is the business key of the current period: what its credits are
// granted under. Only a subscription that was started has one.
func (s *Subscription) PeriodKey() string {
	return s.ID + "/" + s.CurrentPeriodStart.Format("2006-01-02T15:04:05.000Z")
}
