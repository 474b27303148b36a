package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type subscriptionCancelInput struct {
	Idempotent
	Body struct {
		At     domain.CancelAt `json:"at,omitempty" enum:"now,period_end" default:"period_end" doc:"When it ends; until then it can be resumed."`
		Reason string          `json:"reason,omitempty" doc:"Why, in at most 500 visible characters."`
	}
}

type changeOwnPlanInput struct {
	Idempotent
	Body struct {
		Plan string `json:"plan" maxLength:"100" doc:"Code of a plan on offer. A dearer one takes effect when the difference is paid, a cheaper one at the end of the period."`
	}
}

type subscriptionInput struct {
	Idempotent
	Body *struct{}
}

type subscriptionOutput struct {
	Replayable
	Body *domain.Subscription
}

// getSubscription answers the subscription in use.
func (a *API) getSubscription(ctx context.Context, _ *struct{}) (*subscriptionOutput, error) {
	sub, err := a.store.LiveSubscription(ctx, callerOf(ctx).accountID)
	return &subscriptionOutput{Body: sub}, err
}

// cancelOwn ends the subscription in use, now or at the end of what is paid for.
func (a *API) cancelOwn(ctx context.Context, in *subscriptionCancelInput) (*subscriptionOutput, error) {
	return a.billOwn(ctx, in.Idempotent, in.Body, domain.Command{Action: domain.ActionCancel, At: in.Body.At, Reason: in.Body.Reason},
		func(*domain.Subscription) error {
			var wrong fieldErrors
			wrong.require(in.Body.Reason == "" || validLine(in.Body.Reason, 1, 500), "reason", "It cannot be a reason.", "at most 500 visible characters")
			return wrong.err()
		})
}

// resumeOwn takes back a cancellation, or a change of plan, that is to come.
func (a *API) resumeOwn(ctx context.Context, in *subscriptionInput) (*subscriptionOutput, error) {
	return a.billOwn(ctx, in.Idempotent, nil, domain.Command{Action: domain.ActionResume}, nil)
}

// retryOwn charges a late payment now.
func (a *API) retryOwn(ctx context.Context, in *subscriptionInput) (*subscriptionOutput, error) {
	return a.billOwn(ctx, in.Idempotent, nil, domain.Command{Action: domain.ActionRetryPayment}, nil)
}

// changeOwnPlan changes the plan of the subscription in use.
func (a *API) changeOwnPlan(ctx context.Context, in *changeOwnPlanInput) (*subscriptionOutput, error) {
	return a.billOwn(ctx, in.Idempotent, in.Body, domain.Command{Action: domain.ActionChangePlan, Plan: in.Body.Plan},
		func(sub *domain.Subscription) error {
			plans, err := a.store.PublicPlans(ctx)
			if err != nil {
				return err
			}
			if err := findPlan(plans, in.Body.Plan); err != nil {
				return err
			}
			if sub.Plan.Amount == 0 {
				return &domain.Error{Code: domain.CodeConflict, Detail: "The plan is free: choose another with POST /v1/account/subscription."}
			}
			return nil
		})
}

// billOwn carries a command of the customer's to the Billing of the subscription
// in use, and answers with the subscription after it.
func (a *API) billOwn(ctx context.Context, key Idempotent, body any, cmd domain.Command, valid func(*domain.Subscription) error) (*subscriptionOutput, error) {
	sub, err := a.ownSubscription(ctx)
	if err != nil {
		return nil, err
	}
	cmd.SubscriptionID, cmd.OnboardingID = sub.ID, sub.OnboardingID
	again, err := a.bill(ctx, key, body, &cmd, func() error {
		if valid != nil {
			if err := valid(sub); err != nil {
				return err
			}
		}
		return a.allowed(sub, cmd.Action)
	})
	if err != nil {
		return nil, err
	}
	sub, err = a.store.SubscriptionByID(ctx, sub.ID)
	return &subscriptionOutput{Replayable: replayed(again), Body: sub}, err
}

// allowed returns nil where the command has an effect, or had it already.
func (a *API) allowed(sub *domain.Subscription, action domain.Action) error {
	switch {
	case action == domain.ActionCancel && sub.Status == domain.SubscriptionCanceled,
		action == domain.ActionResume && sub.Status.Live(),
		action == domain.ActionRetryPayment && sub.Status == domain.SubscriptionActive,
		action == domain.ActionSubmitPayment:
		return nil
	}
	return sub.Check(action)
}

