package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

const hookURL = "https://example.com/hooks?key=sesame"

// hook makes a webhook endpoint and returns the answer.
func (w *world) hook(more ...any) *reply {
	w.t.Helper()
	body := map[string]any{"url": hookURL}
	for i := 0; i < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return w.call("POST", "/v1/webhook-endpoints", w.admin, body).ok(http.StatusCreated)
}

// audited are the events of the type, newest first.
func (w *world) audited(of domain.EventType) []domain.Event {
	w.t.Helper()
	list, err := w.store.ListEvents(context.Background(), store.EventFilter{Type: string(of)})
	require.NoError(w.t, err)
	return list.Data
}

func TestWebhookEndpoint_ShowsItsSecretOnceAndStoresWhatSigns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.call("POST", "/v1/admin/api-keys", w.admin, map[string]any{"name": "backend"}).ok(201).text("secret")
	body := map[string]any{
		"url": hookURL, "events": []string{"invoice.*", "account.created", "invoice.*"},
		"description": "Billing",
	}
	made := w.call("POST", "/v1/webhook-endpoints", key, body, "Idempotency-Key", "k").ok(201)
	again := w.call("POST", "/v1/webhook-endpoints", key, body, "Idempotency-Key", "k").ok(201)
	assert.Equal(t, made.body, again.body)
	assert.Equal(t, "true", again.header.Get(headerReplayed))
	body["url"] = "https://example.com/other"
	w.call("POST", "/v1/webhook-endpoints", key, body, "Idempotency-Key", "k").
		problem(422, domain.ReasonIdempotencyKeyReused)

	secret, path := made.text("secret"), "/v1/webhook-endpoints/"+made.text("id")
	assert.Regexp(t, `^whsec_[A-Za-z0-9+/]{43}=$`, secret)
	assert.Equal(t, []any{"account.created", "invoice.*"}, made.at("events"))
	assert.Equal(t, true, made.at("enabled"))
	for _, r := range []*reply{
		w.call("GET", path, key, nil).ok(200), w.call("GET", "/v1/webhook-endpoints", key, nil).ok(200),
		w.call("PATCH", path, key, map[string]any{"description": "Money"}).ok(200), w.call("GET", "/v1/admin/events", key,
			nil).ok(200),
	} {
		assert.NotContains(t, r.raw, secret)
		assert.NotContains(t, r.raw, `"secret"`)
	}
	stored, err := w.store.EndpointByID(context.Background(), made.text("id"))
	require.NoError(t, err)
	assert.Equal(t, secret, stored.Secret)
	assert.NotEqual(t, secret, w.hook().text("secret"))
	assert.NotContains(t, w.log.String(), secret)
	assert.NotContains(t, w.log.String(), "sesame", "the URL may hold a secret")
}

func TestWebhookEndpoint_EveryChangeIsAudited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.hook("events", []string{"invoice.paid"}).text("id")
	path := "/v1/webhook-endpoints/" + id
	w.call("PATCH", path, w.admin, map[string]any{"url": "https://example.com/new"}).ok(200)
	w.call("PATCH", path, w.admin, map[string]any{"enabled": false}).ok(200)
	w.call("PATCH", path, w.admin, map[string]any{"enabled": true}).ok(200)
	w.call("DELETE", path, w.admin, nil).ok(204)
	w.call("DELETE", path, w.admin, nil).problem(404, "not_found")
	for of, n := range map[domain.EventType]int{
		domain.EventEndpointCreated: 1, domain.EventEndpointChanged: 2, domain.EventEndpointDisabled: 1,
		domain.EventEndpointDeleted: 1,
	} {
		events := w.audited(of)
		require.Len(t, events, n, of)
		assert.Equal(t, id, events[0].Data["webhook_endpoint"])
		assert.Equal(t, domain.ActorAdmin, events[0].ActorType)
		assert.NotContains(t, events[0].Data, "url")
	}
}

func TestWebhookEndpoint_IsDisabledAndEnabledByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/v1/webhook-endpoints/" + w.hook().text("id")
	off := w.call("PATCH", path, w.admin, map[string]any{"enabled": false}).ok(200)
	assert.Equal(t, "by_hand", off.at("disabled_reason"))
	w.signUp("quiet")
	assert.Empty(t, w.call("GET", path+"/deliveries", w.admin, nil).ok(200).rows())
	w.call("POST", path+"/test", w.admin, nil).problem(409, "conflict")
	on := w.call("PATCH", path, w.admin, map[string]any{"enabled": true, "events": []string{"account.created"}}).ok(200)
	assert.Nil(t, on.at("disabled_reason"))
	o := w.signUp("loud")
	rows := w.call("GET", path+"/deliveries", w.admin, nil).ok(200).rows()
	require.Len(t, rows, 1)
	assert.Equal(t, "account.created", rows[0]["event_type"])
	assert.Equal(t, "pending", rows[0]["status"])
	assert.Equal(t, o.at("account.id"), rows[0]["account_id"])
}

