package sandbox

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"golang.org/x/sync/errgroup"

	"slipway/payment"
)

// The names of the webhooks, which also say what they are about.
const (
	hookChargeCreated   = "charge.created"
	hookChargeSucceeded = "charge.succeeded"
	hookChargeFailed    = "charge.failed"
	hookChargeCanceled  = "charge.canceled"
	hookChargeRefunded  = "charge.refunded"
	hookSetupCompleted  = "setup.completed"
)

// hookOf is the webhook about a decided charge; empty for one that waits.
func hookOf(s payment.Status) string {
	return map[payment.Status]string{payment.StatusSucceeded: hookChargeSucceeded,
		payment.StatusFailed: hookChargeFailed}[s]
}

// hookEvent is the body of a webhook. It names what changed and no more:
// whoever wants to know asks.
type hookEvent struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	Key       string    `json:"key"` // of the charge or the setup page
	Ref       string    `json:"ref"` // the company's id of it
	CreatedAt time.Time `json:"created_at"`
}

const (
	hookTries   = 8 // about a minute, with hookBackoff
	hookBackoff = 250 * time.Millisecond
	hookTimeout = 5 * time.Second
	hooksAtOnce = 8
	hookBatch   = 64
)

// hookSender sends webhooks from the books, where they were written together
// with the change they are about. A nil one sends nothing.
type hookSender struct {
	s      *Server
	signer *standardwebhooks.Webhook
	client *http.Client
	news   chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
}

func startHooks(s *Server) *hookSender {
	signer, _ := standardwebhooks.NewWebhookRaw(s.cfg.Secret) // never fails
	ctx, cancel := context.WithCancel(context.Background())
	h := &hookSender{
		s: s, signer: signer, cancel: cancel, news: make(chan struct{}, 1), done: make(chan struct{}),
		client: &http.Client{Timeout: hookTimeout, CheckRedirect: stayHere,
			Transport: &http.Transport{MaxIdleConnsPerHost: hooksAtOnce}},
	}
	go h.run(ctx)
	return h
}

