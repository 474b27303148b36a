package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

// commandResult is what a command of an admin's did, or would do. It is about
// several nouns at once, hence its own struct.
type commandResult struct {
	Object       string               `json:"object" enum:"command_result"`
	Action       domain.Action        `json:"action" enum:"activate,cancel,refresh,approve_payment,reject_payment"`
	Applied      bool                 `json:"applied" doc:"False when there was nothing left to do, and in a dry run."`
	DryRun       bool                 `json:"dry_run"`
	From         string               `json:"from" doc:"Status before: of the payment, else of the onboarding while it runs, else of the subscription."`
	To           string               `json:"to" doc:"Status after, or, in a dry run, the one it would reach."`
	Onboarding   *domain.Onboarding   `json:"onboarding"`
	Subscription *domain.Subscription `json:"subscription" doc:"Null while it does not exist."`
	Payment      *domain.Payment      `json:"payment" doc:"The payment that was decided on."`
	Differences  []domain.Difference  `json:"differences,omitempty" nullable:"false" doc:"refresh: what did not say what is true, and was repaired."`
}

// CommandRequest is what every command of staff has in common.
type CommandRequest struct {
	Reason string `json:"reason,omitempty" doc:"Why: 3 to 500 visible characters, kept in the audit. Only refresh and approve need none."`
	DryRun bool   `json:"dry_run,omitempty" doc:"Answer what it would do, and do nothing."`
}

// reasoned says whether a command may be given without a reason.
func reasoned(action domain.Action, reason string) error {
	optional := action == domain.ActionRefresh || action == domain.ActionApprovePayment
	if (optional && reason == "") || validLine(reason, 3, 500) {
		return nil
	}
	return domain.Invalid("body.reason", "A reason is needed.", "3 to 500 visible characters")
}

type commandInput struct {
	ID string `path:"id" doc:"Id of the subscription, even before it exists; or of the payment."`
	Idempotent
	Body *CommandRequest // none is an empty one
}

func (in *commandInput) request() CommandRequest {
	if in.Body == nil {
		return CommandRequest{}
	}
	return *in.Body
}

type activateInput struct {
	ID string `path:"id" doc:"Id of the subscription, even before it exists."`
	Idempotent
	Body struct {
		CommandRequest
		Waive bool `json:"waive,omitempty" doc:"Ask for no money, instead of recording that it was paid elsewhere."`
	}
}

type resultOutput struct {
	Replayable
	Body *commandResult
}

// activateSubscription puts it in use without the customer's payment.
func (a *API) activateSubscription(ctx context.Context, in *activateInput) (*resultOutput, error) {
	return a.staffCommand(ctx, in.ID, in.Idempotent, in.Body.CommandRequest, domain.Command{Action: domain.ActionActivate, Waive: in.Body.Waive})
}

// cancelSubscription ends the onboarding while it runs, else the subscription.
func (a *API) cancelSubscription(ctx context.Context, in *commandInput) (*resultOutput, error) {
	return a.staffCommand(ctx, in.ID, in.Idempotent, in.request(), domain.Command{Action: domain.ActionCancel})
}

// refreshSubscription compares rows and workflow and repairs what differs.
func (a *API) refreshSubscription(ctx context.Context, in *commandInput) (*resultOutput, error) {
	return a.staffCommand(ctx, in.ID, in.Idempotent, in.request(), domain.Command{Action: domain.ActionRefresh})
}

// approvePayment says that the money is there.
func (a *API) approvePayment(ctx context.Context, in *commandInput) (*resultOutput, error) {
	return a.staffCommand(ctx, in.ID, in.Idempotent, in.request(), domain.Command{Action: domain.ActionApprovePayment})
}

// rejectPayment says that it is not; the customer may try again.
func (a *API) rejectPayment(ctx context.Context, in *commandInput) (*resultOutput, error) {
	return a.staffCommand(ctx, in.ID, in.Idempotent, in.request(), domain.Command{Action: domain.ActionRejectPayment})
}

// staffCommand finds what the command is about, and then previews or gives it.
func (a *API) staffCommand(
	ctx context.Context, id string, key Idempotent, r CommandRequest, cmd domain.Command,
) (*resultOutput, error) {
	if err := reasoned(cmd.Action, r.Reason); err != nil {
		return nil, err
	}
	cmd.Reason = r.Reason
	t, err := a.staffTarget(ctx, id, cmd.Action)
	if err != nil {
		return nil, err
	}
	asked := commandRequest{Idempotent: key, command: cmd, body: struct {
		Request CommandRequest
		Waive   bool
	}{r, cmd.Waive}}
	var done *outcome
	if r.DryRun {
		done, err = t.preview(asked)
	} else {
		done, err = a.command(ctx, t, asked)
	}
	if err != nil {
		return nil, err
	}
	return &resultOutput{Replayable: replayed(done.replayed), Body: done.result(cmd.Action, r.DryRun)}, nil
}

// result is the outcome as staff read it.
func (o *outcome) result(action domain.Action, dryRun bool) *commandResult {
	return &commandResult{
		Object: "command_result", Action: action, Applied: o.applied, DryRun: dryRun, From: o.from, To: o.to,
		Onboarding: o.onboarding, Subscription: o.subscription, Payment: o.payment, Differences: o.differences,
	}
}

// staffTarget reads what the id names: a payment for decisions on one, else a
// subscription.
func (a *API) staffTarget(ctx context.Context, id string, action domain.Action) (*target, error) {
	if action == domain.ActionApprovePayment || action == domain.ActionRejectPayment {
		return a.paymentTarget(ctx, id)
	}
	t := &target{id: id}
	if err := a.readSubscription(ctx, t, id); err != nil {
		return nil, err
	}
	if t.noun = domain.NounSubscription; t.runs() || t.subscription == nil {
		t.noun = domain.NounOnboarding
	}
	return t, nil
}

// paymentTarget reads a payment with what it is for: a subscription, or a
// credit package.
func (a *API) paymentTarget(ctx context.Context, id string) (*target, error) {
	if !store.ValidID(domain.PrefixPayment, id) {
		return nil, domain.NotFound("payment")
	}
	t, err := &target{noun: domain.NounPayment, id: id}, error(nil)
	if t.payment, err = a.store.PaymentByID(ctx, id); err != nil {
		return nil, err
	}
	invoice, err := a.store.InvoiceByID(ctx, t.payment.InvoiceID)
	if err != nil {
		return nil, err
	}
	if invoice.Type != domain.InvoiceCreditPackage {
		return t, a.readSubscription(ctx, t, invoice.SubscriptionID)
	}
	t.invoice = invoice
	t.onboarding, err = a.store.LatestOnboarding(ctx, invoice.AccountID)
	return t, err
}

// readSubscription fills in a subscription, which its onboarding knows before it
// exists, and the onboarding.
func (a *API) readSubscription(ctx context.Context, t *target, id string) (err error) {
	if !store.ValidID(domain.PrefixSubscription, id) {
		return domain.NotFound("subscription")
	}
	t.subscriptionID = id
	t.onboarding, err = a.store.OnboardingBySubscription(ctx, id)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return domain.NotFound("subscription")
	}
	if err != nil {
		return err
	}
	t.subscription, err = a.subscriptionOrNil(ctx, id)
	return err
}
