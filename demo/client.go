package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"slipway/domain"
)

// client is the API as the demo needs it, over HTTP and nothing else.
type client struct {
	url    string
	http   *http.Client
	paused atomic.Int64 // answers that asked to come back later
}

// patience is how long one call is repeated that is asked to come back later.
const patience = 3 * time.Minute

func newClient(address string, parallel int) *client {
	return &client{url: strings.TrimSuffix(address, "/"), http: &http.Client{
		Timeout:   time.Minute,
		Transport: &http.Transport{MaxIdleConnsPerHost: parallel, MaxConnsPerHost: parallel + 2},
		// The sandbox's pages lead back to the shop; nobody looks at it here.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// refusal is a problem the API answered with.
type refusal struct {
	Status      int      `json:"status"`
	Code        string   `json:"code"`
	Detail      string   `json:"detail"`
	Suggestions []string `json:"suggestions"`
}

// Error is the code and the sentence, which never repeat what was sent.
func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Detail) }

// refusedAs is the code of a refusal; empty for anything else.
func refusedAs(err error) string {
	var r *refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

// reply is one answer, read.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// call makes one request and reads the answer into out. A 429 or 503 is repeated
// after the time it names, under the same Idempotency-Key.
func (c *client) call(
	ctx context.Context, method, path, bearer string, in, out any, headers ...string,
) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	if in == nil {
		body = nil
	}
	if method == http.MethodPost {
		headers = append(headers, "Idempotency-Key", uuid.NewString())
	}
	for {
		r, err := c.once(ctx, method, path, bearer, body, headers)
		if err != nil {
			return nil, err
		}
		wait := retryAfter(r)
		if wait == 0 {
			return r.header, r.into(out)
		}
		c.paused.Add(1)
		select {
		case <-ctx.Done():
			return nil, r.into(nil)
		case <-time.After(wait):
		}
	}
}

func (c *client) once(ctx context.Context, method, path, bearer string, body []byte, headers []string) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, fmt.Errorf("the API does not answer; is `slipway dev` running, and at this address? (%w)",
			reason(err))
	}
	content, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, content}, errors.Join(err, response.Body.Close())
}

// reason is why a call got no answer, without repeating what was called.
func reason(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// retryAfter is how long an answer asks to wait; 0 when it does not.
func retryAfter(r reply) time.Duration {
	if r.status != http.StatusTooManyRequests && r.status != http.StatusServiceUnavailable {
		return 0
	}
	seconds, err := strconv.Atoi(r.header.Get("Retry-After"))
	if err != nil {
		return time.Second
	}
	return max(time.Duration(seconds)*time.Second, 100*time.Millisecond)
}

// into reads the answer, or returns the refusal it is.
func (r reply) into(out any) error {
	if r.status >= http.StatusBadRequest {
		refused := &refusal{Status: r.status}
		if err := json.Unmarshal(r.body, refused); err != nil {
			refused.Detail = http.StatusText(r.status)
		}
		return refused
	}
	if out == nil || len(r.body) == 0 {
		return nil
	}
	return json.Unmarshal(r.body, out)
}

func (c *client) get(ctx context.Context, path, bearer string, out any) error {
	_, err := c.call(ctx, http.MethodGet, path, bearer, nil, out)
	return err
}

func (c *client) post(ctx context.Context, path, bearer string, in, out any) error {
	_, err := c.call(ctx, http.MethodPost, path, bearer, in, out)
	return err
}

// allOf reads every page of a list; path has its filters.
func allOf[T any](ctx context.Context, c *client, path, bearer string) ([]T, error) {
	var all []T
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	for cursor := ""; ; {
		var page struct {
			Data       []T     `json:"data"`
			NextCursor *string `json:"next_cursor"`
		}
		if err := c.get(ctx, path+separator+"limit=100"+cursor, bearer, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Data...)
		if page.NextCursor == nil {
			return all, nil
		}
		cursor = "&cursor=" + url.QueryEscape(*page.NextCursor)
	}
}

// signIn returns the admin's bearer.
func (c *client) signIn(ctx context.Context, email, password string) (string, error) {
	var session struct {
		Token string `json:"token"`
	}
	err := c.post(ctx, "/v1/sessions", "", map[string]string{"email": email, "password": password}, &session)
	return session.Token, err
}

// watch waits until an onboarding is no longer at the version; nil when it is
// for as long as one poll lasts.
func (c *client) watch(ctx context.Context, id, secret string, version int64) (*domain.Onboarding, error) {
	headers := []string{"Prefer", "wait=5", "If-None-Match", fmt.Sprintf(`"v%d"`, version)}
	o := new(domain.Onboarding)
	_, err := c.call(ctx, http.MethodGet, domain.OnboardingURL(id), secret, nil, o, headers...)
	if err != nil || o.ID == "" {
		return nil, err
	}
	return o, nil
}

// fillIn sends the form of a page of the payment sandbox, as a browser does.
func (c *client) fillIn(ctx context.Context, page, field, value string) error {
	form := strings.NewReader(url.Values{field: {value}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, page, form)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("the sandbox's page does not answer: %w", reason(err))
	}
	if err := response.Body.Close(); err != nil || response.StatusCode < http.StatusBadRequest {
		return err
	}
	return fmt.Errorf("the sandbox's page answered %s", response.Status)
}
