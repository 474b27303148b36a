package sandbox_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
	"slipway/payment/sandbox"
)

func TestSandbox_EachTokenEndsAsItsNameSays(t *testing.T) {
	t.Parallel()
	c := open(t)
	for token, want := range map[string]payment.Outcome{
		"tok_ok":               {Status: payment.StatusSucceeded},
		"tok_webhook_chaos":    {Status: payment.StatusSucceeded},
		"tok_declined_funds":   {Status: payment.StatusFailed, Class: payment.ClassSoftDecline, Code: "insufficient_funds"},
		"tok_declined_expired": {Status: payment.StatusFailed, Class: payment.ClassHardDecline, Code: "expired_card"},
		"tok_declined_stolen":  {Status: payment.StatusFailed, Class: payment.ClassHardDecline, Code: "stolen_card"},
		"tok_declined_fraud":   {Status: payment.StatusFailed, Class: payment.ClassHardDecline, Code: "fraudulent"},
		"tok_fails_from_1":     {Status: payment.StatusFailed, Class: payment.ClassSoftDecline, Code: "insufficient_funds"},
	} {
		got := c.charged(t, chargeOf(c.attach(t, token), token))
		want.Key, want.Ref, want.Amount, want.Currency = token, got.Ref, 4900, "eur"
		assert.Equal(t, want, got)
		again, err := c.Lookup(t.Context(), token)
		require.NoError(t, err)
		assert.Equal(t, got, again)
	}
}

func TestSandbox_TokensOutOfTheirRangeAreRefused(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, token := range []string{
		"", "_", "tok_", "tok", "ok", "tok_OK", "tok_ok_1", "tok_throttled", "tok_throttled_0", "tok_throttled_100",
		"tok_throttled_wait",
		"tok_throttled_wait_86401", "tok_flaky_-1", "tok_fails_from_", "tok_stored_501", "tok_declined", "ssp_unknown",
		"ssp_../../ledger",
	} {
		_, err := c.Attach(t.Context(), payment.Attach{Key: "k", AccountID: "acct_1", Token: token})
		var e *payment.Error
		require.ErrorAs(t, err, &e, token)
		assert.Equal(t, payment.Error{Class: payment.ClassHardDecline, Code: "invalid_token", Cause: e.Cause}, *e, token)
	}
}

func TestSandbox_KeyOfAMethodIsGoodForOneToken(t *testing.T) {
	t.Parallel()
	c := open(t)
	in := payment.Attach{Key: "pm_1", AccountID: "acct_1", Token: "tok_ok"}
	_, err := c.Attach(t.Context(), in)
	require.NoError(t, err)
	in.Token = "tok_declined_funds"
	_, err = c.Attach(t.Context(), in)
	assert.Equal(t, payment.ClassMisconfigured, payment.ClassOf(err))
}

func TestSandbox_RunsDryFromTheFifthCharge(t *testing.T) {
	t.Parallel()
	c := open(t)
	m := c.attach(t, "tok_fails_from_5")
	for i := range 7 {
		o := c.charged(t, chargeOf(m, fmt.Sprintf("in_%d/1", i)))
		assert.Equal(t, map[bool]payment.Status{true: payment.StatusSucceeded, false: payment.StatusFailed}[i < 4], o.Status,
			i)
		assert.Equal(t, o, c.charged(t, chargeOf(m, o.Key)), "a repetition is no other charge")
	}
}

func TestSandbox_ThrottlesInEveryWayThereIs(t *testing.T) {
	t.Parallel()
	for token, want := range map[string][]time.Duration{
		"tok_throttled_4":        {time.Second, 2 * time.Second, time.Second, 2 * time.Second},
		"tok_throttled_wait_300": {300 * time.Second},
		"tok_throttled_bare_2":   {0, 0},
	} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			in := chargeOf(c.attach(t, token), "in_1/1")
			for _, after := range want {
				_, err := c.Charge(t.Context(), in)
				var e *payment.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, payment.ClassThrottled, e.Class)
				assert.InDelta(t, after, e.RetryAfter, float64(time.Second), "a date is not precise")
			}
			assert.Equal(t, payment.StatusSucceeded, c.charged(t, in).Status)
			assert.Len(t, c.ledger(t), 1)
		})
	}
}

func TestSandbox_HangsUntilTheClientGivesUpAndChargesNothing(t *testing.T) {
	t.Parallel()
	c := open(t)
	in := chargeOf(c.attach(t, "tok_slow"), "in_1/1")
	began := time.Now()
	_, err := c.client(apiKey, 100*time.Millisecond).Charge(t.Context(), in)
	assert.Equal(t, payment.ClassUnknown, payment.ClassOf(err))
	assert.Less(t, time.Since(began), 3*time.Second)
	assert.Empty(t, c.ledger(t))
	assert.Equal(t, payment.StatusSucceeded, c.charged(t, in).Status)
}

func TestSandbox_AClosedServerLetsGoOfWhatHangs(t *testing.T) {
	t.Parallel()
	c := open(t, func(c *sandbox.ServerConfig) { c.SlowFor = time.Hour })
	in := chargeOf(c.attach(t, "tok_slow"), "in_1/1")
	hung := make(chan error)
	go func() {
		_, err := c.client(apiKey, time.Minute).Charge(t.Context(), in)
		hung <- err
	}()
	time.AfterFunc(50*time.Millisecond, func() { _ = c.server.Close() })
	select {
	case err := <-hung:
		assert.Equal(t, payment.ClassUnknown, payment.ClassOf(err))
	case <-time.After(5 * time.Second):
		t.Fatal("it hangs on")
	}
}

