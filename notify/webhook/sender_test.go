package webhook

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func event() *domain.Event {
	return &domain.Event{
		ID: "evt_1", Type: domain.EventInvoicePaid, AccountID: "acct_1", OnboardingID: "onb_1", SubscriptionID: "sub_1",
		ActorType: domain.ActorAdmin, ActorID: "usr_staff", Reason: "paid in cash by Ada",
		Data: map[string]any{"invoice": "in_1", "amount": 13900}, CreatedAt: time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC),
	}
}

func endpoint(url string) *domain.WebhookEndpoint {
	return &domain.WebhookEndpoint{ID: "whk_1", URL: url, Secret: secret}
}

// received is one request as the receiver read it.
type received struct {
	header http.Header
	body   []byte
}

// receiver answers with the handler and keeps what it was sent.
func receiver(t *testing.T, answer http.HandlerFunc) (string, <-chan received) {
	t.Helper()
	got := make(chan received, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- received{r.Header, body}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestSend_SignsWhatAReceiverCanVerify(t *testing.T) {
	t.Parallel()
	to, got := receiver(t, status(http.StatusNoContent))
	assert.Equal(t, Answer{StatusCode: 204}, NewSender(true).Send(t.Context(), endpoint(to+"/hooks?key=1"), event()))
	r := <-got
	verifier, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	require.NoError(t, verifier.Verify(r.body, r.header))
	require.Error(t, verifier.Verify(append(r.body, ' '), r.header), "another body")
	other, err := standardwebhooks.NewWebhook("whsec_AAAA")
	require.NoError(t, err)
	require.Error(t, other.Verify(r.body, r.header), "another secret")
	assert.Equal(t, "evt_1", r.header.Get("webhook-id"))
	assert.Equal(t, "Slipway", r.header.Get("User-Agent"))
	assert.Equal(t, "application/json", r.header.Get("Content-Type"))
	assert.JSONEq(
		t,
		`{"id":"evt_1","type":"invoice.paid","created_at":"2026-03-14T15:09:26Z","account_id":"acct_1",
		"onboarding_id":"onb_1","subscription_id":"sub_1","data":{"invoice":"in_1","amount":13900}}`,
		string(r.body),
	)
}

func TestSend_HasNeitherWhoActedNorWhatTheyWrote(t *testing.T) {
	t.Parallel()
	to, got := receiver(t, status(http.StatusOK))
	e := event()
	e.AccountID, e.Data = "", nil
	NewSender(true).Send(t.Context(), endpoint(to), e)
	body := string((<-got).body)
	for _, word := range []string{"usr_staff", "admin", "cash", "reason", "actor"} {
		assert.NotContains(t, body, word)
	}
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &fields))
	assert.NotContains(t, fields, "account_id")
	assert.Equal(t, map[string]any{}, fields["data"])
}

func TestSend_TakesOnly2xxForSuccess(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]Failure{
		200: "", 201: "", 202: "", 299: "", 304: FailureRedirect, 400: FailureStatus, 401: FailureStatus, 404: FailureStatus,
		409: FailureStatus, 410: FailureGone, 429: FailureStatus, 500: FailureStatus, 502: FailureStatus, 503: FailureStatus,
	} {
		to, _ := receiver(t, status(code))
		assert.Equal(t, Answer{StatusCode: code, Failure: want}, NewSender(true).Send(t.Context(), endpoint(to), event()))
	}
}

func TestSend_ReadsRetryAfterOf429And503(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"120": 2 * time.Minute, "0": 0, "-5": 0, "": 0, "soon": 0, "999999": maxRetryAfter,
		now.Add(time.Hour).Format(http.TimeFormat): time.Hour, now.Add(-time.Hour).Format(http.TimeFormat): 0,
	} {
		for _, code := range []int{429, 503, 500} {
			to, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", header)
				w.WriteHeader(code)
			})
			s := NewSender(true)
			s.now = func() time.Time { return now }
			expected := want
			if code == 500 {
				expected = 0
			}
			assert.Equal(t, expected, s.Send(t.Context(), endpoint(to), event()).RetryAfter, "%d %q", code, header)
		}
	}
}

func TestSend_FollowsNoRedirect(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	elsewhere, _ := receiver(t, func(http.ResponseWriter, *http.Request) { reached.Store(true) })
	for _, code := range []int{301, 302, 303, 307, 308} {
		to, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere, code) })
		assert.Equal(t, Answer{StatusCode: code, Failure: FailureRedirect},
			NewSender(true).Send(t.Context(), endpoint(to), event()))
	}
	assert.False(t, reached.Load())
}

// localPort is the port of a server on every loopback address there is.
func localPort(t *testing.T) (string, *atomic.Int64) {
	t.Helper()
	var connections atomic.Int64
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &httptest.Server{Listener: listener, Config: &http.Server{
		Handler:   status(http.StatusOK),
		ConnState: func(net.Conn, http.ConnState) { connections.Add(1) },
	}}
	server.StartTLS()
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	return u.Port(), &connections
}

