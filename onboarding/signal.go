package onboarding

import (
	"context"

	"slipway/domain"
)

// ApplySignal applies a command that came as a plain Temporal signal. One that the
// state does not allow leaves a trace: its sender gets no answer.
func (s *Onboardings) ApplySignal(ctx context.Context, id string, cmd *domain.Command) (State, error) {
	state, err := s.Apply(ctx, id, cmd)
	if domain.CodeOf(err) == domain.CodeConflict {
		return s.Refused(ctx, cmd)
	}
	return state, err
}

// ApplyEvent applies a command that came as a provider's event. One that the state
// does not allow is ignored.
func (s *Onboardings) ApplyEvent(ctx context.Context, id string, cmd *domain.Command) (State, error) {
	state, err := s.Apply(ctx, id, cmd)
	if domain.CodeOf(err) == domain.CodeConflict {
		return s.Read(ctx, id)
	}
	return state, err
}
