package sandbox_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
	"slipway/payment/sandbox"
)

// offered are the values a page's form offers under the name.
func offered(page, name string) (values []string) {
	for _, m := range regexp.MustCompile(`name="`+name+`" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		values = append(values, html.UnescapeString(m[1]))
	}
	return values
}

func setUp(t *testing.T, c *company, returnURL string) payment.Page {
	t.Helper()
	p, err := c.Setup(t.Context(), payment.Setup{Key: "setup/1", AccountID: "acct_1", ReturnURL: returnURL})
	require.NoError(t, err)
	return p
}

func TestSandboxPages_EveryCardOfTheSetupPageCanBeSaved(t *testing.T) {
	t.Parallel()
	c := open(t)
	cards := offered(look(t, setUp(t, c, "").URL).text, "token")
	require.Greater(t, len(cards), 10)
	for _, token := range cards {
		m := c.attach(t, token)
		assert.NotEmpty(t, m.Brand, token)
		assert.Len(t, m.Last4, 4, token)
		assert.Equal(t, token != "tok_declined_expired", m.ExpYear >= time.Now().Year(), token)
	}
}

func TestSandboxPages_SetupLeadsBackWithAMethod(t *testing.T) {
	t.Parallel()
	c := open(t)
	p := setUp(t, c, "https://shop.example/back?a=1&b=2")
	for _, token := range []string{"", "tok_nonsense"} {
		assert.Equal(t, http.StatusPaymentRequired, submit(t, p.URL, "token", token).StatusCode)
	}
	answer := submit(t, p.URL, "token", "tok_declined_funds")
	assert.Equal(t, http.StatusSeeOther, answer.StatusCode)
	assert.Equal(t, "https://shop.example/back?a=1&b=2", answer.Header.Get("Location"))
	assert.Equal(t, http.StatusSeeOther, submit(t, p.URL, "token", "tok_ok").StatusCode, "again leads on")

	m, err := c.Attach(t.Context(), payment.Attach{Key: "pm_1", AccountID: "acct_1", Token: p.Ref})
	require.NoError(t, err)
	assert.Equal(t, "9995", m.Last4, "the first choice counts")
	assert.Contains(t, look(t, p.URL).text, "is saved")
}

func TestSandboxPages_ExpireUnfinished(t *testing.T) {
	t.Parallel()
	var passed atomic.Int64
	c := open(t, func(c *sandbox.ServerConfig) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(passed.Load())) }
	})
	p := setUp(t, c, "")
	passed.Store(int64(25 * time.Hour))
	assert.Equal(t, http.StatusGone, look(t, p.URL).StatusCode)
	assert.Equal(t, http.StatusGone, submit(t, p.URL, "token", "tok_ok").StatusCode)
}

func TestSandboxPages_LeadToTheWebAndNowhereElse(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "javascript:alert(1)", "//evil.example", "/relative", "data:text/html,x",
		"ftp://x/y", "http://", "https:evil", "\x00"} {
		c := open(t)
		answer := submit(t, setUp(t, c, address).URL, "token", "tok_ok")
		assert.Equal(t, http.StatusOK, answer.StatusCode, address)
		assert.Contains(t, answer.text, "is saved", address)
		assert.Empty(t, answer.Header.Get("Location"))
	}
}

func TestSandboxPages_ConfirmedChargeIsPaidAndLaterOnesNeedNobody(t *testing.T) {
	t.Parallel()
	c := open(t)
	m := c.attach(t, "tok_3ds")
	renewal := func(key string) payment.Outcome {
		in := chargeOf(m, key)
		in.OffSession = true
		return c.charged(t, in)
	}
	assert.Equal(t, payment.StatusRequiresAction, renewal("in_1/1").Status, "nobody has confirmed yet")

	in := chargeOf(m, "in_2/1")
	in.ReturnURL = "http://shop.example/done"
	o := c.charged(t, in)
	page := look(t, o.ActionURL)
	assert.Equal(t, []string{"confirm", "decline"}, offered(page.text, "decision"))
	assert.Contains(t, page.text, "€49.00")
	assert.Equal(t, http.StatusBadRequest, submit(t, o.ActionURL, "decision", "maybe").StatusCode)
	answer := submit(t, o.ActionURL, "decision", "confirm")
	assert.Equal(t, http.StatusSeeOther, answer.StatusCode)
	assert.Equal(t, in.ReturnURL, answer.Header.Get("Location"))
	submit(t, o.ActionURL, "decision", "decline")
	paid, err := c.Lookup(t.Context(), in.Key)
	require.NoError(t, err)
	assert.Equal(t, payment.StatusSucceeded, paid.Status, "what is decided stays so")
	assert.Empty(t, paid.ActionURL)
	assert.Contains(t, look(t, o.ActionURL).text, "is confirmed")

	assert.Equal(t, payment.StatusSucceeded, renewal("in_3/1").Status)
	assert.Equal(t, payment.StatusRequiresAction, c.charged(t, chargeOf(m, "in_4/1")).Status,
		"a customer who is there is asked again")
}

func TestSandboxPages_CanceledChargeCannotBeConfirmed(t *testing.T) {
	t.Parallel()
	c := open(t)
	o := c.charged(t, chargeOf(c.attach(t, "tok_3ds"), "in_1/1"))
	_, err := c.Refund(t.Context(), payment.Refund{Key: "re_1", Charge: "in_1/1"})
	require.NoError(t, err)
	assert.Contains(t, submit(t, o.ActionURL, "decision", "confirm").text, "was not made")
	assert.Equal(t, payment.StatusCanceled, c.ledger(t)[0].Status)
}

func TestSandboxPages_AreNotForEverybody(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, path := range []string{"/setup/ssp_1", "/confirm/sch_1", "/setup/%3Cscript%3E", "/confirm/%00"} {
		for _, answer := range []answered{look(t, c.url+path), submit(t, c.url+path, "decision", "confirm")} {
			assert.Equal(t, http.StatusNotFound, answer.StatusCode, path)
			assert.NotContains(t, answer.text, "<script", path)
		}
	}
}

func TestSandboxPages_NeedNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	c := open(t, func(c *sandbox.ServerConfig) { c.PublicURL = "http://pay.example/sandbox/" })
	p := setUp(t, c, "")
	assert.Equal(t, "http://pay.example/sandbox/setup/"+p.Ref, p.URL)
	answer := look(t, c.url+"/setup/"+p.Ref)
	assert.NotRegexp(t, `(src|href|action)=`, answer.text)
	assert.NotContains(t, answer.text, "http")
	policy := answer.Header.Get("Content-Security-Policy")
	assert.True(t, strings.HasPrefix(policy, "default-src 'none'"), policy)
	assert.Contains(t, policy, "frame-ancestors 'none'")
	assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
}
