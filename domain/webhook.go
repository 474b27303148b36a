package domain

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// PrefixWebhookEndpoint begins the id of a webhook endpoint.
const PrefixWebhookEndpoint = "whk"

// The events of webhooks themselves. They belong to no account, so only an
// endpoint that names them gets them.
const (
	EventEndpointCreated  EventType = "webhook_endpoint.created"
	EventEndpointChanged  EventType = "webhook_endpoint.changed"
	EventEndpointDeleted  EventType = "webhook_endpoint.deleted"
	EventEndpointDisabled EventType = "webhook_endpoint.disabled"
	// EventWebhookTest goes to the one endpoint that is tested, whatever it wants.
	EventWebhookTest EventType = "webhook.test"
)

// DisabledReason says why nothing is posted to an endpoint any more.
type DisabledReason string

// The reasons; empty while the endpoint is enabled.
const (
	// DisabledByHand: by a call of the API.
	DisabledByHand DisabledReason = "by_hand"
	// DisabledGone: it answered 410 Gone.
	DisabledGone DisabledReason = "gone"
	// DisabledFailing: nothing was delivered for DisableAfter.
	DisabledFailing DisabledReason = "failing"
)

// DisabledReasons are all of them.
var DisabledReasons = []DisabledReason{DisabledByHand, DisabledGone, DisabledFailing}

// DisableAfter is how long deliveries to an endpoint may fail, without one that
// succeeds, before it is disabled.
const DisableAfter = 5 * 24 * time.Hour

// When an event is tried again that an endpoint did not take: nine attempts in the first
// four and a half hours, then four a day, about twenty in all. docs/webhooks.md has the
// calendar.
const (
	DeliveryFirstWait   = 5 * time.Second
	DeliveryCoefficient = 3
	DeliveryLongestWait = 6 * time.Hour
	DeliveryPatience    = 3 * 24 * time.Hour // since the first attempt
)

// DeliveryWait is how long after so many attempts the next one is made.
func DeliveryWait(tries int) time.Duration {
	wait := DeliveryFirstWait
	for range tries - 1 {
		wait = min(wait*DeliveryCoefficient, DeliveryLongestWait)
	}
	return wait
}

// WebhookEndpoint is a URL of the product's to which events are posted. Its
// secret is kept as it is, since signing needs it, and leaves only in the answer
// that creates it.
type WebhookEndpoint struct {
	ID             string         `json:"id" gorm:"primaryKey"`
	Object         string         `json:"object" gorm:"-" enum:"webhook_endpoint"`
	URL            string         `json:"url" doc:"Where events are posted."`
	Secret         string         `json:"-"`
	Description    string         `json:"description" doc:"What it is for."`
	Events         []string       `json:"events" gorm:"serializer:json" nullable:"false" doc:"@webhookEndpoint.events"`
	Enabled        bool           `json:"enabled" doc:"Whether anything is posted to it."`
	DisabledReason DisabledReason `json:"disabled_reason,omitempty" enum:"@endpoint.disabled" doc:"@endpoint.disabled"`
	FailingSince   *time.Time     `json:"failing_since" nullable:"true" doc:"@webhookEndpoint.failing_since"`
	CreatedAt      time.Time      `json:"created_at"`
	UpdatedAt      time.Time      `json:"updated_at"`
}

// Present fills the computed fields.
func (w *WebhookEndpoint) Present() {
	w.Object = "webhook_endpoint"
	if w.Events == nil {
		w.Events = []string{}
	}
}

// Enable has events posted to it again, from now on; what failed before does not
// count any more.
func (w *WebhookEndpoint) Enable() {
	w.Enabled, w.DisabledReason, w.FailingSince = true, "", nil
}

// Disable keeps the first reason there was.
func (w *WebhookEndpoint) Disable(why DisabledReason) {
	if w.Enabled {
		w.Enabled, w.DisabledReason = false, why
	}
}

// DeliveryStatus is the state of one event's way to one endpoint.
type DeliveryStatus string

// The states of a delivery.
const (
	// DeliveryPending: in the outbox, written by the database with the event.
	DeliveryPending DeliveryStatus = "pending"
	// DeliveryDelivering: tried at least once; its endpoint's workflow tries again.
	DeliveryDelivering DeliveryStatus = "delivering"
	// DeliveryDelivered: the endpoint answered 2xx.
	DeliveryDelivered DeliveryStatus = "delivered"
	// DeliveryFailed: three days of attempts, or the endpoint was disabled.
	DeliveryFailed DeliveryStatus = "failed"
)

