package store

import (
	"strings"
	"sync"

	"slipway/domain"
)

// hub notifies the watchers of an onboarding, a session or an API key, and of the
// outbox. It keeps nothing of the row: a watcher that is notified reads it.
type hub struct {
	mu       sync.Mutex
	watchers map[string]map[chan struct{}]struct{}
}

func newHub() *hub { return &hub{watchers: map[string]map[chan struct{}]struct{}{}} }

// Watch returns a channel that receives after each change of the onboarding, and
// once one of the credentials (ids of sessions and API keys) has ended, and a
// function that ends the watch. Changes that come faster than they are
// read count as one. Watch before reading the row, and none is missed.
func (s *Store) Watch(onboardingID string, credentials ...string) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	ids := append([]string{onboardingID}, credentials...)
	s.hub.add(ch, ids)
	return ch, func() { s.hub.remove(ch, ids) }
}

func (h *hub) add(ch chan struct{}, ids []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		if h.watchers[id] == nil {
			h.watchers[id] = map[chan struct{}]struct{}{}
		}
		h.watchers[id][ch] = struct{}{}
	}
}

func (h *hub) remove(ch chan struct{}, ids []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		delete(h.watchers[id], ch)
		if len(h.watchers[id]) == 0 {
			delete(h.watchers, id)
		}
	}
}

// outbox is what a watch of the outbox is kept under, beside the onboardings' ids.
const outbox = "outbox"

// WatchOutbox is Watch for deliveries that wait: the channel receives after
// commits that may have put some into the outbox.
func (s *Store) WatchOutbox() (<-chan struct{}, func()) { return s.Watch(outbox) }

// announceOutbox notifies the watchers of the outbox once this transaction has
// committed.
func (s *Store) announceOutbox() { s.announce(outbox) }

// announce notifies the watchers of an id once this transaction, if there is one,
// has committed.
func (s *Store) announce(id string) {
	switch {
	case s.postgres: // triggers notify every process
	case s.changed != nil:
		*s.changed = append(*s.changed, id)
	default:
		s.hub.notify([]string{id})
	}
}

// Watchers counts the open watches of onboardings, for metrics.
func (s *Store) Watchers() int {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	n := 0
	for id, w := range s.hub.watchers {
		if strings.HasPrefix(id, domain.PrefixOnboarding+"_") {
			n += len(w)
		}
	}
	return n
}

func (h *hub) notify(ids []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		for ch := range h.watchers[id] {
			signal(ch)
		}
	}
}

// notifyAll is for when changes may have been missed.
func (h *hub) notifyAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, watchers := range h.watchers {
		for ch := range watchers {
			signal(ch)
		}
	}
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
