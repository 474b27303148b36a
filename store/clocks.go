package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"slipway/domain"
)

// clockWait is a workflow that waits for a test clock.
type clockWait struct {
	WorkflowID string `gorm:"primaryKey"`
	ClockID    string
	WakeAt     *time.Time
}

// At returns the store with another clock: what an account that lives by a test
// clock is written with.
func (s *Store) At(now time.Time) *Store {
	at := *s
	at.now = func() time.Time { return now }
	return &at
}

// NowOn is the time of those who live by the test clock; without one, the time.
func (s *Store) NowOn(ctx context.Context, clockID string) (time.Time, error) {
	if clockID == "" {
		return s.Now(), nil
	}
	clock, err := s.TestClockByID(ctx, clockID)
	if err != nil {
		return time.Time{}, err
	}
	return clock.Now, nil
}

// InsertTestClock stores a new clock.
func (s *Store) InsertTestClock(ctx context.Context, c *domain.TestClock) error {
	return s.create(ctx, "insert test clock", c)
}

// TestClockByID returns the clock, or not_found.
func (s *Store) TestClockByID(ctx context.Context, id string) (*domain.TestClock, error) {
	return one[domain.TestClock](s, s.conn(ctx).Where("id = ?", id), "test clock")
}

// LockTestClock is TestClockByID that keeps others from changing it until the
// transaction ends.
func (s *Store) LockTestClock(ctx context.Context, id string) (*domain.TestClock, error) {
	return one[domain.TestClock](s, s.locked(s.conn(ctx)).Where("id = ?", id), "test clock")
}

// SaveTestClock writes a changed clock.
func (s *Store) SaveTestClock(ctx context.Context, c *domain.TestClock) error {
	return s.save(ctx, "save test clock", c)
}

// ListTestClocks returns a page of clocks, newest first.
func (s *Store) ListTestClocks(ctx context.Context, p Page) (List[domain.TestClock], error) {
	return page(s, s.conn(ctx), p, func(c *domain.TestClock) string { return c.ID })
}

// WaitForClock notes that a workflow sleeps until the clock shows wakeAt, or,
// without one, until somebody speaks to it.
func (s *Store) WaitForClock(ctx context.Context, clockID, workflowID string, wakeAt *time.Time) error {
	err := s.writer(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "workflow_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"clock_id", "wake_at"}),
	}).Create(&clockWait{WorkflowID: workflowID, ClockID: clockID, WakeAt: wakeAt}).Error
	return s.wrap("wait for test clock", "", err)
}

// LeaveClock notes that a workflow waits for no clock any more.
func (s *Store) LeaveClock(ctx context.Context, workflowID string) error {
	err := s.writer(ctx).Where("workflow_id = ?", workflowID).Delete(&clockWait{}).Error
	return s.wrap("leave test clock", "", err)
}

// NextWake is the earliest time anybody sleeps until on the clock; nil when
// nobody does.
func (s *Store) NextWake(ctx context.Context, clockID string) (*time.Time, error) {
	var waits []clockWait
	err := s.conn(ctx).Where("clock_id = ? AND wake_at IS NOT NULL", clockID).Order("wake_at").Limit(1).Find(&waits).Error
	if err != nil || len(waits) == 0 {
		return nil, s.wrap("read test clock", "", err)
	}
	return waits[0].WakeAt, nil
}

// DueOnClock lists the workflows that slept until the time or earlier.
func (s *Store) DueOnClock(ctx context.Context, clockID string, now time.Time) ([]string, error) {
	var ids []string
	err := s.conn(ctx).Model(&clockWait{}).Where("clock_id = ? AND wake_at <= ?", clockID, now).
		Order("wake_at, workflow_id").Pluck("workflow_id", &ids).Error
	return ids, s.wrap("read test clock", "", err)
}

// BoundToClock lists the onboardings that run, and the subscriptions in use,
// that live by the clock and do not sleep: while there are any, the clock waits
// for them. The ids are those of rows; WaitingOnClock has those of workflows.
func (s *Store) BoundToClock(ctx context.Context, clockID string) (onboardings []domain.Onboarding, subscriptions []domain.Subscription, err error) {
	err = s.conn(ctx).Where("test_clock_id = ? AND "+stillRuns, clockID).Find(&onboardings).Error
	if err == nil {
		err = s.conn(ctx).Where("test_clock_id = ? AND status IN ?", clockID, domain.SubscriptionLive).Find(&subscriptions).Error
	}
	return onboardings, subscriptions, s.wrap("read test clock", "", err)
}

// WaitingOnClock lists the workflows that sleep on the clock, whatever for.
func (s *Store) WaitingOnClock(ctx context.Context, clockID string) (map[string]bool, error) {
	var ids []string
	err := s.conn(ctx).Model(&clockWait{}).Where("clock_id = ?", clockID).Pluck("workflow_id", &ids).Error
	waiting := make(map[string]bool, len(ids))
	for _, id := range ids {
		waiting[id] = true
	}
	return waiting, s.wrap("read test clock", "", err)
}
