package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/domain"
)

// firstAsks is how often a provider is asked before its workflow shows that it is away:
// the attempts of an activity are the server's, and a workflow does not see them.
const firstAsks = 3

// asked is who asks a payment provider, and how urgent it is (see atProvider).
type asked struct {
	summary  string
	priority int
	whose    string
}

func asking(summary string, priority int, whose string) asked { return asked{summary, priority, whose} }

// call is one call to the provider. It is asked a few times, and then, after the pause
// that it wants, for as long as it takes; Temporal's UI shows meanwhile what is waited for.
func (a asked) call(activity, input any) providerCall { return providerCall{a, activity, input} }

type providerCall struct {
	asked
	activity, input any
}

// Get runs the activity.
func (c providerCall) Get(ctx workflow.Context, result any) error {
	answer, err := c.last(ctx, c.first(ctx))
	if err != nil {
		return err
	}
	return answer.Get(ctx, result)
}

// start runs the activity and returns before it ends.
func (c providerCall) start(ctx workflow.Context) workflow.Future {
	first := c.first(ctx)
	answer, set := workflow.NewFuture(ctx)
	workflow.GoNamed(ctx, "ask", func(ctx workflow.Context) {
		last, err := c.last(ctx, first)
		if err != nil {
			set.SetError(err)
			return
		}
		set.Chain(last)
	})
	return answer
}

func (c providerCall) first(ctx workflow.Context) workflow.Future {
	return c.execute(ctx, firstAsks)
}

func (c providerCall) execute(ctx workflow.Context, attempts int32) workflow.Future {
	ctx = atProvider(ctx, c.summary, c.priority, c.whose)
	options := workflow.GetActivityOptions(ctx)
	options.RetryPolicy.MaximumAttempts = attempts
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), c.activity, c.input)
}

// last waits for the first attempts, and for those that follow; it returns those that
// have the answer.
func (c providerCall) last(ctx workflow.Context, first workflow.Future) (workflow.Future, error) {
	answer, err := first, first.Get(ctx, nil)
	if !mayStillSucceed(err) {
		return first, nil
	}
	err = whileBlocked(ctx, domain.BlockedOnProvider, func() error {
		if err := pauseAfter(ctx, err); err != nil {
			return err
		}
		answer = c.execute(ctx, noLimit)
		_ = answer.Get(ctx, nil) // whoever asked looks at it
		return nil
	})
	return answer, err
}

// pauseAfter waits for as long as the provider wants.
func pauseAfter(ctx workflow.Context, err error) error {
	var failure *temporal.ApplicationError
	if !errors.As(err, &failure) || failure.NextRetryDelay() <= 0 {
		return nil
	}
	timer := workflow.NewTimerWithOptions(ctx, failure.NextRetryDelay(),
		workflow.TimerOptions{Summary: domain.Text(domain.SummaryUntilAttempt)})
	return timer.Get(ctx, nil)
}
