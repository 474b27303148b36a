package activities_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

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
	stopped                 []domain.StoppedWorkflow
	workflows               map[string]onboarding.ProcessState // by workflow id
	restarted               []string                           // invoices and clocks
	failure                 error                              // of everything: Temporal is away
	poison                  map[string]error                   // of calls about one id
	slow                    func()                             // runs before a workflow is started
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
	if p.slow != nil {
		p.slow()
	}
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

func (p *processes) Stopped(context.Context, time.Time) ([]domain.StoppedWorkflow, error) {
	return slices.Clone(p.stopped), p.failure
}

func (p *processes) StoppedByID(id string) domain.StoppedWorkflow {
	for _, w := range p.stopped {
		if w.ID == id {
			return w
		}
	}
	return domain.StoppedWorkflow{ID: id}
}

func (p *processes) WorkflowState(_ context.Context, id string) (onboarding.ProcessState, error) {
	return p.workflows[id], p.failureOf(id)
}

func (p *processes) StartPurchase(_ context.Context, _, invoiceID string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.restarted = append(p.restarted, invoiceID)
	return p.failureOf(invoiceID)
}

func (p *processes) AdvanceClock(_ context.Context, id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.restarted = append(p.restarted, id)
	return p.failureOf(id)
}

func (p *processes) Tick(context.Context, string) error { return nil }
