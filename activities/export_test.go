package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/temporal"
)

// CreateAccountOnly stops where OpenAccount is half way, for tests of that state.
func (a *Activities) CreateAccountOnly(ctx context.Context, onboardingID string) (Standing, error) {
	return a.change(ctx, onboardingID, func(c *changeSet) error {
		if c.onboarding.Status != "received" {
			return nil
		}
		return c.openAccount()
	})
}

// WaitAfterAnswer is how long after an answer the next attempt to deliver is made.
func WaitAfterAnswer(p *temporal.RetryPolicy, attempt int32, asked time.Duration) time.Duration {
	return nextWait(waitAfter(p, attempt), asked)
}
