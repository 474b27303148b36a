package api

import (
	"cmp"
	"context"
	"slices"
	"unicode/utf8"

	"slipway/domain"
	"slipway/store"
)

// commandResult is what a command of an admin's did, or would do. It is about
// several nouns at once, hence its own struct.
type commandResult struct {
	Object       string               `json:"object" enum:"command_result"`
	Action       staffAction          `json:"action"`
	Applied      bool                 `json:"applied" doc:"False when there was nothing left to do, and in a dry run."`
	DryRun       bool                 `json:"dry_run"`
	From         string               `json:"from" doc:"@commandResult.from"`
	To           string               `json:"to" doc:"Status after, or, in a dry run, the one it would reach."`
	Onboarding   *domain.Onboarding   `json:"onboarding"`
	Subscription *domain.Subscription `json:"subscription" doc:"Null while it does not exist."`
	Payment      *domain.Payment      `json:"payment" doc:"The payment that was decided on."`
	Differences  []domain.Difference  `json:"differences,omitempty" nullable:"false" doc:"@commandResult.differences"`
}

// CommandRequest is what every command of staff has in common.
type CommandRequest struct {
	Reason string `json:"reason,omitempty" format:"paragraph" maxLength:"500" doc:"@command.reason"`
	Note   string `json:"note,omitempty" format:"paragraph" maxLength:"2000" doc:"@command.note"`
	DryRun bool   `json:"dry_run,omitempty" doc:"Answer what it would do, and do nothing."`
}

// common is the part that every command has.
func (r *CommandRequest) common() *CommandRequest { return r }

// fill writes what was asked for into the command.
func (r *CommandRequest) fill(cmd *domain.Command) { cmd.Reason, cmd.Note = r.Reason, r.Note }

// ActivateRequest is the body of activate.
type ActivateRequest struct {
	CommandRequest
	Waive bool `json:"waive,omitempty" doc:"Ask for no money, instead of noting that it was paid elsewhere."`
}

func (r *ActivateRequest) fill(cmd *domain.Command) {
	r.CommandRequest.fill(cmd)
	cmd.Waive = r.Waive
}

// ExtendTrialRequest is the body of extend_trial.
type ExtendTrialRequest struct {
	CommandRequest
	Days int `json:"days" minimum:"1" maximum:"365" doc:"How many days later the trial ends."`
}

func (r *ExtendTrialRequest) fill(cmd *domain.Command) {
	r.CommandRequest.fill(cmd)
	cmd.Details.Days = r.Days
}

// staffRequest is the body of any command of staff.
type staffRequest interface {
	common() *CommandRequest
	fill(*domain.Command)
}

// check notes a reason that is missing or too short for the action, whatever the
// state is.
func (r *CommandRequest) check(action domain.Action, wrong *fieldErrors) {
	given := utf8.RuneCountInString(r.Reason) >= reasonMin || (r.Reason == "" && staffRule(action).ReasonOptional)
	wrong.require(given, "reason", domain.TextReasonNeeded, domain.AcceptReason)
}

// reasonMin is the shortest reason of staff, in characters.
const reasonMin = 3

type staffInput[B any] struct {
	ID string `path:"id" doc:"Id of the subscription, even before it exists; or of the payment."`
	Idempotent
	Body *B // none is an empty one
}

type resultOutput struct {
	Replayable
	Body *commandResult
}

// staff gives the commands that admins and the product's backend may give.
type staff struct {
	*shared
	commands commands
}

// rows are the routes of the commands that are declared for staff. One that
// needs more than a reason has a body of its own.
func (s staff) rows() []row {
	var rows []row
	for _, c := range collections {
		for _, r := range c.staffRules() {
			switch r.Action {
			case domain.ActionActivate:
				rows = append(rows, staffRow[ActivateRequest](s, c, r))
			case domain.ActionExtendTrial:
				rows = append(rows, staffRow[ExtendTrialRequest](s, c, r))
			default:
				rows = append(rows, staffRow[CommandRequest](s, c, r))
			}
		}
	}
	return rows
}