func TestWebhookEndpoint_RefusesWhatCannotBePostedTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := func(w *world, body any) *reply { return w.call("POST", "/v1/webhook-endpoints", w.admin, body) }
	for _, url := range []string{
		"http://example.com", "https://127.0.0.1/", "https://[::ffff:127.0.0.1]/", "https://localhost",
		"https://169.254.169.254/latest/meta-data",
		"https://user:word@example.com", "ftp://example.com", "example.com", "",
	} {
		r := post(w, map[string]any{"url": url}).problem(422, "invalid")
		assert.Contains(t, r.raw, `"field":"body.url"`)
		if url != "" {
			assert.NotContains(t, r.raw, url)
		}
	}
	post(w, map[string]any{}).problem(422, "invalid")
	for _, filter := range []string{"*", "invoice", "Invoice.paid", "invoice.paid.late"} {
		assert.Contains(
			t, post(w, map[string]any{"url": hookURL, "events": []string{filter}}).problem(422, "invalid").raw, "body.events",
		)
	}
	post(w, map[string]any{"url": hookURL, "secret": "mine"}).problem(422, "invalid")
	path := "/v1/webhook-endpoints/" + w.hook().text("id")
	w.call("PATCH", path, w.admin, map[string]any{"url": "https://10.0.0.1"}).problem(422, "invalid")
	assert.Equal(t, hookURL, w.call("GET", path, w.admin, nil).ok(200).at("url"))

	private := newWorld(t, func(c *Config) { c.WebhookAllowPrivate = true })
	post(private, map[string]any{"url": "http://127.0.0.1:9000/hooks"}).ok(201)
	post(private, map[string]any{"url": "ftp://127.0.0.1"}).problem(422, "invalid")
}

// leave makes the newest delivery look as its workflow would leave it.
func (w *world) leave(endpointID string, status domain.DeliveryStatus) *domain.WebhookDelivery {
	w.t.Helper()
	ctx := context.Background()
	list, err := w.store.ListDeliveries(ctx, store.DeliveryFilter{EndpointID: endpointID})
	require.NoError(w.t, err)
	d, now := &list.Data[0], w.store.Now()
	d.Status, d.Attempts, d.StartedAt, d.LastStatusCode = status, 2, &now, 500
	if status == domain.DeliveryDelivered {
		d.DeliveredAt = &now
	}
	require.NoError(w.t, w.store.SaveDelivery(ctx, d))
	return d
}

func TestRedeliver_PutsADeliveryBackIntoTheOutbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.hook("events", []string{"account.created"}).text("id")
	w.signUp("acme")
	path := "/v1/webhook-endpoints/" + id
	for _, status := range []domain.DeliveryStatus{domain.DeliveryDelivered, domain.DeliveryFailed,
		domain.DeliveryDelivering} {
		d := w.leave(id, status)
		assert.Equal(
			t, string(status),
			w.call("GET", path+"/deliveries?status="+string(status), w.admin, nil).ok(200).rows()[0]["status"],
		)
		again := w.call("POST", path+"/deliveries/"+d.EventID+"/redeliver", w.admin, nil).ok(202)
		assert.Equal(t, "pending", again.at("status"))
		assert.EqualValues(t, 2, again.at("attempts"))
		assert.Nil(t, again.at("delivered_at"))
		w.call("POST", path+"/deliveries/"+d.EventID+"/redeliver", w.admin, nil).ok(202)
		claimed, err := w.store.DueDeliveries(context.Background(), id, 10)
		require.NoError(t, err)
		require.Len(t, claimed, 1, "once")
	}
	w.call("POST", path+"/deliveries/"+store.NewID(domain.PrefixEvent)+"/redeliver", w.admin, nil).
		problem(404, "not_found")
	w.call("POST", path+"/deliveries/nonsense/redeliver", w.admin, nil).problem(404, "not_found")
	w.call("GET", "/v1/webhook-endpoints/"+store.NewID("whk")+"/deliveries", w.admin, nil).problem(404, "not_found")
	w.call("GET", path+"/deliveries?status=lost", w.admin, nil).problem(422, "invalid")
	w.call("PATCH", path, w.admin, map[string]any{"enabled": false}).ok(200)
	d := w.leave(id, domain.DeliveryFailed)
	w.call("POST", path+"/deliveries/"+d.EventID+"/redeliver", w.admin, nil).problem(409, "conflict")
}

func TestTestWebhook_GoesToThisEndpointAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, other := w.hook("events", []string{"invoice.paid"}).text("id"), w.hook().text("id")
	path := "/v1/webhook-endpoints/"
	sent := w.call("POST", path+id+"/test", w.admin, nil, "Idempotency-Key", "t").ok(202)
	assert.Equal(t, "webhook.test", sent.at("event_type"))
	again := w.call("POST", path+id+"/test", w.admin, nil, "Idempotency-Key", "t").ok(202)
	assert.Equal(t, sent.at("event_id"), again.at("event_id"))
	assert.Len(t, w.call("GET", path+id+"/deliveries", w.admin, nil).ok(200).rows(), 1)
	assert.Empty(t, w.call("GET", path+other+"/deliveries", w.admin, nil).ok(200).rows())
	event, err := w.store.EventByID(context.Background(), sent.text("event_id"))
	require.NoError(t, err)
	assert.Equal(t, domain.EventWebhookTest, event.Type)
	w.call("POST", path+store.NewID("whk")+"/test", w.admin, nil).problem(404, "not_found")
}

func TestDeliveries_ArePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/v1/webhook-endpoints/" + w.hook().text("id")
	w.signUp("acme")
	all := w.call("GET", path+"/deliveries?limit=100", w.admin, nil).ok(200).rows()
	require.Greater(t, len(all), 3)
	first := w.call("GET", path+"/deliveries?limit=2", w.admin, nil).ok(200)
	second := w.call("GET", path+"/deliveries?limit=2&cursor="+first.text("next_cursor"), w.admin, nil).ok(200)
	assert.Equal(t, all[:4], append(first.rows(), second.rows()...))
	assert.False(t, strings.Contains(first.raw, "ada"))
}
