// Package sandbox is a payment provider for development and tests, in two
// halves: Server is the payment company, with books of its own behind HTTP, and
// Provider is our client of it.
package sandbox

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"slipway/payment"
)

// Name is how a payment option refers to this provider.
const Name = "sandbox"

// Provider takes payments at a Server: the provider for those who have no
// account with a real one. It is a client as of any other company.
type Provider struct {
	cfg    Config
	http   *http.Client
	signer *standardwebhooks.Webhook
}

// Config says how to reach the sandbox's company.
type Config struct {
	// URL of the server, such as http://127.0.0.1:8090.
	URL string
	// APIKey is the server's.
	APIKey string
	// WebhookSecret is what the server signs webhooks with. Without one every
	// event is forged.
	WebhookSecret []byte
	// Timeout is how long a request may take altogether; 0 is 10 s.
	Timeout time.Duration
}

// New returns the client. The server may be away.
func New(c Config) *Provider {
	c.URL = strings.TrimSuffix(c.URL, "/")
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	signer, _ := standardwebhooks.NewWebhookRaw(c.WebhookSecret) // never fails
	return &Provider{cfg: c, signer: signer, http: &http.Client{
		CheckRedirect: stayHere,
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     time.Minute,
		},
	}}
}

// Registration charges cards, with no real money.
func (s *Provider) Registration() payment.Registration {
	return payment.Registration{Name: Name, Provider: s, Charges: true, Types: []string{"card"}, Simulated: true}
}

// Codes of the sandbox's that decide more than a class.
const (
	codeNoSuchCharge = "no_such_charge"
	codeNoSuchPage   = "no_such_page"
)

// Attach makes a method of a token of the server's test cards, or returns the
// one a setup page made.
func (s *Provider) Attach(ctx context.Context, in payment.Attach) (payment.Method, error) {
	if strings.HasPrefix(in.Token, "ssp_") {
		return s.attachPage(ctx, in.Token)
	}
	customer, err := s.customer(ctx, in.Customer, in.Key, in.AccountID)
	if err != nil {
		return payment.Method{}, err
	}
	var m storedMethod
	err = s.post(ctx, "/v1/methods", in.Key, map[string]string{"customer": customer, "token": in.Token}, &m)
	if err != nil {
		return payment.Method{}, err
	}
	return m.method()
}

func (s *Provider) attachPage(ctx context.Context, page string) (payment.Method, error) {
	var p setupPage
	err := s.call(ctx, http.MethodGet, "/v1/setup-pages/"+url.PathEscape(page), "", nil, &p)
	var e *payment.Error
	switch {
	case errors.As(err, &e) && e.Code == codeNoSuchPage:
		return payment.Method{}, &payment.Error{Class: payment.ClassHardDecline, Code: "invalid_token"}
	case err != nil:
		return payment.Method{}, err
	case p.Method == nil:
		return payment.Method{}, &payment.Error{Class: payment.ClassRequiresAction, Code: "page_unfinished"}
	}
	return p.Method.method()
}

func (m storedMethod) method() (payment.Method, error) {
	if m.ID == "" {
		return payment.Method{}, unreadable()
	}
	return payment.Method{Customer: m.Customer, Ref: m.ID, Brand: m.Brand, Last4: m.Last4, ExpMonth: m.ExpMonth,
		ExpYear: m.ExpYear}, nil
}

// unreadable is an answer that says nothing of what was done.
func unreadable() error {
	return &payment.Error{Class: payment.ClassUnknown, Code: "unreadable_answer"}
}

// customer is the one given, or a new one by the key of what it is needed for.
func (s *Provider) customer(ctx context.Context, given, key, account string) (string, error) {
	if given != "" {
		return given, nil
	}
	var c storedCustomer
	err := s.post(ctx, "/v1/customers", key, storedCustomer{AccountID: account}, &c)
	if err == nil && c.ID == "" {
		err = unreadable()
	}
	return c.ID, err
}

// PossibleToken knows every test card, and the pages of the sandbox.
func (s *Provider) PossibleToken(token string) bool {
	_, known := parseToken(token)
	return known || strings.HasPrefix(token, "ssp_")
}

// Setup makes a page that lists the test cards.
func (s *Provider) Setup(ctx context.Context, in payment.Setup) (payment.Page, error) {
	customer, err := s.customer(ctx, in.Customer, in.Key, in.AccountID)
	if err != nil {
		return payment.Page{}, err
	}
	var p setupPage
	err = s.post(ctx, "/v1/setup-pages", in.Key, map[string]string{"customer": customer, "return_url": in.ReturnURL}, &p)
	if err == nil && (p.ID == "" || p.URL == "") {
		err = unreadable()
	}
	if err != nil {
		return payment.Page{}, err
	}
	return payment.Page{Ref: p.ID, URL: p.URL, ExpiresAt: p.ExpiresAt}, nil
}

// Charge asks for money as the method's token has it.
func (s *Provider) Charge(ctx context.Context, in payment.Charge) (payment.Outcome, error) {
	var c Charge
	err := s.post(ctx, "/v1/charges", in.Key, chargeRequest{
		Customer: in.Customer, Method: in.Method, Amount: in.Amount, Currency: in.Currency,
		InvoiceID: in.InvoiceID, AccountID: in.AccountID, ReturnURL: in.ReturnURL, OffSession: in.OffSession,
	}, &c)
	return c.outcome(in.Key, err)
}

// Lookup finds the charge on the server's books.
func (s *Provider) Lookup(ctx context.Context, key string) (payment.Outcome, error) {
	var c Charge
	err := s.call(ctx, http.MethodGet, "/v1/charges?"+url.Values{"key": {key}}.Encode(), "", nil, &c)
	return c.outcome(key, err)
}

// Refund refunds, or cancels, what there is of the charge. A charge that was
// never made is StatusNone and no error, so that a compensation may be sent
// without knowing.
func (s *Provider) Refund(ctx context.Context, in payment.Refund) (payment.Outcome, error) {
	var c Charge
	err := s.post(ctx, "/v1/refunds", in.Key, refundRequest{Charge: in.Charge, Amount: in.Amount}, &c)
	return c.outcome(in.Charge, err)
}

// outcome is the charge in the words of the port. Only the company itself, by
// its own code, can say that there is no such charge: any 404 would do for a
// wrong address.
func (c Charge) outcome(key string, err error) (payment.Outcome, error) {
	var e *payment.Error
	if errors.As(err, &e) && e.Code == codeNoSuchCharge {
		return payment.Outcome{Key: key, Status: payment.StatusNone}, nil
	}
	if err != nil {
		return payment.Outcome{}, err
	}
	o := payment.Outcome{
		Key: key, Ref: c.Ref, Status: c.Status, Code: c.Code, ActionURL: c.ActionURL,
		Amount: c.Amount, Currency: c.Currency, Refunded: c.Refunded,
	}
	switch {
	case c.Key != key || c.Ref == "":
		return payment.Outcome{}, unreadable()
	case c.Status == payment.StatusFailed:
		o.Class = payment.DeclineClass(c.Code)
	case c.Status != payment.StatusSucceeded && c.Status != payment.StatusRequiresAction &&
		c.Status != payment.StatusCanceled:
		return payment.Outcome{}, unreadable()
	}
	return o, nil
}