func TestSandbox_CanceledByTheCallerIsUnknown(t *testing.T) {
	t.Parallel()
	c := open(t)
	in := chargeOf(c.attach(t, "tok_slow"), "in_1/1")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := c.Charge(ctx, in)
	assert.Equal(t, payment.ClassUnknown, payment.ClassOf(err))
}

func TestSandbox_NobodyThereIsUnavailable(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.close(t)
	for _, address := range []string{c.url, "http://sandbox.invalid:1"} {
		_, err := sandbox.New(sandbox.Config{URL: address, APIKey: apiKey}).Charge(t.Context(), payment.Charge{Key: "in_1/1"})
		assert.Equal(t, payment.ClassUnavailable, payment.ClassOf(err), address)
	}
	_, err := sandbox.New(sandbox.Config{URL: "http://x\x7f"}).Lookup(t.Context(), "in_1/1")
	assert.Equal(t, payment.ClassMisconfigured, payment.ClassOf(err))
}

func TestSandbox_SomebodyElsesAnswersAreNeverProof(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		header string
		body   string
		want   payment.Error
	}{
		"another server's 404": {404, "", "<html>nothing here</html>",
			payment.Error{Class: payment.ClassMisconfigured}},
		"a gateway's 502": {502, "", "bad gateway", payment.Error{Class: payment.ClassUnknown}},
		"a 503 with a delay": {503, "Retry-After: 7", "",
			payment.Error{Class: payment.ClassUnavailable, RetryAfter: 7 * time.Second}},
		"a 503 without": {503, "", "", payment.Error{Class: payment.ClassUnknown}},
		"a stored 500": {500, "Idempotent-Replayed: true", `{"code":"x"}`,
			payment.Error{Class: payment.ClassUnknown, Code: "x", Spent: true}},
		"a redirect":              {302, "Location: /elsewhere", "", payment.Error{Class: payment.ClassMisconfigured}},
		"a 403":                   {403, "", "", payment.Error{Class: payment.ClassMisconfigured}},
		"a 200 that says nothing": {200, "", "", payment.Error{Class: payment.ClassUnknown, Code: "unreadable_answer"}},
		"a 200 about something else": {200, "", `{"key":"in_2/1","id":"sch_1","status":"succeeded"}`,
			payment.Error{Class: payment.ClassUnknown, Code: "unreadable_answer"}},
		"a 200 with an unknown state": {200, "", `{"key":"in_1/1","id":"sch_1","status":"maybe"}`,
			payment.Error{Class: payment.ClassUnknown, Code: "unreadable_answer"}},
		"a 200 that breaks off": {200, "Content-Length: 900", `{"key":"in_1/1"`,
			payment.Error{Class: payment.ClassUnknown, Code: "unreadable_answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if key, value, ok := strings.Cut(c.header, ": "); ok {
					w.Header().Set(key, value)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			t.Cleanup(server.Close)
			p := sandbox.New(sandbox.Config{URL: server.URL, APIKey: apiKey})
			for _, ask := range []func() (payment.Outcome, error){
				func() (payment.Outcome, error) { return p.Charge(t.Context(), payment.Charge{Key: "in_1/1"}) },
				func() (payment.Outcome, error) { return p.Lookup(t.Context(), "in_1/1") },
				func() (payment.Outcome, error) {
					return p.Refund(t.Context(), payment.Refund{Key: "re_1", Charge: "in_1/1"})
				},
			} {
				o, err := ask()
				var e *payment.Error
				require.ErrorAs(t, err, &e)
				e.Cause = nil
				assert.Equal(t, c.want, *e)
				assert.Zero(t, o)
			}
		})
	}
}

func TestSandbox_SameKeyFiftyTimesAtOnceIsOneCharge(t *testing.T) {
	t.Parallel()
	c := open(t)
	m, lossy := c.attach(t, "tok_ok"), c.attach(t, "tok_lost_response")
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { _, _ = c.Charge(t.Context(), chargeOf(m, "in_1/1")) })
		wg.Go(func() { _, _ = c.Charge(t.Context(), chargeOf(lossy, "in_2/1")) })
	}
	wg.Wait()
	assert.Len(t, c.ledger(t), 2)
}

func TestSandbox_RefusesWhatNoChargeCanBe(t *testing.T) {
	t.Parallel()
	c := open(t)
	m := c.attach(t, "tok_ok")
	for name, change := range map[string]func(in *payment.Charge){
		"nothing":            func(in *payment.Charge) { in.Amount = 0 },
		"less than nothing":  func(in *payment.Charge) { in.Amount = -1 },
		"too much":           func(in *payment.Charge) { in.Amount = 1 << 62 },
		"upper case":         func(in *payment.Charge) { in.Currency = "EUR" },
		"no currency":        func(in *payment.Charge) { in.Currency = "" },
		"no such currency":   func(in *payment.Charge) { in.Currency = "xxq" },
		"no key":             func(in *payment.Charge) { in.Key = "" },
		"a long key":         func(in *payment.Charge) { in.Key = strings.Repeat("k", 256) },
		"no such method":     func(in *payment.Charge) { in.Method = "smt_1" },
		"another's customer": func(in *payment.Charge) { in.Customer = "scu_1" },
		"a book":             func(in *payment.Charge) { in.InvoiceID = strings.Repeat("x", 100_000) },
	} {
		in := chargeOf(m, "in_1/1")
		change(&in)
		_, err := c.Charge(t.Context(), in)
		assert.Equal(t, payment.ClassMisconfigured, payment.ClassOf(err), name)
	}
	assert.Empty(t, c.ledger(t))
}
