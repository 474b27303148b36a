package api

import (
	"context"
	"sync"
	"time"

	"slipway/domain"
)

// streamRetryAfter is when a client that was refused a stream may ask again.
const streamRetryAfter = 5 * time.Second

// openStreams counts the streams and long polls that are open in this process: those
// of each customer, and all.
type openStreams struct {
	each, all int // 0 for no limit

	mu   sync.Mutex
	open map[string]int
	sum  int
}

// follows says that the route may stay open, and is refused when too many are.
func follows(r *route) { r.reasons = append(r.reasons, domain.ReasonTooManyStreams) }

// tooMany says that the route adds something of which an account has so many at most.
func tooMany(r *route) { r.reasons = append(r.reasons, domain.ReasonTooMany) }

func newOpenStreams(l domain.Limits) *openStreams {
	return &openStreams{each: l.Streams, all: l.AllStreams, open: map[string]int{}}
}

// enter counts one more of the caller's, or refuses it. Whoever entered leaves once.
func (s *openStreams) enter(ctx context.Context) (leave func(), err error) {
	who := callerOf(ctx)
	key := who.scope()
	s.mu.Lock()
	defer s.mu.Unlock()
	full := s.all > 0 && s.sum >= s.all
	if full || (!who.admin && s.each > 0 && s.open[key] >= s.each) {
		return nil, &domain.Error{Code: domain.CodeThrottled, Reason: domain.ReasonTooManyStreams,
			Detail: domain.Text(domain.TextTooManyStreams), RetryAfter: streamRetryAfter}
	}
	s.open[key]++
	s.sum++
	return sync.OnceFunc(func() { s.leave(key) }), nil
}

func (s *openStreams) leave(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum--
	if s.open[key]--; s.open[key] == 0 {
		delete(s.open, key)
	}
}
