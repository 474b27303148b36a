package api

import (
	"context"
	"slices"

	"slipway/domain"
	"slipway/store"
)

type debitInput struct {
	IdempotencyKey idempotencyKey `header:"Idempotency-Key" required:"true" doc:"@debit.idempotency_key"`
	Body           struct {
		AccountID string `json:"account_id" format:"code" maxLength:"60" doc:"The account that pays."`
		Amount    int64  `json:"amount" minimum:"1" maximum:"1000000000000" doc:"How many credits."`
		Reason    string `json:"reason" format:"line" minLength:"1" maxLength:"120" doc:"@debit.reason"`
	}
}

// debitResult is what a debit took and what it left.
type debitResult struct {
	Object  string          `json:"object" enum:"debit"`
	Entries []domain.Credit `json:"entries" nullable:"false" doc:"@debitResult.entries"`
	Balance *domain.Balance `json:"balance" doc:"What is left; in a replay, what is left now."`
}

type debitOutput struct {
	Replayable
	Body debitResult
}

// debit spends credits of an account that may be used, once per key.
func (c credits) debit(ctx context.Context, in *debitInput) (*debitOutput, error) {
	d := store.Debit{
		AccountID: in.Body.AccountID, Amount: in.Body.Amount, Reason: in.Body.Reason,
		Key: string(in.IdempotencyKey),
	}
	facts, decision, err := decide(ctx, c.store, d.AccountID, domain.Need{})
	if err != nil {
		return nil, err
	}
	result, err := c.spend(ctx, d, decision)
	if err == nil && result.Short {
		err = c.short(ctx, &facts, result.Balance)
	}
	if err != nil {
		return nil, err
	}
	return &debitOutput{
		Replayable: replayed(result.Replayed),
		Body:       debitResult{Object: "debit", Entries: result.Entries, Balance: result.Balance},
	}, nil
}

// spend takes the credits. What was taken before the account lost its use is
// still answered; nothing more is taken.
func (c credits) spend(ctx context.Context, d store.Debit, decision domain.Decision) (store.DebitResult, error) {
	if refusal := decision.Err(); refusal != nil {
		earlier, found, err := c.store.FindDebit(ctx, d)
		if err == nil && !found {
			err = refusal
		}
		return earlier, err
	}
	result, err := c.store.Debit(ctx, d)
	if domain.CodeOf(err) == domain.CodeNotFound {
		c.log.ErrorContext(ctx, "account in use has no balance", "account", d.AccountID)
		err = domain.Unavailable(domain.Text(domain.LabelBalance), defaultRetryAfter)
	}
	return result, err
}

// short is the refusal of a debit that the balance does not cover, with where
// more credits are sold.
func (c credits) short(ctx context.Context, facts *domain.EntitlementFacts, b *domain.Balance) error {
	packages, err := c.store.ActivePackages(ctx)
	if err == nil {
		err = c.store.Explain(ctx, facts)
	}
	if err != nil {
		return err
	}
	return facts.Short(b, len(packages) > 0)
}

// check refuses the ledger's own words: a debit must not look like a
// grant or a reset.
func (in *debitInput) check(wrong *fieldErrors) {
	ours := []string{domain.ReasonPlanGrant, domain.ReasonPlanReset, domain.ReasonPackage, domain.ReasonImported}
	theirs := !slices.Contains(ours, in.Body.Reason)
	wrong.require(theirs, "reason", domain.TextNotADebitReason, domain.AcceptDebitReason)
}
