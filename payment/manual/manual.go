// Package manual is the payment provider without a company behind it: customers
// transfer the money, and a person sees it arrive.
package manual

import (
	"context"
	"errors"
	"net/http"
	"time"

	"slipway/payment"
)

// Name is how a payment option refers to this provider.
const Name = "manual"

// Provider is money that comes by itself: a bank transfer, a wallet, an invoice
// that is paid some day. It asks nobody and remembers nothing; only a person who
// sees the account can say what came, so everything it is asked is pending until
// an admin approves.
type Provider struct{}

// New returns the provider, which needs nothing.
func New() Provider { return Provider{} }

// Registration serves every type of option, and charges nobody.
func (p Provider) Registration() payment.Registration {
	return payment.Registration{Name: Name, Provider: p}
}

// methodRef is the only method there is: nobody is charged by it.
const methodRef = "manual"

// Attach has nothing to store.
func (Provider) Attach(_ context.Context, in payment.Attach) (payment.Method, error) {
	return payment.Method{Customer: in.Customer, Ref: methodRef}, nil
}

// Setup is ClassMisconfigured: there is nothing to enter.
func (Provider) Setup(context.Context, payment.Setup) (payment.Page, error) {
	return payment.Page{}, &payment.Error{Class: payment.ClassMisconfigured, Code: "no_setup_page"}
}

// Charge is pending from the start, and stays so here.
func (Provider) Charge(_ context.Context, in payment.Charge) (payment.Outcome, error) {
	return payment.Outcome{Key: in.Key, Status: payment.StatusPendingApproval, Amount: in.Amount,
		Currency: in.Currency}, nil
}

// Lookup is pending for every key, also for one that was never charged: nobody
// but an admin knows, and StatusNone would be taken for proof that no money
// comes.
func (Provider) Lookup(_ context.Context, key string) (payment.Outcome, error) {
	return payment.Outcome{Key: key, Status: payment.StatusPendingApproval}, nil
}

// Refund is pending, too: a person transfers the money back.
func (Provider) Refund(_ context.Context, in payment.Refund) (payment.Outcome, error) {
	return payment.Outcome{Key: in.Charge, Ref: in.Ref, Status: payment.StatusPendingApproval}, nil
}

// Event is ClassForged: nobody sends any.
func (Provider) Event(http.Header, []byte, time.Time) (payment.Event, error) {
	return payment.Event{}, &payment.Error{Class: payment.ClassForged,
		Cause: errors.New("a manual provider sends no webhooks")}
}
