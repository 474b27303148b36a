package billing

import (
	"context"
	"errors"
	"sync"
	"time"

	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

// Processes is what reconcile asks of the workflows that money concerns. The
// client of workflows is the one implementation; the interface keeps imports
// running one way.
type Processes interface {
	// StartBilling starts the subscription's Billing; one that runs is no error.
	StartBilling(ctx context.Context, sub *domain.Subscription) error
	// ProviderEvent signals the owner that a provider has news.
	ProviderEvent(ctx context.Context, owner *domain.PaymentOwner) error
}

// Reconciler keeps subscriptions, payments and provider events in step with their
// workflows and with the providers.
type Reconciler struct {
	Store     *store.Store
	Charger   *Charger
	Processes Processes
}

// How much one run does at most, and what is old enough for it.
const (
	reconcileBatch = 500
	resolveBatch   = 100
	// eventPatience is how long the API has for passing an event on itself.
	eventPatience = 10 * time.Second
	// overdueAfter is how long after its due time a Billing must have acted.
	overdueAfter = 10 * time.Minute
	// undecidedAfter is how old an undecided payment is when it is looked up.
	undecidedAfter = 10 * time.Minute
)

// RouteEvents passes on the events that were stored and did not reach the workflow
// they are about. An event without a known owner is done with.
func (r *Reconciler) RouteEvents(ctx context.Context, round *store.Round) error {
	events, err := r.Store.UnprocessedEvents(ctx, r.Store.Now().Add(-eventPatience), reconcileBatch)
	if err != nil {
		return err
	}
	round.More = len(events) == reconcileBatch
	return store.Each(ctx, round, events, (*domain.ProviderEvent).ItemID,
		func(ctx context.Context, e *domain.ProviderEvent) error { return r.routeEvent(ctx, e) })
}

func (r *Reconciler) routeEvent(ctx context.Context, e *domain.ProviderEvent) error {
	owner, err := r.Store.OwnerOf(ctx, e.Key)
	if err == nil {
		switch owner.Attention(e.Name) {
		case domain.AttentionLater:
			return store.Later(eventPatience)
		case domain.AttentionNow:
			err = r.Processes.ProviderEvent(ctx, owner)
		}
	}
	if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
		return err
	}
	return r.Store.MarkProcessed(ctx, e.Provider, e.EventID)
}

// StartBillings starts Billing for subscriptions that came into use, and for
// those whose Billing was stopped by hand. Activation does not wait for it: the
// first thing to do is days away, and any command starts it as well. A Billing that
// runs and is behind, as when a provider is away, is looked at again after a while.
func (r *Reconciler) StartBillings(ctx context.Context, round *store.Round) error {
	without, err := r.Store.SubscriptionsWithoutBilling(ctx, r.Store.Now().Add(-overdueAfter), reconcileBatch)
	if err != nil {
		return err
	}
	round.More = len(without) == reconcileBatch
	idOf := func(sub *domain.Subscription) string { return sub.ID }
	return store.Each(ctx, round, without, idOf, func(ctx context.Context, sub *domain.Subscription) error {
		if err := r.Processes.StartBilling(ctx, sub); err != nil || sub.DueAt == nil {
			return err
		}
		return store.Later(overdueAfter)
	})
}

// Resolved counts what a round of Resolve did.
type Resolved struct {
	Checked int
	Decided int
}

// Resolve looks up payments that have been undecided for long (an event that never
// came, a workflow that was stopped by hand), and refunds what is not wanted any
// more.
func (r *Reconciler) Resolve(ctx context.Context, round *store.Round) (Resolved, error) {
	var result Resolved
	before := r.Store.Now().Add(-undecidedAfter)
	stale, err := r.Store.StalePayments(ctx, before, resolveBatch)
	if err != nil {
		return result, err
	}
	idOf := func(p *store.Undecided) string { return p.ID }
	var adding sync.Mutex
	err = store.Each(ctx, round, stale, idOf, func(ctx context.Context, p *store.Undecided) error {
		decided, err := r.resolve(ctx, p)
		adding.Lock()
		defer adding.Unlock()
		result.Checked++
		if decided {
			result.Decided++
		}
		return errors.Join(explained(err), r.Store.MarkPaymentChecked(ctx, p.ID))
	})
	if err != nil {
		return result, err
	}
	return result, r.refundLate(ctx, round, before)
}

func (r *Reconciler) refundLate(ctx context.Context, round *store.Round, before time.Time) error {
	late, err := r.Store.LatePayments(ctx, before, resolveBatch)
	if err != nil {
		return err
	}
	idOf := func(p *domain.Payment) string { return p.ID }
	return store.Each(ctx, round, late, idOf, func(ctx context.Context, p *domain.Payment) error {
		return explained(r.Charger.RefundLate(ctx, p.ID))
	})
}

// explained says in words for staff why a provider brought no outcome.
func explained(err error) error {
	if trouble := payment.TroubleOf(err); trouble != nil {
		return RetryLater(trouble, 0)
	}
	return err
}

// resolve asks about one payment, and sends its owner an event when that brought
// news.
func (r *Reconciler) resolve(ctx context.Context, p *store.Undecided) (decided bool, err error) {
	decided, err = r.Charger.Resolve(ctx, &p.Payment, p.Wanted)
	if err != nil || !decided {
		return decided, err
	}
	owner, err := r.Store.OwnerOf(ctx, p.Key)
	if err != nil {
		return true, err
	}
	return true, r.Processes.ProviderEvent(ctx, owner)
}
