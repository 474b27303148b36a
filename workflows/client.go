package workflows

import (
	"context"

	"slipway/domain"
)

// Client is the only door to running workflows.
type Client struct{}

// Begin starts the onboarding's workflow, or finds it running, and returns once
// the account exists and what comes next is known (read the row then). When ctx
// ends first, or Temporal is away, it returns an error with code unavailable:
// the onboarding is stored and goes on by itself.
func (c *Client) Begin(ctx context.Context, o *domain.Onboarding) error { panic("being written") }

// Command carries a stored command to the onboarding's workflow and returns when it took effect. It
// returns invalid_transition when the workflow refuses, unavailable when Temporal is away, and not_found
// when the workflow has closed.
func (c *Client) Command(ctx context.Context, o *domain.Onboarding, cmd *domain.Command) error {
	panic("being written")
}

// Refresh compares rows and workflow, repairs, and returns what differed.
func (c *Client) Refresh(ctx context.Context, o *domain.Onboarding, cmd *domain.Command) ([]domain.Difference, error) {
	panic("being written")
}

// Bill carries a stored command (cancel, late approve_payment) to a subscription whose onboarding has ended.
func (c *Client) Bill(ctx context.Context, cmd *domain.Command) error { panic("being written") }

// CatalogueChanged wakes what waits for a plan or payment option.
func (c *Client) CatalogueChanged(ctx context.Context) error { panic("being written") }

// Check is one line of the doctor's report about Temporal.
// Checks reports on namespace, search attributes, pollers, schedule.
func (c *Client) Checks(ctx context.Context) []domain.Check { panic("being written") }
