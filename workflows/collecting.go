package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// collect has a payment provider asked, for as long as it takes: the activity
// retries what can be retried and says when. A command that changes what is
// wanted, or the end of the payment window, ends the asking once the call under
// way has come back; then where it stands is read anew.
func (p *onboarding) collect(ctx workflow.Context) error {
	p.asked = true
	asking, stop := workflow.WithCancel(ctx)
	defer stop()
	input := activities.CollectInput{OnboardingID: p.id()}
	answer := workflow.ExecuteActivity(atProvider(asking, "Ask the payment provider"), a.Collect, input)
	version, expired := p.standing.Version, false
	if at := p.standing.DueAt; at != nil && p.clock == "" {
		timer := workflow.NewTimerWithOptions(asking, at.Sub(workflow.Now(ctx)), workflow.TimerOptions{Summary: "End of the payment window"})
		workflow.GoNamed(asking, "window", func(ctx workflow.Context) {
			expired = timer.Get(ctx, nil) == nil
		})
	}
	err := workflow.Await(ctx, func() bool {
		return !p.turn.IsLocked() && (answer.IsReady() || expired || p.standing.Version != version)
	})
	if err != nil {
		return err
	}
	if answer.IsReady() && p.standing.Version == version {
		return p.take(answer, ctx)
	}
	stop()
	_ = answer.Get(ctx, nil) // whatever it brought is in the rows
	if err := p.step(ctx, "Where it stands", a.Stand, activities.StandInput{OnboardingID: p.id()}); err != nil || !expired || !p.standing.Collect {
		return err
	}
	if at := p.standing.DueAt; at != nil && workflow.Now(ctx).Before(*at) {
		return nil // the window began while the provider was asked
	}
	return p.end(ctx, domain.OnboardingExpired, "payment_expired")
}
