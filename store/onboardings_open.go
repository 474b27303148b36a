package store

import (
	"context"
	"slices"
	"time"

	"slipway/domain"
)

// OpenOnboardings is how many onboardings wait in one status.
type OpenOnboardings struct {
	Status domain.OnboardingStatus
	Count  int64
	Oldest time.Time // the last change of the one that has waited longest
}

// maxOpen is how many onboardings are looked at: metrics must not cost more the more
// people wait.
const maxOpen = 10_000

// OpenOnboardings counts the onboardings that have not ended by their status, the oldest
// ten thousand at most.
func (s *Store) OpenOnboardings(ctx context.Context) ([]OpenOnboardings, error) {
	var rows []domain.Onboarding
	err := s.conn(ctx).Select("status, updated_at").Where(stillRuns("")).Order("id").Limit(maxOpen).Find(&rows).Error
	if err != nil {
		return nil, s.wrap("count open onboardings", "", err)
	}
	var found []OpenOnboardings
	for _, row := range rows {
		i := slices.IndexFunc(found, func(o OpenOnboardings) bool { return o.Status == row.Status })
		if i < 0 {
			i, found = len(found), append(found, OpenOnboardings{Status: row.Status, Oldest: row.UpdatedAt})
		}
		found[i].Count++
		if row.UpdatedAt.Before(found[i].Oldest) {
			found[i].Oldest = row.UpdatedAt
		}
	}
	return found, nil
}
