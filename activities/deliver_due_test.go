package activities_test

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/notify"
	"slipway/store/storetest"
)

// newQueue is an endpoint that answers with the status, without a delivery, and whose runs
// are short.
func newQueue(t testing.TB, status int) *hooked {
	t.Helper()
	h := newHooked(t, status)
	h.exec("DELETE FROM webhook_deliveries")
	h.use(func(c *activities.Config) { c.Pace = notify.Pace{AtOnce: 3, Linger: 20 * time.Millisecond} })
	return h
}

// due makes a run for the endpoint.
func (h *hooked) due() activities.DeliverDueResult {
	h.t.Helper()
	result, err := h.DeliverDue(context.Background(), activities.DeliverDueInput{EndpointID: h.in.EndpointID})
	require.NoError(h.t, err)
	return result
}

// delivery is the row of an event.
func (h *hooked) delivery(eventID string) *domain.WebhookDelivery {
	h.t.Helper()
	d, err := h.store.DeliveryByID(h.t.Context(), h.in.EndpointID, eventID)
	require.NoError(h.t, err)
	return d
}

func TestDeliverDue_PostsAllThatWaitsOnce(t *testing.T) {
	t.Parallel()
	h := newQueue(t, http.StatusOK)
	var events []string
	for range 10 {
		events = append(events, h.commits())
	}
	assert.Equal(t, activities.DeliverDueResult{Posted: 10, Delivered: 10}, h.due())
	assert.Equal(t, activities.DeliverDueResult{}, h.due(), "twice is once")
	assert.EqualValues(t, 10, h.posts.Load())
	for _, id := range events {
		d := h.delivery(id)
		assert.Equal(t, domain.DeliveryDelivered, d.Status)
		assert.Equal(t, 1, d.Attempts)
		assert.Nil(t, d.NextAttemptAt)
		assert.Equal(t, &noon, d.StartedAt)
	}
}

func TestDeliverDue_EachEventHasAScheduleOfItsOwnForThreeDays(t *testing.T) {
	t.Parallel()
	h := newQueue(t, http.StatusServiceUnavailable)
	first := h.commits()
	calendar := []time.Duration{
		5 * time.Second, 15 * time.Second, 45 * time.Second, 135 * time.Second, 405 * time.Second, 1215 * time.Second,
		3645 * time.Second, 10935 * time.Second,
	}
	for i, wait := range calendar {
		result := h.due()
		assert.Equal(t, 1, result.Posted, i)
		assert.Equal(t, wait, result.Wait, i)
		h.clock.forward(result.Wait - time.Millisecond)
		assert.Zero(t, h.due().Posted, "not sooner")
		h.clock.forward(time.Millisecond)
	}
	second := h.commits()
	assert.Equal(t, 5*time.Second, h.due().Wait, "its own")
	assert.Equal(t, len(calendar)+1, h.delivery(first).Tries)
	assert.Equal(t, 1, h.delivery(second).Tries)
	runs := 0
	for wait := h.due().Wait; wait > 0; wait = h.due().Wait {
		h.clock.forward(wait)
		require.Less(t, runs, 100)
		runs++
	}
	for _, id := range []string{first, second} {
		d := h.delivery(id)
		assert.Equal(t, domain.DeliveryFailed, d.Status)
		assert.Equal(t, "http_error", d.LastError)
		assert.InDelta(t, 20, d.Attempts, 1)
		assert.Nil(t, d.NextAttemptAt)
	}
	assert.Less(t, h.store.Now().Sub(noon), 80*time.Hour)
}

func TestDeliverDue_WhatHadToWaitForOthersFailsAfterThreeDays(t *testing.T) {
	t.Parallel()
	h := newQueue(t, http.StatusInternalServerError)
	id := h.commits()
	h.due()
	h.clock.forward(domain.DeliveryPatience + time.Second)
	assert.Equal(t, activities.DeliverDueResult{GivenUp: 1}, h.due())
	assert.EqualValues(t, 1, h.posts.Load())
	assert.Equal(t, domain.DeliveryFailed, h.delivery(id).Status)
}

func TestDeliverDue_ComesBackWhenTheEndpointAsksFor(t *testing.T) {
	t.Parallel()
	h := newQueue(t, http.StatusOK)
	h.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	h.commits()
	wait := h.due().Wait
	assert.GreaterOrEqual(t, wait, 10*time.Minute)
	assert.Less(t, wait, 11*time.Minute+2*time.Second)
}

