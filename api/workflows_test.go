package api

import (
	"context"
	"sync"
	"time"

	"slipway/activities"
	"slipway/activities/activitiestest"
	"slipway/domain"
)

// flows takes the place of Temporal: it runs the activities a workflow would run, at
// once, or is away.
type flows struct {
	act *activities.Activities

	mu        sync.Mutex
	away      bool
	closed    bool // commands find no workflow
	begun     []string
	commanded []string // command ids
	catalogue int
	events    []domain.PaymentOwner
	advanced  []string
}

func (f *flows) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *flows) enter(note func()) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away {
		return domain.Unavailable("Temporal", time.Second)
	}
	note()
	return nil
}

func (f *flows) Begin(ctx context.Context, o *domain.Onboarding) error {
	if err := f.enter(func() { f.begun = append(f.begun, o.ID) }); err != nil {
		return err
	}
	_, err := activitiestest.AskProvider(ctx, f.act, o.ID)
	return err
}

func (f *flows) Command(ctx context.Context, to domain.Recipient, cmd *domain.Command) error {
	if err := f.enter(func() { f.commanded = append(f.commanded, cmd.ID) }); err != nil {
		return err
	}
	if f.closed {
		return domain.NotFound("workflow")
	}
	in := activities.ApplyCommandInput{Noun: to.Noun(), Action: cmd.Action, CommandID: cmd.ID}
	switch to.Noun() {
	case domain.NounOnboarding:
		in.ID = to.Onboarding.ID
		if _, err := f.act.ApplyCommand(ctx, in); err != nil {
			return err
		}
		_, err := activitiestest.AskProvider(ctx, f.act, in.ID)
		return err
	case domain.NounInvoice:
		in.ID = to.InvoiceID
		_, err := f.act.ApplyCommand(ctx, in)
		return err
	}
	in.ID = to.SubscriptionID
	if cmd.Action != domain.ActionRefresh {
		if result, err := f.act.ApplyCommand(ctx, in); err != nil || !result.Subscription.Charge {
			return err
		}
	}
	_, err := f.act.ChargeSubscription(ctx, activities.SubscriptionInput{SubscriptionID: in.ID})
	return err
}

func (f *flows) Refresh(ctx context.Context, o *domain.Onboarding, cmd *domain.Command) ([]domain.Difference, error) {
	if err := f.enter(func() {}); err != nil {
		return nil, err
	}
	result, err := f.act.RefreshOnboarding(
		ctx,
		activities.RefreshInput{OnboardingID: o.ID, Workflow: o.Status, CommandID: cmd.ID},
	)
	return result.Differences, err
}

func (f *flows) AttachMethod(ctx context.Context, m *domain.PaymentMethod) (string, string, error) {
	if err := f.enter(func() {}); err != nil {
		return "", "", err
	}
	result, err := f.act.AddPaymentMethod(ctx, activities.AddPaymentMethodInput{AccountID: m.AccountID, MethodID: m.ID})
	return result.PageURL, result.Code, err
}

func (f *flows) BeginPurchase(ctx context.Context, accountID, invoiceID, creditPackage string) error {
	if err := f.enter(func() {}); err != nil {
		return err
	}
	opened := activities.OpenPurchaseInput{InvoiceID: invoiceID, AccountID: accountID, Package: creditPackage}
	if _, err := f.act.OpenPurchase(ctx, opened); err != nil {
		return err
	}
	_, err := f.act.ChargePurchase(ctx, activities.PurchaseInput{InvoiceID: invoiceID})
	return err
}

func (f *flows) ProviderEvent(_ context.Context, owner *domain.PaymentOwner) error {
	return f.enter(func() { f.events = append(f.events, *owner) })
}

func (f *flows) AdvanceClock(_ context.Context, id string) error {
	return f.enter(func() { f.advanced = append(f.advanced, id) })
}

func (f *flows) CatalogueChanged(context.Context) error {
	return f.enter(func() { f.catalogue++ })
}
