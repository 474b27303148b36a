package activities

import "context"

// CreateAccountOnly stops where OpenAccount is half way, for tests of that state.
func (a *Activities) CreateAccountOnly(ctx context.Context, onboardingID string) (Standing, error) {
	return a.change(ctx, onboardingID, func(c *changeSet) error {
		if c.onboarding.Status != "received" {
			return nil
		}
		return c.openAccount()
	})
}
