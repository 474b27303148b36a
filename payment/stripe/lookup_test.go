package stripe_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
)

// intentsJSON is a list or a search result in Stripe's shape.
func intentsJSON(more bool, intents ...string) string {
	return fmt.Sprintf(`{"object":"list","has_more":%t,"data":[%s]}`, more, strings.Join(intents, ","))
}

func otherIntent(id string, created time.Time) string {
	return fmt.Sprintf(`{"id":%q,"object":"payment_intent","created":%d,"metadata":{"key":"in_2/1"}}`, id, created.Unix())
}

func TestStripe_LookupFindsWhatTheSearchKnows(t *testing.T) {
	t.Parallel()
	s, side := openStripe(t, map[string]http.HandlerFunc{
		searchIntent: says(200, intentsJSON(false, intentJSON("pi_1", "processing"))),
		getIntent:    says(200, intentJSON("pi_1", "succeeded")),
	})
	out, err := s.Lookup(t.Context(), "in_1/1")
	require.NoError(t, err)
	assert.Equal(t, payment.StatusSucceeded, out.Status, "as it is now, not as it was when it was indexed")
	assert.Equal(t, "pi_1", out.Ref)
	assert.Equal(t, "metadata['key']:'in_1/1'", side.last(searchIntent).form.Get("query"))
	assert.Equal(t, "latest_charge", side.last(getIntent).form.Get("expand[0]"))
}

func TestStripe_LookupFindsInTheListWhatTheSearchHasNotIndexed(t *testing.T) {
	t.Parallel()
	s, side := openStripe(t, map[string]http.HandlerFunc{
		searchIntent: says(200, intentsJSON(false)),
		listIntents: inTurn(
			says(200, intentsJSON(true, otherIntent("pi_3", time.Now()), otherIntent("pi_2", time.Now()))),
			says(200, intentsJSON(false, intentJSON("pi_1", "succeeded"))),
		),
		getIntent: says(200, intentJSON("pi_1", "succeeded")),
	})
	out, err := s.Lookup(t.Context(), "in_1/1")
	require.NoError(t, err)
	assert.Equal(t, payment.StatusSucceeded, out.Status)
	assert.Equal(t, []string{searchIntent, listIntents, listIntents, getIntent}, side.calls())
	form := side.last(listIntents).form
	assert.Equal(t, "pi_2", form.Get("starting_after"))
	since, err := strconv.ParseInt(form.Get("created[gte]"), 10, 64)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now().Add(-24*time.Hour), time.Unix(since, 0), time.Minute)
}

func TestStripe_LookupSaysNoneOnlyWhenSearchAndListDo(t *testing.T) {
	t.Parallel()
	s, side := openStripe(t, map[string]http.HandlerFunc{
		searchIntent: says(200, intentsJSON(false)),
		listIntents:  says(200, intentsJSON(false, otherIntent("pi_2", time.Now()))),
	})
	out, err := s.Lookup(t.Context(), `in_1\'/1`)
	require.NoError(t, err)
	assert.Equal(t, payment.Outcome{Key: `in_1\'/1`, Status: payment.StatusNone}, out)
	assert.Equal(t, []string{searchIntent, listIntents}, side.calls())
	assert.Equal(t, `metadata['key']:'in_1\\\'/1'`, side.last(searchIntent).form.Get("query"),
		"a key cannot change the query")

	for _, broken := range []string{searchIntent, listIntents} {
		answers := map[string]http.HandlerFunc{searchIntent: says(200, intentsJSON(false)),
			listIntents: says(200, intentsJSON(false))}
		answers[broken] = says(500, refusalJSON(`"type":"api_error"`))
		s, _ := openStripe(t, answers)
		_, err := s.Lookup(t.Context(), "in_1/1")
		assert.Equal(t, payment.ClassUnknown, payment.ClassOf(err), broken)
	}
}

func TestStripe_LookupOfABusyAccountAdmitsWhatItCannotKnow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		age  time.Duration // of the thousandth intent
		want payment.Status
	}{
		"all too young to be sure of the search": {time.Minute, ""},
		"back to what the search surely knows":   {3 * time.Hour, payment.StatusNone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var page []string
			for i := range 100 {
				page = append(page, otherIntent(fmt.Sprintf("pi_x%d", i), time.Now().Add(-c.age)))
			}
			s, side := openStripe(t, map[string]http.HandlerFunc{
				searchIntent: says(200, intentsJSON(false)),
				listIntents:  says(200, intentsJSON(true, page...)),
			})
			out, err := s.Lookup(t.Context(), "in_1/1")
			assert.Equal(t, c.want, out.Status)
			if c.want == "" {
				e := requirePaymentError(t, err)
				assert.Equal(t, payment.ClassUnknown, e.Class)
				assert.Equal(t, "lookup_incomplete", e.Code)
			}
			assert.Len(t, side.calls(), 1+10, "ten pages and no more")
		})
	}
}

