package onboarding

import (
	"context"

	"slipway/domain"
)

// commands says what each command does to an onboarding.
var commands = map[domain.Action]func(*Onboarding, *domain.Command) error{
	domain.ActionChoosePlan:       (*Onboarding).changePlan,
	domain.ActionAddPaymentMethod: (*Onboarding).changePaymentMethod,
	domain.ActionSubmitPayment:    (*Onboarding).submitPayment,
	domain.ActionConfirmPayment:   (*Onboarding).confirmPayment,
	domain.ActionApprovePayment:   (*Onboarding).approvePayment,
	domain.ActionRejectPayment:    (*Onboarding).rejectPayment,
	domain.ActionActivate:         (*Onboarding).activateByStaff,
	domain.ActionCancel:           (*Onboarding).cancel,
}

// Apply carries out a command, or returns invalid_transition when the state does
// not allow it any more. One that was carried out before, by this or by an equal
// command, changes nothing. The steps that follow from it are the workflow's.
func (s *Onboardings) Apply(ctx context.Context, id string, cmd *domain.Command) (State, error) {
	carryOut, known := commands[cmd.Action]
	if !known || cmd.OnboardingID != id {
		return State{}, domain.NotFound("command") // sent by hand, with another's id
	}
	return s.change(ctx, id, func(o *Onboarding) error {
		decided, err := o.decided(cmd)
		switch {
		case err != nil:
			return err
		case decided:
			return o.MarkApplied(cmd)
		}
		return o.Change.Apply(cmd, o.row.Subject(), func() error { return carryOut(o, cmd) })
	})
}

// Refused leaves a trace of a signal that changed nothing: its sender got no
// answer that could say so.
func (s *Onboardings) Refused(ctx context.Context, cmd *domain.Command) (State, error) {
	return s.change(ctx, cmd.OnboardingID, func(o *Onboarding) error {
		o.Actor, o.Reason = cmd.Actor(), cmd.Reason
		o.Emit(domain.EventCommandRefused, map[string]any{"action": cmd.Action, "status": o.row.Status})
		return nil
	})
}

// decided reports whether the payment that the command is about has been
// decided in this sense already, by another command.
func (o *Onboarding) decided(cmd *domain.Command) (bool, error) {
	if cmd.PaymentID == "" || cmd.Action == domain.ActionSubmitPayment {
		return false, nil
	}
	payment, err := o.Tx.LockPayment(o.Ctx, cmd.PaymentID)
	if err != nil {
		return false, err
	}
	return payment.Subject().Done(cmd.Action), nil
}

// changePlan has the plan, and what follows from it, chosen again. A card that
// was to pay for one plan pays for the other.
func (o *Onboarding) changePlan(cmd *domain.Command) error {
	row := o.row
	if row.Status == domain.OnboardingAwaitingPayment && row.Plan != nil && row.Plan.Code == cmd.Plan {
		return nil
	}
	if row.WantedPlan != cmd.Plan {
		row.WantedPlan = cmd.Plan
		o.Emit(domain.EventPlanChosen, map[string]any{"plan": cmd.Plan})
	}
	if err := o.voidInvoice(domain.FailureSuperseded); err != nil {
		return err
	}
	row.Redo(domain.StepPlan, o.Now)
	return nil
}

// changePaymentMethod has the payment method, and what follows from it, chosen
// again, as the customer wants it now.
func (o *Onboarding) changePaymentMethod(cmd *domain.Command) error {
	row := o.row
	same := row.NextAction != nil && row.NextAction.PaymentOption == cmd.Option
	if cmd.Token == "" && row.Status == domain.OnboardingAwaitingPayment && same {
		return nil
	}
	row.WantedOption = cmd.Option
	if err := o.proposeAgain(cmd); err != nil {
		return err
	}
	if err := o.voidInvoice(domain.FailureSuperseded); err != nil {
		return err
	}
	row.Redo(domain.StepPaymentMethod, o.Now)
	return nil
}

// proposeAgain stores a card's token as the method a provider is to make, under
// the command's id.
func (o *Onboarding) proposeAgain(cmd *domain.Command) error {
	if cmd.Token == "" {
		return nil
	}
	options, err := o.Tx.PaymentOptions(o.Ctx)
	if err != nil {
		return err
	}
	currency := ""
	if o.row.Plan != nil {
		currency = o.row.Plan.Currency
	}
	option := domain.ChoosePaymentOption(options, cmd.Option, "", o.row.Country, currency)
	if option != nil && option.Chargeable() {
		if _, err := o.propose(option, cmd.MethodID, cmd.Token); err != nil {
			return err
		}
	}
	return o.Tx.BlankToken(o.Ctx, cmd.ID)
}

