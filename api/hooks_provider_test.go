package api

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

// webhook posts an event of the sandbox's, signed for the time.
func (w *world) webhook(id, key string, at time.Time, change ...func(http.Header)) *reply {
	w.t.Helper()
	body := []byte(
		`{"id":"` + id + `","type":"charge.succeeded","key":"` + key + `","ref":"sch_1","created_at":"2026-01-01T00:00:00Z"}`,
	)
	signer, err := standardwebhooks.NewWebhookRaw([]byte(sandboxKey))
	require.NoError(w.t, err)
	signature, err := signer.Sign(id, at, body)
	require.NoError(w.t, err)
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("webhook-signature", signature)
	for _, f := range change {
		f(h)
	}
	var pairs []string
	for name := range h {
		pairs = append(pairs, name, h.Get(name))
	}
	return w.call("POST", "/webhooks/sandbox", "", string(bytes.TrimSpace(body)), pairs...)
}

func TestProviderWebhook_IsStoredOnceAndItsOwnerSignaled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.card("acme", "growth", "tok_3ds")
	payments, err := w.store.ListPayments(t.Context(), store.PaymentFilter{})
	require.NoError(t, err)
	key := payments.Data[0].Key
	now := time.Now()
	for range 3 {
		w.webhook("evt_1", key, now).ok(204)
	}
	require.Len(t, w.flows.events, 1, "the same event again is handed on to nobody")
	assert.Equal(t, payments.Data[0].ID, w.flows.events[0].PaymentID)
	w.webhook("evt_2", "in_nobody/1", now).ok(204)
	assert.Len(t, w.flows.events, 1, "an event about nothing of ours is done with")

	w.flows.set(func() { w.flows.away = true })
	w.webhook("evt_3", key, now).ok(204)
	left, err := w.store.UnprocessedEvents(context.Background(), time.Now().Add(time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, left, 1, "what could not be handed on is kept for reconcile")
	assert.Equal(t, "evt_3", left[0].EventID)
}

func TestProviderWebhook_ForgedOldOrOfNobodyChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now()
	w.webhook("evt_1", "k", now, func(h http.Header) { h.Set("webhook-signature", "v1,AAAA") }).
		problem(401, "unauthenticated")
	w.webhook("evt_1", "k", now, func(h http.Header) { h.Del("webhook-signature") }).problem(401, "unauthenticated")
	w.webhook("evt_1", "k", now, func(h http.Header) { h.Set("webhook-id", "evt_2") }).problem(401, "unauthenticated")
	w.webhook("evt_1", "k", now.Add(-6*time.Minute)).problem(401, "unauthenticated")
	w.webhook("evt_1", "k", now.Add(6*time.Minute)).problem(401, "unauthenticated")
	w.call("POST", "/webhooks/nobody", "", `{}`).problem(404, "not_found")
	w.call("POST", "/webhooks/manual", "", `{}`).problem(401, "unauthenticated")
	w.call("POST", "/webhooks/sandbox", "", `"`+strings.Repeat("x", maxBody)+`"`).problem(413, domain.ReasonBodyTooLarge)
	left, err := w.store.UnprocessedEvents(t.Context(), now.Add(time.Hour), 10)
	require.NoError(t, err)
	assert.Empty(t, left)
}
