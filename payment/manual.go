package payment

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Manual is money that comes by itself: a bank transfer, a wallet, an invoice
// that is paid some day. It asks nobody and remembers nothing; only a person who
// sees the account can say what came, so everything it is asked is pending until
// an admin approves.
type Manual struct{}

// NewManual returns the provider, which needs nothing.
func NewManual() Manual { return Manual{} }

// manualMethod is the only method there is: nobody is charged by it.
const manualMethod = "manual"

// Attach has nothing to store.
func (Manual) Attach(_ context.Context, in Attach) (Method, error) {
	return Method{Customer: in.Customer, Ref: manualMethod}, nil
}

// Setup is ClassMisconfigured: there is nothing to enter.
func (Manual) Setup(context.Context, Setup) (Page, error) {
	return Page{}, &Error{Class: ClassMisconfigured, Code: "no_setup_page"}
}

// Charge is pending from the start, and stays so here.
func (Manual) Charge(_ context.Context, in Charge) (Outcome, error) {
	return Outcome{Key: in.Key, Status: StatusPendingApproval, Amount: in.Amount, Currency: in.Currency}, nil
}

// Lookup is pending for every key, also for one that was never charged: nobody
// but an admin knows, and StatusNone would be taken for proof that no money
// comes.
func (Manual) Lookup(_ context.Context, key string) (Outcome, error) {
	return Outcome{Key: key, Status: StatusPendingApproval}, nil
}

// Refund is pending, too: a person transfers the money back.
func (Manual) Refund(_ context.Context, in Refund) (Outcome, error) {
	return Outcome{Key: in.Charge, Ref: in.Ref, Status: StatusPendingApproval}, nil
}

// Event is ClassForged: nobody sends any.
func (Manual) Event(http.Header, []byte, time.Time) (Event, error) {
	return Event{}, &Error{Class: ClassForged, Cause: errors.New("a manual provider sends no webhooks")}
}
