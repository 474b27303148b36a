package sandbox

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	_ "embed" // the schema
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver behind sql.Open("sqlite", …), without cgo
)

// Server stands for a payment company: somebody else, behind HTTP, with
// books of its own that no transaction of ours reaches. It is the other side of
// Sandbox. A method's token says how its charges go, faults included; the cards
// on its setup page are the list.
type Server struct {
	cfg       ServerConfig
	db        *sql.DB
	temporary string // directory of the books, removed with the server
	mux       *http.ServeMux
	hooks     *hookSender // nil when there is nowhere to send webhooks
	closing   chan struct{}
	closeOnce sync.Once
}

// ServerConfig says where the sandbox company keeps its books and where it sends
// its webhooks.
type ServerConfig struct {
	// File is the SQLite file of the books; empty for one that goes with Close.
	File string
	// APIKey is what a request to the API has to bear. Required.
	APIKey string
	// Secret signs the webhooks. Required with a WebhookURL.
	Secret []byte
	// WebhookURL is where the webhooks go; empty for none.
	WebhookURL string
	// PublicURL is how a browser reaches the server's pages, such as
	// http://localhost:8080/sandbox; empty for the host of the request that asked.
	PublicURL string
	// SlowFor is how long a charge of tok_slow hangs; 0 is 30 s.
	SlowFor time.Duration
	// Now dates charges and signatures; nil is time.Now.
	Now func() time.Time
	// Log receives what no answer can say; nil is slog.Default.
	Log *slog.Logger
	// NoSync lets the books forget the last charges when the machine dies. Only a
	// benchmark that says so may set it.
	NoSync bool
}

//go:embed schema.sql
var schema string

// NewServer opens the books and starts sending webhooks. The caller
// serves Handler, and closes the server when it no longer does.
func NewServer(c ServerConfig) (*Server, error) {
	if c.APIKey == "" || (c.WebhookURL != "" && len(c.Secret) == 0) {
		return nil, errors.New("sandbox: an API key, and a secret to sign webhooks with, are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.SlowFor == 0 {
		c.SlowFor = 30 * time.Second
	}
	s := &Server{cfg: c, closing: make(chan struct{})}
	if err := s.openBooks(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the sandbox's books: %w", err), s.Close())
	}
	s.route()
	if c.WebhookURL != "" {
		s.hooks = startHooks(s)
	}
	return s, nil
}

// openBooks opens one connection, as SQLite has one writer at a time and a queue
// in this process is fair where its busy handler is not.
func (s *Server) openBooks() (err error) {
	file := s.cfg.File
	if file == "" {
		if s.temporary, err = os.MkdirTemp("", "sandbox-"); err != nil {
			return err
		}
		file = filepath.Join(s.temporary, "sandbox.db")
	}
	synchronous := "FULL"
	if s.cfg.NoSync {
		synchronous = "OFF"
	}
	path := &url.URL{Path: file} // escapes what a URI would read as its query
	s.db, err = sql.Open("sqlite", "file:"+path.EscapedPath()+"?_txlock=immediate&_pragma=busy_timeout(5000)"+
		"&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous("+synchronous+")")
	if err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1)
	_, err = s.db.Exec(schema)
	return err
}

// Handler serves the API under /v1/ and the pages for customers.
func (s *Server) Handler() http.Handler { return s.mux }

func (s *Server) route() {
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("POST /v1/customers", s.api(s.postCustomer))
	s.mux.HandleFunc("POST /v1/methods", s.api(s.postMethod))
	s.mux.HandleFunc("POST /v1/setup-pages", s.api(s.postSetupPage))
	s.mux.HandleFunc("GET /v1/setup-pages/{id}", s.api(s.getSetupPage))
	s.mux.HandleFunc("POST /v1/charges", s.api(s.postCharge))
	s.mux.HandleFunc("GET /v1/charges", s.api(s.getCharge)) // ?key=, since keys contain slashes
	s.mux.HandleFunc("POST /v1/refunds", s.api(s.postRefund))
	s.mux.HandleFunc("GET /v1/ledger", s.api(s.getLedger))
	s.mux.HandleFunc("GET /setup/{id}", s.page(s.showSetup))
	s.mux.HandleFunc("POST /setup/{id}", s.page(s.finishSetup))
	s.mux.HandleFunc("GET /confirm/{id}", s.page(s.showConfirm))
	s.mux.HandleFunc("POST /confirm/{id}", s.page(s.decide))
}

