package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v3"

	"slipway/domain"
	"slipway/payment"
	"slipway/payment/manual"
	"slipway/payment/sandbox"
	"slipway/payment/stripe"
)

// ConnectProviders registers the payment providers there are settings for:
// approval by hand always, Stripe with a key, and the sandbox where one runs. A
// provider is added here and nowhere else outside its own package.
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

// SandboxKey is the sandbox's API key. It and the webhook secret follow from the
// secret key, so that processes which share it understand each other without more
// settings.
func SandboxKey(key []byte) string { return hex.EncodeToString(derived(key, "sandbox api key")) }

// SandboxSecret is what the sandbox of the installation with the key signs its
// webhooks with.
func SandboxSecret(key []byte) []byte { return derived(key, "sandbox webhook secret") }

func derived(key []byte, purpose string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}

// seedCatalogue adds the catalogue of a new installation, and gives its card to
// whoever charges cards here. A real provider keeps it once it has it.
func (a *App) seedCatalogue(ctx context.Context) error {
	if err := a.Store.Seed(ctx); err != nil {
		return err
	}
	const kind = string(domain.TypeCard)
	card, found := a.providers.Choose(kind, true)
	if !found {
		return nil
	}
	var keep []string
	for _, r := range a.providers.All() {
		if r.Charges && r.Serves(kind) && !r.Simulated {
			keep = append(keep, r.Name)
		}
	}
	return a.Store.UseCardProvider(ctx, card.Name, keep...)
}

// publicAddress is where customers and providers reach the API that listens on
// the address.
func (a *App) publicAddress(listening string) string {
	if a.PublicURL != "" {
		return strings.TrimSuffix(a.PublicURL, "/")
	}
	return "http://" + listening
}

// startSandbox serves the payment sandbox on loopback, with books of its own:
// it stands for a company elsewhere.
func (a *App) startSandbox(webhookURL string, key []byte) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", a.SandboxPort))
	if err != nil {
		return fmt.Errorf("the payment sandbox cannot listen on port %d; stop what uses it or set SLIPWAY_SANDBOX_PORT (%w)", a.SandboxPort, rootCause(err))
	}
	company, err := sandbox.NewServer(sandbox.ServerConfig{
		File: filepath.Join(a.DataDir, "sandbox.db"), APIKey: SandboxKey(key), Secret: SandboxSecret(key), WebhookURL: webhookURL, Log: a.Log,
	})
	if err != nil {
		return errors.Join(fmt.Errorf("start the payment sandbox: %w", err), listener.Close())
	}
	server := &http.Server{Handler: company.Handler(), ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout}
	go func() { _ = server.Serve(listener) }() // until it is closed
	a.Sandbox, a.SandboxURL = company, "http://"+listener.Addr().String()
	a.logError("note where the payment sandbox is", os.WriteFile(a.sandboxNote(), []byte(a.SandboxURL), 0o600))
	a.onClose(func() { a.logError("stop the payment sandbox", errors.Join(server.Close(), company.Close())) })
	return nil
}

// sandboxNote is the file in which dev notes where its sandbox is, for a doctor
// who looks at the same data directory.
func (s *Settings) sandboxNote() string { return filepath.Join(s.DataDir, "sandbox-url") }

// findSandbox takes over the address of dev's sandbox, unless one was set.
func (a *App) findSandbox() {
	if a.SandboxURL != "" || a.SecretKey != "" {
		return
	}
	if note, err := os.ReadFile(a.sandboxNote()); err == nil {
		a.SandboxURL = string(note)
	}
}

func sandboxCommand(do action) *cli.Command {
	return &cli.Command{Name: "sandbox", Action: do(runSandbox),
		Usage: "run the payment sandbox alone, for api and worker processes that share its secret key"}
}

// runSandbox runs the payment sandbox alone, for processes that share the secret
// key.
func runSandbox(ctx context.Context, a *App) error {
	defer a.Close()
	key, err := a.Key(false)
	if err != nil {
		return err
	}
	if err := makeFolder(filepath.Join(a.DataDir, "sandbox.db")); err != nil {
		return err
	}
	if err := a.startSandbox(a.publicAddress(a.Listen)+"/webhooks/"+sandbox.Name, key); err != nil {
		return err
	}
	a.Log.Info("payment sandbox is up", "url", a.SandboxURL)
	a.ready(a.SandboxURL)
	<-ctx.Done()
	return nil
}

// checkProviders names the enabled payment options whose provider is not set up,
// and what is wrong with the settings of those that are.
func (a *App) checkProviders(ctx context.Context) domain.Check {
	check := domain.Check{Name: "payment_providers", Status: domain.CheckOK, Message: "Every enabled payment option has its provider."}
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
		check.Status, check.Message, check.Fix = domain.CheckWarn, "The payment options could not be read.", "Look at the log."
	}
	for _, o := range options {
		if _, found := a.providers.Find(o.Provider); !found && o.Enabled {
			check.Status = domain.CheckWarn
			check.Message = fmt.Sprintf("The payment option %s is charged through %s, which is not set up; whoever chooses it waits.", o.Key, o.Provider)
			check.Fix = "Set STRIPE_SECRET_KEY or SLIPWAY_SANDBOX_URL and run `slipway seed`, or disable the option."
		}
	}
	return check
}
