package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"slipway/domain"
)

// ClockWait is an onboarding or a subscription whose workflow waits for a test
// clock.
type ClockWait struct {
	EntityID   string `gorm:"primaryKey"`
	WorkflowID string
	ClockID    string
	Until      *time.Time `gorm:"column:sleeps_until"` // nil while it waits for a message, not for a time
}

// At returns the store with another clock, to write rows of an account that is
// bound to a test clock.
func (s *Store) At(now time.Time) *Store {
	at := *s
	at.now = func() time.Time { return now }
	return &at
}

// NowOn is the time the test clock shows; without a test clock, the present time.
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

// WaitForClock stores that a workflow sleeps until the clock shows w.Until, or,
// without it, until a message arrives.
func (s *Store) WaitForClock(ctx context.Context, w *ClockWait) error {
	err := s.writer(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "entity_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"workflow_id", "clock_id", "sleeps_until"}),
	}).Create(w).Error
	return s.wrap("wait for test clock", "", err)
}

// LeaveClock stores that the entity waits for no clock.
func (s *Store) LeaveClock(ctx context.Context, entityID string) error {
	err := s.writer(ctx).Where("entity_id = ?", entityID).Delete(&ClockWait{}).Error
	return s.wrap("leave test clock", "", err)
}

// ClockWaits returns the workflows that wait for the clock, by entity.
func (s *Store) ClockWaits(ctx context.Context, clockID string) (map[string]ClockWait, error) {
	var rows []ClockWait
	err := s.conn(ctx).Where("clock_id = ?", clockID).Find(&rows).Error
	waits := make(map[string]ClockWait, len(rows))
	for _, w := range rows {
		waits[w.EntityID] = w
	}
	return waits, s.wrap("read test clock", "", err)
}

// BoundToClock returns the running onboardings and the subscriptions in use that
// are bound to the clock.
func (s *Store) BoundToClock(
	ctx context.Context, clockID string,
) (onboardings []domain.Onboarding, subscriptions []domain.Subscription, err error) {
	const bound = "test_clock_id = ? AND test_clock_id <> '' AND "
	err = s.conn(ctx).Where(bound+stillRuns(""), clockID).Find(&onboardings).Error
	if err == nil {
		err = s.conn(ctx).Where(bound+inUse(""), clockID).Find(&subscriptions).Error
	}
	return onboardings, subscriptions, s.wrap("read test clock", "", err)
}
