package api

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"slipway/domain"
	"slipway/store"
)

// bulkAtOnce is how many commands of one bulk request are under way.
const bulkAtOnce = 4

// BulkRequest is one command for many.
type BulkRequest struct {
	CommandRequest
	IDs []rowID `json:"ids" minItems:"1" maxItems:"100" uniqueItems:"true" nullable:"false" doc:"@bulk.ids"`
}

type bulkSubscriptionsInput struct {
	Idempotent
	Body struct {
		BulkRequest
		Action subscriptionAction `json:"action"`
		Waive  bool               `json:"waive,omitempty" doc:"activate: ask for no money."`
		Days   int                `json:"days,omitempty" minimum:"1" maximum:"365" doc:"extend_trial: how many days."`
	}
}

type bulkPaymentsInput struct {
	Idempotent
	Body struct {
		BulkRequest
		Action paymentAction `json:"action"`
	}
}

// bulkRow is the answer for one id: a result or a problem.
type bulkRow struct {
	ID      string         `json:"id"`
	Result  *commandResult `json:"result"`
	Problem *Problem       `json:"problem"`
}

type bulkResult struct {
	Object string    `json:"object" enum:"bulk_result"`
	Data   []bulkRow `json:"data" nullable:"false" doc:"In the order of the ids."`
}

type bulkOutput struct {
	Body bulkResult
}

// check notes ids of another kind, and a reason that is missing.
func (r *BulkRequest) check(prefix string, action domain.Action, wrong *fieldErrors) {
	if slices.ContainsFunc(r.IDs, func(id rowID) bool { return !store.ValidID(prefix, string(id)) }) {
		wrong.note("ids", domain.Text(domain.TextNotAnID), domain.Text(domain.AcceptIDs, "prefix", prefix))
	}
	r.CommandRequest.check(action, wrong)
}

func (in *bulkSubscriptionsInput) check(wrong *fieldErrors) {
	action := domain.Action(in.Body.Action)
	in.Body.BulkRequest.check(domain.PrefixSubscription, action, wrong)
	days := in.Body.Days > 0 || action != domain.ActionExtendTrial
	wrong.require(days, "days", domain.TextFieldRequired, domain.AcceptDays)
}

func (in *bulkPaymentsInput) check(wrong *fieldErrors) {
	in.Body.BulkRequest.check(domain.PrefixPayment, domain.Action(in.Body.Action), wrong)
}

// commandSubscriptions gives one command to many subscriptions.
func (s staff) commandSubscriptions(ctx context.Context, in *bulkSubscriptionsInput) (*bulkOutput, error) {
	action, common := domain.Action(in.Body.Action), in.Body.CommandRequest
	var body staffRequest = &common
	switch action {
	case domain.ActionActivate:
		body = &ActivateRequest{CommandRequest: common, Waive: in.Body.Waive}
	case domain.ActionExtendTrial:
		body = &ExtendTrialRequest{CommandRequest: common, Days: in.Body.Days}
	}
	return s.bulk(ctx, in.Idempotent, in.Body.IDs, action, body)
}

// decidePayments approves or rejects many payments.
func (s staff) decidePayments(ctx context.Context, in *bulkPaymentsInput) (*bulkOutput, error) {
	return s.bulk(ctx, in.Idempotent, in.Body.IDs, domain.Action(in.Body.Action), &in.Body.CommandRequest)
}

func (s staff) bulk(
	ctx context.Context, key Idempotent, ids []rowID, action domain.Action, body staffRequest,
) (*bulkOutput, error) {
	rows := make([]bulkRow, len(ids))
	var group errgroup.Group
	group.SetLimit(bulkAtOnce)
	for i, id := range ids {
		group.Go(func() error {
			rows[i] = s.bulkRow(ctx, string(id), key, action, body)
			return nil
		})
	}
	_ = group.Wait() // each row holds its own problem
	return &bulkOutput{Body: bulkResult{Object: "bulk_result", Data: rows}}, nil
}

// bulkRow answers for one id.
func (s staff) bulkRow(
	ctx context.Context, id string, key Idempotent, action domain.Action, body staffRequest,
) bulkRow {
	out, err := s.give(ctx, id, key, action, body)
	if err == nil {
		return bulkRow{ID: id, Result: out.Body}
	}
	p := problemOf(err)
	if p.cause != nil {
		s.log.ErrorContext(ctx, "command in bulk failed", "action", action, "error", p.cause)
	}
	return bulkRow{ID: id, Problem: p}
}
