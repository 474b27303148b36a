package api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"slices"

	"slipway/domain"
	"slipway/store"
)

// webhookSecretBytes is the length of a signing secret; the specification asks
// for 24 to 64.
const webhookSecretBytes = 32

// EndpointChange is what may change of a webhook endpoint: what is absent stays.
type EndpointChange struct {
	URL         *string        `json:"url,omitempty" format:"line" maxLength:"2000" doc:"@endpointChange.url"`
	Events      *[]eventFilter `json:"events,omitempty" nullable:"false" maxItems:"50" doc:"@endpointChange.events"`
	Description *string        `json:"description,omitempty" format:"line" maxLength:"500" doc:"What it is for."`
}

// apply changes the endpoint, or says which fields cannot be accepted.
func (c EndpointChange) apply(w *domain.WebhookEndpoint, allowPrivate bool) error {
	set(&w.URL, c.URL)
	setAll(&w.Events, c.Events)
	set(&w.Description, c.Description)
	slices.Sort(w.Events)
	w.Events = slices.Compact(w.Events)

	var wrong fieldErrors
	reachable := domain.ValidWebhookURL(w.URL, allowPrivate)
	wrong.require(reachable, "url", domain.TextNotAWebhookURL, domain.AcceptWebhookURL)
	return wrong.err()
}

type createEndpointInput struct {
	Idempotent
	Body struct {
		EndpointChange
	}
}

// createdEndpoint is an endpoint in the one answer that has its secret.
type createdEndpoint struct {
	domain.WebhookEndpoint
	Secret string `json:"secret" doc:"What its messages are signed with. Only here and in an idempotent replay."`
}

type createEndpointOutput struct {
	Replayable
	Body createdEndpoint
}

// OfEndpoint names the webhook endpoint a call is about.
type OfEndpoint struct {
	ID string `path:"id" doc:"Id of the webhook endpoint."`
}

type endpointOutput struct {
	Body *domain.WebhookEndpoint
}

// webhookEndpoints are where the product's backend is sent events.
type webhookEndpoints struct{ *shared }

var endpointKind = kind[domain.WebhookEndpoint]{
	prefix: domain.PrefixWebhookEndpoint, noun: "webhook endpoint",
	read: (*store.Store).EndpointByID, lock: (*store.Store).LockEndpoint,
}

func (e webhookEndpoints) checkNew(in *createEndpointInput, wrong *fieldErrors) {
	wrong.join(in.Body.apply(&domain.WebhookEndpoint{}, e.config.WebhookAllowPrivate))
}

// create makes an endpoint, enabled, with a secret of its own.
func (e webhookEndpoints) create(ctx context.Context, in *createEndpointInput) (*createEndpointOutput, error) {
	now := e.store.Now()
	w := &domain.WebhookEndpoint{
		ID:     store.NewID(domain.PrefixWebhookEndpoint),
		Secret: newWebhookSecret(), Events: []string{}, Enabled: true, CreatedAt: now, UpdatedAt: now,
	}
	id, again, err := e.makeOnce(ctx, in.Idempotent, "create_webhook_endpoint", in.Body, creation{
		id:    w.ID,
		check: func() error { return in.Body.apply(w, e.config.WebhookAllowPrivate) },
		save: func(tx *store.Store) error {
			if err := tx.InsertEndpoint(ctx, w); err != nil {
				return err
			}
			return tx.InsertEvents(ctx, endpointEvent(domain.EventEndpointCreated, callerOf(ctx), w))
		},
	})
	if err != nil {
		return nil, err
	}
	if w, err = e.store.EndpointByID(ctx, id); err != nil {
		return nil, err
	}
	return &createEndpointOutput{
		Replayable: replayed(again), Body: createdEndpoint{WebhookEndpoint: *w, Secret: w.Secret},
	}, nil
}

// newWebhookSecret returns a secret in the form of the specification.
func newWebhookSecret() string {
	random := make([]byte, webhookSecretBytes)
	_, _ = rand.Read(random) // never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(random)
}

// endpointEvent is an audit event; the URL may hold a secret and stays out of it.
func endpointEvent(t domain.EventType, who caller, w *domain.WebhookEndpoint) domain.Event {
	return adminEvent(t, who, map[string]any{"webhook_endpoint": w.ID, "enabled": w.Enabled, "events": w.Events})
}

// list lists webhook endpoints, disabled ones too.
func (e webhookEndpoints) list(ctx context.Context, in *listOwnInput) (*listOutput[domain.WebhookEndpoint], error) {
	page, err := in.decode(domain.PrefixWebhookEndpoint)
	if err != nil {
		return nil, err
	}
	return listed(e.store.ListEndpoints(ctx, page))
}

// get reads one endpoint.
func (e webhookEndpoints) get(ctx context.Context, in *OfEndpoint) (*endpointOutput, error) {
	w, err := endpointKind.find(ctx, e.store, in.ID)
	return &endpointOutput{Body: w}, err
}

type changeEndpointInput struct {
	OfEndpoint
	Body struct {
		EndpointChange
		Enabled *bool `json:"enabled,omitempty" doc:"false: it is sent nothing. true: it is sent what happens from now on."`
	}
}

// change changes what is named of an endpoint.
func (e webhookEndpoints) change(ctx context.Context, in *changeEndpointInput) (*endpointOutput, error) {
	w, err := endpointKind.change(ctx, e.store, in.ID, func(tx *store.Store, w *domain.WebhookEndpoint) error {
		if err := in.Body.apply(w, e.config.WebhookAllowPrivate); err != nil {
			return err
		}
		what := domain.EventEndpointChanged
		if on := in.Body.Enabled; on != nil && *on != w.Enabled {
			if w.Enable(); !*on {
				w.Disable(domain.DisabledByHand)
				what = domain.EventEndpointDisabled
			}
		}
		w.UpdatedAt = tx.Now()
		if err := tx.SaveEndpoint(ctx, w); err != nil {
			return err
		}
		return tx.InsertEvents(ctx, endpointEvent(what, callerOf(ctx), w))
	})
	return &endpointOutput{Body: w}, err
}

// delete removes an endpoint with its deliveries; what is on its way is not
// posted again.
func (e webhookEndpoints) delete(ctx context.Context, in *OfEndpoint) (*struct{}, error) {
	if err := endpointKind.check(in.ID); err != nil {
		return nil, err
	}
	return nil, e.store.Within(ctx, func(tx *store.Store) error {
		w, err := tx.EndpointByID(ctx, in.ID)
		if err != nil {
			return err
		}
		if err := tx.DeleteEndpoint(ctx, w.ID); err != nil {
			return err
		}
		return tx.InsertEvents(ctx, endpointEvent(domain.EventEndpointDeleted, callerOf(ctx), w))
	})
}
