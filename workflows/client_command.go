package workflows

import (
	"context"

	"slipway/domain"
)

// Command carries a stored command to the workflow that takes it and returns
// when it has taken effect. It returns invalid_transition when the state does
// not allow it, not_found when the workflow has closed, and unavailable when
// Temporal is away. The command's id makes repeating it harmless.
func (c *Client) Command(ctx context.Context, to domain.Recipient, cmd *domain.Command) error {
	switch to.Noun() {
	case domain.NounOnboarding:
		return c.commandOnboarding(ctx, to.Onboarding, cmd)
	case domain.NounInvoice:
		return c.CommandPurchase(ctx, to.InvoiceID, cmd)
	}
	return c.Bill(ctx, cmd)
}
