package payment

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
)

// sandboxView is what the pages show; a page looks at its own fields alone.
type sandboxView struct {
	Title   string
	Note    string
	Amount  string     // on the page to confirm
	Cards   []testCard // on the page to enter a method
	GoodEnd bool
}

//go:embed sandbox_server.html
var sandboxPages string

var sandboxTemplate = template.Must(template.New("page").Parse(sandboxPages))

// page serves pages to a browser, which has no API key but an address nobody can
// guess. A handler answers with what to show or where to go.
func (s *SandboxServer) page(h func(r *http.Request) (sandboxView, string, error)) http.HandlerFunc {
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
		if err := sandboxTemplate.Execute(&body, view); err != nil {
			s.cfg.Log.WarnContext(r.Context(), "the sandbox could not draw a page", "error", err)
			status = http.StatusInternalServerError
		}
		secureSandboxPage(w.Header())
		w.WriteHeader(status)
		_, _ = body.WriteTo(w) // the browser is gone, or it is not
	}
}

// secureSandboxPage lets a page use its own styles and nothing else. Where a form
// may lead is left open, as it leads on to the merchant.
func secureSandboxPage(h http.Header) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// sorry is what a page says instead.
func (s *SandboxServer) sorry(r *http.Request, err error) (int, sandboxView) {
	var p *sandboxProblem
	if !errors.As(err, &p) {
		s.cfg.Log.WarnContext(r.Context(), "the sandbox could not answer", "error", err)
		return http.StatusInternalServerError, sandboxView{Title: "Something went wrong", Note: "Please try again in a moment."}
	}
	return p.Status, sandboxView{Title: "This did not work", Note: p.Detail}
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

func (s *SandboxServer) showSetup(r *http.Request) (sandboxView, string, error) {
	p, err := s.openPage(r.Context(), s.db, r.PathValue("id"))
	if err != nil || p.Method != nil {
		return pageDone(), "", err
	}
	return sandboxView{Title: "Add a payment method", Note: "This is a test company: no card is real, and no money moves.", Cards: testCards}, "", nil
}

func pageDone() sandboxView {
	return sandboxView{Title: "Your payment method is saved", Note: "You can close this page.", GoodEnd: true}
}

// openPage is the page, unless its time is over.
func (s *SandboxServer) openPage(ctx context.Context, tx querier, id string) (sandboxPage, error) {
	p, err := pageByID(ctx, tx, id)
	if err == nil && p.Method == nil && s.now().After(p.ExpiresAt) {
		err = &sandboxProblem{Status: http.StatusGone, Code: "page_expired", Detail: "This page has expired. Please ask for a new one."}
	}
	return p, err
}

// finishSetup makes the method the customer chose. Sent again, it changes nothing
// and leads on.
func (s *SandboxServer) finishSetup(r *http.Request) (sandboxView, string, error) {
	ctx, token := r.Context(), r.PostFormValue("token")
	var p sandboxPage
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
		return s.hooks.tell(ctx, tx, false, p.key, p.ID, hookSetupCompleted)
	})
	return pageDone(), returnTo(p.returnURL), err
}

func (s *SandboxServer) showConfirm(r *http.Request) (sandboxView, string, error) {
	c, _, err := findCharge(r.Context(), s.db, "id", r.PathValue("id"))
	if err != nil {
		return sandboxView{}, "", noPageIf(err)
	}
	return confirmView(c), "", nil
}

func noPageIf(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return &sandboxProblem{Status: 404, Code: codeNoSuchPage, Detail: "There is no such page."}
	}
	return err
}

func confirmView(c SandboxCharge) sandboxView {
	switch c.Status {
	case StatusRequiresAction:
		amount := money.New(c.Amount, strings.ToUpper(c.Currency)).Display()
		return sandboxView{Title: "Confirm your payment", Amount: amount, Note: "This is a test company: no money moves."}
	case StatusSucceeded:
		return sandboxView{Title: "Your payment is confirmed", Note: "You can close this page.", GoodEnd: true}
	default:
		return sandboxView{Title: "This payment was not made", Note: "Nothing was charged. You can close this page."}
	}
}

// decide carries out what the customer chose, if nothing was decided before.
func (s *SandboxServer) decide(r *http.Request) (sandboxView, string, error) {
	ctx, decision := r.Context(), r.PostFormValue("decision")
	if decision != "confirm" && decision != "decline" {
		return sandboxView{}, "", refuse("invalid_decision", "Please confirm the payment, or decline it.")
	}
	var c SandboxCharge
	err := s.within(ctx, func(tx *sql.Tx) (err error) {
		c, _, err = findCharge(ctx, tx, "id", r.PathValue("id"))
		if err != nil || c.Status != StatusRequiresAction {
			return noPageIf(err)
		}
		c.Status = StatusSucceeded
		if decision == "decline" {
			c.Status, c.Code = StatusFailed, "authentication_failed"
		} else if _, err = tx.ExecContext(ctx, `UPDATE methods SET confirmed = 1 WHERE id = ?`, c.Method); err != nil {
			return err
		}
		return s.saveCharge(ctx, tx, c, hookOf(c.Status))
	})
	return confirmView(c), returnTo(c.returnURL), err
}
