package domain

import "strconv"

// Limits bound what one customer can have at the same time, or add in a minute, so that
// nobody fills the database or a process by calling again and again. 0 is no limit.
// Staff and API keys, who act for many accounts, are bound by none but Sessions.
type Limits struct {
	Purchases      int // open purchases of credit packages of an account
	PaymentMethods int // payment methods of an account
	Streams        int // open streams and long polls of an account, in each process
	AllStreams     int // open streams and long polls of all, in each process
	Sessions       int // sessions of a user; one more ends the oldest
	Writes         int // calls of an account that change something, a minute, in each process
}

// DefaultLimits are the limits of a deployment that sets none.
func DefaultLimits() Limits {
	return Limits{Purchases: 20, PaymentMethods: 10, Streams: 10, AllStreams: 10_000, Sessions: 50, Writes: 60}
}

// TooManyPurchases is the 409 of one more open purchase than the limit allows.
func TooManyPurchases(limit int) *Error {
	return tooMany(Text(TextTooManyPurchases, "limit", strconv.Itoa(limit)))
}

// TooManyMethods is the 409 of one more payment method than the limit allows.
func TooManyMethods(limit int) *Error {
	return tooMany(Text(TextTooManyMethods, "limit", strconv.Itoa(limit)))
}

// tooMany says in its detail what to do.
func tooMany(detail string) *Error {
	return &Error{Code: CodeConflict, Reason: ReasonTooMany, Detail: detail}
}
