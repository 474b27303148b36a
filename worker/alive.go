package worker

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
)

// alive is the interceptor of the queue providers. While an activity talks to a
// third party it reports to Temporal that its worker lives, so that a killed worker's
// call is taken over within the heartbeat's time-out instead of the call's. A
// call that is over before the first beat costs nothing.
//
// Temporal answers a beat with the activity's cancellation. The call under way
// is finished all the same: cut off, nobody would know the outcome.
type alive struct {
	interceptor.WorkerInterceptorBase
}

// InterceptActivity is the SDK's hook.
func (*alive) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &aliveInbound{interceptor.ActivityInboundInterceptorBase{Next: next}}
}

type aliveInbound struct {
	interceptor.ActivityInboundInterceptorBase
}

// beatsPerTimeout is how many beats Temporal may miss before it gives up on a
// worker.
const beatsPerTimeout = 4

// ExecuteActivity is the SDK's hook.
func (i *aliveInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	if info.HeartbeatTimeout == 0 {
		return i.Next.ExecuteActivity(ctx, in)
	}
	done := make(chan struct{})
	defer close(done)
	go beat(ctx, info.HeartbeatTimeout/beatsPerTimeout, done)
	call, cancel := context.WithDeadline(context.WithoutCancel(ctx), info.Deadline)
	defer cancel()
	return i.Next.ExecuteActivity(call, in)
}

func beat(ctx context.Context, every time.Duration, done <-chan struct{}) {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			activity.RecordHeartbeat(ctx)
		case <-done:
			return
		}
	}
}
