package sandbox

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/Rhymond/go-money"

	"slipway/payment"
)

// Charge is a charge on the sandbox company's books, and what its API
// answers for one.
type Charge struct {
	Key       string         `json:"key"`
	Ref       string         `json:"id"` // the company's own
	Customer  string         `json:"customer"`
	Method    string         `json:"method"`
	Amount    int64          `json:"amount"` // minor units
	Currency  string         `json:"currency"`
	Status    payment.Status `json:"status"`
	Code      string         `json:"code,omitempty"` // why it failed
	Refunded  int64          `json:"refunded"`       // minor units refunded
	ActionURL string         `json:"action_url,omitempty"`
	CreatedAt time.Time      `json:"created_at"`

	returnURL string
}

// chargeRequest is what a charge is asked for with, by one key for ever.
type chargeRequest struct {
	Customer   string `json:"customer"`
	Method     string `json:"method"`
	Amount     int64  `json:"amount"`
	Currency   string `json:"currency"`
	InvoiceID  string `json:"invoice_id"`
	AccountID  string `json:"account_id"`
	ReturnURL  string `json:"return_url"`
	OffSession bool   `json:"off_session"`
}

// mostCharged bounds an amount as cards do.
const mostCharged = 99_999_999_99

func (in chargeRequest) check() error {
	switch {
	case in.Amount <= 0 || in.Amount > mostCharged:
		return refuse("invalid_amount", "The amount has to be positive, and less than a hundred million.")
	case in.Currency != strings.ToLower(in.Currency) || len(in.Currency) != 3 || money.GetCurrency(in.Currency) == nil:
		return refuse("invalid_currency", "The currency has to be an ISO 4217 code in lower case.")
	}
	return nil
}

// fingerprint is the same for the same request.
func (in chargeRequest) fingerprint() []byte {
	body, _ := json.Marshal(in) // strings and numbers always marshal
	sum := sha256.Sum256(body)
	return sum[:]
}

func (s *Server) postCharge(r *http.Request) (any, error) {
	var in chargeRequest
	key, err := readRequest(r, &in)
	if err == nil {
		err = in.check()
	}
	if err != nil {
		return nil, err
	}
	var c Charge
	var fault *problem // goes out once what was counted is committed
	err = s.within(r.Context(), func(tx *sql.Tx) (err error) {
		c, fault, err = s.chargeOnce(r.Context(), tx, key, in)
		return err
	})
	if err == nil && fault != nil {
		err = fault
	}
	return s.shown(r, c), err
}

// chargeOnce finds the key's charge or makes it, unless the method's token wants
// the request to go wrong.
func (s *Server) chargeOnce(ctx context.Context, tx *sql.Tx, key string, in chargeRequest) (Charge, *problem, error) {
	found, fingerprint, err := findCharge(ctx, tx, "key", key)
	switch {
	case err == nil && string(fingerprint) != string(in.fingerprint()):
		return found, nil, reusedKey()
	case err == nil:
		found, err = s.repeated(ctx, tx, found, in)
		return found, nil, err
	case !errors.Is(err, sql.ErrNoRows):
		return found, nil, err
	}
	m, err := methodByID(ctx, tx, in.Method)
	if err != nil {
		return found, nil, err
	}
	if in.Customer != "" && in.Customer != m.Customer {
		return found, nil, refuse("unknown_method", "The customer has no such method.")
	}
	b, _ := parseToken(m.token)
	fault, err := s.faultOf(ctx, tx, b, key, m.ID)
	if err != nil || (fault != nil && !fault.made) {
		return found, fault, err
	}
	c, err := s.newCharge(ctx, tx, key, in, m, b)
	return c, fault, err
}

// repeated answers a request whose key has a charge: with that charge, unless
// the method's token has the company forget keys. Then it charges again, as
// companies do with a key that has expired.
func (s *Server) repeated(ctx context.Context, tx *sql.Tx, found Charge, in chargeRequest) (Charge, error) {
	m, err := methodByID(ctx, tx, found.Method)
	if err != nil {
		return found, err
	}
	b, _ := parseToken(m.token)
	if b.kind != "tok_forgotten_key" {
		return found, nil
	}
	return s.newCharge(ctx, tx, found.Key+"/"+newID("again"), in, m, b)
}

func reusedKey() error {
	return &problem{Status: 409, Code: "idempotency_key_reused",
		Detail: "The key belongs to a request with other parameters."}
}