// Close stops within a second: requests that hang are let go, webhooks not yet
// sent are kept for the next start. It may be called again.
func (s *Server) Close() error {
	var err error
	s.closeOnce.Do(func() {
		close(s.closing)
		s.hooks.stop()
		if s.db != nil {
			err = s.db.Close()
		}
		if s.temporary != "" {
			err = errors.Join(err, os.RemoveAll(s.temporary))
		}
	})
	return err
}

// api checks the API key, and writes what the handler answers as JSON.
func (s *Server) api(h func(r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if subtle.ConstantTimeCompare([]byte(bearer), []byte(s.cfg.APIKey)) == 0 {
			s.writeProblem(w, r, &problem{Status: 401, Code: "invalid_api_key", Detail: "No valid API key was sent."})
			return
		}
		answer, err := h(r)
		if err != nil {
			s.writeProblem(w, r, err)
			return
		}
		writeJSON(w, http.StatusOK, answer)
	}
}

// problem is an answer that is not the one asked for: a refusal, or a
// fault somebody chose by a token.
type problem struct {
	Status int         `json:"status"`
	Code   string      `json:"code"`
	Detail string      `json:"detail"`
	header http.Header // sent with it
	drop   bool        // no answer: the connection is reset
	hang   bool        // no answer for as long as the client waits, or SlowFor
	made   bool        // the charge is made all the same
}

func (p *problem) Error() string { return p.Code }

// refuse is a request that can never be answered otherwise.
func refuse(code, detail string) error {
	return &problem{Status: 400, Code: code, Detail: detail}
}

func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	var p *problem
	if !errors.As(err, &p) {
		s.cfg.Log.WarnContext(r.Context(), "the sandbox could not answer", "path", r.URL.Path, "error", err)
		p = &problem{Status: 500, Code: "internal", Detail: "Something is wrong on our side."}
	}
	if p.hang {
		select {
		case <-r.Context().Done():
		case <-s.closing:
		case <-time.After(s.cfg.SlowFor):
		}
	}
	if p.hang || p.drop {
		resetConnection(w)
		return
	}
	for name, values := range p.header {
		w.Header()[name] = values
	}
	writeJSON(w, p.Status, p)
}

// resetConnection ends the connection as a crashed machine would: without an
// answer, and without a farewell.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func writeJSON(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the client is gone, or it is not
}

// readRequest reads the body and the idempotency key every POST carries.
// It reads to the end: only then does the server notice a client that gives up.
func readRequest(r *http.Request, in any) (key string, err error) {
	key = r.Header.Get("Idempotency-Key")
	if key == "" || len(key) > 255 {
		return "", refuse("invalid_idempotency_key", "The header Idempotency-Key is required, with at most 255 characters.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 64<<10))
	if err == nil {
		err = json.Unmarshal(body, in)
	}
	if err != nil {
		return "", refuse("invalid_body", "The body is no JSON this call understands.")
	}
	return key, nil
}

// within runs fn in a transaction on the books, and lets the webhooks go once
// it is committed.
func (s *Server) within(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err = fn(tx); err != nil {
		return err
	}
	if err = tx.Commit(); err == nil {
		s.hooks.notify()
	}
	return err
}

// now is the company's time, as precise as its books.
func (s *Server) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

// pageURL is where a browser finds a page.
func (s *Server) pageURL(r *http.Request, kind, id string) string {
	base := s.cfg.PublicURL
	if base == "" {
		base = "http://" + r.Host
	}
	return strings.TrimSuffix(base, "/") + "/" + kind + "/" + id
}

// newID is an id nobody can guess: the pages are found by nothing else.
func newID(prefix string) string { return prefix + "_" + strings.ToLower(rand.Text()) }
