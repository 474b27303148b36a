package domain

import "time"

// Site is the sample of a resource that a plan limits: an account has as many
// as LimitSites of its plan allows. A product replaces it by its own.
type Site struct {
	ID        string     `json:"id" gorm:"primaryKey" doc:"Prefixed ULID."`
	Object    string     `json:"object" gorm:"-" enum:"site"`
	AccountID string     `json:"account_id"`
	Name      string     `json:"name" doc:"1 to 120 visible characters."`
	CreatedAt time.Time  `json:"created_at"`
	DeletedAt *time.Time `json:"-"` // no longer counts
}

// Present fills the computed fields.
func (s *Site) Present() { s.Object = "site" }
