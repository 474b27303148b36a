package stripe_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
	"slipway/payment/paymenttest"
	"slipway/payment/stripe"
)

// mockBinary builds stripe-mock, the peer that knows the shape of every request
// and answer from Stripe's own API description, at the version tools/go.mod pins.
var mockBinary = sync.OnceValues(func() (string, error) {
	path, err := filepath.Abs("../../bin/stripe-mock")
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", path, "github.com/stripe/stripe-mock")
	build.Dir = "../../tools"
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.New(strings.TrimSpace(string(out)) + ": " + err.Error())
	}
	return path, nil
})

// startMock runs stripe-mock for the test and returns its address. Where it
// cannot be built the test is skipped, or fails when SLIPWAY_TEST_NO_SKIP=1.
func startMock(t *testing.T) string {
	t.Helper()
	path, err := mockBinary()
	if err != nil && os.Getenv("SLIPWAY_TEST_NO_SKIP") != "1" {
		t.Skip("SKIPPED: the contract with Stripe is not tested, as stripe-mock cannot be built: ", err)
	}
	require.NoError(t, err)
	mock := exec.Command(path, "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0")
	mock.Env = []string{"PORT="} // it would listen there
	out, err := mock.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, mock.Start())
	t.Cleanup(func() {
		assert.NoError(t, mock.Process.Kill())
		_ = mock.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, address, found := strings.Cut(lines.Text(), "HTTP at address: "); found {
			return "http://" + address
		}
	}
	require.Fail(t, "stripe-mock ended without listening")
	return ""
}

// TestStripe_Contract holds every request against Stripe's API description:
// stripe-mock refuses a parameter it does not know with a 400. It remembers
// nothing and always has the same intent, so what is said of the outcome is
// said by the other tests.
func TestStripe_Contract(t *testing.T) {
	t.Parallel()
	base := startMock(t)
	s := stripe.New(stripe.Config{SecretKey: "sk_test_123", WebhookSecret: hookSecret, APIBase: base})
	ctx := t.Context()

	for _, token := range []string{"pm_1", "tok_visa"} {
		m, err := s.Attach(ctx, payment.Attach{Key: "m_1", AccountID: "acct_1", Token: token})
		require.NoError(t, err, token)
		assert.Regexp(t, "^cus_", m.Customer)
		assert.Regexp(t, "^pm_", m.Ref)
		assert.NotEmpty(t, m.Last4)
	}
	_, err := s.Attach(ctx, payment.Attach{Key: "m_1", AccountID: "acct_1", Token: "cs_test_1"})
	assert.Equal(t, "page_of_another_account", requirePaymentError(t, err).Code, "the mock's page is nobody's")

	page, err := s.Setup(ctx, payment.Setup{Key: "m_1", AccountID: "acct_1", ReturnURL: "https://app.example.com/back"})
	require.NoError(t, err)
	assert.Regexp(t, "^cs_", page.Ref)

	for _, offSession := range []bool{false, true} {
		c := aCharge
		c.OffSession = offSession
		out, err := s.Charge(ctx, c)
		require.NoError(t, err)
		assert.Regexp(t, "^pi_", out.Ref)
		assert.EqualValues(t, 2900, out.Amount)
		assert.Equal(t, "eur", out.Currency)
	}
	none, err := s.Lookup(ctx, "in_1/1")
	require.NoError(t, err)
	assert.Equal(t, payment.Outcome{Key: "in_1/1", Status: payment.StatusNone}, none, "the mock's intents are not ours")

	out, err := s.Refund(ctx, payment.Refund{Key: "re/1", Charge: "in_1/1", Ref: "pi_1", Amount: 900})
	require.NoError(t, err)
	assert.Equal(t, "pi_1", out.Ref)
}

// TestStripe_ContractOfTheRequestsARefundNeeds shows the mock a charge that
// succeeded and one that is open, so that it is asked to refund and to cancel.
func TestStripe_ContractOfTheRequestsARefundNeeds(t *testing.T) {
	t.Parallel()
	base := startMock(t)
	for status, call := range map[string]string{"succeeded": createRefund, "requires_action": cancelIntent} {
		asked := make(chan string, 10)
		client := &http.Client{Transport: statusTripper{status: status, asked: asked}}
		s := stripe.New(stripe.Config{SecretKey: "sk_test_123", APIBase: base, HTTPClient: client})
		_, err := s.Refund(t.Context(), payment.Refund{Key: "re/1", Charge: "in_1/1", Ref: "pi_1", Amount: 900})
		require.NoError(t, err, status)
		close(asked)
		var calls []string
		for c := range asked {
			calls = append(calls, c)
		}
		assert.Contains(t, calls, call+" 200")
	}
}

// TestStripe_PassesWhatStripeMockCanShow runs the suite of all providers as far
// as a peer without a memory goes; TestStripe_KeepsThePromises runs all of it.
func TestStripe_PassesWhatStripeMockCanShow(t *testing.T) {
	t.Parallel()
	base := startMock(t)
	paymenttest.Run(t, func(testing.TB) paymenttest.Subject {
		const stateless = "stripe-mock remembers nothing and always answers alike"
		lacks := map[paymenttest.Capability]string{}
		for _, c := range []paymenttest.Capability{
			paymenttest.CanCharge, paymenttest.CanRemember, paymenttest.CanShowLedger, paymenttest.CanDecline,
			paymenttest.CanAskForAction, paymenttest.CanConfirm, paymenttest.CanRefuseTokens, paymenttest.CanRefund,
			paymenttest.CanSetup, paymenttest.CanThrottle, paymenttest.CanLoseResponses, paymenttest.CanStoreFailures,
			paymenttest.CanReset, paymenttest.CanFail,
		} {
			lacks[c] = stateless
		}
		return paymenttest.Subject{
			Provider: stripe.New(stripe.Config{SecretKey: "sk_test_123", WebhookSecret: hookSecret, APIBase: base}),
			Refused:  stripe.New(stripe.Config{SecretKey: "not a key", APIBase: base}),
			Lacks:    lacks, Event: eventAbout, Sign: func(body []byte, at time.Time) http.Header { return sign(body, at) },
		}
	})
}

// eventAbout is the event Stripe sends about the key.
func eventAbout(kind payment.EventType, key string) []byte {
	if kind == payment.EventSetup {
		return eventJSON("checkout.session.completed", `{"mode":"setup","client_reference_id":"`+key+`"}`)
	}
	return eventJSON("payment_intent.succeeded", `{"metadata":{"key":"`+key+`"}}`)
}

// statusTripper passes requests on, and makes every intent that is read one of
// the status.
type statusTripper struct {
	status string
	asked  chan<- string
}

func (s statusTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	s.asked <- r.Method + " " + r.URL.Path + " " + strings.TrimSuffix(answer.Status, " OK")
	if r.Method != http.MethodGet {
		return answer, nil
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		return nil, err
	}
	changed := strings.Replace(string(body), `"requires_payment_method"`, `"`+s.status+`"`, 1)
	answer.Body, answer.ContentLength = io.NopCloser(strings.NewReader(changed)), int64(len(changed))
	answer.Header.Del("Content-Length")
	return answer, nil
}