// stayHere takes a redirect for the answer: neither a webhook nor a charge is
// for anybody but the one it was addressed to.
func stayHere(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// stop lets go of what is being sent; it is sent again by the next server.
func (h *hookSender) stop() {
	if h == nil {
		return
	}
	h.cancel()
	<-h.done
	h.client.CloseIdleConnections()
}

// notify says that something may be due.
func (h *hookSender) notify() {
	if h == nil {
		return
	}
	select {
	case h.news <- struct{}{}:
	default: // it knows
	}
}

// add writes the webhooks of one change into the books. Chaos writes each twice,
// the last one first, and late.
func (h *hookSender) add(ctx context.Context, tx *sql.Tx, chaos bool, key, ref string, names ...string) error {
	if h == nil {
		return nil
	}
	for i, name := range names {
		e := hookEvent{ID: newID("sev"), Type: name, Key: key, Ref: ref, CreatedAt: h.s.now()}
		body, err := json.Marshal(e)
		if err != nil {
			return err
		}
		for _, delay := range delaysOf(chaos, len(names)-1-i) {
			_, err = tx.ExecContext(ctx, `INSERT INTO webhooks (id, key, body, due) VALUES (?, ?, ?, ?)`,
				e.ID, key, body, time.Now().Add(delay).UnixMilli())
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// delaysOf says when to send an event that the given number of others follow. In
// chaos each of them comes in a second of its own, and twice.
func delaysOf(chaos bool, followers int) []time.Duration {
	if !chaos {
		return []time.Duration{0}
	}
	from := time.Duration(followers) * time.Second
	return []time.Duration{from + rand.N(900*time.Millisecond), from + rand.N(900*time.Millisecond)}
}

// dueHook is a webhook whose time has come.
type dueHook struct {
	seq       int64
	id, key   string
	body      []byte
	tries     int
	delivered bool
}

// run sends what is due until it is stopped. Dates in the books are this
// machine's, whichever time the company shows the world.
func (h *hookSender) run(ctx context.Context) {
	defer close(h.done)
	for ctx.Err() == nil {
		wait, err := h.sendDue(ctx)
		if err != nil && ctx.Err() == nil {
			h.s.cfg.Log.WarnContext(ctx, "the sandbox could not send its webhooks", "error", err)
			wait = time.Second
		}
		select {
		case <-ctx.Done():
		case <-h.news:
		case <-time.After(wait):
		}
	}
}

// sendDue sends one batch and returns how long there is nothing else to do.
func (h *hookSender) sendDue(ctx context.Context) (time.Duration, error) {
	due, err := h.due(ctx)
	if err != nil {
		return 0, err
	}
	if len(due) == 0 {
		return h.nextDue(ctx)
	}
	var sending errgroup.Group
	sending.SetLimit(hooksAtOnce)
	for _, hooks := range byKey(due) {
		sending.Go(func() error {
			for _, d := range hooks { // what is about one key goes in order
				d.delivered = h.send(ctx, d) == nil
			}
			return nil
		})
	}
	_ = sending.Wait() // what failed is due again
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	return 0, h.finish(ctx, due)
}

func (h *hookSender) due(ctx context.Context) ([]*dueHook, error) {
	rows, err := h.s.db.QueryContext(ctx,
		`SELECT seq, id, key, body, tries FROM webhooks WHERE due <= ? ORDER BY due, seq LIMIT ?`,
		time.Now().UnixMilli(), hookBatch)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err says it
	var due []*dueHook
	for rows.Next() {
		d := &dueHook{}
		if err := rows.Scan(&d.seq, &d.id, &d.key, &d.body, &d.tries); err != nil {
			return nil, err
		}
		due = append(due, d)
	}
	return due, rows.Err()
}

func (h *hookSender) nextDue(ctx context.Context) (time.Duration, error) {
	var next sql.NullInt64
	err := h.s.db.QueryRowContext(ctx, `SELECT min(due) FROM webhooks`).Scan(&next)
	if !next.Valid {
		return time.Minute, err // or until there is news
	}
	return time.Until(time.UnixMilli(next.Int64)), err
}

func byKey(due []*dueHook) map[string][]*dueHook {
	keys := map[string][]*dueHook{}
	for _, d := range due {
		keys[d.key] = append(keys[d.key], d)
	}
	return keys
}

func (h *hookSender) send(ctx context.Context, d *dueHook) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.s.cfg.WebhookURL, bytes.NewReader(d.body))
	if err != nil {
		return err
	}
	req.Header = signEvent(h.signer, d.id, d.body, h.s.now())
	req.Header.Set("Content-Type", "application/json")
	answer, err := h.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode/100 != 2 {
		return errors.New(answer.Status)
	}
	return nil
}

// signEvent is the signature as the standard for webhooks has it.
func signEvent(signer *standardwebhooks.Webhook, id string, body []byte, at time.Time) http.Header {
	signature, _ := signer.Sign(id, at, body) // never fails
	header := http.Header{}
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return header
}

// finish takes what was delivered from the books, gives up what was tried often
// enough, and puts off the rest.
func (h *hookSender) finish(ctx context.Context, due []*dueHook) error {
	tx, err := h.s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	for _, d := range due {
		again := time.Now().Add(hookBackoff << d.tries).UnixMilli()
		switch {
		case d.delivered:
			_, err = tx.ExecContext(ctx, `DELETE FROM webhooks WHERE seq = ?`, d.seq)
		case d.tries+1 >= hookTries:
			h.s.cfg.Log.WarnContext(ctx, "the sandbox gave up a webhook", "event", d.id, "tries", d.tries+1)
			_, err = tx.ExecContext(ctx, `DELETE FROM webhooks WHERE seq = ?`, d.seq)
		default:
			_, err = tx.ExecContext(ctx, `UPDATE webhooks SET tries = tries + 1, due = ? WHERE seq = ?`, again, d.seq)
		}
		if err != nil {
			return fmt.Errorf("finish webhooks: %w", err)
		}
	}
	return tx.Commit()
}
