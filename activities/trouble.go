package activities

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.temporal.io/sdk/activity"

	"slipway/domain"
	"slipway/payment"
)

// How long a provider is left alone that could not answer: at first, and at most.
const (
	firstPause = time.Second
	longPause  = 5 * time.Minute
)

// asTrouble is the provider's error in err: anything but a decline; nil when
// there is none.
func asTrouble(err error) *payment.Error {
	var trouble *payment.Error
	if errors.As(err, &trouble) && !trouble.Class.Declined() {
		return trouble
	}
	return nil
}

// pause is how long to wait before the provider is asked again: what it asked
// for, however long, else longer with each attempt; with some jitter, so that
// those who were refused together do not come back together.
func pause(trouble *payment.Error, attempt int32) time.Duration {
	wait := longPause
	if attempt < 10 {
		wait = min(firstPause<<(attempt-1), longPause)
	}
	if trouble.Class == payment.ClassMisconfigured {
		wait = longPause // until somebody has mended it
	}
	wait = max(wait, trouble.RetryAfter)
	return wait + rand.N(wait/10+1)
}

// troubles say in plain words why a step waits, by class.
var troubles = map[payment.Class]string{
	payment.ClassThrottled:     "The payment provider asked us to slow down; trying again.",
	payment.ClassUnavailable:   "The payment provider cannot be reached; trying again.",
	payment.ClassUnknown:       "The payment provider did not answer; looking up what became of it.",
	payment.ClassMisconfigured: "The payment provider refuses our requests; it goes on when that is mended.",
}

// providerTrouble is what an activity fails with, for Temporal to retry it.
func (a *Activities) providerTrouble(ctx context.Context, err error) error {
	trouble := asTrouble(err)
	if trouble == nil {
		return err
	}
	return retryLater(ctx, trouble, pause(trouble, attemptOf(ctx)))
}

func attemptOf(ctx context.Context) int32 {
	if !activity.IsActivity(ctx) {
		return 1
	}
	return max(activity.GetInfo(ctx).Attempt, 1)
}

func retryLater(_ context.Context, trouble *payment.Error, wait time.Duration) error {
	code := domain.CodeUnavailable
	if trouble.Class == payment.ClassThrottled {
		code = domain.CodeThrottled
	}
	return errors.Join(&domain.Error{
		Code: code, Reason: "payment_" + string(trouble.Class), Detail: troubles[trouble.Class], RetryAfter: wait,
	}, trouble)
}

// waitForProvider tells the customer, in the step that waits, why, which
// attempt it was and when the next is, and returns what the activity fails with.
func (a *Activities) waitForProvider(ctx context.Context, onboardingID string, trouble *payment.Error) error {
	attempt := attemptOf(ctx)
	wait := pause(trouble, attempt)
	_, err := a.change(ctx, onboardingID, func(c *changeSet) error {
		if !collecting(c.onboarding) {
			return nil // it has ended, or waits for something else now
		}
		key := domain.StepPayment
		if c.onboarding.Status == domain.OnboardingWaitingForPaymentMethod {
			key = domain.StepPaymentMethod
		}
		first := c.onboarding.Step(key).Status != domain.StepRetrying
		step := c.step(key, domain.StepRetrying, troubles[trouble.Class])
		next := time.Now().UTC().Add(wait).Truncate(time.Millisecond)
		step.NextAttemptAt, step.Attempts = &next, max(step.Attempts, int(attempt))
		step.Error = &domain.OnboardingError{Code: "payment_" + string(trouble.Class), Detail: troubles[trouble.Class]}
		c.onboarding.Touch(c.now)
		if first {
			c.record(domain.EventPaymentRetrying, map[string]any{"step": key, "class": trouble.Class})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return retryLater(ctx, trouble, wait)
}
