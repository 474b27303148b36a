package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

var webhookPromises = []promise{
	{"WebhookEndpoint_KeepsEveryField", false, keepsEndpoint},
	{"Outbox_CommitsWithTheEventOrNotAtAll", false, outboxCommits},
	{"Outbox_HoldsWhatTheFilterWants", false, outboxFilters},
	{"Outbox_OfADisabledOrRemovedEndpointTakesNothing", false, outboxDisabled},
	{"Outbox_GivesEachEndpointToOneDispatcher", false, dispatchOnce},
	{"Outbox_GivesEachDeliveryToOneRun", false, claimOnce},
	{"Outbox_HasWhatIsDueLongestFirst", false, dueInOrder},
	{"Outbox_EndsWhatADisabledEndpointLeaves", false, endDeliveries},
	{"Outbox_FindsWhatWaitsForTooLong", false, findOverdue},
	{"WebhookLag_IsOfWhatHasBeenDueLongest", false, findLag},
	{"Outbox_FindsWhatWorkflowsOfSingleDeliveriesLeft", false, findLost},
	{"Outbox_TakesADeliveryAgain", false, enqueueAgain},
	{"Deliveries_ListNewestFirst", false, listDeliveries},
}

// newEndpoint returns an enabled endpoint that wants the events.
func newEndpoint(events ...string) *domain.WebhookEndpoint {
	return &domain.WebhookEndpoint{
		ID: store.NewID(domain.PrefixWebhookEndpoint), URL: "https://example.com/hooks", Secret: "whsec_c2VjcmV0",
		Events: events, Enabled: true, CreatedAt: moment, UpdatedAt: moment,
	}
}

func insertEndpoint(t testing.TB, s *store.Store, events ...string) *domain.WebhookEndpoint {
	t.Helper()
	w := newEndpoint(events...)
	require.NoError(t, s.InsertEndpoint(t.Context(), w))
	return w
}

// happens stores an event of each type, about an account, in one transaction.
func happens(t testing.TB, s *store.Store, types ...domain.EventType) {
	t.Helper()
	events := make([]domain.Event, len(types))
	for i, of := range types {
		events[i] = domain.Event{Type: of, AccountID: "acct_1", ActorType: domain.ActorSystem}
	}
	within(t, s, func(tx *store.Store) error { return tx.InsertEvents(t.Context(), events...) })
}

// outbox are the types of the events on their way to the endpoint, sorted.
func outbox(t testing.TB, s *store.Store, w *domain.WebhookEndpoint) []string {
	t.Helper()
	list, err := s.ListDeliveries(t.Context(), store.DeliveryFilter{EndpointID: w.ID, Page: store.Page{Limit: 100}})
	require.NoError(t, err)
	types := []string{}
	for _, d := range list.Data {
		types = append(types, string(d.EventType))
	}
	slices.Sort(types)
	return types
}

func keepsEndpoint(t *testing.T, s *store.Store) {
	w := newEndpoint("invoice.*", "payment.late")
	w.Description, w.FailingSince, w.UpdatedAt = "Ünser Lager", later(1), *later(2)
	w.Enabled, w.DisabledReason = true, ""
	keep := func(save func(context.Context, *domain.WebhookEndpoint) error) {
		require.NoError(t, save(t.Context(), w))
		got, err := s.EndpointByID(t.Context(), w.ID)
		require.NoError(t, err)
		assert.Equal(t, w, got)
	}
	keep(s.InsertEndpoint)
	w.Disable(domain.DisabledFailing)
	w.URL, w.Description, w.Events, w.FailingSince = "https://example.com/other", "", []string{}, nil
	keep(s.SaveEndpoint)
	_, err := s.EndpointByID(t.Context(), "whk_none")
	assertCode(t, domain.CodeNotFound, err)

	d := &domain.WebhookDelivery{
		EndpointID:     w.ID,
		EventID:        "evt_1",
		EventType:      domain.EventInvoicePaid,
		AccountID:      "acct_1",
		Status:         domain.DeliveryDelivered,
		Attempts:       3,
		Tries:          2,
		LastStatusCode: 503,
		LastError:      "http_error",
		NextAttemptAt:  later(1),
		StartedAt:      later(2),
		DeliveredAt:    later(3),
		CreatedAt:      moment,
	}
	read := func(ctx context.Context) (*domain.WebhookDelivery, error) { return s.DeliveryByID(ctx, w.ID, "evt_1") }
	keeps(t, d, s.EnqueueDelivery, read)
	d.Attempts = 4
	keeps(t, d, s.SaveDelivery, read)
	_, err = s.DeliveryByID(t.Context(), w.ID, "evt_none")
	assertCode(t, domain.CodeNotFound, err)
	_, err = s.EventByID(t.Context(), "evt_none")
	assertCode(t, domain.CodeNotFound, err)
}

