package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/temporal"

	"slipway/domain"
	"slipway/payment"
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

// Pause is how long a provider that was not there is left alone.
func Pause(attempt int32) time.Duration {
	return pause(&payment.Error{Class: payment.ClassUnavailable}, attempt)
}

// Prorate is what changing the plan now costs.
func Prorate(s *domain.Subscription, to *domain.PlanRef, now time.Time) ([]domain.InvoiceLine, int64) {
	return prorate(s, to, now)
}

// Share is the part of an amount.
func Share(amount, part, whole int64) int64 { return share(amount, part, whole) }