func TestSend_ConnectsToNoPrivateAddress(t *testing.T) {
	t.Parallel()
	port, connections := localPort(t)
	for _, host := range []string{
		"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "LOCALHOST", "0.0.0.0", "[::]", "169.254.169.254",
		"[::ffff:169.254.169.254]",
		"10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "[fe80::1]", "[fd00::1]", "224.0.0.1", "[64:ff9b::7f00:1]",
	} {
		answer := NewSender(false).Send(t.Context(), endpoint("https://"+host+":"+port+"/"), event())
		assert.Equal(t, Answer{Failure: FailureURL}, answer, host)
		// The same when the URL looks harmless and only the name leads there.
		s := NewSender(false)
		s.allowPrivate = true // lets the URL pass; the dialer is the one that refuses
		answer = s.Send(t.Context(), endpoint("https://"+host+":"+port+"/"), event())
		assert.Equal(t, Answer{Failure: FailurePrivate}, answer, host)
	}
	assert.Zero(t, connections.Load(), "nobody knocked")
}

// A name whose address changes between looks is refused by the address that is
// connected to, whatever the name said before.
func TestSend_ANameThatLeadsInsideIsRefused(t *testing.T) {
	t.Parallel()
	port, connections := localPort(t)
	s := NewSender(false)
	dialer := &net.Dialer{Control: publicOnly, Resolver: resolver(t)}
	s.client.Transport.(*http.Transport).DialContext = dialer.DialContext
	answer := s.Send(t.Context(), endpoint("https://rebound.example:"+port+"/"), event())
	assert.Equal(t, Answer{Failure: FailurePrivate}, answer)
	assert.Zero(t, connections.Load())
}

// resolver answers every question with 127.0.0.1.
func resolver(t *testing.T) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		question := make([]byte, 512)
		for {
			_, from, err := server.ReadFrom(question)
			if err != nil {
				return
			}
			end := 12 // past the header, the name and its zero, type and class
			for question[end] != 0 {
				end += int(question[end]) + 1
			}
			answer := append([]byte{}, question[:end+5]...)
			answer[2], answer[3] = 0x81, 0x80
			answer[10], answer[11] = 0, 0 // no additional records
			if question[end+2] == 1 {     // A; anything else has no answer
				answer[7] = 1
				answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1)
			}
			_, _ = server.WriteTo(answer, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func TestSend_NamesWhatWentWrongAndNothingElse(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := closed.Addr().String()
	require.NoError(t, closed.Close())
	untrusted := httptest.NewUnstartedServer(status(http.StatusOK))
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	plain, _ := receiver(t, status(http.StatusOK))
	for to, want := range map[string]Failure{
		"http://" + address: FailureConnection, untrusted.URL: FailureTLS,
		"https" + strings.TrimPrefix(plain, "http"): FailureTLS,
		"ftp://example.com":                         FailureURL, "https://user:word@example.com": FailureURL,
	} {
		assert.Equal(t, Answer{Failure: want}, NewSender(true).Send(t.Context(), endpoint(to), event()), to)
	}
	w := endpoint(plain)
	w.Secret = "whsec_not base64"
	assert.Equal(t, FailureSecret, NewSender(true).Send(t.Context(), w, event()).Failure)
	assert.Equal(t, FailureURL, NewSender(false).Send(t.Context(), endpoint("http://example.com"), event()).Failure,
		"plain HTTP")
	assert.Equal(t, FailureName, failureOf(&url.Error{Err: &net.DNSError{IsNotFound: true}}))
}

func TestSend_WaitsNoLongerThanItMay(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	to, _ := receiver(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	s := NewSender(true)
	assert.Equal(t, 15*time.Second, s.client.Timeout)
	s.client.Timeout = 50 * time.Millisecond
	assert.Equal(t, Answer{Failure: FailureTimeout}, s.Send(t.Context(), endpoint(to), event()))
}

func TestSend_ReadsLittleOfALongAnswer(t *testing.T) {
	t.Parallel()
	wrote := make(chan int, 1)
	to, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		n := 0
		for n < 64<<20 {
			m, err := w.Write(make([]byte, 1<<20))
			if n += m; err != nil {
				break
			}
		}
		wrote <- n
	})
	assert.Equal(t, Answer{StatusCode: 200}, NewSender(true).Send(t.Context(), endpoint(to), event()))
	assert.Less(t, <-wrote, 64<<20, "the rest is never read")
}

func TestSend_UsesNoProxy(t *testing.T) {
	t.Parallel()
	assert.Nil(t, NewSender(true).client.Transport.(*http.Transport).Proxy)
}
