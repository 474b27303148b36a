package workflows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"

	"slipway/domain"
	"slipway/onboarding"
)

// faults is an interceptor next to the activities, where tests get in their way.
type faults struct {
	interceptor.WorkerInterceptorBase
	mu     sync.Mutex
	calls  map[string]int
	before func(name string, call int) error // call counts from 1, per activity
	after  func(name string, call int)       // the work is done and not yet reported
}

func (i *faults) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &faulty{interceptor.ActivityInboundInterceptorBase{Next: next}, i}
}

// ran is how often the activity was tried.
func (i *faults) ran(name string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.calls[name]
}

type faulty struct {
	interceptor.ActivityInboundInterceptorBase
	faults *faults
}

func (i *faulty) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	name := activity.GetInfo(ctx).ActivityType.Name
	i.faults.mu.Lock()
	if i.faults.calls == nil {
		i.faults.calls = map[string]int{}
	}
	i.faults.calls[name]++
	call := i.faults.calls[name]
	i.faults.mu.Unlock()
	if i.faults.before != nil {
		if err := i.faults.before(name, call); err != nil {
			return nil, err
		}
	}
	result, err := i.Next.ExecuteActivity(ctx, in)
	if i.faults.after != nil {
		i.faults.after(name, call)
	}
	return result, err
}

// recorder keeps everything that would be in a history.
type recorder struct {
	mu    sync.Mutex
	texts []string
}

func (r *recorder) see(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		text = fmt.Append(nil, v)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.texts = append(r.texts, string(text))
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.texts, "\n")
}

// recording is a data converter that shows the recorder every payload.
type recording struct {
	converter.DataConverter
	recorder *recorder
}

func (c *recording) ToPayload(value any) (*commonpb.Payload, error) {
	p, err := c.DataConverter.ToPayload(value)
	c.recorder.see(string(p.GetData()))
	return p, err
}

// noInput is what the CLI sends for a signal without input: no payload at all.
type noInput struct{}

func (c *recording) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	if len(values) == 1 && values[0] == (noInput{}) {
		return nil, nil
	}
	all, err := c.DataConverter.ToPayloads(values...)
	for _, p := range all.GetPayloads() {
		c.recorder.see(string(p.GetData()))
	}
	return all, err
}

// processes stands in for Temporal where reconcile asks about workflows.
type processes struct {
	mu     sync.Mutex
	states map[string]onboarding.ProcessState
	asked  int
}

func (p *processes) State(_ context.Context, o *domain.Onboarding) (onboarding.ProcessState, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if state, named := p.states[o.ID]; named {
		return state, nil
	}
	return onboarding.ProcessRunning, nil
}

func (*processes) Ping(context.Context) error                       { return nil }
func (*processes) Start(context.Context, *domain.Onboarding) error  { return nil }
func (*processes) Resume(context.Context, *domain.Onboarding) error { return nil }

func (*processes) Stopped(context.Context, time.Time) ([]domain.StoppedWorkflow, error) {
	return nil, nil
}
func (*processes) StoppedByID(string) domain.StoppedWorkflow           { return domain.StoppedWorkflow{} }
func (*processes) StartPurchase(context.Context, string, string) error { return nil }
func (*processes) AdvanceClock(context.Context, string) error          { return nil }
func (*processes) WorkflowState(context.Context, string) (onboarding.ProcessState, error) {
	return onboarding.ProcessRunning, nil
}

func (*processes) StartBilling(context.Context, *domain.Subscription) error  { return nil }
func (*processes) ProviderEvent(context.Context, *domain.PaymentOwner) error { return nil }
func (*processes) Tick(context.Context, string) error                        { return nil }