// faultOf counts the request, where its number matters, and says what goes wrong
// with it.
func (s *Server) faultOf(ctx context.Context, tx *sql.Tx, b behaviour, key, method string) (*problem, error) {
	if !b.counts() {
		return nil, nil
	}
	var n int
	err := tx.QueryRowContext(ctx, `INSERT INTO attempts (key, method, n) VALUES (?, ?, 1)
		ON CONFLICT (key) DO UPDATE SET n = n + 1 RETURNING n`, key, method).Scan(&n)
	if err != nil {
		return nil, err
	}
	var first string
	err = tx.QueryRowContext(ctx, `SELECT key FROM attempts WHERE method = ? ORDER BY seq LIMIT 1`, method).Scan(&first)
	return b.fault(n, first == key, s.now()), err
}

// newCharge puts a charge on the books, with the end the method's token wants.
func (s *Server) newCharge(
	ctx context.Context, tx *sql.Tx, key string, in chargeRequest, m storedMethod, b behaviour,
) (Charge, error) {
	c := Charge{
		Key: key, Ref: newID("sch"), Customer: m.Customer, Method: m.ID, Amount: in.Amount, Currency: in.Currency,
		Status: payment.StatusSucceeded, CreatedAt: s.now(), returnURL: in.ReturnURL,
	}
	var earlier int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM charges WHERE method = ?`, m.ID).Scan(&earlier); err != nil {
		return c, err
	}
	c.Code = b.decline(earlier)
	switch {
	case c.Code != "":
		c.Status = payment.StatusFailed
	case b.kind == "tok_3ds" && !(in.OffSession && m.confirmed):
		c.Status = payment.StatusRequiresAction
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO charges
		(key, id, fingerprint, customer, method, amount, currency, return_url, status, code, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.Key, c.Ref, in.fingerprint(), c.Customer, c.Method, c.Amount, c.Currency, c.returnURL, c.Status, c.Code,
		c.CreatedAt.UnixMilli())
	if err != nil {
		return c, err
	}
	hooks := []string{hookChargeCreated}
	if name := hookOf(c.Status); name != "" {
		hooks = append(hooks, name)
	}
	return c, s.hooks.add(ctx, tx, b.kind == "tok_webhook_chaos", c.Key, c.Ref, hooks...)
}

const chargeColumns = `key, id, fingerprint, customer, method, amount, currency, return_url,
	status, code, refunded, created_at`

// findCharge finds a charge by one of its columns; sql.ErrNoRows when there is
// none.
func findCharge(ctx context.Context, tx querier, column, value string) (Charge, []byte, error) {
	return scanCharge(tx.QueryRowContext(ctx, `SELECT `+chargeColumns+` FROM charges WHERE `+column+` = ?`, value))
}

// querier is the books, or a transaction on them.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func scanCharge(row interface{ Scan(dest ...any) error }) (Charge, []byte, error) {
	var c Charge
	var fingerprint []byte
	var created int64
	err := row.Scan(&c.Key, &c.Ref, &fingerprint, &c.Customer, &c.Method, &c.Amount, &c.Currency, &c.returnURL, &c.Status,
		&c.Code, &c.Refunded, &created)
	c.CreatedAt = time.UnixMilli(created).UTC()
	return c, fingerprint, err
}

// shown adds what only an answer has: the page of a charge somebody has to confirm.
func (s *Server) shown(r *http.Request, c Charge) Charge {
	if c.Status == payment.StatusRequiresAction {
		c.ActionURL = s.pageURL(r, "confirm", c.Ref)
	}
	return c
}

func noSuchCharge() error {
	return &problem{Status: 404, Code: codeNoSuchCharge, Detail: "No charge has this key."}
}

func (s *Server) getCharge(r *http.Request) (any, error) {
	c, _, err := findCharge(r.Context(), s.db, "key", r.URL.Query().Get("key"))
	if errors.Is(err, sql.ErrNoRows) {
		err = noSuchCharge()
	}
	return s.shown(r, c), err
}

func (s *Server) getLedger(r *http.Request) (any, error) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 {
		limit = -1 // all there are
	}
	charges, err := s.ledger(r.Context(), r.URL.Query().Get("after"), limit)
	return map[string]any{"data": charges}, err
}

// ledger is the charges after the one with the key, oldest first: what a checker
// compares our payments with.
func (s *Server) ledger(ctx context.Context, after string, limit int) ([]Charge, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+chargeColumns+` FROM charges
		WHERE seq > COALESCE((SELECT seq FROM charges WHERE key = ?), 0) ORDER BY seq LIMIT ?`, after, limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err says it
	charges := []Charge{}
	for rows.Next() {
		c, _, err := scanCharge(rows)
		if err != nil {
			return nil, err
		}
		charges = append(charges, c)
	}
	return charges, rows.Err()
}
