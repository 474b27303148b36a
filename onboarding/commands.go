package onboarding

import (
	"context"

	"slipway/domain"
)

// commands says what each command does to an onboarding.
var commands = map[domain.Action]func(*Onboarding, *domain.Command) error{
	domain.ActionChoosePlan:       func(o *Onboarding, c *domain.Command) error { return planStep{o}.change(c) },
	domain.ActionAddPaymentMethod: func(o *Onboarding, c *domain.Command) error { return methodStep{o}.change(c) },
	domain.ActionSubmitPayment:    func(o *Onboarding, c *domain.Command) error { return approvalOf(o).submit(c) },
	domain.ActionConfirmPayment:   func(o *Onboarding, _ *domain.Command) error { return providerNews{o}.ask() },
	domain.ActionApprovePayment:   func(o *Onboarding, c *domain.Command) error { return approvalOf(o).approve(c) },
	domain.ActionRejectPayment:    func(o *Onboarding, c *domain.Command) error { return approvalOf(o).reject(c) },
	domain.ActionActivate:         func(o *Onboarding, c *domain.Command) error { return activationStep{o}.byStaff(c) },
	domain.ActionCancel:           func(o *Onboarding, _ *domain.Command) error { return ending{o}.canceled() },
}

// Apply applies a command, or returns invalid_transition when the state does
// not allow it any more. One that was applied before, by this or by an equal
// command, changes nothing. The steps that follow from it are the workflow's.
func (s *Onboardings) Apply(ctx context.Context, id string, cmd *domain.Command) (State, error) {
	apply, known := commands[cmd.Action]
	if !known || cmd.OnboardingID != id {
		return State{}, domain.NotFound("command") // sent by hand, with another's id
	}
	return s.change(ctx, id, func(o *Onboarding) error {
		decided, err := approvalOf(o).decided(cmd)
		switch {
		case err != nil:
			return err
		case decided:
			return o.MarkRedundant(cmd)
		}
		return o.Change.Apply(cmd, o.row.Subject(), func() error { return apply(o, cmd) })
	})
}

// Refuse leaves a trace of a signal that changed nothing.
func (s *Onboardings) Refuse(ctx context.Context, id string, cmd *domain.Command) (State, error) {
	return s.change(ctx, id, func(o *Onboarding) error {
		o.Change.Refuse(cmd, string(o.row.Status))
		return nil
	})
}
