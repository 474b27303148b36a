package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

// undecidedAfter is how old an undecided payment is before the janitor looks.
const undecidedAfter = 10 * time.Minute

// ResolveInput asks the janitor to look; it needs to be told nothing.
type ResolveInput struct{}

// ResolveResult counts what the janitor did.
type ResolveResult struct {
	Looked  int `json:"looked"`
	Decided int `json:"decided"`
}

// resolveBatch bounds one run of the janitor.
const resolveBatch = 100

// ResolvePayments is the janitor of payments: what has been undecided for long
// (an event that never came, a workflow that was stopped by hand) is looked up,
// and given back where nobody wants it any more.
func (a *Activities) ResolvePayments(ctx context.Context, _ ResolveInput) (ResolveResult, error) {
	var result ResolveResult
	stale, err := a.Store.StalePayments(ctx, a.Store.Now().Add(-undecidedAfter), resolveBatch)
	if err != nil {
		return result, err
	}
	var troubles []error
	for i := range stale {
		p := &stale[i]
		result.Looked++
		decided, err := a.resolve(ctx, p)
		if decided {
			result.Decided++
		}
		troubles = append(troubles, err, a.Store.MarkLooked(ctx, p.ID))
		activity.RecordHeartbeat(ctx)
	}
	late, err := a.Store.LatePayments(ctx, a.Store.Now().Add(-undecidedAfter), resolveBatch)
	for i := range late {
		troubles = append(troubles, a.refundLate(ctx, late[i].ID))
	}
	if err := errors.Join(append(troubles, err)...); err != nil {
		activity.GetLogger(ctx).Warn("some payments stay undecided", "looked", result.Looked, "decided", result.Decided, "error", err)
	}
	return result, nil // the next run looks again
}

// resolve asks about one payment, and tells its owner when that brought news.
func (a *Activities) resolve(ctx context.Context, p *store.Undecided) (decided bool, err error) {
	if p.Wanted {
		err = a.ask(ctx, &p.Payment)
	} else {
		err = a.giveBack(ctx, &p.Payment)
	}
	if err != nil {
		return false, err
	}
	after, err := a.Store.PaymentByID(ctx, p.ID)
	if err != nil || after.Status == p.Status {
		return false, err
	}
	return true, a.tellOwner(ctx, p.Key)
}

// tellOwner wakes the workflow that waits for what the key is about.
func (a *Activities) tellOwner(ctx context.Context, key string) error {
	owner, err := a.Store.OwnerOf(ctx, key)
	if err != nil {
		return err
	}
	return a.Processes.ProviderEvent(ctx, owner)
}

// routeEvents hands the events that were stored and not handed on to those they
// are about; those of nobody we know are done with.
func (a *Activities) routeEvents(ctx context.Context) (int, error) {
	events, err := a.Store.UnprocessedEvents(ctx, a.Store.Now().Add(-eventPatience), reconcileBatch)
	if err != nil {
		return 0, err
	}
	for i := range events {
		owner, err := a.Store.OwnerOf(ctx, events[i].Key)
		if err == nil && owner.Attention(events[i].Name) == domain.AttentionLater {
			continue
		}
		if err == nil && owner.Attention(events[i].Name) == domain.AttentionNow {
			err = a.Processes.ProviderEvent(ctx, owner)
		}
		if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
			return i, err
		}
		if err := a.Store.MarkProcessed(ctx, events[i].Provider, events[i].EventID); err != nil {
			return i, err
		}
	}
	return len(events), nil
}

// eventPatience is how long the API has for handing an event on itself.
const eventPatience = 10 * time.Second

// LookUpInput names a payment that an event was about.
type LookUpInput struct {
	PaymentID string `json:"payment_id"`
}

// LookUp asks the provider what became of one payment, whatever we believe of
// it: money for what failed long ago is found this way.
func (a *Activities) LookUp(ctx context.Context, in LookUpInput) error {
	p, err := a.Store.PaymentByID(ctx, in.PaymentID)
	if err != nil || p.Key == "" || p.Status == domain.PaymentSucceeded {
		return err
	}
	provider, err := a.provider(p.Provider)
	if err != nil {
		return a.providerTrouble(ctx, err)
	}
	out, err := provider.Lookup(ctx, p.Key)
	if err != nil || out.Status == payment.StatusNone {
		return a.providerTrouble(ctx, err)
	}
	if p.Status == domain.PaymentFailed && out.Refunded >= p.Amount {
		return nil // given back
	}
	if err := a.record(ctx, p, out); err != nil {
		return err
	}
	return a.providerTrouble(ctx, a.refundLate(ctx, p.ID))
}
