package workflows

import (
	"errors"

	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/billing"
	"slipway/domain"
	"slipway/onboarding"
)

// Purchase is the story of one credit package: its invoice is charged, or paid
// by hand and approved, or taken back when it was not paid in time. It never touches
// a subscription.
func Purchase(ctx workflow.Context, in PurchaseInput) (billing.PurchaseState, error) {
	p := &purchase{
		entity: newEntity(ctx, domain.NounInvoice, in.InvoiceID),
		state:  billing.PurchaseState{InvoiceID: in.InvoiceID, Status: domain.InvoiceOpen},
	}
	if err := underOwnID(ctx, PurchaseID(in.InvoiceID)); err != nil {
		return p.state, err
	}
	ctx, err := p.takeMessages(ctx)
	if err != nil {
		return p.state, err
	}
	p.failed = p.run(ctx, in)
	if workflow.IsContinueAsNewError(p.failed) {
		return p.state, p.failed
	}
	p.resting = true // so that a waiting begin returns the failure
	p.waits.show(ctx, wait{})
	return p.state, errors.Join(p.failed, p.close(ctx))
}

// purchase is the state of one running Purchase.
type purchase struct {
	entity
	state   billing.PurchaseState
	changes int  // how often the state was taken over, or a provider had news
	resting bool // its card was charged, or the customer has to pay by hand
	asleep  bool // it waits for the customer, or for staff
	failed  error
}

// takeMessages registers everything that may be said to a running Purchase. The
// context it returns is not reached by Temporal's own cancellation.
func (p *purchase) takeMessages(ctx workflow.Context) (workflow.Context, error) {
	taker := commandTaker{
		entity: &p.entity, nouns: []domain.Noun{domain.NounInvoice, domain.NounPayment},
		// The activity decides, unless the run is about to end.
		validate: func(ctx workflow.Context, _ domain.Action) error { return p.takesCommands(ctx, p.asleep) },
		apply:    p.apply,
		signaled: p.apply,
	}
	ctx = taker.takeCancellation(ctx)
	if err := taker.take(ctx); err != nil {
		return ctx, err
	}
	p.receiveTicks(ctx)
	takeSignal(ctx, &p.entity, SignalProviderEvent, func(workflow.Context, ProviderEventInput) {
		p.state.Charge = true
		p.changes++
	})
	return ctx, workflow.SetUpdateHandler(ctx, UpdateBegin, func(ctx workflow.Context) (billing.PurchaseState, error) {
		if err := workflow.Await(ctx, func() bool { return p.resting }); err != nil {
			return p.state, err
		}
		return p.state, p.failed
	})
}

func (p *purchase) apply(ctx workflow.Context, in activities.ApplyCommandInput) (activities.ApplyCommandResult, error) {
	return p.applyCommand(ctx, in, func(result activities.ApplyCommandResult) { p.enter(*result.Purchase) })
}

func (p *purchase) run(ctx workflow.Context, in PurchaseInput) error {
	// What is owed, and by what it is paid.
	if err := p.open(ctx, in); err != nil {
		return err
	}
	p.state.Charge = p.state.Charge || (in.News && p.state.Status == domain.InvoiceOpen)
	for {
		switch {
		case p.state.Charge:
			// A card is charged, or what was asked for is looked up.
			if err := p.charge(ctx); err != nil {
				return err
			}
		case p.state.Status != domain.InvoiceOpen:
			return nil
		case p.crowded(ctx):
			p.resting = true
			return p.continueAsNew(ctx, func() any { return PurchaseInput{InvoiceID: p.id, News: p.state.Charge} })
		default:
			// The customer has to pay by hand, or to confirm; until the window ends.
			p.resting = true
			if err := p.await(ctx); err != nil {
				return err
			}
		}
	}
}

// open opens the invoice, or, in a workflow that was started for a command, reads it.
func (p *purchase) open(ctx workflow.Context, in PurchaseInput) error {
	if in.Package == "" {
		return p.execute(ctx, domain.Text(domain.SummaryReadInvoice), a.ReadPurchase,
			activities.PurchaseInput{InvoiceID: p.id})
	}
	return p.execute(ctx, domain.Text(domain.SummaryOpenInvoice), a.OpenPurchase,
		activities.OpenPurchaseInput{InvoiceID: p.id, AccountID: in.AccountID, Package: in.Package})
}

func (p *purchase) charge(ctx workflow.Context) error {
	changes := p.changes
	var state billing.PurchaseState
	asking := asking(domain.Text(domain.SummaryAskProvider), PriorityPerson, p.id)
	err := asking.call(a.ChargePurchase, activities.PurchaseInput{InvoiceID: p.id}).Get(ctx, &state)
	if err != nil {
		return err
	}
	again := p.changes != changes && state.Status == domain.InvoiceOpen // news came meanwhile
	p.state, p.clock, p.resting = state, state.Clock, true
	p.state.Charge = state.Charge || again
	return nil
}

func (p *purchase) await(ctx workflow.Context) error {
	changes, summary := p.changes, domain.Text(domain.SummaryWindowEnds)
	p.asleep = true
	p.waits.show(ctx, p.waiting())
	reached, err := p.sleep(ctx, p.state.DueAt, summary, func() bool { return p.changes != changes || p.crowded(ctx) })
	p.asleep = false
	if err != nil || !reached {
		return err
	}
	return p.execute(ctx, summary, a.ExpirePurchase, activities.PurchaseInput{InvoiceID: p.id})
}

// waiting is what the purchase waits for, when no provider is to be asked.
func (p *purchase) waiting() wait {
	s := p.state
	if s.BlockedOn == domain.BlockedOnNothing { // of an activity from before it said so
		return wait{on: domain.BlockedOnCustomer, until: until(s.DueAt)}
	}
	return wait{s.BlockedOn, onboarding.Price(s.Amount, s.Currency), until(s.DueAt)}
}

// execute runs one activity on our own database, in turn, and takes over the
// state it returns.
func (p *purchase) execute(ctx workflow.Context, summary string, activity, input any) error {
	return updateFailure(p.inTurn(ctx, func() error {
		var state billing.PurchaseState
		err := ownDatabase(summary, activity, input).Get(ctx, &state)
		if err == nil {
			p.enter(state)
		}
		return err
	}))
}

func (p *purchase) enter(state billing.PurchaseState) {
	p.state, p.clock = state, state.Clock
	p.changes++
}