func TestStripe_RefundGivesBackOrCancels(t *testing.T) {
	t.Parallel()
	succeeded, canceled := says(200, intentJSON("pi_1", "succeeded")), says(200, intentJSON("pi_1", "canceled"))
	refunded := says(200, intentJSON("pi_1", "succeeded", `"latest_charge":{"id":"ch_1","amount_refunded":2900}`))
	open := says(200, intentJSON("pi_1", "requires_action"))
	refund := says(200, `{"id":"re_1","object":"refund","status":"succeeded"}`)
	tooLate := says(400, refusalJSON(`"type":"invalid_request_error","code":"payment_intent_unexpected_state"`))
	again := says(400, refusalJSON(`"type":"invalid_request_error","code":"charge_already_refunded"`))
	found := says(200, intentsJSON(false, intentJSON("pi_1", "succeeded")))
	none := says(200, intentsJSON(false))
	for name, c := range map[string]struct {
		ref      string
		answers  map[string]http.HandlerFunc
		status   payment.Status
		refunded int64
		calls    []string
	}{
		"money that is there": {"pi_1", map[string]http.HandlerFunc{getIntent: inTurn(succeeded, refunded),
			createRefund: refund},
			payment.StatusSucceeded, 2900, []string{getIntent, createRefund, getIntent}},
		"found by its key": {"", map[string]http.HandlerFunc{searchIntent: found, getIntent: inTurn(succeeded, refunded),
			createRefund: refund},
			payment.StatusSucceeded, 2900, []string{searchIntent, getIntent, createRefund, getIntent}},
		"refunded before": {"pi_1", map[string]http.HandlerFunc{getIntent: refunded, createRefund: again},
			payment.StatusSucceeded, 2900, []string{getIntent, createRefund, getIntent}},
		"waiting for the customer": {"pi_1", map[string]http.HandlerFunc{getIntent: inTurn(open, canceled),
			cancelIntent: canceled},
			payment.StatusCanceled, 0, []string{getIntent, cancelIntent, getIntent}},
		"confirmed at the last moment": {"pi_1",
			map[string]http.HandlerFunc{getIntent: inTurn(open, succeeded, refunded), cancelIntent: tooLate,
				createRefund: refund},
			payment.StatusSucceeded, 2900, []string{getIntent, cancelIntent, getIntent, createRefund, getIntent}},
		"failed": {"pi_1", map[string]http.HandlerFunc{getIntent: says(200, intentJSON("pi_1", "requires_payment_method"))},
			payment.StatusFailed, 0, []string{getIntent}},
		"never charged": {"", map[string]http.HandlerFunc{searchIntent: none, listIntents: none},
			payment.StatusNone, 0, []string{searchIntent, listIntents}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, side := openStripe(t, c.answers)
			out, err := s.Refund(t.Context(), payment.Refund{Key: "re/1", Charge: "in_1/1", Ref: c.ref})
			require.NoError(t, err)
			assert.Equal(t, c.status, out.Status)
			assert.Equal(t, c.refunded, out.Refunded)
			assert.Equal(t, "in_1/1", out.Key)
			assert.Equal(t, c.calls, side.calls())
		})
	}
}

func TestStripe_RefundCarriesItsKeyAndAmount(t *testing.T) {
	t.Parallel()
	s, side := openStripe(t, map[string]http.HandlerFunc{
		getIntent: says(200, intentJSON("pi_1", "succeeded")), createRefund: says(200, `{"id":"re_1"}`),
	})
	_, err := s.Refund(t.Context(), payment.Refund{Key: "re/1", Charge: "in_1/1", Ref: "pi_1", Amount: 900})
	require.NoError(t, err)
	asked := side.last(createRefund)
	assert.Equal(t, "refund/re/1", asked.key)
	assert.Equal(t, "900", asked.form.Get("amount"))
	assert.Equal(t, "pi_1", asked.form.Get("payment_intent"))

	_, err = s.Refund(t.Context(), payment.Refund{Key: "re/2", Charge: "in_1/1", Ref: "pi_1"})
	require.NoError(t, err)
	assert.False(t, side.last(createRefund).form.Has("amount"), "without an amount it is all of it")
}
