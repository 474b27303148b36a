// Package toytest is a payment provider that lives in memory, for tests. It shows
// what a provider beside those in the box needs: this package and its line in the
// registry. It charges wallets, which none of them does.
package toytest

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"slipway/payment"
)

// Name is how a payment option refers to the provider.
const Name = "toy"

// The tokens; anything else is no wallet.
const (
	TokenPays     = "toy_pays"
	TokenEmpty    = "toy_empty"    // declined for now
	TokenBlocked  = "toy_blocked"  // declined for good
	TokenConfirms = "toy_confirms" // the customer confirms each charge
)

// Wallets is the provider and the company behind it, in one.
type Wallets struct {
	secret []byte

	mu      sync.Mutex
	methods map[string]payment.Method // by key, and by page once that is finished
	tokens  map[string]string         // by method
	pages   map[string]payment.Page   // by key
	charges map[string]*charge        // by key
	order   []string                  // keys of charges, oldest first
	refunds map[string]payment.Outcome
}

type charge struct {
	payment.Outcome
	asked payment.Charge
}

// New returns a company without any customer. The secret signs its events.
func New(secret string) *Wallets {
	return &Wallets{
		secret: []byte(secret), methods: map[string]payment.Method{}, tokens: map[string]string{},
		pages: map[string]payment.Page{}, charges: map[string]*charge{}, refunds: map[string]payment.Outcome{},
	}
}

// Registration charges wallets.
func (w *Wallets) Registration() payment.Registration {
	return payment.Registration{Name: Name, Provider: w, Charges: true, Types: []string{"wallet"}}
}

// PossibleToken goes by the prefix.
func (w *Wallets) PossibleToken(token string) bool { return strings.HasPrefix(token, "toy_") }

// Attach makes a method of a token, or returns the one of a finished page.
func (w *Wallets) Attach(_ context.Context, in payment.Attach) (payment.Method, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m, finished := w.methods[in.Token]; finished {
		return m, nil
	}
	switch in.Token {
	case TokenPays, TokenEmpty, TokenBlocked, TokenConfirms:
		return w.method(in.Key, cmp.Or(in.Customer, "toy_cus_"+in.AccountID), in.Token), nil
	}
	if strings.HasPrefix(in.Token, "toy_page_") {
		return payment.Method{}, &payment.Error{Class: payment.ClassRequiresAction, Code: "page_unfinished"}
	}
	return payment.Method{}, &payment.Error{Class: payment.ClassHardDecline, Code: "invalid_token"}
}

func (w *Wallets) method(key, customer, token string) payment.Method {
	m, known := w.methods[key]
	if !known {
		m = payment.Method{Customer: customer, Ref: fmt.Sprintf("toy_pm_%d", len(w.methods)), Brand: "toy", Last4: "0001"}
		w.methods[key], w.tokens[m.Ref] = m, token
	}
	return m
}

// Setup makes a page, which Finish fills in.
func (w *Wallets) Setup(_ context.Context, in payment.Setup) (payment.Page, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, known := w.pages[in.Key]
	if !known {
		ref := fmt.Sprintf("toy_page_%d", len(w.pages))
		p = payment.Page{Ref: ref, URL: "https://toy.test/" + ref, ExpiresAt: time.Now().Add(24 * time.Hour)}
		w.pages[in.Key] = p
	}
	return p, nil
}

// Finish is the customer who enters a wallet that pays on the page.
func (w *Wallets) Finish(p payment.Page) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.methods[p.Ref] = w.method("page/"+p.Ref, "toy_cus_"+p.Ref, TokenPays)
}

// Charge does what the token behind the method says.
func (w *Wallets) Charge(_ context.Context, in payment.Charge) (payment.Outcome, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	token, known := w.tokens[in.Method]
	before, again := w.charges[in.Key]
	switch {
	case again && before.asked != in:
		return payment.Outcome{}, &payment.Error{Class: payment.ClassMisconfigured, Code: "key_reused"}
	case again:
		return before.Outcome, nil
	case !known || len(in.Currency) != 3 || in.Currency == "zzz":
		return payment.Outcome{}, &payment.Error{Class: payment.ClassMisconfigured, Code: "bad_request"}
	}
	out := payment.Outcome{
		Key: in.Key, Ref: fmt.Sprintf("toy_ch_%d", len(w.order)), Status: payment.StatusSucceeded,
		Amount: in.Amount, Currency: in.Currency,
	}
	switch token {
	case TokenEmpty:
		fail(&out, "insufficient_funds")
	case TokenBlocked:
		fail(&out, "stolen_card")
	case TokenConfirms:
		out.Status, out.ActionURL = payment.StatusRequiresAction, "https://toy.test/confirm/"+out.Ref
	}
	w.charges[in.Key], w.order = &charge{out, in}, append(w.order, in.Key)
	return out, nil
}

