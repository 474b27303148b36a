package activities_test

import (
	"cmp"
	"context"
	"sync"

	"slipway/domain"
	"slipway/onboarding"
)

// processes stands in for Temporal.
type processes struct {
	mu                      sync.Mutex
	states                  map[string]onboarding.ProcessState // by onboarding id; running when not named
	asked, started, resumed []string
	billings                []string
	events                  []domain.PaymentOwner
	failure                 error            // of everything: Temporal is away
	poison                  map[string]error // of calls about one id
}

func (p *processes) Ping(context.Context) error { return p.failure }

// failureOf is why a call about the id fails; nil when it does not.
func (p *processes) failureOf(id string) error { return cmp.Or(p.failure, p.poison[id]) }

func (p *processes) State(_ context.Context, o *domain.Onboarding) (onboarding.ProcessState, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, o.ID)
	if state, named := p.states[o.ID]; named {
		return state, p.failureOf(o.ID)
	}
	return onboarding.ProcessRunning, p.failureOf(o.ID)
}

func (p *processes) Start(_ context.Context, o *domain.Onboarding) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.started = append(p.started, o.ID)
	p.states[o.ID] = onboarding.ProcessRunning
	return nil
}

func (p *processes) Resume(_ context.Context, o *domain.Onboarding) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resumed = append(p.resumed, o.ID)
	return p.failureOf(o.ID)
}

func (p *processes) StartBilling(_ context.Context, sub *domain.Subscription) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.billings = append(p.billings, sub.ID)
	return p.failureOf(sub.ID)
}

func (p *processes) ProviderEvent(_ context.Context, owner *domain.PaymentOwner) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, *owner)
	return p.failureOf(owner.PaymentID)
}

func (p *processes) Tick(context.Context, string) error { return nil }
