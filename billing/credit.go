package billing

import (
	"slipway/domain"
	"slipway/store"
)

// Credits adds to the ledger of the account of a change.
type Credits struct{ *store.Change }

// Grant adds credits to the ledger, once per idempotency key.
func (c Credits) Grant(credit *domain.Credit) error {
	credit.ID, credit.AccountID, credit.CreatedAt = store.NewID(domain.PrefixCredit), c.AccountID(), c.Now
	granted, err := c.Tx.GrantCredits(c.Ctx, credit)
	if err != nil || !granted {
		return err
	}
	c.Emit(domain.EventCreditsGranted, map[string]any{"amount": credit.Amount, "pool": credit.Pool})
	return nil
}

// GrantPeriod gives the credits of the subscription's current period.
func (c Credits) GrantPeriod(sub *domain.Subscription) error {
	return c.Grant(&domain.Credit{Pool: domain.PoolPlan, Amount: sub.Plan.Credits, Reason: domain.ReasonPlanGrant,
		SubscriptionID: sub.ID, IdempotencyKey: sub.PeriodKey()})
}

// ResetPeriod gives the credits of the current period in place of what was left
// of the last.
func (c Credits) ResetPeriod(sub *domain.Subscription) error {
	if err := c.Tx.ClearPlanCredits(c.Ctx, sub.AccountID, sub.ID, sub.PeriodKey()+"/reset"); err != nil {
		return err
	}
	return c.GrantPeriod(sub)
}
