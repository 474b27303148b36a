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

// credits are an account's ledger and its balance.
type credits struct{ *shared }

// balance answers the ledger's balance.
func (c credits) balance(ctx context.Context, _ *struct{}) (*balanceOutput, error) {
	b, err := c.of(ctx, callerOf(ctx).accountID)
	return &balanceOutput{Body: b}, err
}

// of is the balance of an account. What is not known is never zero: it is
// provisioning while the onboarding runs, else 503.
func (c credits) of(ctx context.Context, accountID string) (*creditBalance, error) {
	answer := &creditBalance{Object: "balance", AccountID: accountID, Status: domain.BalanceProvisioning}
	b, err := orNil(c.store.Balance(ctx, accountID))
	switch {
	case err != nil:
		return nil, err
	case b == nil:
		return answer, c.provisioning(ctx, accountID)
	}
	answer.Status, answer.UpdatedAt = b.Status, &b.UpdatedAt
	answer.Plan, answer.Bonus, answer.Total = &b.Plan, &b.Bonus, &b.Total
	return answer, nil
}

// provisioning returns nil while the account's first onboarding runs; an
// account in use without a balance is a fault of ours.
func (c credits) provisioning(ctx context.Context, accountID string) error {
	account, err := c.store.AccountByID(ctx, accountID)
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound: // received, not created yet
		return nil
	case err != nil || account.Status == domain.AccountPending:
		return err
	}
	c.log.ErrorContext(ctx, "account in use has no balance", "account", accountID)
	return domain.Unavailable(domain.Text(domain.LabelBalance), defaultRetryAfter)
}

// list answers the account's ledger.
func (c credits) list(ctx context.Context, in *listOwnInput) (*listOutput[domain.Credit], error) {
	page, err := in.decode(domain.PrefixCredit)
	if err != nil {
		return nil, err
	}
	return listed(c.store.ListCredits(ctx, callerOf(ctx).accountID, page))
}
