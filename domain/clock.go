package domain

import "time"

// ClockStatus says whether a test clock is moving.
type ClockStatus string

// The states of a test clock.
const (
	// ClockReady: it does not move, and everything due by then has been done.
	ClockReady ClockStatus = "ready"
	// ClockAdvancing: it is on its way to Target, from one due thing to the next.
	ClockAdvancing ClockStatus = "advancing"
)

// ClockMoves is the state machine of a test clock.
var ClockMoves = Moves[ClockStatus]{
	ClockReady:     {ClockAdvancing},
	ClockAdvancing: {ClockReady},
}

// TestClock is a time of its own for the accounts bound to it, so that a year
// of billing can be lived through in seconds. It moves forward only, when it is advanced.
type TestClock struct {
	ID        string      `json:"id" gorm:"primaryKey" doc:"Prefixed ULID."`
	Object    string      `json:"object" gorm:"-" enum:"test_clock"`
	Name      string      `json:"name,omitempty" doc:"What it was made for."`
	Status    ClockStatus `json:"status" enum:"ready,advancing"`
	Now       time.Time   `json:"now" doc:"What it shows."`
	Target    *time.Time  `json:"target" doc:"While advancing: where to." nullable:"true"`
	CreatedAt time.Time   `json:"created_at"`
	UpdatedAt time.Time   `json:"updated_at"`
}

// Present fills the computed fields.
func (c *TestClock) Present() { c.Object = "test_clock" }

// MaxAdvance is how far one advance may go: enough for the twelve months, and a
// year plan's renewal, that tests live through.
const MaxAdvance = 2 * 366 * 24 * time.Hour
