package api

import (
	"cmp"
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

// Order is a command as an admin gives it.
type Order struct {
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
	Body *Order // none is an empty one
}

func (in *commandInput) order() Order {
	if in.Body == nil {
		return Order{}
	}
	return *in.Body
}

type activateInput struct {
	ID string `path:"id" doc:"Id of the subscription, even before it exists."`
	Idempotent
	Body struct {
		Order
		Waive bool `json:"waive,omitempty" doc:"Ask for no money, instead of recording that it was paid elsewhere."`
	}
}

type resultOutput struct {
	Replayable
	Body *commandResult
}

// activateSubscription settles what is owed, by an admin's word.
func (a *API) activateSubscription(ctx context.Context, in *activateInput) (*resultOutput, error) {
	return a.order(ctx, in.ID, in.Idempotent, in.Body.Order, domain.Command{Action: domain.ActionActivate, Waive: in.Body.Waive})
}

// cancelSubscription ends the onboarding while it runs, else the subscription.
func (a *API) cancelSubscription(ctx context.Context, in *commandInput) (*resultOutput, error) {
	return a.order(ctx, in.ID, in.Idempotent, in.order(), domain.Command{Action: domain.ActionCancel})
}

// refreshSubscription compares rows and workflow and repairs what differs.
func (a *API) refreshSubscription(ctx context.Context, in *commandInput) (*resultOutput, error) {
	return a.order(ctx, in.ID, in.Idempotent, in.order(), domain.Command{Action: domain.ActionRefresh})
}

// approvePayment says that the money is there.
func (a *API) approvePayment(ctx context.Context, in *commandInput) (*resultOutput, error) {
	return a.order(ctx, in.ID, in.Idempotent, in.order(), domain.Command{Action: domain.ActionApprovePayment})
}

// rejectPayment says that it is not; the customer may try again.
func (a *API) rejectPayment(ctx context.Context, in *commandInput) (*resultOutput, error) {
	return a.order(ctx, in.ID, in.Idempotent, in.order(), domain.Command{Action: domain.ActionRejectPayment})
}

// order finds what the command is about, and then previews or gives it.
func (a *API) order(ctx context.Context, id string, key Idempotent, o Order, cmd domain.Command) (*resultOutput, error) {
	if err := reasoned(cmd.Action, o.Reason); err != nil {
		return nil, err
	}
	cmd.Reason = o.Reason
	t, err := a.target(ctx, id, cmd.Action)
	if err != nil {
		return nil, err
	}
	cmd.OnboardingID, cmd.SubscriptionID = t.onboarding.ID, t.onboarding.SubscriptionID
	if t.payment != nil {
		cmd.PaymentID = t.payment.ID
	}
	if o.DryRun {
		return t.preview(&cmd)
	}
	return a.obey(ctx, t, key, struct {
		Order Order
		Waive bool
	}{o, cmd.Waive}, &cmd)
}

// target is what a command is about, as it stands.
type target struct {
	onboarding   *domain.Onboarding
	subscription *domain.Subscription // nil before it exists
	payment      *domain.Payment      // of a decision on one
	purchase     string               // invoice of a credit package the payment is for
}

// target reads what the id names: a payment for decisions on one, else a
// subscription, which the onboarding knows before it exists.
func (a *API) target(ctx context.Context, id string, action domain.Action) (*target, error) {
	t := new(target)
	if action == domain.ActionApprovePayment || action == domain.ActionRejectPayment {
		if !store.ValidID(domain.PrefixPayment, id) {
			return nil, domain.NotFound("payment")
		}
		var err error
		if t.payment, err = a.store.PaymentByID(ctx, id); err != nil {
			return nil, err
		}
		invoice, err := a.store.InvoiceByID(ctx, t.payment.InvoiceID)
		if err != nil {
			return nil, err
		}
		if invoice.Type == domain.InvoiceCreditPackage {
			t.purchase = invoice.ID
			t.onboarding, err = a.store.LatestOnboarding(ctx, invoice.AccountID)
			return t, err
		}
		id = invoice.SubscriptionID
	}
	if !store.ValidID(domain.PrefixSubscription, id) {
		return nil, domain.NotFound("subscription")
	}
	return t, a.read(ctx, t, id)
}

// read fills in onboarding and subscription.
func (a *API) read(ctx context.Context, t *target, subscriptionID string) error {
	o, err := a.store.OnboardingBySubscription(ctx, subscriptionID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return domain.NotFound("subscription")
	}
	if err != nil {
		return err
	}
	t.onboarding = o
	t.subscription, err = a.store.SubscriptionByID(ctx, subscriptionID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		t.subscription, err = nil, nil
	}
	return err
}

// runs reports whether the onboarding's workflow takes the command, rather than
// the subscription's.
func (t *target) runs() bool { return t.purchase == "" && !t.onboarding.Status.Ended() }

// status is the status the command is about.
func (t *target) status() string {
	switch {
	case t.payment != nil:
		return string(t.payment.Status)
	case t.runs() || t.subscription == nil:
		return string(t.onboarding.Status)
	}
	return string(t.subscription.Status)
}

// done reports whether there is nothing left to do.
func (t *target) done(action domain.Action) bool {
	switch {
	case t.payment != nil:
		return paymentDone(t.payment, action)
	case t.runs():
		return false
	case action == domain.ActionActivate:
		return t.subscription != nil && t.subscription.Status.Live() && t.subscription.Status != domain.SubscriptionPastDue
	case action == domain.ActionCancel:
		return t.onboarding.Status == domain.OnboardingCanceled ||
			(t.subscription != nil && t.subscription.Status == domain.SubscriptionCanceled)
	}
	return false
}

// allows returns nil when the state allows the command, else what it allows.
func (t *target) allows(action domain.Action) error {
	switch {
	case action == domain.ActionRefresh:
		return nil
	case t.payment != nil:
		return t.allowsPayment(action)
	case t.runs() || t.subscription == nil:
		return t.onboarding.Check(action)
	}
	return t.subscription.Check(action)
}

// allowsPayment: while the onboarding runs, only a payment that waits for
// approval is decided on; after it, one that failed can still be approved,
// which flags the money as late.
func (t *target) allowsPayment(action domain.Action) error {
	pending := t.payment.Status == domain.PaymentPendingApproval
	switch {
	case t.runs() && pending:
		return t.onboarding.Check(action)
	case !t.runs() && pending:
		return nil
	case !t.runs() && action == domain.ActionApprovePayment && len(t.payment.Actions()) > 0:
		return nil
	}
	to := domain.PaymentSucceeded
	if action == domain.ActionRejectPayment {
		to = domain.PaymentFailed
	}
	available := []domain.Action{}
	if !t.runs() || pending {
		available = t.payment.Actions()
	}
	return domain.InvalidTransition(string(t.payment.Status), string(to), available)
}

// leadsTo is the status a command would reach.
func (t *target) leadsTo(action domain.Action) string {
	switch action {
	case domain.ActionApprovePayment:
		if t.payment.Status == domain.PaymentFailed { // late
			return string(domain.PaymentFailed)
		}
		return string(domain.PaymentSucceeded)
	case domain.ActionRejectPayment:
		return string(domain.PaymentFailed)
	case domain.ActionActivate:
		return string(domain.OnboardingCompleted)
	case domain.ActionCancel: // spelled alike for both nouns
		return string(domain.OnboardingCanceled)
	}
	return t.status()
}

// preview answers what the command would do.
func (t *target) preview(cmd *domain.Command) (*resultOutput, error) {
	r := t.result(cmd.Action, t.status())
	r.DryRun = true
	if t.done(cmd.Action) {
		return &resultOutput{Body: r}, nil
	}
	if err := t.allows(cmd.Action); err != nil {
		return nil, err
	}
	r.To = t.leadsTo(cmd.Action)
	return &resultOutput{Body: r}, nil
}

func (t *target) result(action domain.Action, from string) *commandResult {
	return &commandResult{
		Object: "command_result", Action: action, From: cmp.Or(from, t.status()), To: t.status(),
		Onboarding: t.onboarding, Subscription: t.subscription, Payment: t.payment,
	}
}

// obey gives the command, unless there is nothing left to do, and answers with
// everything as it is after it.
func (a *API) obey(ctx context.Context, t *target, key Idempotent, body any, cmd *domain.Command) (*resultOutput, error) {
	from := t.status()
	if t.done(cmd.Action) {
		return &resultOutput{Body: t.result(cmd.Action, from)}, nil
	}
	given, again, err := a.give(ctx, key, cmp.Or(cmd.PaymentID, cmd.SubscriptionID), body, cmd, func() error { return t.allows(cmd.Action) })
	if err != nil {
		return nil, err
	}
	differences, err := a.deliver(ctx, t, given)
	if err != nil {
		return nil, err
	}
	after, err := a.after(ctx, t)
	if err != nil {
		return nil, err
	}
	r := after.result(cmd.Action, from)
	r.Applied, r.Differences = true, differences
	return &resultOutput{Replayable: replayed(again), Body: r}, nil
}

// deliver takes the stored command to whoever carries it out.
func (a *API) deliver(ctx context.Context, t *target, cmd *domain.Command) ([]domain.Difference, error) {
	switch {
	case t.purchase != "":
		return nil, a.flows.CommandPurchase(ctx, t.purchase, cmd)
	case cmd.Action == domain.ActionRefresh:
		return a.refresh(ctx, t, cmd)
	case t.runs():
		_, err := a.carry(ctx, t.onboarding, cmd)
		return nil, err
	}
	return nil, a.flows.Bill(ctx, cmd)
}

// refresh compares the onboarding with its workflow, and has the Billing of a
// subscription in use read its rows and ask the provider anew.
func (a *API) refresh(ctx context.Context, t *target, cmd *domain.Command) ([]domain.Difference, error) {
	differences, err := a.flows.Refresh(ctx, t.onboarding, cmd)
	if err != nil || t.runs() || t.subscription == nil || !t.subscription.Status.Live() {
		return differences, err
	}
	return differences, a.flows.Bill(ctx, cmd)
}

// after reads the target again.
func (a *API) after(ctx context.Context, t *target) (*target, error) {
	after := new(target)
	if t.payment != nil {
		var err error
		if after.payment, err = a.store.PaymentByID(ctx, t.payment.ID); err != nil {
			return nil, err
		}
	}
	if after.purchase = t.purchase; t.purchase != "" {
		after.onboarding = t.onboarding
		return after, nil
	}
	return after, a.read(ctx, after, t.onboarding.SubscriptionID)
}
