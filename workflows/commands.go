package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// commandTaker is a workflow that takes commands: it says which, when, and what
// the state after one means for it.
type commandTaker struct {
	entity *entity
	nouns  []domain.Noun // whose actions it takes
	// validate refuses, before anything is written to the history, what the state
	// does not allow.
	validate func(ctx workflow.Context, action domain.Action) error
	// apply takes the state over that the command led to.
	apply func(ctx workflow.Context, in activities.ApplyCommandInput) (activities.ApplyCommandResult, error)
	// signaled does so for a signal, whose sender waits for no answer.
	signaled func(ctx workflow.Context, in activities.ApplyCommandInput) (activities.ApplyCommandResult, error)
}

// take registers an update for every action declared on the nouns, named after
// it, and the plain signals. Each workflow registers refresh itself: what it repairs
// differs.
func (t commandTaker) take(ctx workflow.Context) error {
	takeSignal(ctx, t.entity, SignalActivate, t.signal(domain.ActionActivate))
	takeSignal(ctx, t.entity, SignalCancel, t.signal(domain.ActionCancel))
	for _, action := range domain.ActionsOn(t.nouns...) {
		if action == domain.ActionRefresh {
			continue
		}
		handler := func(ctx workflow.Context, in CommandInput) (activities.ApplyCommandResult, error) {
			t.entity.commands++
			return t.apply(ctx, t.entity.input(action, in.CommandID))
		}
		err := workflow.SetUpdateHandlerWithOptions(ctx, string(action), handler, workflow.UpdateHandlerOptions{
			Validator:   func(ctx workflow.Context, _ CommandInput) error { return t.validate(ctx, action) },
			Description: domain.Text(domain.TextCommandUpdate),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// signal applies a command that came as a plain signal. One that is not allowed
// changes nothing and leaves an event.
func (t commandTaker) signal(action domain.Action) func(workflow.Context, SignalInput) {
	return func(ctx workflow.Context, in SignalInput) {
		input := t.entity.input(action, "")
		input.Signal = true
		input.Reason, input.At = cut(in.Reason, domain.ReasonMax+1), cut(in.At, len(domain.CancelPeriodEnd)+1)
		if _, err := t.signaled(ctx, input); err != nil {
			workflow.GetLogger(ctx).Warn("signal refused", "signal", action, "error", err)
		}
	}
}

// cut keeps what is too long from being copied into every event that carries it. It
// stays too long.
func cut[S ~string](s S, most int) S {
	if characters := []rune(s); len(characters) > most {
		return S(characters[:most])
	}
	return s
}

// takeCancellation takes Temporal's own cancellation of the workflow for the signal
// "cancel", and returns a context that it does not reach: the workflow goes on for
// as long as what it is about does.
func (t commandTaker) takeCancellation(ctx workflow.Context) workflow.Context {
	own, _ := workflow.NewDisconnectedContext(ctx)
	workflow.GoNamed(own, "cancellation", func(own workflow.Context) {
		ctx.Done().Receive(own, nil)
		t.entity.handling++
		t.signal(domain.ActionCancel)(own, SignalInput{})
		t.entity.handling--
	})
	return own
}

// input carries a stored command about the entity.
func (e *entity) input(action domain.Action, commandID string) activities.ApplyCommandInput {
	return activities.ApplyCommandInput{Noun: e.noun, ID: e.id, Action: action, CommandID: commandID}
}

// applyCommand applies one command, in turn. The activity checks it again:
// the state may have changed while it waited for its turn.
func (e *entity) applyCommand(
	ctx workflow.Context, in activities.ApplyCommandInput, take func(activities.ApplyCommandResult),
) (activities.ApplyCommandResult, error) {
	var result activities.ApplyCommandResult
	err := e.inTurn(ctx, func() error {
		summary := domain.Text(domain.SummaryCommand, "command", string(in.Action))
		err := ownDatabase(summary, a.ApplyCommand, in).Get(ctx, &result)
		if err == nil {
			take(result)
		}
		return err
	})
	return result, updateFailure(err)
}
