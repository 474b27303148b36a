package store

import "sync"

// hub notifies the watchers of an onboarding, and of the outbox. It keeps nothing
// of the onboarding: a watcher that is notified reads the row.
type hub struct {
	mu       sync.Mutex
	watchers map[string]map[chan struct{}]struct{}
}

func newHub() *hub { return &hub{watchers: map[string]map[chan struct{}]struct{}{}} }

// Watch returns a channel that receives after each change of the onboarding,
// and a function that ends the watch. Changes that come faster than they are
// read count as one. Watch before reading the row, and none is missed.
func (s *Store) Watch(onboardingID string) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers[onboardingID] == nil {
		h.watchers[onboardingID] = map[chan struct{}]struct{}{}
	}
	h.watchers[onboardingID][ch] = struct{}{}
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watchers[onboardingID], ch)
		if len(h.watchers[onboardingID]) == 0 {
			delete(h.watchers, onboardingID)
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
func (s *Store) announceOutbox() {
	switch {
	case s.postgres: // a trigger notifies every process, and only when something waits
	case s.changed != nil:
		*s.changed = append(*s.changed, outbox)
	default:
		s.hub.notify([]string{outbox})
	}
}

// Watchers counts the open watches of onboardings, for metrics.
func (s *Store) Watchers() int {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	n := 0
	for id, w := range s.hub.watchers {
		if id != outbox {
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
