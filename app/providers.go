package app

import (
	"context"
	"fmt"

	"slipway/domain"
	"slipway/payment"
	"slipway/payment/manual"
	"slipway/payment/sandbox"
	"slipway/payment/stripe"
)

// ConnectProviders registers the payment providers there are settings for:
// approval by hand always, Stripe with a key, and the sandbox where one runs. A
// new provider is registered here; its settings are declared in settings_billing.go.
func (a *App) ConnectProviders(generateKey bool) error {
	list := []payment.Registration{manual.New().Registration()}
	if a.StripeSecretKey != "" {
		list = append(list, stripe.New(stripe.Config{
			SecretKey: a.StripeSecretKey, WebhookSecret: a.StripeWebhookSecret, APIBase: a.StripeAPIBase,
		}).Registration())
	}
	if a.SandboxURL != "" {
		key, err := a.Key(generateKey)
		if err != nil {
			return fmt.Errorf("the sandbox shares a secret with its users: %w", err)
		}
		list = append(list, sandbox.New(sandbox.Config{
			URL: a.SandboxURL, APIKey: SandboxKey(key), WebhookSecret: SandboxSecret(key), Timeout: sandboxTimeout,
		}).Registration())
	}
	var err error
	a.providers, err = payment.NewRegistry(list...)
	return err
}

// seedCatalogue adds the catalogue of a new installation. Its option "card" gets
// the provider that charges cards here, and is not offered without one; the sandbox
// does not replace a real one.
func (a *App) seedCatalogue(ctx context.Context) error {
	if err := a.Store.Seed(ctx); err != nil {
		return err
	}
	const kind = string(domain.TypeCard)
	card, found := a.providers.Choose(kind, true)
	if !found {
		return a.Store.UseCardProvider(ctx, "")
	}
	var keep []string
	for _, r := range a.providers.All() {
		if r.Charges && r.Serves(kind) && !r.Simulated {
			keep = append(keep, r.Name)
		}
	}
	return a.Store.UseCardProvider(ctx, card.Name, keep...)
}

// checkProviders names the enabled payment options whose provider is not set up,
// and what is wrong with the settings of those that are.
func (a *App) checkProviders(ctx context.Context) domain.Check {
	check := domain.Check{Name: "payment_providers", Status: domain.CheckOK,
		Message: "Every enabled payment option has its provider."}
	for _, r := range a.providers.All() {
		if r.Check == nil {
			continue
		}
		if err := r.Check(); err != nil {
			check.Status, check.Message = domain.CheckWarn, err.Error()+"."
			check.Fix = "Look up the settings of " + r.Name + " in docs/operations.md."
		}
	}
	options, err := a.Store.PaymentOptions(ctx)
	if err != nil {
		check.Status, check.Message, check.Fix = domain.CheckWarn, "The payment options could not be read.",
			"Look at the log."
	}
	for _, o := range options {
		if _, found := a.providers.Find(o.Provider); !found && o.Enabled {
			check.Status = domain.CheckWarn
			check.Message = fmt.Sprintf(
				"The payment option %s is charged through %s, which is not set up; whoever chooses "+
					"it waits.",
				o.Key,
				o.Provider,
			)
			check.Fix = "Set STRIPE_SECRET_KEY or SLIPWAY_SANDBOX_URL and run `slipway seed`, or disable the option."
		}
	}
	return check
}
