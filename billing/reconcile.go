package billing

import (
	"context"
	"errors"
	"time"

	"slipway/domain"
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

// Reconciled counts what one run did.
type Reconciled struct {
	Routed    int  // provider events passed on to their owners
	Started   int  // subscriptions whose Billing was started
	Undecided bool // some payments have been undecided for long: Resolve is to run
	More      bool // a batch was full
}

// Reconcile passes on the provider events that did not reach their owners, starts
// each Billing that should run and does not, and says whether payments are to be
// resolved. It calls heartbeat while it works.
func (r *Reconciler) Reconcile(ctx context.Context, heartbeat func()) (Reconciled, error) {
	var result Reconciled
	var err error
	if result.Routed, err = r.routeEvents(ctx); err != nil {
		return result, err
	}
	if result.Started, err = r.startBillings(ctx, heartbeat); err != nil {
		return result, err
	}
	result.More = result.Started == reconcileBatch
	before := r.Store.Now().Add(-undecidedAfter)
	undecided, err := r.Store.StalePayments(ctx, before, 1)
	if err != nil {
		return result, err
	}
	late, err := r.Store.LatePayments(ctx, before, 1)
	result.Undecided = len(undecided)+len(late) > 0
	return result, err
}

// startBillings starts Billing for subscriptions that came into use, and for
// those whose Billing was stopped by hand. Activation does not wait for it: the
// first thing to do is days away, and any command starts it as well.
func (r *Reconciler) startBillings(ctx context.Context, heartbeat func()) (int, error) {
	without, err := r.Store.SubscriptionsWithoutBilling(ctx, r.Store.Now().Add(-overdueAfter), reconcileBatch)
	for i := range without {
		if err == nil {
			err = r.Processes.StartBilling(ctx, &without[i])
			heartbeat()
		}
	}
	return len(without), err
}

// routeEvents passes on the events that were stored and did not reach the workflow
// they are about. An event without a known owner is done with.
func (r *Reconciler) routeEvents(ctx context.Context) (int, error) {
	events, err := r.Store.UnprocessedEvents(ctx, r.Store.Now().Add(-eventPatience), reconcileBatch)
	if err != nil {
		return 0, err
	}
	for i := range events {
		if err := r.routeEvent(ctx, &events[i]); err != nil {
			return i, err
		}
	}
	return len(events), nil
}

func (r *Reconciler) routeEvent(ctx context.Context, e *domain.ProviderEvent) error {
	owner, err := r.Store.OwnerOf(ctx, e.Key)
	if err == nil {
		switch owner.Attention(e.Name) {
		case domain.AttentionLater:
			return nil
		case domain.AttentionNow:
			err = r.Processes.ProviderEvent(ctx, owner)
		}
	}
	if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
		return err
	}
	return r.Store.MarkProcessed(ctx, e.Provider, e.EventID)
}

// Resolved counts what one run of Resolve did.
type Resolved struct {
	Checked int
	Decided int
	Trouble error // why some stay undecided; the next run checks them again
}

// Resolve looks up payments that have been undecided for long (an event that never
// came, a workflow that was stopped by hand), and refunds what is not wanted any
// more. It calls heartbeat while it works.
func (r *Reconciler) Resolve(ctx context.Context, heartbeat func()) (Resolved, error) {
	var result Resolved
	before := r.Store.Now().Add(-undecidedAfter)
	stale, err := r.Store.StalePayments(ctx, before, resolveBatch)
	if err != nil {
		return result, err
	}
	var troubles []error
	for i := range stale {
		result.Checked++
		decided, err := r.resolve(ctx, &stale[i])
		if decided {
			result.Decided++
		}
		troubles = append(troubles, err, r.Store.MarkPaymentChecked(ctx, stale[i].ID))
		heartbeat()
	}
	late, err := r.Store.LatePayments(ctx, before, resolveBatch)
	for i := range late {
		troubles = append(troubles, r.Charger.RefundLate(ctx, late[i].ID))
	}
	result.Trouble = errors.Join(append(troubles, err)...)
	return result, nil
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
