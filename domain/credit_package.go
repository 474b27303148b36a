package domain

import "time"

// CreditPackage is an offer of the catalogue beside the plans: credits for the
// bonus pool, which stay until they are spent.
type CreditPackage struct {
	ID        string    `json:"id" gorm:"primaryKey" doc:"Prefixed ULID."`
	Object    string    `json:"object" gorm:"-" enum:"credit_package"`
	Code      string    `json:"code" doc:"Stable key."`
	Name      string    `json:"name"`
	Credits   int64     `json:"credits" doc:"Added to the bonus pool once it is paid for."`
	Amount    int64     `json:"amount" doc:"Price in minor units; never 0."`
	Currency  string    `json:"currency" doc:"ISO 4217, lower case."`
	Active    bool      `json:"active" doc:"Listed by GET /v1/credit-packages and for sale."`
	Sort      int       `json:"sort" doc:"Order in lists, ascending."`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Present fills the computed fields.
func (p *CreditPackage) Present() { p.Object = "credit_package" }
