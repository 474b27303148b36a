package activities

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

// ApplyInput is a command for an onboarding: one that the API stored, by its
// id, or one that came as a plain Temporal signal, spelled out.
type ApplyInput struct {
	OnboardingID string        `json:"onboarding_id"`
	CommandID    string        `json:"command_id,omitempty"`
	Action       domain.Action `json:"action"`
	// Signal marks a command from Temporal's own UI or CLI; Reason is what its
	// operator gave.
	Signal bool `json:"signal,omitempty"`
	// Event marks news of a payment provider's; what it does not fit is ignored.
	Event  bool   `json:"event,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// apply says what each command does to an onboarding.
var apply = map[domain.Action]func(*changeSet, *domain.Command) error{
	domain.ActionChoosePlan:       (*changeSet).applyChoosePlan,
	domain.ActionAddPaymentMethod: (*changeSet).applyAddPaymentMethod,
	domain.ActionSubmitPayment:    (*changeSet).applySubmitPayment,
	domain.ActionConfirmPayment:   (*changeSet).applyConfirmPayment,
	domain.ActionApprovePayment:   (*changeSet).applyApprovePayment,
	domain.ActionRejectPayment:    (*changeSet).applyRejectPayment,
	domain.ActionActivate:         (*changeSet).applyActivate,
	domain.ActionCancel:           (*changeSet).applyCancel,
}

// Apply carries out a command, or returns invalid_transition when the state
// does not allow it any more. A command that was carried out before, by this
// or by an equal one, changes nothing.
func (a *Activities) Apply(ctx context.Context, in ApplyInput) (Standing, error) {
	command, err := a.command(ctx, in)
	if err != nil {
		return Standing{}, err
	}
	standing, err := a.change(ctx, in.OnboardingID, func(c *changeSet) error {
		c.actor, c.reason = command.Actor(), command.Reason
		if done, err := c.done(command); err != nil || done {
			return err
		}
		if err := c.onboarding.Check(command.Action); err != nil {
			return err
		}
		return apply[command.Action](c, command)
	})
	if domain.CodeOf(err) == domain.CodeConflict && in.Event {
		return a.Stand(ctx, StandInput{OnboardingID: in.OnboardingID})
	}
	if domain.CodeOf(err) == domain.CodeConflict && in.Signal {
		return a.recordRefused(ctx, command)
	}
	return standing, err
}

// recordRefused leaves a trace of a signal that changed nothing: its sender got
// no answer that could say so. The workflow learns where the onboarding stands.
func (a *Activities) recordRefused(ctx context.Context, command *domain.Command) (Standing, error) {
	return a.change(ctx, command.OnboardingID, func(c *changeSet) error {
		c.actor, c.reason = command.Actor(), command.Reason
		c.record(domain.EventCommandRefused, map[string]any{"action": command.Action, "status": c.onboarding.Status})
		return nil
	})
}

// StandInput names the onboarding.
type StandInput struct {
	OnboardingID string `json:"onboarding_id"`
}

// Stand says where the onboarding stands, and changes nothing.
func (a *Activities) Stand(ctx context.Context, in StandInput) (Standing, error) {
	o, err := a.Store.OnboardingByID(ctx, in.OnboardingID)
	if err != nil {
		return Standing{}, err
	}
	return a.standing(o), nil
}

// command reads the stored command, or makes one of a signal.
func (a *Activities) command(ctx context.Context, in ApplyInput) (*domain.Command, error) {
	if in.Event {
		return &domain.Command{Action: in.Action, OnboardingID: in.OnboardingID, ActorType: domain.ActorSystem}, nil
	}
	if !in.Signal {
		command, err := a.Store.CommandByID(ctx, in.CommandID)
		if err == nil && (command.OnboardingID != in.OnboardingID || command.Action != in.Action) {
			return nil, domain.NotFound("command") // sent by hand, with another's id
		}
		return command, err
	}
	return &domain.Command{
		Action: in.Action, OnboardingID: in.OnboardingID, ActorType: domain.ActorTemporal, Reason: in.Reason,
	}, nil
}

// done reports whether the command's effect is there already, so that a second
// run is no refusal: a worker that died before it could report the first one
// must still learn where the onboarding stands.
func (c *changeSet) done(command *domain.Command) (bool, error) {
	o := c.onboarding
	asked, completed := o.Status == domain.OnboardingAwaitingPayment, o.Status == domain.OnboardingCompleted
	switch command.Action {
	case domain.ActionCancel:
		return o.Status == domain.OnboardingCanceled, nil
	case domain.ActionActivate:
		return completed, nil
	case domain.ActionChoosePlan:
		return (asked || completed) && o.Plan != nil && o.Plan.Code == command.Plan, nil
	case domain.ActionConfirmPayment:
		return completed || collecting(o), nil
	case domain.ActionAddPaymentMethod:
		if known, err := c.tx.MethodKnown(c.ctx, command.MethodID); err != nil || known || command.Token != "" {
			return known, err
		}
		return (asked && o.NextAction != nil && o.NextAction.PaymentOption == command.Option) ||
			(completed && o.WantedOption == command.Option), nil
	}
	return c.paymentDone(command)
}

// paymentDone reports whether the payment that the command submits, approves or
// rejects has moved on.
func (c *changeSet) paymentDone(command *domain.Command) (bool, error) {
	if command.PaymentID == "" {
		return false, nil
	}
	payment, err := c.tx.LockPayment(c.ctx, command.PaymentID)
	if err != nil {
		if command.Action == domain.ActionSubmitPayment && domain.CodeOf(err) == domain.CodeNotFound {
			return false, nil // it is about to be made under this id
		}
		return false, err
	}
	switch command.Action {
	case domain.ActionSubmitPayment:
		return true, nil
	case domain.ActionApprovePayment:
		return payment.Status == domain.PaymentSucceeded, nil
	case domain.ActionRejectPayment:
		return payment.FailureCode == domain.FailureRejected, nil
	}
	return false, nil
}

func (c *changeSet) applyChoosePlan(command *domain.Command) error {
	if o := c.onboarding; o.WantedPlan != command.Plan {
		o.WantedPlan = command.Plan
		o.Touch(c.now)
		c.record(domain.EventPlanChosen, map[string]any{"plan": command.Plan})
	}
	if err := c.keepCard(); err != nil {
		return err
	}
	return c.reopen()
}

// keepCard has the card that was to pay for one plan pay for the other: the
// customer does not enter it again.
func (c *changeSet) keepCard() error {
	method, err := c.defaultMethod()
	if err != nil || method == nil || c.onboarding.Status != domain.OnboardingAwaitingPayment {
		return err
	}
	wanted := c.onboarding.WantedOption
	c.obtained = method.Chargeable() && (wanted == "" || wanted == method.Option)
	return nil
}

func (c *changeSet) applyAddPaymentMethod(command *domain.Command) error {
	o := c.onboarding
	if o.WantedOption != command.Option {
		o.WantedOption = command.Option
		o.Touch(c.now)
	}
	o.PaymentToken, c.methodID = command.Token, command.MethodID
	if command.Token != "" {
		if err := c.tx.BlankToken(c.ctx, command.ID); err != nil {
			return err
		}
	}
	return c.reopen()
}

// applyConfirmPayment has the provider asked again: the customer says, or an
// event of the provider's does, that something happened there.
func (c *changeSet) applyConfirmPayment(*domain.Command) error {
	key, message := domain.StepPayment, "Looking at what became of the payment."
	if c.onboarding.Status == domain.OnboardingWaitingForPaymentMethod {
		key, message = domain.StepPaymentMethod, "Looking at what was entered."
		if _, err := c.tx.ProposedMethod(c.ctx, c.onboarding.AccountID); err != nil {
			return nothingToConfirm(c.onboarding, err)
		}
	} else if _, err := c.undecided(); err != nil {
		return nothingToConfirm(c.onboarding, err)
	}
	c.step(key, domain.StepRunning, message)
	c.onboarding.Touch(c.now)
	return nil
}

func nothingToConfirm(o *domain.Onboarding, err error) error {
	if domain.CodeOf(err) != domain.CodeNotFound {
		return err
	}
	return domain.InvalidTransition(string(o.Status), string(domain.OnboardingActivating), o.Actions())
}

// undecided is the attempt of the open invoice that a provider has to decide on.
func (c *changeSet) undecided() (*domain.Payment, error) {
	invoice, err := c.tx.OpenInvoice(c.ctx, c.onboarding.SubscriptionID)
	if err != nil {
		return nil, err
	}
	return c.tx.UndecidedPayment(c.ctx, invoice.ID)
}

// reopen takes an unpaid invoice back and goes through plan, payment method and
// subscription again with what the customer wants now.
func (c *changeSet) reopen() error {
	if err := c.voidInvoice(domain.FailureSuperseded); err != nil {
		return err
	}
	return c.openSubscription()
}

func (c *changeSet) applySubmitPayment(command *domain.Command) error {
	invoice, method, err := c.owed()
	if err != nil {
		return err
	}
	if method.Chargeable() {
		return c.chargeAgain(command.PaymentID, invoice, method)
	}
	if err := c.submit(invoice, command); err != nil {
		return err
	}
	if err := c.advance(domain.OnboardingAwaitingApproval); err != nil {
		return err
	}
	step := c.step(domain.StepPayment, domain.StepWaiting, "Submitted; waiting for it to be confirmed.")
	step.Attempts++
	return nil
}

// owed is the open invoice and the method it is to be paid by.
func (c *changeSet) owed() (*domain.Invoice, *domain.PaymentMethod, error) {
	invoice, err := c.tx.OpenInvoice(c.ctx, c.onboarding.SubscriptionID)
	if err != nil {
		return nil, nil, err
	}
	method, err := c.tx.DefaultMethod(c.ctx, c.onboarding.AccountID)
	return invoice, method, err
}

func (c *changeSet) applyApprovePayment(command *domain.Command) error {
	payment, err := c.tx.LockPayment(c.ctx, command.PaymentID)
	if err != nil {
		return err
	}
	invoice, err := c.tx.OpenInvoice(c.ctx, c.onboarding.SubscriptionID)
	if err != nil {
		return err
	}
	if payment.InvoiceID != invoice.ID || payment.Status != domain.PaymentPendingApproval {
		return domain.InvalidTransition(string(payment.Status), string(domain.PaymentSucceeded), payment.Actions())
	}
	if err := c.succeed(payment); err != nil {
		return err
	}
	return c.fulfilPaid(fulfilment{invoice: invoice, payment: payment})
}

func (c *changeSet) succeed(payment *domain.Payment) error {
	if err := payment.Advance(domain.PaymentSucceeded, c.now); err != nil {
		return err
	}
	payment.Reason = c.reason
	return c.tx.SavePayment(c.ctx, payment)
}

// fulfilPaid fulfils an invoice that is settled now.
func (c *changeSet) fulfilPaid(f fulfilment) error {
	sub, err := c.tx.LockSubscription(c.ctx, c.onboarding.SubscriptionID)
	if err != nil {
		return err
	}
	if f.message = "Paid " + Price(f.invoice.Amount, f.invoice.Currency) + "."; f.payment == nil {
		f.message = "Waived."
	}
	return c.fulfil(sub, f)
}

func (c *changeSet) applyRejectPayment(command *domain.Command) error {
	payment, err := c.tx.LockPayment(c.ctx, command.PaymentID)
	if err != nil {
		return err
	}
	invoice, method, err := c.owed()
	if err != nil {
		return err
	}
	if payment.InvoiceID != invoice.ID {
		return domain.InvalidTransition(string(payment.Status), string(domain.PaymentFailed), payment.Actions())
	}
	if err := c.failPayment(payment, domain.FailureRejected); err != nil {
		return err
	}
	due := c.now.Add(c.policy.PaymentWindow)
	invoice.DueAt, invoice.UpdatedAt = &due, c.now
	if err := c.tx.SaveInvoice(c.ctx, invoice); err != nil {
		return err
	}
	if err := c.askForPayment(invoice, method, command.Reason); err != nil {
		return err
	}
	c.onboarding.Step(domain.StepPayment).Error = &domain.OnboardingError{
		Code: "payment_rejected", Detail: "The payment could not be confirmed; please check it and submit again.",
	}
	return nil
}

// applyActivate is an admin's word that nothing is owed: the invoice counts as
// paid out of band, or is waived. It also ends the wait for a payment method.
func (c *changeSet) applyActivate(command *domain.Command) error {
	sub, err := c.subscribe()
	if err != nil {
		return err
	}
	if method := c.onboarding.Step(domain.StepPaymentMethod); method.Status == domain.StepWaiting {
		method.Set(domain.StepSkipped, "None is needed.", c.now)
	}
	if sub.Plan.Amount == 0 {
		return c.fulfil(sub, fulfilment{managedBy: domain.ManagedByAdmin, message: nothingOwed(sub)})
	}
	invoice, err := c.tx.OpenInvoice(c.ctx, sub.ID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		invoice, err = c.insertInvoice(sub)
	}
	if err != nil {
		return err
	}
	f := fulfilment{invoice: invoice, managedBy: domain.ManagedByAdmin}
	if command.Waive {
		err = c.failPending(invoice, domain.FailureSuperseded)
	} else {
		f.payment, err = c.payOutOfBand(invoice)
	}
	if err != nil {
		return err
	}
	return c.fulfilPaid(f)
}

// payOutOfBand records that the invoice's money is there: as the payment the
// customer submitted, or as one of the admin's own.
func (c *changeSet) payOutOfBand(invoice *domain.Invoice) (*domain.Payment, error) {
	invoice.PaidOutOfBand = true
	payment, err := c.tx.PendingPayment(c.ctx, invoice.ID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		payment = &domain.Payment{
			ID: store.NewID(domain.PrefixPayment), AccountID: invoice.AccountID, InvoiceID: invoice.ID,
			Provider: domain.ProviderManual, Option: "out_of_band", Status: domain.PaymentPendingApproval,
			Amount: invoice.Amount, Currency: invoice.Currency, CreatedAt: c.now, UpdatedAt: c.now,
		}
		err = c.tx.InsertPayment(c.ctx, payment)
	}
	if err != nil {
		return nil, err
	}
	return payment, c.succeed(payment)
}

func (c *changeSet) applyCancel(*domain.Command) error {
	return c.end(domain.OnboardingCanceled, nil)
}
