// Package sandbox is a payment provider for development and tests, in two
// halves: Server is the payment company, with books of its own behind HTTP, and
// Provider is our client of it.
package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
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

// dialTimeout is short: a company whose door does not open has done nothing,
// which is good to know early.
const dialTimeout = 3 * time.Second

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
	return payment.Method{Customer: m.Customer, Ref: m.ID, Brand: m.Brand, Last4: m.Last4, ExpMonth: m.ExpMonth, ExpYear: m.ExpYear}, nil
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

// Refund gives back, or cancels, what there is of the charge. A charge that was
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
	case c.Status != payment.StatusSucceeded && c.Status != payment.StatusRequiresAction && c.Status != payment.StatusCanceled:
		return payment.Outcome{}, unreadable()
	}
	return o, nil
}

// Event reads a webhook signed by the server within MaxEventAge of now.
func (s *Provider) Event(header http.Header, body []byte, now time.Time) (payment.Event, error) {
	if err := s.verify(header, body, now); err != nil {
		return payment.Event{}, &payment.Error{Class: payment.ClassForged, Cause: err}
	}
	var e hookEvent
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" {
		return payment.Event{}, &payment.Error{Class: payment.ClassForged, Code: "unreadable_event", Cause: err}
	}
	kind := payment.EventOther
	switch about, _, _ := strings.Cut(e.Type, "."); about {
	case "charge":
		kind = payment.EventCharge
	case "setup":
		kind = payment.EventSetup
	}
	return payment.Event{ID: e.ID, Type: kind, Name: e.Type, Key: e.Key, OccurredAt: e.CreatedAt}, nil
}

// verify checks the signature by the library, and its age by our clock, which
// the library does not ask.
func (s *Provider) verify(header http.Header, body []byte, now time.Time) error {
	if len(s.cfg.WebhookSecret) == 0 {
		return errors.New("no secret to check webhooks with")
	}
	if err := s.signer.VerifyIgnoringTimestamp(body, header); err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(header.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if err != nil {
		return err
	}
	if age := now.Sub(time.Unix(seconds, 0)); age.Abs() > payment.MaxEventAge {
		return fmt.Errorf("signed %s ago", age.Round(time.Second))
	}
	return nil
}

func (s *Provider) post(ctx context.Context, path, key string, in, out any) error {
	return s.call(ctx, http.MethodPost, path, key, in, out)
}

// call sends one request and reads its answer. What goes wrong is an *Error.
func (s *Provider) call(ctx context.Context, method, path, key string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	req, err := s.request(ctx, method, path, key, in)
	if err != nil { // the cause would hold the URL, and what may be in it
		return &payment.Error{Class: payment.ClassMisconfigured, Code: "invalid_request"}
	}
	answer, err := s.http.Do(req)
	if err != nil {
		return unanswered(err)
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if answer.StatusCode != http.StatusOK {
		return classify(answer, content, time.Now())
	}
	if err == nil {
		err = json.Unmarshal(content, out)
	}
	if err != nil {
		return &payment.Error{Class: payment.ClassUnknown, Code: "unreadable_answer", Cause: err}
	}
	return nil
}

func (s *Provider) request(ctx context.Context, method, path, key string, in any) (*http.Request, error) {
	body := []byte{}
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, s.cfg.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.cfg.APIKey)
	if key != "" {
		// Spelt like this, the header means the same to the server, and nothing to
		// net/http, which would send the request again by itself when a connection
		// breaks. Whoever charges decides that.
		req.Header["idempotency-key"] = []string{key}
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// unanswered classifies a request without an answer. Only one whose connection
// was never made is known to have done nothing.
func unanswered(err error) error {
	var dial *net.OpError
	var name *net.DNSError
	if !errors.Is(err, context.Canceled) && (errors.As(err, &name) || errors.As(err, &dial) && dial.Op == "dial") {
		return &payment.Error{Class: payment.ClassUnavailable, Cause: err}
	}
	return &payment.Error{Class: payment.ClassUnknown, Cause: err}
}

// classify says what to do about an answer that is not 200.
func classify(answer *http.Response, body []byte, now time.Time) error {
	var p problem
	_ = json.Unmarshal(body, &p) // somebody else's answer has no code
	e := &payment.Error{Class: payment.ClassMisconfigured, Code: p.Code, Cause: fmt.Errorf("answer %s", answer.Status)}
	after := answer.Header.Get("Retry-After")
	switch status := answer.StatusCode; {
	case status == http.StatusTooManyRequests:
		e.Class, e.RetryAfter = payment.ClassThrottled, payment.RetryAfter(after, now)
	case status == http.StatusServiceUnavailable && after != "":
		e.Class, e.RetryAfter = payment.ClassUnavailable, payment.RetryAfter(after, now)
	case status >= 500:
		e.Class, e.Spent = payment.ClassUnknown, answer.Header.Get("Idempotent-Replayed") == "true"
	case status == http.StatusPaymentRequired:
		e.Class = payment.DeclineClass(p.Code)
	case status < 300, status == http.StatusRequestTimeout:
		e.Class = payment.ClassUnknown
	}
	return e
}