// bill stores a command and carries it to the subscription's Billing.
func (a *API) bill(ctx context.Context, key Idempotent, body any, cmd *domain.Command, allowed func() error) (again bool, err error) {
	given, again, err := a.give(ctx, key, cmd.SubscriptionID, body, cmd, allowed)
	if err != nil {
		return false, err
	}
	return again, a.flows.Bill(ctx, given)
}

// ownSubscription is the caller's subscription in use, or the newest there was:
// repeating a cancellation is no error.
func (a *API) ownSubscription(ctx context.Context) (*domain.Subscription, error) {
	accountID := callerOf(ctx).accountID
	sub, err := a.store.LiveSubscription(ctx, accountID)
	if domain.CodeOf(err) != domain.CodeNotFound {
		return sub, err
	}
	return a.store.LatestSubscription(ctx, accountID)
}

type payInvoiceInput struct {
	ID string `path:"id" doc:"Id of an open invoice."`
	Idempotent
	Body struct {
		Reference string `json:"reference,omitempty" doc:"What finds the transfer: 1 to 140 visible characters. Left out, the card is charged for a renewal that is late."`
	}
}

type invoiceOutput struct {
	Replayable
	Body *domain.Invoice
}

// payInvoice says that an open invoice was paid, or has the card charged for it.
func (a *API) payInvoice(ctx context.Context, in *payInvoiceInput) (*invoiceOutput, error) {
	who := callerOf(ctx)
	invoice, err := a.ownInvoice(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	cmd := domain.Command{
		Action: domain.ActionSubmitPayment, SubscriptionID: invoice.SubscriptionID, InvoiceID: invoice.ID, Reference: in.Body.Reference,
		PaymentID: store.NewID(domain.PrefixPayment), ActorID: who.ID,
	}
	if in.Body.Reference == "" && invoice.Reason == domain.ReasonSubscriptionCycle {
		cmd.Action, cmd.PaymentID = domain.ActionRetryPayment, ""
	}
	given, again, err := a.give(ctx, in.Idempotent, invoice.ID, in.Body, &cmd, func() error {
		if invoice.Status != domain.InvoiceOpen {
			return domain.InvalidTransition(string(invoice.Status), string(domain.InvoicePaid), nil)
		}
		if cmd.Action == domain.ActionSubmitPayment {
			return validReference(in.Body.Reference)
		}
		if err := a.checkReference(ctx, who.accountID, in.Body.Reference); err != nil {
			return err
		}
		return a.checkLate(ctx, invoice)
	})
	if err != nil {
		return nil, err
	}
	if err := a.payFor(ctx, invoice, given); err != nil {
		return nil, err
	}
	invoice, err = a.store.InvoiceByID(ctx, invoice.ID)
	return &invoiceOutput{Replayable: replayed(again), Body: invoice}, err
}

// checkLate refuses to charge a card before the period the invoice is for: it is
// charged then without being asked.
func (a *API) checkLate(ctx context.Context, invoice *domain.Invoice) error {
	sub, err := a.store.SubscriptionByID(ctx, invoice.SubscriptionID)
	if err != nil || sub.Status == domain.SubscriptionPastDue {
		return err
	}
	return &domain.Error{Code: domain.CodeConflict, Detail: "Nothing is late: the card is charged when the period begins, on " +
		invoice.PeriodStart.Format("2 January 2006") + ". To pay before, submit a reference."}
}

// payFor takes the command to whoever waits for the invoice's payment.
func (a *API) payFor(ctx context.Context, invoice *domain.Invoice, cmd *domain.Command) error {
	if invoice.Type == domain.InvoiceCreditPackage {
		return a.flows.CommandPurchase(ctx, invoice.ID, cmd)
	}
	if invoice.Reason == domain.ReasonSubscriptionCreate {
		return &domain.Error{Code: domain.CodeConflict, Detail: "The onboarding takes this payment: see next_action."}
	}
	return a.flows.Bill(ctx, cmd)
}

func (a *API) ownInvoice(ctx context.Context, id string) (*domain.Invoice, error) {
	if !store.ValidID(domain.PrefixInvoice, id) {
		return nil, domain.NotFound("invoice")
	}
	invoice, err := a.store.InvoiceByID(ctx, id)
	if err == nil && invoice.AccountID != callerOf(ctx).accountID {
		return nil, domain.NotFound("invoice")
	}
	return invoice, err
}