func staffRow[B any, P interface {
	*B
	staffRequest
}](s staff, c collection, r domain.Rule) row {
	call, id := c.call(r.Action)
	options := []option{reused, waits}
	if r.From != nil {
		options = append(options, transition)
	}
	body := func(in *staffInput[B]) P { return P(cmp.Or(in.Body, new(B))) }
	options = append(options, checks(func(in *staffInput[B], wrong *fieldErrors) {
		body(in).common().check(r.Action, wrong)
	}))
	return do(call, id, r.Title, func(ctx context.Context, in *staffInput[B]) (*resultOutput, error) {
		return s.give(ctx, in.ID, in.Idempotent, r.Action, body(in))
	}, options...)
}

// give finds what the command is about, and then previews or gives it.
func (s staff) give(
	ctx context.Context, id string, key Idempotent, action domain.Action, body staffRequest,
) (*resultOutput, error) {
	t, err := s.target(ctx, id, action)
	if err != nil {
		return nil, err
	}
	r := commandRequest{Idempotent: key, body: body, command: domain.Command{Action: action}}
	body.fill(&r.command)
	var done *outcome
	if body.common().DryRun {
		done, err = t.preview(r)
	} else {
		done, err = s.commands.give(ctx, t, r)
	}
	if err != nil {
		return nil, err
	}
	return &resultOutput{Replayable: replayed(done.replayed), Body: done.result(action, body.common().DryRun)}, nil
}

// result is the outcome as staff read it.
func (o *outcome) result(action domain.Action, dryRun bool) *commandResult {
	return &commandResult{
		Object: "command_result", Action: staffAction(action), Applied: o.applied, DryRun: dryRun, From: o.from, To: o.to,
		Onboarding: o.onboarding, Subscription: o.subscription, Payment: o.payment, Differences: o.differences,
	}
}

// target reads what the id names: a payment for decisions on one, else a
// subscription.
func (s staff) target(ctx context.Context, id string, action domain.Action) (*target, error) {
	if slices.Contains(staffActions(ofPayments), action) {
		return s.paymentTarget(ctx, id)
	}
	t := &target{id: id}
	if err := s.readSubscription(ctx, t, id); err != nil {
		return nil, err
	}
	if t.noun = domain.NounSubscription; t.runs() || t.subscription == nil {
		t.noun = domain.NounOnboarding
	}
	return t, nil
}

// paymentTarget reads a payment with what it is for: a subscription, or a
// credit package.
func (s staff) paymentTarget(ctx context.Context, id string) (*target, error) {
	payment, err := paymentKind.find(ctx, s.store, id)
	if err != nil {
		return nil, err
	}
	t := &target{noun: domain.NounPayment, id: id, payment: payment}
	invoice, err := s.store.InvoiceByID(ctx, t.payment.InvoiceID)
	if err != nil {
		return nil, err
	}
	t.paymentFor = invoice
	if invoice.Type != domain.InvoiceCreditPackage {
		return t, s.readSubscription(ctx, t, invoice.SubscriptionID)
	}
	t.invoice = invoice
	t.onboarding, err = s.store.LatestOnboarding(ctx, invoice.AccountID)
	return t, err
}

// readSubscription fills in a subscription, which its onboarding knows before it
// exists, and the onboarding.
func (s staff) readSubscription(ctx context.Context, t *target, id string) (err error) {
	if !store.ValidID(domain.PrefixSubscription, id) {
		return domain.NotFound("subscription")
	}
	t.subscriptionID = id
	t.onboarding, err = s.store.OnboardingBySubscription(ctx, id)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return domain.NotFound("subscription")
	}
	if err != nil {
		return err
	}
	t.subscription, err = orNil(s.store.SubscriptionByID(ctx, id))
	return err
}