// An event that the endpoint hangs on holds up neither those that wait nor those that
// come, and its own attempts stay its own.
func TestDeliverDue_OneEventThatHangsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	h := newQueue(t, http.StatusOK)
	poisoned := h.commits()
	free, others := make(chan struct{}), make(chan string, 100)
	h.answers(func(w http.ResponseWriter, r *http.Request) {
		if id := r.Header.Get("webhook-id"); id != poisoned {
			others <- id
			return
		}
		<-free
		w.WriteHeader(http.StatusInternalServerError)
	})
	for range 20 {
		h.commits()
	}
	var result activities.DeliverDueResult
	var running sync.WaitGroup
	running.Go(func() { result = h.due() })
	for range 20 {
		<-others
	}
	late := h.commits()
	assert.Equal(t, late, <-others, "it came while the first hangs")
	close(free)
	running.Wait()
	assert.Equal(t, 22, result.Posted)
	assert.Equal(t, 21, result.Delivered)
	assert.Equal(t, 5*time.Second, result.Wait)
	assert.Equal(t, 1, h.delivery(poisoned).Attempts)
}

func TestDeliverDue_PostsAFewAtOnce(t *testing.T) {
	t.Parallel()
	h := newQueue(t, http.StatusOK)
	var mu sync.Mutex
	underWay, most := 0, 0
	together := make(chan struct{})
	h.answers(func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		underWay++
		if most = max(most, underWay); underWay == 3 {
			select {
			case <-together:
			default:
				close(together)
			}
		}
		mu.Unlock()
		<-together
		mu.Lock()
		underWay--
		mu.Unlock()
	})
	for range 12 {
		h.commits()
	}
	assert.Equal(t, 12, h.due().Delivered)
	assert.Equal(t, 3, most, "as many as its pace allows")
}

func TestDeliverDue_EndsInTimeAndSaysThatThereIsMore(t *testing.T) {
	t.Parallel()
	h := newQueue(t, http.StatusOK)
	h.use(func(c *activities.Config) { c.Pace = notify.Pace{AtOnce: 1, RunFor: 50 * time.Millisecond} })
	h.answers(func(http.ResponseWriter, *http.Request) { h.commits() }) // without end
	h.commits()
	result := h.due()
	assert.True(t, result.More)
	assert.Positive(t, result.Delivered)
	ids, err := h.store.DispatchEndpoints(t.Context(), 10)
	require.NoError(t, err)
	assert.Empty(t, ids, "it is still at work")
}

func TestDeliverDue_WhatItsWorkerDiedInIsMadeAgainSoon(t *testing.T) {
	t.Parallel()
	h := newQueue(t, http.StatusOK)
	id := h.commits()
	ctx, kill := context.WithCancel(t.Context())
	h.answers(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		kill()
		<-r.Context().Done()
	})
	_, err := h.DeliverDue(ctx, activities.DeliverDueInput{EndpointID: h.in.EndpointID})
	require.ErrorIs(t, err, context.Canceled)
	h.answers(func(http.ResponseWriter, *http.Request) {})
	result := h.due()
	assert.Zero(t, result.Posted, "it may be under way")
	assert.Equal(t, 30*time.Second, result.Wait)
	other := h.commits()
	assert.Equal(t, 1, h.due().Delivered, "others do not wait for it")
	h.clock.forward(30 * time.Second)
	assert.Equal(t, 1, h.due().Delivered)
	assert.Equal(t, 2, h.delivery(id).Attempts)
	assert.Equal(t, 1, h.delivery(other).Attempts)
}

func TestDeliverDue_AnAnswerToWhatWasSentBackMeanwhileChangesNothing(t *testing.T) {
	t.Parallel()
	h := newQueue(t, http.StatusOK)
	id := h.commits()
	var once sync.Once
	h.answers(func(w http.ResponseWriter, _ *http.Request) {
		once.Do(func() {
			d := h.delivery(id)
			d.Again()
			assert.NoError(t, h.store.SaveDelivery(context.Background(), d))
			w.WriteHeader(http.StatusInternalServerError)
		})
	})
	result := h.due()
	assert.Equal(t, 2, result.Posted)
	assert.Zero(t, result.Wait)
	assert.Equal(t, domain.DeliveryDelivered, h.delivery(id).Status)
	assert.Equal(t, 2, h.delivery(id).Attempts)
}

func TestDeliverDue_TwoRunsAtOncePostEachEventOnce(t *testing.T) {
	t.Parallel()
	h := newQueue(t, http.StatusOK)
	for range 30 {
		h.commits()
	}
	require.Empty(t, storetest.Together(4, func(int) error {
		_, err := h.DeliverDue(context.Background(), activities.DeliverDueInput{EndpointID: h.in.EndpointID})
		return err
	}))
	assert.EqualValues(t, 30, h.posts.Load())
	assert.Equal(t, 30, h.count("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered' AND attempts = 1"))
}

func TestDeliverDue_RestsOnceNothingIsLeft(t *testing.T) {
	t.Parallel()
	h := newQueue(t, http.StatusOK)
	dispatched := func() int {
		ids, err := h.store.DispatchEndpoints(t.Context(), 10)
		require.NoError(t, err)
		return len(ids)
	}
	h.commits()
	require.Equal(t, 1, dispatched())
	h.commits()
	require.Zero(t, dispatched())
	assert.Equal(t, 2, h.due().Delivered)
	h.commits()
	assert.Equal(t, 1, dispatched(), "the next event signals it again")
}
