package store

import (
	"context"
	"time"

	"slipway/domain"
)

// Change is one business change under way: a transaction at one point in time,
// who makes it and why, and the events about it. The events are
// stored with the rows, or not at all.
type Change struct {
	Ctx    context.Context
	Tx     *Store // the transaction
	Now    time.Time
	Actor  domain.Actor
	Reason string // what the actor gave

	about  domain.Event    // the ids every event carries
	events *[]domain.Event // shared by all changes of the transaction
}

// Change runs fn in one transaction, as the system and at the present time, and
// stores the events it emitted.
func (s *Store) Change(ctx context.Context, fn func(*Change) error) error {
	return s.Within(ctx, func(tx *Store) error {
		events, now := []domain.Event{}, tx.Now()
		c := &Change{
			Ctx: ctx, Tx: tx.At(now), Now: now, Actor: domain.Actor{Type: domain.ActorSystem}, events: &events,
		}
		if err := fn(c); err != nil || len(events) == 0 {
			return err
		}
		return c.Tx.InsertEvents(ctx, events...)
	})
}

// About says which ids the events from now on carry.
func (c *Change) About(ids domain.Event) { c.about = ids }

// AccountID is the account the change is about.
func (c *Change) AccountID() string { return c.about.AccountID }

// On moves the change to the time of a test clock; without one it stays.
func (c *Change) On(clockID string) error {
	if clockID == "" {
		return nil
	}
	now, err := c.Tx.NowOn(c.Ctx, clockID)
	if err != nil {
		return err
	}
	c.Now, c.Tx = now, c.Tx.At(now)
	return nil
}

// OnAccount makes the change about the account, at the time it lives by, and
// returns its test clock; empty for none.
func (c *Change) OnAccount(id string) (clockID string, err error) {
	account, err := c.Tx.AccountByID(c.Ctx, id)
	if err != nil {
		return "", err
	}
	c.About(domain.Event{AccountID: id})
	return account.TestClockID, c.On(account.TestClockID)
}

// Of is the same change about another subscription of the account.
func (c *Change) Of(subscriptionID string) *Change {
	other := *c
	other.about.SubscriptionID = subscriptionID
	return &other
}

// Emit notes an event, to be stored when the transaction commits.
func (c *Change) Emit(t domain.EventType, data map[string]any) {
	event := c.about
	event.Type, event.ActorType, event.ActorID = t, c.Actor.Type, c.Actor.ID
	event.Reason, event.Data = c.Reason, data
	*c.events = append(*c.events, event)
}

// Apply carries out a command by do: once, and only where the rules of the
// subject allow it. A command whose effect is there already changes nothing.
func (c *Change) Apply(cmd *domain.Command, subject domain.Subject, do func() error) error {
	c.Actor, c.Reason = cmd.Actor(), cmd.Reason
	if cmd.AppliedAt != nil {
		return nil
	}
	if subject.Done(cmd.Action) {
		return c.MarkRedundant(cmd)
	}
	if err := subject.Check(cmd.Action); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return c.MarkApplied(cmd)
}

// Refuse leaves a trace of a signal that changed nothing: its sender got no answer
// that could say so.
func (c *Change) Refuse(cmd *domain.Command, status string) {
	c.Actor = cmd.Actor()
	if cmd.Clean() {
		c.Reason = cmd.Reason
	}
	c.Emit(domain.EventCommandRefused, map[string]any{"action": cmd.Action, "status": status})
}

// MarkApplied notes that the command has its effect. One that came as a signal is
// not stored, and not noted.
func (c *Change) MarkApplied(cmd *domain.Command) error { return c.mark(cmd, false) }

// MarkRedundant notes that the command changed nothing: an equal one came before.
func (c *Change) MarkRedundant(cmd *domain.Command) error { return c.mark(cmd, true) }

func (c *Change) mark(cmd *domain.Command, redundant bool) error {
	if cmd.ID == "" || cmd.AppliedAt != nil {
		return nil
	}
	return c.Tx.MarkApplied(c.Ctx, cmd.ID, redundant)
}