func outboxCommits(t *testing.T, s *store.Store) {
	w := insertEndpoint(t, s)
	err := s.Within(t.Context(), func(tx *store.Store) error {
		require.NoError(t, tx.InsertEvents(t.Context(),
			domain.Event{Type: domain.EventInvoicePaid, AccountID: "acct_1", ActorType: domain.ActorSystem}))
		assert.Equal(t, []string{"invoice.paid"}, outbox(t, tx, w), "in the same transaction")
		return errors.New("take it back")
	})
	require.Error(t, err)
	assert.Empty(t, outbox(t, s, w))
	happens(t, s, domain.EventInvoicePaid, domain.EventInvoiceOpened)
	claimed := due(t, s, w)
	require.Len(t, claimed, 2)
	event, err := s.EventByID(t.Context(), claimed[0].EventID)
	require.NoError(t, err)
	assert.Equal(t, event.Type, claimed[0].EventType)
	assert.Equal(t, "acct_1", claimed[0].AccountID)
	assert.Equal(t, event.CreatedAt, claimed[0].CreatedAt)
	assert.Equal(t, domain.DeliveryPending, claimed[0].Status)
}

func outboxFilters(t *testing.T, s *store.Store) {
	endpoints := map[string]*domain.WebhookEndpoint{}
	for name, filter := range map[string][]string{
		"all": {}, "exact": {"invoice.paid"}, "noun": {"invoice.*"}, "two": {"account.created", "payment.*"},
		"catalogue": {"catalogue.*"}, "webhooks": {"webhook.*", "webhook.test"}, "nothing": {"nothing.happens"},
	} {
		endpoints[name] = insertEndpoint(t, s, filter...)
	}
	happens(t, s, domain.EventInvoicePaid, domain.EventInvoiceOpened, domain.EventAccountCreated,
		domain.EventPaymentFailed, domain.EventPaymentMethodDefault)
	require.NoError(t, s.InsertEvents(t.Context(),
		domain.Event{Type: domain.EventPlanSaved, ActorType: domain.ActorAdmin},
		domain.Event{Type: domain.EventWebhookTest, ActorType: domain.ActorAdmin}))
	for name, want := range map[string][]string{
		"all":   {"account.created", "invoice.opened", "invoice.paid", "payment.failed", "payment_method.default_changed"},
		"exact": {"invoice.paid"}, "noun": {"invoice.opened", "invoice.paid"}, "two": {"account.created", "payment.failed"},
		"catalogue": {"catalogue.plan_saved"}, "webhooks": {}, "nothing": {},
	} {
		assert.Equal(t, want, outbox(t, s, endpoints[name]), name)
	}
}

func outboxDisabled(t *testing.T, s *store.Store) {
	w, removed := insertEndpoint(t, s), insertEndpoint(t, s)
	happens(t, s, domain.EventInvoicePaid)
	require.NoError(t, s.DeleteEndpoint(t.Context(), removed.ID))
	w.Disable(domain.DisabledGone)
	require.NoError(t, s.SaveEndpoint(t.Context(), w))
	happens(t, s, domain.EventInvoiceOpened)
	assert.Equal(t, []string{"invoice.paid"}, outbox(t, s, w))
	assert.Equal(t, []string{"invoice.paid"}, outbox(t, s, removed), "nothing is added; what is there is pruned")
	w.Enable()
	require.NoError(t, s.SaveEndpoint(t.Context(), w))
	happens(t, s, domain.EventAccountCreated)
	assert.Equal(t, []string{"account.created", "invoice.paid"}, outbox(t, s, w))
}

func listDeliveries(t *testing.T, s *store.Store) {
	w := insertEndpoint(t, s)
	insertEndpoint(t, s)
	happens(t, s, slices.Repeat([]domain.EventType{domain.EventInvoicePaid}, 7)...)
	walked := walk(t, 3, func(p store.Page) (store.List[domain.WebhookDelivery], error) {
		return s.ListDeliveries(t.Context(), store.DeliveryFilter{EndpointID: w.ID, Page: p})
	}, func(d domain.WebhookDelivery) string { return d.EventID })
	assert.Len(t, walked, 7)
	assert.True(t, slices.IsSortedFunc(walked, func(a, b string) int { return strings.Compare(b, a) }))
	failed, err := s.DeliveryByID(t.Context(), w.ID, walked[3])
	require.NoError(t, err)
	failed.Status = domain.DeliveryFailed
	require.NoError(t, s.SaveDelivery(t.Context(), failed))
	list, err := s.ListDeliveries(t.Context(), store.DeliveryFilter{EndpointID: w.ID, Status: "failed"})
	require.NoError(t, err)
	require.Len(t, list.Data, 1)
	assert.Equal(t, walked[3], list.Data[0].EventID)
	endpoints, err := s.ListEndpoints(t.Context(), store.Page{})
	require.NoError(t, err)
	assert.Len(t, endpoints.Data, 2)
}
