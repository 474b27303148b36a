package sandbox

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"
)

// storedCustomer is the company's customer for an account.
type storedCustomer struct {
	ID        string `json:"id"`
	AccountID string `json:"account_id"`
}

// storedMethod is a stored method. Its token stays with the company.
type storedMethod struct {
	ID       string `json:"id"`
	Customer string `json:"customer"`
	Brand    string `json:"brand"`
	Last4    string `json:"last4"`
	ExpMonth int    `json:"exp_month"`
	ExpYear  int    `json:"exp_year"`

	token     string
	confirmed bool
}

// setupPage is a page to enter a method on.
type setupPage struct {
	ID        string        `json:"id"`
	Customer  string        `json:"customer"`
	URL       string        `json:"url"`
	ExpiresAt time.Time     `json:"expires_at"`
	Method    *storedMethod `json:"method"` // once it is finished

	key, returnURL string
}

// pageLives is how long a customer has to finish a page.
const pageLives = 24 * time.Hour

func (s *Server) postCustomer(r *http.Request) (any, error) {
	var in storedCustomer
	key, err := readRequest(r, &in)
	if err != nil {
		return nil, err
	}
	err = s.within(r.Context(), func(tx *sql.Tx) error {
		return tx.QueryRowContext(r.Context(), `INSERT INTO customers (id, key, account_id) VALUES (?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET key = key RETURNING id, account_id`,
			newID("scu"), key, in.AccountID).Scan(&in.ID, &in.AccountID)
	})
	return in, err
}

func (s *Server) postMethod(r *http.Request) (any, error) {
	var in struct{ Customer, Token string }
	key, err := readRequest(r, &in)
	if err != nil {
		return nil, err
	}
	var m storedMethod
	err = s.within(r.Context(), func(tx *sql.Tx) (err error) {
		m, err = s.newMethod(r.Context(), tx, key, in.Customer, in.Token)
		return err
	})
	return m, err
}

// newMethod makes a method of the token, or finds the one the key made.
func (s *Server) newMethod(ctx context.Context, tx *sql.Tx, key, customer, token string) (storedMethod, error) {
	if _, known := parseToken(token); !known {
		return storedMethod{}, &problem{Status: 402, Code: "invalid_token", Detail: "No method can be made of this token."}
	}
	if err := knownCustomer(ctx, tx, customer); err != nil {
		return storedMethod{}, err
	}
	year := s.now().Year() + 3
	if token == "tok_declined_expired" {
		year -= 4
	}
	var id string
	err := tx.QueryRowContext(ctx, `INSERT INTO methods (id, key, customer, token, exp_year) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET key = key RETURNING id`, newID("smt"), key, customer, token, year).Scan(&id)
	if err != nil {
		return storedMethod{}, err
	}
	m, err := methodByID(ctx, tx, id)
	if err == nil && (m.token != token || m.Customer != customer) {
		err = reusedKey()
	}
	return m, err
}

func knownCustomer(ctx context.Context, tx *sql.Tx, id string) error {
	err := tx.QueryRowContext(ctx, `SELECT id FROM customers WHERE id = ?`, id).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return refuse("unknown_customer", "There is no such customer.")
	}
	return err
}

func methodByID(ctx context.Context, tx querier, id string) (storedMethod, error) {
	m := storedMethod{ID: id, ExpMonth: 12}
	err := tx.QueryRowContext(ctx, `SELECT customer, token, exp_year, confirmed FROM methods WHERE id = ?`, id).
		Scan(&m.Customer, &m.token, &m.ExpYear, &m.confirmed)
	if errors.Is(err, sql.ErrNoRows) {
		return m, refuse("unknown_method", "There is no such method.")
	}
	b, _ := parseToken(m.token)
	m.Brand, m.Last4 = b.card().Brand, b.card().Last4
	return m, err
}

func (s *Server) postSetupPage(r *http.Request) (any, error) {
	var in struct {
		Customer  string `json:"customer"`
		ReturnURL string `json:"return_url"`
	}
	key, err := readRequest(r, &in)
	if err != nil {
		return nil, err
	}
	var p setupPage
	err = s.within(r.Context(), func(tx *sql.Tx) error {
		if err := knownCustomer(r.Context(), tx, in.Customer); err != nil {
			return err
		}
		var id string
		err := tx.QueryRowContext(r.Context(),
			`INSERT INTO setup_pages (id, key, customer, return_url, expires_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET key = key RETURNING id`,
			newID("ssp"), key, in.Customer, in.ReturnURL, s.now().Add(pageLives).UnixMilli()).Scan(&id)
		if err == nil {
			p, err = pageByID(r.Context(), tx, id)
		}
		return err
	})
	p.URL = s.pageURL(r, "setup", p.ID)
	return p, err
}

func (s *Server) getSetupPage(r *http.Request) (any, error) {
	p, err := pageByID(r.Context(), s.db, r.PathValue("id"))
	p.URL = s.pageURL(r, "setup", p.ID)
	return p, err
}

// pageByID finds a page; 404 when there is none.
func pageByID(ctx context.Context, tx querier, id string) (setupPage, error) {
	p := setupPage{ID: id}
	var expires int64
	var method sql.NullString
	err := tx.QueryRowContext(ctx,
		`SELECT key, customer, return_url, method, expires_at FROM setup_pages WHERE id = ?`, id).
		Scan(&p.key, &p.Customer, &p.returnURL, &method, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return p, &problem{Status: 404, Code: codeNoSuchPage, Detail: "There is no such page."}
	}
	p.ExpiresAt = time.UnixMilli(expires).UTC()
	if err != nil || !method.Valid {
		return p, err
	}
	m, err := methodByID(ctx, tx, method.String)
	p.Method = &m
	return p, err
}
