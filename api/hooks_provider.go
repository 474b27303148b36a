package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"slipway/domain"
	"slipway/payment"
)

type providerWebhookInput struct {
	Provider string `path:"provider" doc:"Name of a payment provider, such as stripe."`
	RawBody  []byte

	header http.Header
}

// Resolve is Huma's hook: the signature is in headers only the provider knows.
func (in *providerWebhookInput) Resolve(ctx huma.Context) []error {
	in.header = humagin.Unwrap(ctx).Request.Header
	return nil
}

// handOnWithin is how long a webhook's sender waits until the event is handed on;
// what takes longer, reconcile hands on.
const handOnWithin = 2 * time.Second

// providerWebhooks are what payment providers send.
type providerWebhooks struct{ *shared }

// receive stores what a provider says, once, before it answers. What it says is
// not believed: whoever it is about asks the provider.
func (p providerWebhooks) receive(ctx context.Context, in *providerWebhookInput) (*struct{}, error) {
	registered, known := p.config.Providers.Find(in.Provider)
	if !known {
		return nil, domain.NotFound("payment provider")
	}
	event, err := registered.Provider.Event(in.header, in.RawBody, p.store.Now())
	if err != nil {
		p.metrics.authFailed(errForged)
		return nil, errForged
	}
	received := &domain.ProviderEvent{
		Provider: in.Provider, EventID: event.ID, Type: string(event.Type), Name: event.Name, Key: event.Key,
		OccurredAt: event.OccurredAt.UTC(), ReceivedAt: p.store.Now(),
	}
	isNew, err := p.store.InsertProviderEvent(ctx, received)
	if err != nil || !isNew {
		return nil, err
	}
	p.handOn(ctx, received)
	return nil, nil
}

var errForged = &domain.Error{Code: domain.CodeUnauthenticated, Detail: domain.Text(domain.TextForgedWebhook)}

// handOn signals the workflow that the event is about. An event about nothing of
// ours needs nothing more; one that cannot be handed on now, reconcile hands on.
func (p providerWebhooks) handOn(ctx context.Context, e *domain.ProviderEvent) {
	ctx, cancel := context.WithTimeout(ctx, handOnWithin)
	defer cancel()
	if e.Type != string(payment.EventOther) && e.Key != "" {
		owner, err := p.store.OwnerOf(ctx, e.Key)
		if err == nil && owner.Attention(e.Name) == domain.AttentionLater {
			return // reconcile sees whether its workflow knows
		}
		if err == nil && owner.Attention(e.Name) == domain.AttentionNow {
			err = p.flows.ProviderEvent(ctx, owner)
		}
		if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
			p.log.WarnContext(ctx, "provider event is handed on later", "provider", e.Provider, "event", e.EventID, "error", err)
			return
		}
	}
	if err := p.store.MarkProcessed(ctx, e.Provider, e.EventID); err != nil {
		p.log.WarnContext(ctx, "mark provider event", "provider", e.Provider, "event", e.EventID, "error", err)
	}
}
