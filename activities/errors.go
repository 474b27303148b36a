package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"slipway/domain"
)

// Errors is the worker interceptor that turns every activity's error into what
// may enter a history: the reason as the type, a constant sentence, and whether
// and when to retry. The text of an unknown error, which may quote a row, goes
// to the worker's log only.
type Errors struct {
	interceptor.WorkerInterceptorBase
	// Failed is called for each attempt that failed, with the activity's name and the
	// code of its error; nil for nobody.
	Failed func(activity, code string)
}

// InterceptActivity is the SDK's hook; it covers local activities too.
func (e *Errors) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &errorInbound{interceptor.ActivityInboundInterceptorBase{Next: next}, e.Failed}
}

type errorInbound struct {
	interceptor.ActivityInboundInterceptorBase
	failed func(activity, code string)
}

// retryDelay is when a provider wants to be asked again, whatever the policy's
// maximum; our own database is tried again by the policy.
func retryDelay(ctx context.Context, ours *domain.Error) time.Duration {
	if activity.GetInfo(ctx).IsLocalActivity {
		return 0
	}
	return ours.RetryAfter
}

// ExecuteActivity is the SDK's hook.
func (i *errorInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	result, err := i.Next.ExecuteActivity(ctx, in)
	if err == nil {
		return result, nil
	}
	var ours *domain.Error
	if !errors.As(err, &ours) {
		ours = &domain.Error{Code: domain.CodeInternal, Detail: domain.Text(domain.TextInWorkersLog)}
	}
	if i.failed != nil {
		i.failed(activity.GetInfo(ctx).ActivityType.Name, string(ours.Code))
	}
	if ours.Retryable() && category(ours) != temporal.ApplicationErrorCategoryBenign {
		info := activity.GetInfo(ctx)
		activity.GetLogger(ctx).Error("activity will be tried again", "error", err, "attempt", info.Attempt)
	}
	if ours.Final {
		activity.GetLogger(ctx).Error("activity failed for good", "error", err)
	}
	return nil, temporal.NewApplicationErrorWithOptions(ours.Detail, ours.Kind(), temporal.ApplicationErrorOptions{
		NonRetryable: !ours.Retryable(), NextRetryDelay: retryDelay(ctx, ours), Category: category(ours),
	})
}

// category keeps an endpoint's trouble, which its deliveries show, out of the
// operator's log and alerts.
func category(e *domain.Error) temporal.ApplicationErrorCategory {
	if e.Reason == domain.ReasonDeliveryFailed {
		return temporal.ApplicationErrorCategoryBenign
	}
	return temporal.ApplicationErrorCategoryUnspecified
}
