package onboarding

import (
	"context"

	"slipway/domain"
)

// Refresh repairs the onboarding by a stored command, or, without one, by the
// system itself (see Repair).
func (s *Onboardings) Refresh(
	ctx context.Context, id string, workflow domain.OnboardingStatus, commandID string,
) (Repaired, error) {
	cmd := &domain.Command{ActorType: domain.ActorSystem}
	if commandID != "" {
		var err error
		if cmd, err = s.Store.CommandByID(ctx, commandID); err != nil {
			return Repaired{Differences: []domain.Difference{}}, err
		}
	}
	return s.Repair(ctx, id, workflow, cmd)
}
