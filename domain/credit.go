package domain

import "time"

// CreditPool says where credits come from and what becomes of them.
type CreditPool string

const (
	// PoolPlan is reset at the start of each period and spent first.
	PoolPlan CreditPool = "plan"
	// PoolBonus was bought or given and stays until spent.
	PoolBonus CreditPool = "bonus"
)

// Credit is one entry of the append-only ledger. Its idempotency key makes a
// grant of the same period, or a repeated debit, happen once. Debits past their
// retention become one entry for each pool and period, of the same sum.
type Credit struct {
	ID             string     `json:"id" gorm:"primaryKey" doc:"Prefixed ULID."`
	Object         string     `json:"object" gorm:"-" enum:"credit"`
	AccountID      string     `json:"account_id"`
	Pool           CreditPool `json:"pool" enum:"plan,bonus" doc:"plan is reset each period, bonus stays until spent."`
	Amount         int64      `json:"amount" doc:"Added when positive, taken when negative."`
	Reason         string     `json:"reason" doc:"Such as plan_grant."`
	SubscriptionID string     `json:"subscription_id,omitempty"`
	IdempotencyKey string     `json:"-"`
	CreatedAt      time.Time  `json:"created_at"`
}

// Present fills the computed fields.
func (c *Credit) Present() { c.Object = "credit" }

// The reasons of ledger entries.
const (
	// ReasonPlanGrant: the credits a period of a plan brings.
	ReasonPlanGrant = "plan_grant"
	// ReasonPlanReset: what was left in the plan's pool when the next grant came.
	ReasonPlanReset = "plan_reset"
	// ReasonUsage: the sum of a period's debits, once their retention is over.
	ReasonUsage = "usage"
	// ReasonPackage: a credit package was paid for.
	ReasonPackage = "credit_package"
)

// BalanceStatus says whether a balance can be spent.
type BalanceStatus string

const (
	// BalanceProvisioning: the onboarding still runs; there is no balance yet.
	BalanceProvisioning BalanceStatus = "provisioning"
	// BalanceAvailable: the figures are the ledger's.
	BalanceAvailable BalanceStatus = "available"
)

// Balance is the sum of an account's ledger, kept beside it in the same
// transaction. The database refuses a negative pool.
type Balance struct {
	Object    string        `json:"object" gorm:"-" enum:"balance"`
	AccountID string        `json:"account_id" gorm:"primaryKey"`
	Status    BalanceStatus `json:"status" gorm:"-" enum:"provisioning,available"`
	Plan      int64         `json:"plan" gorm:"column:plan_credits" doc:"Credits of the plan, reset each period."`
	Bonus     int64         `json:"bonus" gorm:"column:bonus_credits" doc:"Credits bought or given."`
	Total     int64         `json:"total" gorm:"-" doc:"What can be spent."`
	UpdatedAt time.Time     `json:"updated_at"`
}

// Present fills the computed fields of a balance that exists.
func (b *Balance) Present() {
	b.Object, b.Status, b.Total = "balance", BalanceAvailable, b.Plan+b.Bonus
}
