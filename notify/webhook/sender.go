package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"slipway/domain"
)

// The limits of a POST: time in all and to connect, and bytes of the answer, which
// is not used. A receiver that needs longer answers first and works later.
const (
	postTimeout    = 15 * time.Second
	connectTimeout = 5 * time.Second
	maxAnswer      = 4 << 10
	maxHeader      = 16 << 10
	maxRetryAfter  = 6 * time.Hour
	userAgent      = "Slipway"
)

// Failure is the code of what went wrong with a POST. It names no address and
// quotes no answer.
type Failure string

// The failures; empty for an answer of 2xx.
const (
	FailureURL        Failure = "url_not_allowed"   // the URL is one that may not be posted to
	FailurePrivate    Failure = "private_address"   // its name resolves to a private address
	FailureName       Failure = "name_not_found"    // its name does not resolve
	FailureConnection Failure = "connection_failed" // the connection was refused, or it broke
	FailureTimeout    Failure = "timeout"           // no answer in time
	FailureTLS        Failure = "tls_failed"        // its certificate cannot be trusted
	FailureRedirect   Failure = "redirected"        // it answered with a redirect, which is not followed
	FailureStatus     Failure = "http_error"        // it answered with another status than 2xx
	FailureGone       Failure = "gone"              // it answered 410: it wants no more events
	FailureSecret     Failure = "secret_unusable"   // the endpoint's secret cannot sign
)

// Answer is the result of one POST.
type Answer struct {
	StatusCode int           // 0 when there was no answer
	Failure    Failure       // empty when the event was taken
	RetryAfter time.Duration // what a 429 or 503 asked for, at most six hours
}

// Sender posts events to webhook endpoints, signed as the Standard Webhooks
// specification says. It connects to public addresses only, whatever a name
// resolves to at that moment, follows no redirect and uses no proxy.
type Sender struct {
	client       *http.Client
	allowPrivate bool
	now          func() time.Time
}

// NewSender returns a Sender. With allowPrivate it also posts to private
// addresses and over plain HTTP.
func NewSender(allowPrivate bool) *Sender {
	dialer := &net.Dialer{Timeout: connectTimeout}
	if !allowPrivate {
		dialer.Control = publicOnly
	}
	return &Sender{allowPrivate: allowPrivate, now: time.Now, client: &http.Client{
		Timeout: postTimeout,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, DisableCompression: true,
			TLSHandshakeTimeout: connectTimeout, MaxResponseHeaderBytes: maxHeader,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// payload is an event as receivers see it: what happened and to which account,
// without the actor and without what people wrote.
type payload struct {
	ID             string           `json:"id"`
	Type           domain.EventType `json:"type"`
	CreatedAt      time.Time        `json:"created_at"`
	AccountID      string           `json:"account_id,omitempty"`
	OnboardingID   string           `json:"onboarding_id,omitempty"`
	SubscriptionID string           `json:"subscription_id,omitempty"`
	Data           map[string]any   `json:"data"`
}

func bodyOf(e *domain.Event) []byte {
	p := payload{
		ID: e.ID, Type: e.Type, CreatedAt: e.CreatedAt.UTC(), AccountID: e.AccountID,
		OnboardingID: e.OnboardingID, SubscriptionID: e.SubscriptionID, Data: e.Data,
	}
	if p.Data == nil {
		p.Data = map[string]any{}
	}
	body, _ := json.Marshal(p) // data was JSON before
	return body
}

// Send posts the event to the endpoint once. The event's id is the message's, so
// that a receiver recognizes a message it already has.
func (s *Sender) Send(ctx context.Context, w *domain.WebhookEndpoint, e *domain.Event) Answer {
	request, failure := s.request(ctx, w, e)
	if failure != "" {
		return Answer{Failure: failure}
	}
	response, err := s.client.Do(request)
	if err != nil {
		return Answer{Failure: failureOf(err)}
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswer) // so that the connection can be used again
	return s.answer(response)
}

func (s *Sender) request(ctx context.Context, w *domain.WebhookEndpoint, e *domain.Event) (*http.Request, Failure) {
	if !domain.ValidWebhookURL(w.URL, s.allowPrivate) {
		return nil, FailureURL
	}
	body := bodyOf(e)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return nil, FailureURL
	}
	now := s.now()
	signature, err := sign(w.Secret, e.ID, now, body)
	if err != nil {
		return nil, FailureSecret
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set(standardwebhooks.HeaderWebhookID, e.ID)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return request, ""
}

func sign(secret, id string, at time.Time, body []byte) (string, error) {
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return "", err
	}
	return signer.Sign(id, at, body)
}

func (s *Sender) answer(response *http.Response) Answer {
	a := Answer{StatusCode: response.StatusCode}
	switch code := response.StatusCode; {
	case code >= 200 && code < 300:
	case code >= 300 && code < 400:
		a.Failure = FailureRedirect
	case code == http.StatusGone:
		a.Failure = FailureGone
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		a.Failure, a.RetryAfter = FailureStatus, s.retryAfter(response.Header.Get("Retry-After"))
	default:
		a.Failure = FailureStatus
	}
	return a
}

// retryAfter reads seconds or a date; 0 for neither.
func (s *Sender) retryAfter(header string) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(s.now())
	}
	return min(max(wait, 0), maxRetryAfter)
}

// failureOf is the code of a client's error; the error's own text has the URL in it.
func failureOf(err error) Failure {
	var timeout net.Error
	var name *net.DNSError
	switch {
	case errors.Is(err, errPrivate):
		return FailurePrivate
	case isTLS(err):
		return FailureTLS
	case errors.As(err, &name) && !name.IsTimeout:
		return FailureName
	case errors.As(err, &timeout) && timeout.Timeout():
		return FailureTimeout
	default:
		return FailureConnection
	}
}
