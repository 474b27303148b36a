package api

import (
	"cmp"
	"context"
	"errors"

	"slipway/domain"
	"slipway/store"
)

// A command has one life, whoever gives it and whatever it is about. What it is
// about is read; a dry run answers where it would lead; an effect that is there
// already is answered as it is; what the state does not allow is refused. Else
// the command is stored once, sent to its workflow, and the answer is read.

// commandRequest is a command as somebody asks for it.
type commandRequest struct {
	Idempotent
	body    any // of the request: the same key must come with the same
	command domain.Command
	valid   func(*target) error // checks what was asked for; nil: there is nothing to check
}

// outcome is what a command did, or would do.
type outcome struct {
	*target
	from, to    string
	applied     bool
	replayed    bool // an earlier request with the same key gave it
	differences []domain.Difference
}

// commands gives commands to workflows.
type commands struct{ *shared }

// give gives a command, unless its effect is there already.
func (c commands) give(ctx context.Context, t *target, r commandRequest) (*outcome, error) {
	from, action := t.subject().Status, r.command.Action
	given, again, err := c.save(ctx, t, r)
	switch {
	case errors.Is(err, errDone):
		return &outcome{target: t, from: from, to: from}, nil
	case err != nil:
		return nil, err
	case again && t.done(action):
		return &outcome{target: t, from: from, to: from, replayed: true}, nil
	}
	done, err := c.deliver(ctx, t, given)
	if err != nil {
		return nil, err
	}
	done.from, done.to, done.replayed = from, done.subject().Status, again
	return done, nil
}

// preview answers what the command would do, and does nothing.
func (t *target) preview(r commandRequest) (*outcome, error) {
	s := t.subject()
	result := &outcome{target: t, from: s.Status, to: s.Status}
	switch err := t.allows(r); {
	case errors.Is(err, errDone):
		return result, nil
	case err != nil:
		return nil, err
	}
	result.to = s.LeadsTo(r.command.Action)
	return result, nil
}

// save stores a command for its workflow, under an id that a repeated request
// finds again. A command that is not allowed is not stored.
func (c commands) save(ctx context.Context, t *target, r commandRequest) (*domain.Command, bool, error) {
	who, cmd := callerOf(ctx), r.command
	t.name(&cmd)
	cmd.ID, cmd.CreatedAt = store.NewID(domain.PrefixCommand), c.store.Now()
	cmd.ActorType, cmd.ActorID = who.Type, cmp.Or(who.ID, t.owner())
	k, err := c.key(r.Idempotent, string(cmd.Action)+":"+t.id, cmd.ActorID, r.body)
	if err != nil {
		return nil, false, err
	}
	id, again, err := c.once(ctx, k, creation{
		id:    cmd.ID,
		check: func() error { return t.allows(r) },
		save:  func(tx *store.Store) error { return tx.InsertCommand(ctx, &cmd) },
	})
	if err != nil || !again {
		return &cmd, false, err
	}
	earlier, err := c.store.CommandByID(ctx, id)
	return earlier, true, err
}

// deliver sends the stored command and returns what it is about as it is after
// it. A workflow that closed meanwhile, or refuses, leaves the rows to judge. Of equal
// commands at once, the row of each says whether it was the one that had the effect.
func (c commands) deliver(ctx context.Context, t *target, cmd *domain.Command) (*outcome, error) {
	differences, refused := c.send(ctx, t, cmd)
	code := domain.CodeOf(refused)
	if refused != nil && code != domain.CodeNotFound && code != domain.CodeConflict {
		return nil, refused
	}
	after, err := c.reread(ctx, t)
	if err != nil {
		return nil, err
	}
	stored, err := c.store.CommandByID(ctx, cmd.ID)
	if err != nil {
		return nil, err
	}
	applied := !stored.Redundant
	if refused != nil {
		applied = applied && stored.AppliedAt != nil
		err = judge(after, stored, refused)
	}
	return &outcome{target: after, applied: applied, differences: differences}, err
}

// send carries the stored command to its workflow. A refresh compares the rows
// with the onboarding's workflow; where the subscription is in use, its billing
// then reads its rows and asks the provider again.
func (c commands) send(ctx context.Context, t *target, cmd *domain.Command) ([]domain.Difference, error) {
	if cmd.Action != domain.ActionRefresh {
		return nil, c.flows.Command(ctx, t.recipient(), cmd)
	}
	differences, err := c.flows.Refresh(ctx, t.onboarding, cmd)
	if err != nil || t.runs() || t.subscription == nil || !t.subscription.Status.Live() {
		return differences, err
	}
	return differences, c.flows.Command(ctx, t.recipient(), cmd)
}

// judge decides about a command that its workflow did not carry out: its effect
// is there, or the state does not allow it, or another try will show.
func judge(after *target, stored *domain.Command, refused error) error {
	if stored.AppliedAt != nil || after.done(stored.Action) {
		return nil
	}
	if err := after.check(stored.Action); err != nil {
		return err
	}
	if domain.CodeOf(refused) == domain.CodeConflict {
		return refused
	}
	return domain.Unavailable(domain.Text(domain.LabelWorkflow), defaultRetryAfter)
}
