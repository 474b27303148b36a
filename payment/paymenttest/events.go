package paymenttest

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
)

var eventPromises = []promise{
	{"Event_SaysWhichKeyItIsAbout", []Capability{CanSignEvents}, eventSaysWhichKey},
	{"Event_UnsignedIsForged", nil, unsignedEvent},
	{"Event_ForgedIsRefused", []Capability{CanSignEvents}, forgedEvent},
	{"Event_OldOrEarlyIsRefused", []Capability{CanSignEvents}, oldEvent},
	{"Event_WithAnotherBodyIsRefused", []Capability{CanSignEvents}, eventWithAnotherBody},
}

func eventSaysWhichKey(t *testing.T, s Subject) {
	now := time.Now()
	for _, kind := range []payment.EventType{payment.EventCharge, payment.EventSetup} {
		key := newKey()
		body := s.Event(kind, key)
		first, err := s.Provider.Event(s.Sign(body, now), body, now)
		require.NoError(t, err)
		assert.NotEmpty(t, first.ID)
		assert.NotEmpty(t, first.Name)
		assert.Equal(t, kind, first.Type)
		assert.Equal(t, key, first.Key)
		assert.False(t, first.OccurredAt.IsZero())
		again, err := s.Provider.Event(s.Sign(body, now.Add(time.Minute)), body, now.Add(time.Minute))
		require.NoError(t, err)
		assert.Equal(t, first, again, "sent again, it is the same event")
	}
}

func requireForged(t *testing.T, s Subject, header http.Header, body []byte, now time.Time) {
	t.Helper()
	got, err := s.Provider.Event(header, body, now)
	requireClass(t, err, payment.ClassForged)
	require.Zero(t, got, "nothing of a forged event is read")
}

func unsignedEvent(t *testing.T, s Subject) {
	now := time.Now()
	for _, body := range []string{"", "{}", `{"id":"evt_1","type":"charge.succeeded"}`, "\x00\xff"} {
		requireForged(t, s, http.Header{}, []byte(body), now)
		requireForged(t, s, nil, []byte(body), now)
	}
}

func forgedEvent(t *testing.T, s Subject) {
	now := time.Now()
	body := s.Event(payment.EventCharge, newKey())
	for name, values := range s.Sign(body, now) {
		header := s.Sign(body, now).Clone()
		header.Del(name)
		requireForged(t, s, header, body, now)
		// Turned around, every value is still text, and none is what was signed.
		turned := []byte(values[0])
		for i, j := 0, len(turned)-1; i < j; i, j = i+1, j-1 {
			turned[i], turned[j] = turned[j], turned[i]
		}
		header.Set(name, string(turned))
		requireForged(t, s, header, body, now)
	}
}

func oldEvent(t *testing.T, s Subject) {
	now := time.Now()
	body := s.Event(payment.EventCharge, newKey())
	for _, off := range []time.Duration{payment.MaxEventAge + 2*time.Second, -payment.MaxEventAge - 2*time.Second} {
		requireForged(t, s, s.Sign(body, now.Add(-off)), body, now)
	}
	_, err := s.Provider.Event(s.Sign(body, now.Add(-payment.MaxEventAge+2*time.Second)), body, now)
	require.NoError(t, err, "late, but not too late")
	// The time that counts is the one given, not this machine's.
	requireForged(t, s, s.Sign(body, now), body, now.Add(time.Hour))
}

func eventWithAnotherBody(t *testing.T, s Subject) {
	now := time.Now()
	key, other := newKey(), newKey()
	body := s.Event(payment.EventCharge, key)
	changed := bytes.ReplaceAll(body, []byte(key), []byte(other))
	require.NotEqual(t, body, changed)
	requireForged(t, s, s.Sign(body, now), changed, now)
}
