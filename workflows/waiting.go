package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// sleepUntil sleeps until the time and reports true, or false when the standing
// changed before. The timer does not outlive the wait.
func (p *onboarding) sleepUntil(ctx workflow.Context, at time.Time, summary string) (reached bool, err error) {
	wait := at.Sub(workflow.Now(ctx))
	if wait <= 0 {
		return true, nil
	}
	timing, stop := workflow.WithCancel(ctx)
	defer stop()
	timer := workflow.NewTimerWithOptions(timing, wait, workflow.TimerOptions{Summary: summary})
	version := p.standing.Version
	err = p.untilChanged(ctx, timer)
	// A command that was under way when the timer fired counts, not the timer.
	return err == nil && timer.IsReady() && p.standing.Version == version, err
}

// untilChanged waits until a command or a signal changed the standing, or the
// timer, when there is one, fired. No command is under way when it returns.
func (p *onboarding) untilChanged(ctx workflow.Context, timer workflow.Future) error {
	version := p.standing.Version
	return workflow.Await(ctx, func() bool {
		if p.turn.IsLocked() {
			return false
		}
		return p.standing.Version != version || (timer != nil && timer.IsReady())
	})
}
