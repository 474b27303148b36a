package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"slipway/domain"
)

// How often a silent stream shows that it is alive, how long it lasts (clients
// come back by themselves), and how long a client may take to read one event.
const (
	heartbeatEvery = 15 * time.Second
	streamFor      = 30 * time.Minute
	writeWait      = 10 * time.Second
	reconnectAfter = 2 * time.Second
)

type streamInput struct {
	ID          string `path:"id" doc:"Id of the onboarding."`
	LastEventID int64  `header:"Last-Event-ID" minimum:"0" maximum:"9007199254740991" doc:"@stream.last_event_id"`
}

// stream sends the onboarding now and after each change, as server-sent events,
// until it is done.
func (onb onboardings) stream(ctx context.Context, in *streamInput) (*huma.StreamResponse, error) {
	if _, err := onb.read(ctx, in.ID); err != nil {
		return nil, err
	}
	leave, err := onb.streams.enter(ctx)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer leave()
		c := humagin.Unwrap(hc)
		s := &stream{ctx: hc.Context(), out: c.Writer, control: http.NewResponseController(c.Writer), last: in.LastEventID,
			head: c.Request.Method == http.MethodHead}
		onb.follow(s, in.ID)
	}}, nil
}

// stream is one open stream of server-sent events.
type stream struct {
	ctx     context.Context // the request's; the stream is no longer than it
	out     http.ResponseWriter
	control *http.ResponseController
	last    int64 // the version the client has
	head    bool  // only the headers are asked for
}

// follow sends each new version until the onboarding is done, the client is
// gone, its credential has ended, or the time is over. While nothing changes it asks nothing; when a read
// fails it ends, and the client's reconnect asks again. One that is done ends with an
// event of its own, and a client that comes back all the same is answered 204,
// after which a browser stays away.
func (onb onboardings) follow(s *stream, id string) {
	changed, stop := onb.store.Watch(id, callerOf(s.ctx).credentials()...) // before reading, so that no change is missed
	defer stop()
	o, err := onb.read(s.ctx, id)
	if err == nil && o.Done && o.Version == s.last {
		s.out.WriteHeader(http.StatusNoContent)
		return
	}
	if s.open() != nil || s.head {
		return
	}
	over, heartbeat := time.NewTimer(streamFor), time.NewTicker(heartbeatEvery)
	defer over.Stop()
	defer heartbeat.Stop()
	for ; ; o, err = onb.read(s.ctx, id) {
		if err != nil || s.send(o) != nil {
			return
		}
		if o.Done {
			_ = s.write("event: end\ndata: {}\n\n")
			return
		}
		if !s.wait(changed, heartbeat.C, over.C) {
			return
		}
	}
}

// wait waits for a change and reports whether the stream goes on then. A change,
// and each heartbeat, may be the end of the credential that opened it.
func (s *stream) wait(changed <-chan struct{}, heartbeat, over <-chan time.Time) bool {
	for {
		select {
		case <-changed:
			return stillMay(s.ctx) == nil
		case <-heartbeat:
			if stillMay(s.ctx) != nil || s.write(": still here\n\n") != nil {
				return false
			}
		case <-over:
			return false
		case <-s.ctx.Done():
			return false
		}
	}
}

// open sends the headers.
func (s *stream) open() error {
	h := s.out.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	s.out.WriteHeader(http.StatusOK)
	return s.write(fmt.Sprintf("retry: %d\n\n", reconnectAfter.Milliseconds()))
}

// send sends the onboarding unless the client has this version.
func (s *stream) send(o *domain.Onboarding) error {
	if o.Version == s.last {
		return nil
	}
	s.last = o.Version
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return s.write(fmt.Sprintf("event: onboarding\nid: %d\ndata: %s\n\n", o.Version, data))
}

// write sends text at once; a client that does not read it in time is dropped.
func (s *stream) write(text string) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(writeWait))
	if _, err := s.out.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}
