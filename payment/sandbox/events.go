package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"slipway/payment"
)

// Event reads a webhook signed by the server within MaxEventAge of now.
func (s *Provider) Event(header http.Header, body []byte, now time.Time) (payment.Event, error) {
	if err := s.verify(header, body, now); err != nil {
		return payment.Event{}, &payment.Error{Class: payment.ClassForged, Cause: err}
	}
	var e hookEvent
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" {
		return payment.Event{}, &payment.Error{Class: payment.ClassForged, Code: "unreadable_event", Cause: err}
	}
	kind := payment.EventOther
	switch about, _, _ := strings.Cut(e.Type, "."); about {
	case "charge":
		kind = payment.EventCharge
	case "setup":
		kind = payment.EventSetup
	}
	return payment.Event{ID: e.ID, Type: kind, Name: e.Type, Key: e.Key, OccurredAt: e.CreatedAt}, nil
}

// verify checks the signature by the library, and its age by our clock, which
// the library does not ask.
func (s *Provider) verify(header http.Header, body []byte, now time.Time) error {
	if len(s.cfg.WebhookSecret) == 0 {
		return errors.New("no secret to check webhooks with")
	}
	if err := s.signer.VerifyIgnoringTimestamp(body, header); err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(header.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if err != nil {
		return err
	}
	if age := now.Sub(time.Unix(seconds, 0)); age.Abs() > payment.MaxEventAge {
		return fmt.Errorf("signed %s ago", age.Round(time.Second))
	}
	return nil
}