// DeliveryMoves is the state machine of deliveries. Back to pending is what
// redelivery by hand does, from anywhere.
var DeliveryMoves = Moves[DeliveryStatus]{
	DeliveryPending:    {DeliveryDelivering, DeliveryFailed},
	DeliveryDelivering: {DeliveryDelivered, DeliveryFailed, DeliveryPending},
	DeliveryDelivered:  {DeliveryPending},
	DeliveryFailed:     {DeliveryPending},
}

// WebhookDelivery is one event on its way to one endpoint.
type WebhookDelivery struct {
	EndpointID     string         `json:"endpoint_id" gorm:"primaryKey" doc:"The endpoint it goes to."`
	EventID        string         `json:"event_id" gorm:"primaryKey" doc:"The event; also the webhook-id header."`
	Object         string         `json:"object" gorm:"-" enum:"webhook_delivery"`
	EventType      EventType      `json:"event_type" doc:"The event's type."`
	AccountID      string         `json:"account_id,omitempty"`
	Status         DeliveryStatus `json:"status" enum:"pending,delivering,delivered,failed"`
	Attempts       int            `json:"attempts" doc:"How often it was posted, redeliveries included."`
	Tries          int            `json:"-"` // since it was last put into the outbox: the schedule goes by them
	LastStatusCode int            `json:"last_status_code,omitempty" doc:"@webhookDelivery.last_status_code"`
	LastError      string         `json:"last_error,omitempty" doc:"@webhookDelivery.last_error"`
	NextAttemptAt  *time.Time     `json:"next_attempt_at" nullable:"true" doc:"@webhookDelivery.next_attempt_at"`
	StartedAt      *time.Time     `json:"started_at" nullable:"true" doc:"When it was first posted, or posted anew."`
	DeliveredAt    *time.Time     `json:"delivered_at" nullable:"true" doc:"When the endpoint took it."`
	CreatedAt      time.Time      `json:"created_at"`
}

// Present fills the computed fields.
func (d *WebhookDelivery) Present() { d.Object = "webhook_delivery" }

// ItemID is what jobs of reconcile call the delivery.
func (d *WebhookDelivery) ItemID() string { return d.EndpointID + "/" + d.EventID }

// Advance moves the delivery, or returns the 409 of an illegal move.
func (d *WebhookDelivery) Advance(to DeliveryStatus) error {
	if err := DeliveryMoves.check(d.Status, to, nil); err != nil {
		return err
	}
	d.Status = to
	return nil
}

// DueAt is when the delivery is to be posted next.
func (d *WebhookDelivery) DueAt() time.Time {
	if d.NextAttemptAt != nil {
		return *d.NextAttemptAt
	}
	return d.CreatedAt
}

// Alone reports whether the delivery is made by a workflow of its own, as each was up to
// 0.1.0, and not by its endpoint's.
func (d *WebhookDelivery) Alone() bool { return d.StartedAt != nil && d.Tries == 0 }

// Again puts the delivery back into the outbox, in any state; its
// attempts are not forgotten.
func (d *WebhookDelivery) Again() {
	d.Status, d.LastStatusCode, d.LastError = DeliveryPending, 0, ""
	d.NextAttemptAt, d.StartedAt, d.DeliveredAt, d.Tries = nil, nil, nil, 0
}

// ValidEventType reports whether events of the type happen.
func ValidEventType(s string) bool {
	_, known := EventTypes[EventType(s)]
	return known
}

// ValidEventFilter reports whether s is an event's type, or all of a noun's
// ("invoice.*"). A filter that finds nothing is a mistake of who wrote it.
func ValidEventFilter(s string) bool {
	noun, all := strings.CutSuffix(s, ".*")
	if !all {
		return ValidEventType(s)
	}
	for known := range EventTypes {
		if of, _, _ := strings.Cut(string(known), "."); of == noun {
			return true
		}
	}
	return false
}

// ValidWebhookURL reports whether events may be posted there: https, a host, a port
// there is and no credentials. With private allowed, plain http and any address are good.
// What a name resolves to is checked when it is connected to.
func ValidWebhookURL(raw string, allowPrivate bool) bool {
	u, ok := ParseURL(raw, "https", "http")
	if !ok || len(raw) > 2000 || u.User != nil || !CleanText(raw) {
		return false
	}
	if allowPrivate {
		return true
	}
	address, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" && !strings.EqualFold(u.Hostname(), "localhost") && (err != nil || PublicAddress(address))
}

// notPublic are the networks outside the Internet that netip has no name for,
// and those that wrap an IPv4 address into IPv6.
var notPublic = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
	"3fff::/20", "5f00::/16", "fec0::/10",
)

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// PublicAddress reports whether the address is one of the Internet's: not
// loopback, private, link-local (where clouds keep their credentials),
// multicast, shared or reserved, in whatever form it is written.
func PublicAddress(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return a.IsGlobalUnicast() && !a.IsPrivate() &&
		!slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(a) })
}
