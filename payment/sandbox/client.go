package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"slipway/payment"
)

// dialTimeout is short: a company whose door does not open has done nothing,
// which is good to know early.
const dialTimeout = 3 * time.Second

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
