package workflows

import (
	"errors"

	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// Purchase is the story of one credit package: its invoice is charged, or paid
// by hand and approved, or taken back when nobody paid in time. It never touches
// a subscription.
func Purchase(ctx workflow.Context, in PurchaseInput) (activities.PurchaseStanding, error) {
	p := &purchase{
		standing: activities.PurchaseStanding{InvoiceID: in.InvoiceID, Status: domain.InvoiceOpen},
		alarm:    alarm{entity: in.InvoiceID, turn: workflow.NewMutex(ctx)},
	}
	if err := p.takeMessages(ctx); err != nil {
		return p.standing, err
	}
	p.failed = p.run(ctx, in)
	p.begun = true // whoever waits for the beginning learns that it failed
	err := errors.Join(p.failed, p.leave(ctx))
	return p.standing, errors.Join(err, workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }))
}

// purchase is the state of one running Purchase.
type purchase struct {
	standing activities.PurchaseStanding
	alarm    // how it sleeps
	changes  int
	begun    bool
	failed   error
}

// purchaseCommands are the updates Purchase takes, each named after its action.
var purchaseCommands = []domain.Action{
	domain.ActionSubmitPayment, domain.ActionApprovePayment, domain.ActionRejectPayment, domain.ActionCancel,
}

func (p *purchase) takeMessages(ctx workflow.Context) error {
	for _, action := range purchaseCommands {
		handler := func(ctx workflow.Context, in CommandInput) (activities.PurchaseStanding, error) {
			err := p.step(ctx, "Command", activities.PurchaseInput{CommandID: in.CommandID})
			return p.standing, err
		}
		if err := workflow.SetUpdateHandler(ctx, string(action), handler); err != nil {
			return err
		}
	}
	p.listen(ctx)
	news := workflow.GetSignalChannel(ctx, SignalProviderEvent)
	workflow.GoNamed(ctx, SignalProviderEvent, func(ctx workflow.Context) {
		for {
			news.Receive(ctx, nil)
			p.standing.Collect = true
			p.changes++
		}
	})
	return workflow.SetUpdateHandler(ctx, UpdateBegin, func(ctx workflow.Context) (activities.PurchaseStanding, error) {
		if err := workflow.Await(ctx, func() bool { return p.begun }); err != nil {
			return p.standing, err
		}
		return p.standing, p.failed
	})
}

func (p *purchase) run(ctx workflow.Context, in PurchaseInput) error {
	// What is owed, and by what it is paid.
	if err := p.step(ctx, "Open the invoice", activities.PurchaseInput{AccountID: in.AccountID, Package: in.Package}); err != nil {
		return err
	}
	for {
		switch {
		case p.standing.Collect:
			// A card is charged, or what was asked for is looked up.
			if err := p.collect(ctx); err != nil {
				return err
			}
		case p.standing.Status != domain.InvoiceOpen:
			p.begun = true
			return nil
		default:
			// Somebody has to pay by hand, or to confirm; until the window ends.
			p.begun = true
			if err := p.await(ctx); err != nil {
				return err
			}
		}
	}
}

func (p *purchase) collect(ctx workflow.Context) error {
	changes := p.changes
	var standing activities.PurchaseStanding
	err := workflow.ExecuteActivity(atProvider(ctx, "Ask the payment provider"), a.CollectPurchase,
		activities.PurchaseInput{InvoiceID: p.standing.InvoiceID}).Get(ctx, &standing)
	if err != nil {
		return err
	}
	p.standing, p.begun = standing, true
	if p.changes != changes && standing.Status == domain.InvoiceOpen {
		p.standing.Collect = true // news came meanwhile
	}
	return nil
}

func (p *purchase) await(ctx workflow.Context) error {
	changes := p.changes
	changed := func() bool { return p.changes != changes }
	if p.standing.DueAt == nil { // opened before invoices of packages said when they are due
		woken, err := workflow.AwaitWithTimeout(ctx, purchaseWindow, func() bool { return !p.turn.IsLocked() && changed() })
		if err != nil || woken {
			return err
		}
	} else {
		p.clock = p.standing.Clock
		if reached, err := p.sleep(ctx, p.standing.DueAt, "End of the payment window", changed); err != nil || !reached {
			return err
		}
	}
	return p.step(ctx, "End of the payment window", activities.PurchaseInput{Expire: true})
}

// step runs one activity in turn and takes over what it returned.
func (p *purchase) step(ctx workflow.Context, summary string, in activities.PurchaseInput) error {
	if err := p.turn.Lock(ctx); err != nil {
		return err
	}
	defer p.turn.Unlock()
	in.InvoiceID = p.standing.InvoiceID
	var standing activities.PurchaseStanding // a fresh one: see onboarding.take
	if err := workflow.ExecuteLocalActivity(ownDatabase(ctx, summary), a.Purchase, in).Get(ctx, &standing); err != nil {
		return updateFailure(err)
	}
	p.standing = standing
	p.changes++
	return nil
}
