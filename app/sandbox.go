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
	"time"

	"github.com/urfave/cli/v3"

	"slipway/payment/sandbox"
)

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

// startSandbox serves the payment sandbox on loopback, with books of its own:
// it stands for a company elsewhere.
func (a *App) startSandbox(webhookURL string, key []byte) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", a.SandboxPort))
	if err != nil {
		return fmt.Errorf(
			"the payment sandbox cannot listen on port %d; stop what uses it or set SLIPWAY_SANDBOX_PORT (%w)",
			a.SandboxPort,
			rootCause(err),
		)
	}
	company, err := sandbox.NewServer(sandbox.ServerConfig{
		File: filepath.Join(a.DataDir, "sandbox.db"), APIKey: SandboxKey(key), Secret: SandboxSecret(key),
		WebhookURL: webhookURL, Log: a.Log,
	})
	if err != nil {
		return errors.Join(fmt.Errorf("start the payment sandbox: %w", err), listener.Close())
	}
	server := &http.Server{
		Handler: company.Handler(), ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
	}
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

// SandboxKey is the sandbox's API key. It follows from the secret key, so that
// processes which share that understand each other without more settings.
func SandboxKey(key []byte) string { return hex.EncodeToString(derived(key, "sandbox api key")) }

// SandboxSecret is what the sandbox signs its webhooks with; it follows from the
// secret key, too.
func SandboxSecret(key []byte) []byte { return derived(key, "sandbox webhook secret") }

func derived(key []byte, purpose string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}

// sandboxTimeout is how long the sandbox may take; it is on this machine.
const sandboxTimeout = 10 * time.Second
