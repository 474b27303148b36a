package activities

import (
	"context"

	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

// attempt opens the next attempt at an invoice: its row, and with it the key
// the provider will know it by, is there before anybody is asked for money.
func (c *changeSet) attempt(id string, invoice *domain.Invoice, method *domain.PaymentMethod) error {
	return c.tx.InsertPayment(c.ctx, &domain.Payment{
		ID: id, AccountID: invoice.AccountID, InvoiceID: invoice.ID, Provider: method.Provider, Option: method.Option,
		MethodID: method.ID, Status: domain.PaymentCreated, Amount: invoice.Amount, Currency: invoice.Currency,
		OnSession: c.actor.Type == domain.ActorCustomer,
		CreatedAt: c.now, UpdatedAt: c.now,
	})
}

// charge opens the first attempt at an onboarding's invoice, for Collect.
func (c *changeSet) charge(id string, invoice *domain.Invoice, method *domain.PaymentMethod) error {
	if err := c.attempt(id, invoice, method); err != nil {
		return err
	}
	if err := c.advance(domain.OnboardingAwaitingPayment); err != nil {
		return err
	}
	c.onboarding.NextAction = c.paymentAction(domain.NextWait, invoice, method)
	c.onboarding.Reminders = 0
	step := c.step(domain.StepPayment, domain.StepRunning, "Charging "+Price(invoice.Amount, invoice.Currency)+" to "+methodName(method)+".")
	step.Attempts++
	return nil
}

// chargeAgain is the customer's wish to try the same card once more.
func (c *changeSet) chargeAgain(id string, invoice *domain.Invoice, method *domain.PaymentMethod) error {
	if _, err := c.tx.UndecidedPayment(c.ctx, invoice.ID); domain.CodeOf(err) != domain.CodeNotFound {
		if err != nil {
			return err
		}
		return domain.InvalidTransition(string(c.onboarding.Status), string(domain.OnboardingActivating), c.onboarding.Actions())
	}
	return c.charge(id, invoice, method)
}

// paymentAction is a next action about an invoice: what is owed, by what and
// until when.
func (c *changeSet) paymentAction(t domain.NextActionType, invoice *domain.Invoice, method *domain.PaymentMethod) *domain.NextAction {
	url := domain.OnboardingURL(c.onboarding.ID)
	if path, found := map[domain.NextActionType]string{
		domain.NextSubmitPayment: "/payment", domain.NextAddPaymentMethod: "/payment-method",
	}[t]; found {
		url += path
	}
	return &domain.NextAction{
		Type: t, URL: url, ExpiresAt: invoice.DueAt, Amount: &invoice.Amount, Currency: invoice.Currency,
		InvoiceID: invoice.ID, PaymentOption: method.Option,
	}
}

// CollectInput names the onboarding.
type CollectInput struct {
	OnboardingID string `json:"onboarding_id"`
}

// Collect does what an onboarding needs a payment provider for: it makes a
// method of the customer's token and charges the open invoice, as far as the
// provider lets it. Trouble with the provider is written into the step, with
// the time of the next attempt, before the activity fails for Temporal to retry.
func (a *Activities) Collect(ctx context.Context, in CollectInput) (Standing, error) {
	o, err := a.Store.OnboardingByID(ctx, in.OnboardingID)
	if err != nil {
		return Standing{}, err
	}
	standing, err := a.collect(ctx, o)
	if trouble := asTrouble(err); trouble != nil {
		return standing, a.waitForProvider(ctx, o.ID, trouble)
	}
	return standing, err
}

func (a *Activities) collect(ctx context.Context, o *domain.Onboarding) (Standing, error) {
	standing := a.standing(o)
	if err := a.giveBackUnwanted(ctx, o.SubscriptionID); err != nil {
		return standing, err
	}
	if standing.Collect && o.Status == domain.OnboardingWaitingForPaymentMethod {
		var err error
		if standing, err = a.obtainMethod(ctx, o); err != nil {
			return standing, err
		}
	}
	if !standing.Collect || standing.Status != domain.OnboardingAwaitingPayment {
		return standing, nil
	}
	if err := a.askFor(ctx, o.SubscriptionID); err != nil {
		return standing, err
	}
	after, err := a.Store.OnboardingByID(ctx, o.ID)
	if err != nil {
		return standing, err
	}
	return a.standing(after), nil
}

// askFor asks the provider about the undecided attempts at the subscription's
// open invoice.
func (a *Activities) askFor(ctx context.Context, subscriptionID string) error {
	undecided, err := a.Store.UndecidedPayments(ctx, subscriptionID)
	for i := range undecided {
		if err == nil && undecided[i].Wanted {
			err = a.ask(ctx, &undecided[i].Payment)
		}
	}
	return err
}

// ask brings one attempt as far as the provider can and records what became of
// it. The first time it charges. Whenever it cannot know whether an earlier
// time did, it looks the key up first; the same attempt always has the same key.
func (a *Activities) ask(ctx context.Context, p *domain.Payment) error {
	provider, err := a.provider(p.Provider)
	if err != nil {
		return err
	}
	fresh := p.Status == domain.PaymentCreated
	if fresh {
		if p, err = a.markAsked(ctx, p.ID); err != nil || p.Status != domain.PaymentProcessing {
			return err
		}
	}
	outcome := payment.Outcome{Status: payment.StatusNone}
	if !fresh {
		if outcome, err = provider.Lookup(ctx, p.Key); err != nil {
			return a.noteUnknown(ctx, p, err)
		}
	}
	if outcome.Status == payment.StatusNone {
		if p.Status == domain.PaymentRequiresAction { // the provider has forgotten it
			outcome.Status = payment.StatusCanceled
			return a.record(ctx, p, outcome)
		}
		if outcome, err = a.chargeOnce(ctx, provider, p); err != nil {
			return a.noteUnknown(ctx, p, err)
		}
	}
	if err := a.record(ctx, p, outcome); err != nil {
		return err
	}
	return a.refundLate(ctx, p.ID)
}

// markAsked says, before it happens, that the provider is asked.
func (a *Activities) markAsked(ctx context.Context, paymentID string) (*domain.Payment, error) {
	var p *domain.Payment
	err := a.Store.Within(ctx, func(tx *store.Store) (err error) {
		if p, err = tx.LockPayment(ctx, paymentID); err != nil || p.Status != domain.PaymentCreated {
			return err
		}
		if err = p.Advance(domain.PaymentProcessing, tx.Now()); err != nil {
			return err
		}
		return tx.SavePayment(ctx, p)
	})
	return p, err
}

func (a *Activities) chargeOnce(ctx context.Context, provider payment.Provider, p *domain.Payment) (payment.Outcome, error) {
	m, err := a.Store.MethodEver(ctx, p.MethodID)
	if err != nil {
		return payment.Outcome{}, err
	}
	invoice, err := a.Store.InvoiceByID(ctx, p.InvoiceID)
	if err != nil {
		return payment.Outcome{}, err
	}
	return provider.Charge(ctx, payment.Charge{
		Key: p.Key, Customer: m.Customer, Method: m.Ref, Amount: p.Amount, Currency: p.Currency,
		InvoiceID: p.InvoiceID, AccountID: p.AccountID, ReturnURL: a.ReturnURL,
		OffSession: invoice.Reason == domain.ReasonSubscriptionCycle && !p.OnSession,
	})
}

// noteUnknown records that nobody knows what became of an attempt. A key that a
// provider has spent on a failure of its own is given up, once a lookup has
// shown that nothing was charged, for another attempt with another key.
func (a *Activities) noteUnknown(ctx context.Context, p *domain.Payment, trouble error) error {
	t := asTrouble(trouble)
	if t == nil || t.Class != payment.ClassUnknown {
		return trouble
	}
	if t.Spent {
		if err := a.replace(ctx, p); err != nil {
			return err
		}
		return trouble
	}
	err := a.Store.Within(ctx, func(tx *store.Store) error {
		locked, err := tx.LockPayment(ctx, p.ID)
		if err != nil || !domain.PaymentMoves.Allows(locked.Status, domain.PaymentUnknown) {
			return err
		}
		if err := locked.Advance(domain.PaymentUnknown, tx.Now()); err != nil {
			return err
		}
		return tx.SavePayment(ctx, locked)
	})
	if err != nil {
		return err
	}
	return trouble
}

// replace fails an attempt whose key is spent and opens the next one in its
// place, after looking the old one up.
func (a *Activities) replace(ctx context.Context, p *domain.Payment) error {
	provider, err := a.provider(p.Provider)
	if err != nil {
		return err
	}
	outcome, err := provider.Lookup(ctx, p.Key)
	if err != nil {
		return err
	}
	if outcome.Status != payment.StatusNone {
		return a.record(ctx, p, outcome)
	}
	return a.aboutPayment(ctx, p.ID, func(c *changeSet, p *domain.Payment, invoice *domain.Invoice) error {
		if p.Status == domain.PaymentFailed {
			return nil
		}
		p.FailureClass = string(payment.ClassUnavailable)
		if err := c.failPayment(p, domain.FailureProvider); err != nil || invoice.Status != domain.InvoiceOpen {
			return err
		}
		m, err := c.tx.MethodEver(ctx, p.MethodID)
		if err != nil {
			return err
		}
		return c.attempt(store.NewID(domain.PrefixPayment), invoice, m)
	})
}

// aboutPayment runs fn on a locked payment in one transaction, with the events
// it records.
func (a *Activities) aboutPayment(ctx context.Context, id string, fn func(*changeSet, *domain.Payment, *domain.Invoice) error) error {
	return a.Store.Within(ctx, func(tx *store.Store) error {
		p, err := tx.LockPayment(ctx, id)
		if err != nil {
			return err
		}
		invoice, err := tx.InvoiceByID(ctx, p.InvoiceID)
		if err != nil {
			return err
		}
		c, err := a.aboutInvoice(ctx, tx, invoice)
		if err != nil {
			return err
		}
		if err := fn(c, p, invoice); err != nil {
			return err
		}
		return c.tell()
	})
}

// aboutInvoice is a change to the payments of an invoice, whoever waits for
// them, at the time its account lives by.
func (a *Activities) aboutInvoice(ctx context.Context, tx *store.Store, invoice *domain.Invoice) (*changeSet, error) {
	c, err := a.aboutAccount(ctx, tx, invoice.AccountID)
	if err != nil || invoice.SubscriptionID == "" {
		return c, err
	}
	sub, err := tx.SubscriptionByID(ctx, invoice.SubscriptionID)
	if err == nil {
		c.about.SubscriptionID, c.about.OnboardingID = sub.ID, sub.OnboardingID
	}
	return c, err
}

// aboutAccount is a change to something of an account's.
func (a *Activities) aboutAccount(ctx context.Context, tx *store.Store, id string) (*changeSet, error) {
	account, err := tx.AccountByID(ctx, id)
	if err != nil {
		return nil, err
	}
	now, err := tx.NowOn(ctx, account.TestClockID)
	return &changeSet{ctx: ctx, tx: tx.At(now), policy: a.Policy, now: now, actor: systemActor,
		about: domain.Event{AccountID: id}}, err
}
