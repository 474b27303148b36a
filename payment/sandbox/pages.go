package sandbox

import (
	"bytes"
	"context"
	"database/sql"
	_ "embed" // the pages
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/Rhymond/go-money"

	"slipway/payment"
)

// pageView is what the pages show; a page looks at its own fields alone.
type pageView struct {
	Title   string
	Note    string
	Amount  string     // on the page to confirm
	Cards   []testCard // on the page to enter a method
	GoodEnd bool
}

//go:embed pages.html
var pagesHTML string

var pageTemplate = template.Must(template.New("page").Parse(pagesHTML))

// page serves pages to a browser, which has no API key but an address nobody can
// guess. A handler answers with what to show or where to go.
func (s *Server) page(h func(r *http.Request) (pageView, string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		view, next, err := h(r)
		if err == nil && next != "" {
			w.Header().Set("Cache-Control", "no-store")
			http.Redirect(w, r, next, http.StatusSeeOther)
			return
		}
		status := http.StatusOK
		if err != nil {
			status, view = s.sorry(r, err)
		}
		var body bytes.Buffer
		if err := pageTemplate.Execute(&body, view); err != nil {
			s.cfg.Log.WarnContext(r.Context(), "the sandbox could not draw a page", "error", err)
			status = http.StatusInternalServerError
		}
		securePage(w.Header())
		w.WriteHeader(status)
		_, _ = body.WriteTo(w) // the browser is gone, or it is not
	}
}

// securePage lets a page use its own styles and nothing else. Where a form
// may lead is left open, as it leads on to the merchant.
func securePage(h http.Header) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// sorry is what a page says instead.
func (s *Server) sorry(r *http.Request, err error) (int, pageView) {
	var p *problem
	if !errors.As(err, &p) {
		s.cfg.Log.WarnContext(r.Context(), "the sandbox could not answer", "error", err)
		return http.StatusInternalServerError, pageView{Title: "Something went wrong", Note: "Please try again in a moment."}
	}
	return p.Status, pageView{Title: "This did not work", Note: p.Detail}
}

// returnTo is the merchant's page to send the customer to; empty when what was
// given is no address a browser should follow.
func returnTo(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return u.String()
}

func (s *Server) showSetup(r *http.Request) (pageView, string, error) {
	p, err := s.openPage(r.Context(), s.db, r.PathValue("id"))
	if err != nil || p.Method != nil {
		return pageDone(), "", err
	}
	return pageView{Title: "Add a payment method", Note: "This is a test company: no card is real, and no money moves.",
		Cards: testCards}, "", nil
}

func pageDone() pageView {
	return pageView{Title: "Your payment method is saved", Note: "You can close this page.", GoodEnd: true}
}

// openPage is the page, unless its time is over.
func (s *Server) openPage(ctx context.Context, tx querier, id string) (setupPage, error) {
	p, err := pageByID(ctx, tx, id)
	if err == nil && p.Method == nil && s.now().After(p.ExpiresAt) {
		err = &problem{Status: http.StatusGone, Code: "page_expired",
			Detail: "This page has expired. Please ask for a new one."}
	}
	return p, err
}

// finishSetup makes the method the customer chose. Sent again, it changes nothing
// and leads on.
func (s *Server) finishSetup(r *http.Request) (pageView, string, error) {
	ctx, token := r.Context(), r.PostFormValue("token")
	var p setupPage
	err := s.within(ctx, func(tx *sql.Tx) (err error) {
		p, err = s.openPage(ctx, tx, r.PathValue("id"))
		if err != nil || p.Method != nil {
			return err
		}
		m, err := s.newMethod(ctx, tx, "setup/"+p.key, p.Customer, token)
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `UPDATE setup_pages SET method = ? WHERE id = ?`, m.ID, p.ID); err != nil {
			return err
		}
		return s.hooks.add(ctx, tx, false, p.key, p.ID, hookSetupCompleted)
	})
	return pageDone(), returnTo(p.returnURL), err
}

func (s *Server) showConfirm(r *http.Request) (pageView, string, error) {
	c, _, err := findCharge(r.Context(), s.db, "id", r.PathValue("id"))
	if err != nil {
		return pageView{}, "", noPageIf(err)
	}
	return confirmView(c), "", nil
}

func noPageIf(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return &problem{Status: 404, Code: codeNoSuchPage, Detail: "There is no such page."}
	}
	return err
}

func confirmView(c Charge) pageView {
	switch c.Status {
	case payment.StatusRequiresAction:
		amount := money.New(c.Amount, strings.ToUpper(c.Currency)).Display()
		return pageView{Title: "Confirm your payment", Amount: amount, Note: "This is a test company: no money moves."}
	case payment.StatusSucceeded:
		return pageView{Title: "Your payment is confirmed", Note: "You can close this page.", GoodEnd: true}
	default:
		return pageView{Title: "This payment was not made", Note: "Nothing was charged. You can close this page."}
	}
}

// decide carries out what the customer chose, if nothing was decided before.
func (s *Server) decide(r *http.Request) (pageView, string, error) {
	ctx, decision := r.Context(), r.PostFormValue("decision")
	if decision != "confirm" && decision != "decline" {
		return pageView{}, "", refuse("invalid_decision", "Please confirm the payment, or decline it.")
	}
	var c Charge
	err := s.within(ctx, func(tx *sql.Tx) (err error) {
		c, _, err = findCharge(ctx, tx, "id", r.PathValue("id"))
		if err != nil || c.Status != payment.StatusRequiresAction {
			return noPageIf(err)
		}
		c.Status = payment.StatusSucceeded
		if decision == "decline" {
			c.Status, c.Code = payment.StatusFailed, "authentication_failed"
		} else if _, err = tx.ExecContext(ctx, `UPDATE methods SET confirmed = 1 WHERE id = ?`, c.Method); err != nil {
			return err
		}
		return s.saveCharge(ctx, tx, c, hookOf(c.Status))
	})
	return confirmView(c), returnTo(c.returnURL), err
}
