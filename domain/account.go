package domain

import "time"

// AccountStatus is the state of an account.
type AccountStatus string

// The states of an account.
const (
	// AccountPending: created by an onboarding that has not ended yet.
	AccountPending AccountStatus = "pending"
	// AccountActive: fulfilment made it usable.
	AccountActive AccountStatus = "active"
	// AccountSuspended: billing took its use away until it is paid for.
	AccountSuspended AccountStatus = "suspended"
	// AccountClosed: given up; its slug is released or tombstoned. An end.
	AccountClosed AccountStatus = "closed"
)

// AccountMoves is the state machine of an account. Pending goes straight to
// closed when its onboarding ends early.
var AccountMoves = Moves[AccountStatus]{
	AccountPending:   {AccountActive, AccountClosed},
	AccountActive:    {AccountSuspended, AccountClosed},
	AccountSuspended: {AccountActive, AccountClosed},
	AccountClosed:    {},
}

// Account is a customer of the product: what plans, credits and people belong to.
type Account struct {
	ID        string        `json:"id" gorm:"primaryKey" doc:"Prefixed ULID."`
	Object    string        `json:"object" gorm:"-" enum:"account"`
	Status    AccountStatus `json:"status" enum:"pending,active,suspended,closed"`
	Name      string        `json:"name"`
	Slug      string        `json:"slug" doc:"Unique, lower case, 3 to 48 characters."`
	Country   string        `json:"country,omitempty" doc:"ISO 3166-1 alpha-2."`
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
	ClosedAt  *time.Time    `json:"closed_at,omitempty"`

	TestClockID string `json:"test_clock,omitempty" doc:"The test clock it lives by."`
}

// Advance moves the account, or returns the 409 of an illegal move.
func (a *Account) Advance(to AccountStatus, now time.Time) error {
	if err := AccountMoves.check(a.Status, to, nil); err != nil {
		return err
	}
	a.Status, a.UpdatedAt = to, now
	if to == AccountClosed {
		a.ClosedAt = &now
	}
	return nil
}

// Present fills the computed fields.
func (a *Account) Present() { a.Object = "account" }

// Role says what a user may do.
type Role string

const (
	// RoleOwner signs in to one account.
	RoleOwner Role = "owner"
	// RoleAdmin belongs to no account and commands all of them.
	RoleAdmin Role = "admin"
)

// User is a person who signs in. It never leaves the process.
type User struct {
	ID           string `gorm:"primaryKey"`
	AccountID    string `gorm:"<-:create;default:null"` // empty for admins
	Role         Role
	Email        string // lower case; unique among users that are not released
	PasswordHash string
	ReleasedAt   *time.Time // set when the account closes, which frees the e-mail
	CreatedAt    time.Time
}

// Session is a signed-in user. Only the hash of its token is stored.
type Session struct {
	ID        string `gorm:"primaryKey"`
	TokenHash []byte // SHA-256 of the bearer
	UserID    string
	AccountID string // empty for admins
	Role      Role
	CreatedAt time.Time
	ExpiresAt time.Time
}

// APIKey authenticates an admin's script or the product's backend. Only the
// hash of its secret is stored.
type APIKey struct {
	ID         string     `json:"id" gorm:"primaryKey"`
	Object     string     `json:"object" gorm:"-" enum:"api_key"`
	Name       string     `json:"name"`
	SecretHash []byte     `json:"-"`
	CreatedBy  string     `json:"created_by"`
	CreatedAt  time.Time  `json:"created_at"`
	RevokedAt  *time.Time `json:"revoked_at" nullable:"true"`
}

// Present fills the computed fields.
func (k *APIKey) Present() { k.Object = "api_key" }
