package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"slipway/domain"
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
		troubles = append(troubles, err, a.Store.MarkPaymentChecked(ctx, p.ID))
		activity.RecordHeartbeat(ctx)
	}
	late, err := a.Store.LatePayments(ctx, a.Store.Now().Add(-undecidedAfter), resolveBatch)
	for i := range late {
		troubles = append(troubles, a.charger.RefundLate(ctx, late[i].ID))
	}
	if err := errors.Join(append(troubles, err)...); err != nil {
		activity.GetLogger(ctx).Warn("some payments stay undecided", "looked", result.Looked, "decided", result.Decided, "error", err)
	}
	return result, nil // the next run looks again
}

// resolve asks about one payment, and sends its owner an event when that
// brought news.
func (a *Activities) resolve(ctx context.Context, p *store.Undecided) (decided bool, err error) {
	decided, err = a.charger.Resolve(ctx, &p.Payment, p.Wanted)
	if err != nil || !decided {
		return decided, err
	}
	owner, err := a.Store.OwnerOf(ctx, p.Key)
	if err != nil {
		return true, err
	}
	return true, a.Processes.ProviderEvent(ctx, owner)
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

// LookUpPayment asks the provider what became of one payment, whatever we
// believe of it: money for what failed long ago is found this way.
func (a *Activities) LookUpPayment(ctx context.Context, in LookUpInput) error {
	return retryLater(ctx, a.charger.LookUp(ctx, in.PaymentID))
}