func fail(out *payment.Outcome, code string) {
	out.Status, out.Class, out.Code, out.ActionURL = payment.StatusFailed, payment.DeclineClass(code), code, ""
}

// Confirm is the customer on the charge's page, who may decline.
func (w *Wallets) Confirm(o payment.Outcome, yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.charges[o.Key]; yes {
		c.Status, c.ActionURL = payment.StatusSucceeded, ""
	} else {
		fail(&c.Outcome, "authentication_failed")
	}
}

// Lookup reads the ledger.
func (w *Wallets) Lookup(_ context.Context, key string) (payment.Outcome, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c, known := w.charges[key]; known {
		return c.Outcome, nil
	}
	return payment.Outcome{Key: key, Status: payment.StatusNone}, nil
}

// Refund refunds, or cancels what nobody has confirmed.
func (w *Wallets) Refund(_ context.Context, in payment.Refund) (payment.Outcome, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, known := w.charges[in.Charge]
	if !known {
		return payment.Outcome{Key: in.Charge, Status: payment.StatusNone}, nil
	}
	if done, again := w.refunds[in.Key]; again {
		return done, nil
	}
	left := c.Amount - c.Refunded
	switch {
	case c.Status == payment.StatusRequiresAction:
		c.Status, c.ActionURL = payment.StatusCanceled, ""
	case c.Status == payment.StatusSucceeded && in.Amount > left:
		return payment.Outcome{}, &payment.Error{Class: payment.ClassMisconfigured, Code: "amount_too_large"}
	case c.Status == payment.StatusSucceeded:
		c.Refunded += cmp.Or(in.Amount, left)
	}
	w.refunds[in.Key] = c.Outcome
	return c.Outcome, nil
}

// Charges is the ledger, oldest first.
func (w *Wallets) Charges() []payment.Outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]payment.Outcome, 0, len(w.order))
	for _, key := range w.order {
		list = append(list, w.charges[key].Outcome)
	}
	return list
}

type event struct {
	ID   string            `json:"id"`
	Type payment.EventType `json:"type"`
	Key  string            `json:"key"`
	At   time.Time         `json:"at"`
}

// EventAbout is the body of the company's webhook about a charge or a page.
func EventAbout(kind payment.EventType, key string) []byte {
	at := time.Unix(1_790_000_000, 0)
	body, _ := json.Marshal(event{ID: "toy_evt_" + key, Type: kind, Key: key, At: at}) // always marshals
	return body
}

// The headers of a webhook: the time, as t and Unix seconds, and the signature of
// time and body.
const (
	headerTime      = "Toy-Time"
	headerSignature = "Toy-Signature"
)

// Sign returns the headers that go with a webhook's body.
func (w *Wallets) Sign(body []byte, at time.Time) http.Header {
	stamp := "t" + strconv.FormatInt(at.Unix(), 10)
	return http.Header{headerTime: {stamp}, headerSignature: {w.signature(stamp, body)}}
}

func (w *Wallets) signature(stamp string, body []byte) string {
	mac := hmac.New(sha256.New, w.secret)
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Event believes what is signed, and signed lately.
func (w *Wallets) Event(header http.Header, body []byte, now time.Time) (payment.Event, error) {
	stamp := header.Get(headerTime)
	if !hmac.Equal([]byte(header.Get(headerSignature)), []byte(w.signature(stamp, body))) {
		return payment.Event{}, forged(errors.New("another signature"))
	}
	seconds, err := strconv.ParseInt(strings.TrimPrefix(stamp, "t"), 10, 64)
	if err != nil {
		return payment.Event{}, forged(err)
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > payment.MaxEventAge {
		return payment.Event{}, forged(errors.New("too old, or too early"))
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		return payment.Event{}, forged(err)
	}
	return payment.Event{ID: e.ID, Type: e.Type, Name: "toy." + string(e.Type), Key: e.Key, OccurredAt: e.At.UTC()}, nil
}

func forged(why error) error { return &payment.Error{Class: payment.ClassForged, Cause: why} }
