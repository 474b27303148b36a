package api

import (
	"context"
	"time"

	"slipway/domain"
)

// creditBalance is domain.Balance with figures that may be missing: while an
// onboarding runs there is no balance, and no balance is not zero.
type creditBalance struct {
	Object    string               `json:"object" enum:"balance"`
	AccountID string               `json:"account_id"`
	Status    domain.BalanceStatus `json:"status" enum:"provisioning,available" doc:"@creditBalance.status"`
	Plan      *int64               `json:"plan" doc:"Credits of the plan, reset each period."`
	Bonus     *int64               `json:"bonus" doc:"Credits bought or given."`
	Total     *int64               `json:"total" doc:"What can be spent."`
	UpdatedAt *time.Time           `json:"updated_at"`
}

type balanceOutput struct {
	Body *creditBalance
}

// getBalance answers the ledger's balance. What is not known is never zero: it
// is provisioning while the onboarding runs, else 503.
func (a *API) getBalance(ctx context.Context, _ *struct{}) (*balanceOutput, error) {
	id := callerOf(ctx).accountID
	answer := &creditBalance{Object: "balance", AccountID: id, Status: domain.BalanceProvisioning}
	b, err := a.store.Balance(ctx, id)
	if err == nil {
		answer.Status, answer.UpdatedAt = b.Status, &b.UpdatedAt
		answer.Plan, answer.Bonus, answer.Total = &b.Plan, &b.Bonus, &b.Total
		return &balanceOutput{Body: answer}, nil
	}
	if domain.CodeOf(err) == domain.CodeNotFound {
		err = a.provisioning(ctx, id)
	}
	return &balanceOutput{Body: answer}, err
}

// provisioning returns nil while the account's first onboarding runs; an
// account in use without a balance is a fault of ours.
func (a *API) provisioning(ctx context.Context, accountID string) error {
	account, err := a.store.AccountByID(ctx, accountID)
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound: // received, not created yet
		return nil
	case err != nil || account.Status == domain.AccountPending:
		return err
	}
	a.log.ErrorContext(ctx, "account in use has no balance", "account", accountID)
	return domain.Unavailable("The balance", defaultRetryAfter)
}

// listOwnCredits answers the account's ledger.
func (a *API) listOwnCredits(ctx context.Context, in *listOwnInput) (*listOutput[domain.Credit], error) {
	p, err := in.decode(domain.PrefixCredit)
	if err != nil {
		return nil, err
	}
	return listed(a.store.ListCredits(ctx, callerOf(ctx).accountID, p))
}