// submitPayment stores the customer's payment by hand, or charges the card once
// more.
func (o *Onboarding) submitPayment(cmd *domain.Command) error {
	invoice, method, err := o.owed()
	if err != nil {
		return err
	}
	if method.Chargeable() {
		return o.chargeAgain(cmd.PaymentID, invoice, method)
	}
	if err := o.payments().Submit(invoice, cmd); err != nil {
		return err
	}
	if err := o.advance(domain.OnboardingAwaitingApproval); err != nil {
		return err
	}
	o.set(domain.StepPayment, domain.StepWaiting, "Submitted; waiting for it to be confirmed.").Attempts++
	return nil
}

// confirmPayment has the provider asked again: the customer says, or an event
// of the provider's does, that something happened there.
func (o *Onboarding) confirmPayment(*domain.Command) error {
	if o.row.AsksProvider() {
		return nil
	}
	key, message := domain.StepPayment, "Looking at what became of the payment."
	var there bool
	if o.row.Status == domain.OnboardingWaitingForPaymentMethod {
		key, message = domain.StepPaymentMethod, "Looking at what was entered."
		method, err := none(o.Tx.ProposedMethod(o.Ctx, o.row.AccountID))
		if err != nil {
			return err
		}
		there = method != nil
	} else if invoice, err := o.invoices().OpenOf(o.row.SubscriptionID); err != nil {
		return err
	} else if invoice != nil {
		undecided, err := o.payments().Undecided(invoice.ID)
		if err != nil {
			return err
		}
		there = undecided != nil
	}
	if !there {
		return domain.InvalidTransition(string(o.row.Status), string(domain.OnboardingActivating), o.row.Actions())
	}
	o.set(key, domain.StepRunning, message)
	o.row.Touch(o.Now)
	return nil
}

// approvePayment takes an admin's word that the money is there.
func (o *Onboarding) approvePayment(cmd *domain.Command) error {
	payment, invoice, err := o.submitted(cmd)
	if err != nil {
		return err
	}
	if payment.InvoiceID != invoice.ID || payment.Status != domain.PaymentPendingApproval {
		return domain.InvalidTransition(string(payment.Status), string(domain.PaymentSucceeded), payment.Actions())
	}
	return o.payments().Approve(payment, invoice, o)
}

// submitted is the payment a decision is about, and the invoice that is open.
func (o *Onboarding) submitted(cmd *domain.Command) (*domain.Payment, *domain.Invoice, error) {
	payment, err := o.Tx.LockPayment(o.Ctx, cmd.PaymentID)
	if err != nil {
		return nil, nil, err
	}
	invoice, err := o.Tx.OpenInvoice(o.Ctx, o.row.SubscriptionID)
	return payment, invoice, err
}

// rejectPayment says that the money is not there; the customer is asked again,
// in a new payment window.
func (o *Onboarding) rejectPayment(cmd *domain.Command) error {
	payment, invoice, err := o.submitted(cmd)
	if err != nil {
		return err
	}
	if payment.InvoiceID != invoice.ID {
		return domain.InvalidTransition(string(payment.Status), string(domain.PaymentFailed), payment.Actions())
	}
	method, err := o.Tx.DefaultMethod(o.Ctx, o.row.AccountID)
	if err != nil {
		return err
	}
	if err := o.payments().Fail(payment, domain.FailureRejected); err != nil {
		return err
	}
	due := o.Now.Add(o.policy.PaymentWindow)
	invoice.DueAt, invoice.UpdatedAt = &due, o.Now
	if err := o.Tx.SaveInvoice(o.Ctx, invoice); err != nil {
		return err
	}
	if err := o.askForPayment(invoice, method, cmd.Reason); err != nil {
		return err
	}
	o.row.Step(domain.StepPayment).Error = &domain.OnboardingError{
		Code: "payment_rejected", Detail: "The payment could not be confirmed; please check it and submit again.",
	}
	return nil
}

// activateByStaff activates without the customer: the invoice is paid elsewhere,
// or waived. It also ends the wait for a payment method.
func (o *Onboarding) activateByStaff(cmd *domain.Command) error {
	if method := o.row.Step(domain.StepPaymentMethod); !method.Over() {
		method.Set(domain.StepSkipped, "None is needed.", o.Now)
	}
	opened := o.row.Subscription == nil && o.row.Plan.Amount == 0
	sub, err := o.openSubscription(!opened)
	if err != nil {
		return err
	}
	if sub.Plan.Amount == 0 {
		return o.activate(sub, activation{byStaff: true, opened: opened, message: nothingOwed(sub.Plan)})
	}
	invoice, err := o.openInvoice()
	if err != nil {
		return err
	}
	by, err := o.invoices().ByStaff(invoice, cmd.Waive)
	if err != nil {
		return err
	}
	message := "Waived."
	if by != nil {
		message = "Paid " + Price(invoice.Amount, invoice.Currency) + "."
	}
	return o.activate(sub, activation{invoice: invoice, payment: by, byStaff: true, message: message})
}

// cancel gives the onboarding up.
func (o *Onboarding) cancel(*domain.Command) error { return o.end(domain.OnboardingCanceled, nil) }
