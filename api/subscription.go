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
	return a.subscriptionCommand(ctx, commandRequest{
		Idempotent: in.Idempotent, body: in.Body,
		command: domain.Command{Action: domain.ActionCancel, At: in.Body.At, Reason: in.Body.Reason},
		valid: func(*target) error {
			var wrong fieldErrors
			wrong.require(in.Body.Reason == "" || validLine(in.Body.Reason, 1, 500), "reason",
				"It cannot be a reason.", "at most 500 visible characters")
			return wrong.err()
		},
	})
}

// resumeOwn takes back a cancellation, or a change of plan, that is scheduled.
func (a *API) resumeOwn(ctx context.Context, in *subscriptionInput) (*subscriptionOutput, error) {
	return a.subscriptionCommand(ctx, commandRequest{
		Idempotent: in.Idempotent, command: domain.Command{Action: domain.ActionResume},
	})
}

// retryOwn charges a late payment now.
func (a *API) retryOwn(ctx context.Context, in *subscriptionInput) (*subscriptionOutput, error) {
	return a.subscriptionCommand(ctx, commandRequest{
		Idempotent: in.Idempotent, command: domain.Command{Action: domain.ActionRetryPayment},
	})
}

// changeOwnPlan changes the plan of the subscription in use.
func (a *API) changeOwnPlan(ctx context.Context, in *changeOwnPlanInput) (*subscriptionOutput, error) {
	return a.subscriptionCommand(ctx, commandRequest{
		Idempotent: in.Idempotent, body: in.Body,
		command: domain.Command{Action: domain.ActionChangePlan, Plan: in.Body.Plan},
		valid: func(t *target) error {
			if err := a.checkPlan(ctx, in.Body.Plan); err != nil {
				return err
			}
			if t.subscription.Plan.Amount == 0 {
				return domain.Conflict(domain.TextPlanIsFree)
			}
			return nil
		},
	})
}

// subscriptionCommand gives a command of the owner's and answers with the
// subscription after it.
func (a *API) subscriptionCommand(ctx context.Context, r commandRequest) (*subscriptionOutput, error) {
	sub, err := a.ownSubscription(ctx)
	if err != nil {
		return nil, err
	}
	done, err := a.command(ctx, subscriptionTarget(sub), r)
	if err != nil {
		return nil, err
	}
	return &subscriptionOutput{Replayable: replayed(done.replayed), Body: done.subscription}, nil
}

func subscriptionTarget(sub *domain.Subscription) *target {
	return &target{noun: domain.NounSubscription, id: sub.ID, subscription: sub, subscriptionID: sub.ID}
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
	invoice, err := a.ownInvoice(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	t := &target{noun: domain.NounInvoice, id: invoice.ID, invoice: invoice}
	r := commandRequest{Idempotent: in.Idempotent, body: in.Body,
		command: domain.Command{
			Action: domain.ActionSubmitPayment, Reference: in.Body.Reference, PaymentID: store.NewID(domain.PrefixPayment),
		},
		valid: func(t *target) error { return submittable(t.invoice, in.Body.Reference) }}
	if in.Body.Reference == "" && invoice.Reason == domain.ReasonSubscriptionCycle {
		r.command = domain.Command{Action: domain.ActionRetryPayment}
		r.valid = func(t *target) error { return a.chargeable(ctx, t) }
		t.noun, t.subscriptionID = domain.NounSubscription, invoice.SubscriptionID
		if t.subscription, err = a.store.SubscriptionByID(ctx, invoice.SubscriptionID); err != nil {
			return nil, err
		}
	}
	done, err := a.command(ctx, t, r)
	if err != nil {
		return nil, err
	}
	return &invoiceOutput{Replayable: replayed(done.replayed), Body: done.invoice}, nil
}

// submittable refuses a reference for what is not paid here, or not any more.
func submittable(invoice *domain.Invoice, reference string) error {
	if err := invoice.Subject().Check(domain.ActionSubmitPayment); err != nil {
		return err
	}
	if err := validReference(reference); err != nil {
		return err
	}
	if invoice.Reason == domain.ReasonSubscriptionCreate {
		return domain.Conflict(domain.TextPaidByOnboarding)
	}
	return nil
}

// chargeable refuses to charge a card that is not there, or before the period
// that the invoice is for: it is charged then without being asked.
func (a *API) chargeable(ctx context.Context, t *target) error {
	if err := t.invoice.Subject().Check(domain.ActionSubmitPayment); err != nil {
		return err
	}
	if err := a.checkReference(ctx, t.invoice.AccountID, ""); err != nil {
		return err
	}
	if t.subscription.Status == domain.SubscriptionPastDue {
		return nil
	}
	return domain.Conflict(domain.TextNothingLate, "date", t.invoice.PeriodStart.Format("2 January 2006"))
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
