package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/urfave/cli/v3"

	"slipway/domain"
	"slipway/store"
)

// runAPI serves the API against any Temporal and database.
func runAPI(ctx context.Context, a *App) error {
	defer a.Close()
	options, err := a.temporalOptions()
	if err != nil {
		return err
	}
	listener, err := a.listenHTTP()
	if err != nil {
		return err
	}
	if err := errors.Join(a.openStore(), a.ConnectTemporal(options), a.ConnectProviders(false)); err != nil {
		return err
	}
	if err := a.buildAPI(false); err != nil {
		return err
	}
	go a.Store.Listen(ctx, a.Log)
	a.Log.Info("API is up", "url", "http://"+listener.Addr().String(), "database", a.databaseName(), "temporal", options.HostPort)
	return a.Serve(ctx, listener)
}

// runWorker runs workflows and activities against any Temporal and database.
func runWorker(ctx context.Context, a *App) error {
	defer a.Close()
	options, err := a.temporalOptions()
	if err != nil {
		return err
	}
	if err := errors.Join(a.openStore(), a.ConnectTemporal(options), a.ConnectProviders(false)); err != nil {
		return err
	}
	go a.Store.Listen(ctx, a.Log) // for the outbox
	if err := a.startWorker(ctx); err != nil {
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	}
	a.Log.Info("worker is up", "database", a.databaseName(), "temporal", options.HostPort)
	a.ready("")
	<-ctx.Done()
	return nil
}

func runMigrate(ctx context.Context, a *App) error {
	defer a.Close()
	if err := a.openStore(); err != nil {
		return err
	}
	if err := a.Store.Migrate(ctx); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.stdout, "The schema of "+a.databaseName()+" is up to date.")
	return err
}

func runSeed(ctx context.Context, a *App) error {
	defer a.Close()
	if err := errors.Join(a.openStore(), a.ConnectProviders(a.SecretKey == "")); err != nil {
		return err
	}
	if err := a.seedCatalogue(ctx); err != nil {
		return err
	}
	password, err := a.ensureAdmin(ctx, func() (string, error) { return randomPassword(), nil })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "Plans and payment options are in place. Admin: %s%s\n", a.AdminEmail, password)
	return err
}

// ensureAdmin makes sure the admin can sign in: with the password that was set,
// else, when there is no admin yet, with a generated one. It returns what to
// tell about the password.
func (a *App) ensureAdmin(ctx context.Context, generate func() (string, error)) (string, error) {
	password := a.AdminPassword
	if password == "" {
		user, err := a.Store.UserByEmail(ctx, a.AdminEmail)
		if err == nil && user.Role == domain.RoleAdmin {
			return ", with the password it has", nil
		}
		if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
			return "", err
		}
		if password, err = generate(); err != nil {
			return "", err
		}
	}
	if err := a.SetAdmin(ctx, password); err != nil {
		return "", err
	}
	if a.AdminPassword != "" {
		return ", with the password that was set", nil
	}
	return ", password " + password + " (shown this once)", nil
}

// SetAdmin creates the admin or gives it the password.
func (a *App) SetAdmin(ctx context.Context, password string) error {
	email, _ := domain.NormalEmail(a.AdminEmail)
	params, err := a.HashParams()
	if err != nil {
		return err
	}
	hash, err := argon2id.CreateHash(password, params)
	if err != nil {
		return fmt.Errorf("hash the admin's password: %w", err)
	}
	_, err = a.Store.EnsureAdmin(ctx, email, hash)
	return err
}

// runDoctor says what is missing and its fix; exit code 1 when anything is.
func runDoctor(ctx context.Context, a *App) error {
	defer a.Close()
	options, err := a.temporalOptions()
	if err != nil {
		return err
	}
	a.findSandbox()
	if err := errors.Join(a.openStore(), a.ConnectTemporal(options), a.ConnectProviders(a.SecretKey == "")); err != nil {
		return err
	}
	limit := 15 * time.Second
	if a.deep {
		limit = time.Hour
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	checks := append(a.checks(ctx), a.checkAPI(ctx))
	if a.deep {
		checks = append(checks, a.DeepChecks(ctx, time.Now().Add(-deepPatience))...)
	}
	if len(a.only) > 0 {
		checks = slices.DeleteFunc(checks, func(c domain.Check) bool { return !slices.Contains(a.only, c.Name) })
	}
	return showChecks(a.stdout, checks)
}

// showChecks prints a line for each check, and is an error that says no more when
// not all are ok.
func showChecks(w io.Writer, checks []domain.Check) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	words := map[domain.CheckStatus]string{domain.CheckOK: "ok", domain.CheckWarn: "WARN", domain.CheckFail: "FAIL"}
	for _, c := range checks {
		fmt.Fprintf(out, "%s\t%s\t%s\n", words[c.Status], c.Name, c.Message)
		if c.Fix != "" {
			fmt.Fprintf(out, "\t\t→ %s\n", c.Fix)
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if slices.ContainsFunc(checks, func(c domain.Check) bool { return c.Status != domain.CheckOK }) {
		return errSilent
	}
	return nil
}

// checkAPI asks the API of this machine whether it is ready.
func (a *App) checkAPI(ctx context.Context) domain.Check {
	if err := a.askReady(ctx); err != nil {
		return domain.Check{Name: "api", Status: domain.CheckWarn, Message: "The API on " + a.Listen + " is not ready.",
			Fix: "Start `slipway api`, or look at its /readyz?verbose."}
	}
	return domain.Check{Name: "api", Status: domain.CheckOK, Message: "The API on " + a.Listen + " is ready."}
}

func (a *App) askReady(ctx context.Context) error {
	_, port, err := net.SplitHostPort(a.Listen)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil || response.StatusCode == http.StatusOK {
		return err
	}
	return errors.New(response.Status)
}

// runOpenAPI prints the description without any database or Temporal.
func runOpenAPI(_ context.Context, a *App) error {
	var err error
	if a.Store, err = store.Open(store.Config{URL: ":memory:"}); err != nil {
		return err
	}
	a.onClose(func() { a.logError("close database", a.Store.Close()) })
	defer a.Close()
	a.SecretKey = base64.StdEncoding.EncodeToString(make([]byte, 32)) // nothing is signed here
	if err := a.buildAPI(false); err != nil {
		return err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, a.api.OpenAPI(), "", "  "); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout, pretty.String())
	return err
}

// printSettings shows every setting in force, secrets masked.
func printSettings(w io.Writer, root *cli.Command) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range root.Flags {
		name := f.Names()[0]
		if name == "help" || name == "generate-shell-completion" {
			continue
		}
		value := fmt.Sprint(root.Value(name))
		if slices.Contains(secretSettings, name) && value != "" {
			value = "********"
		}
		if name == "database-url" {
			value = (&Settings{DatabaseURL: value, DataDir: root.String("data-dir")}).databaseName()
		}
		fmt.Fprintf(out, "%s\t%s\n", name, value)
	}
	return out.Flush()
}

// atLeast drops records below a level, whatever the handler would take.
type atLeast struct {
	slog.Handler
	level slog.Level
}

// Enabled is slog's hook.
func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

// WithAttrs is slog's hook.
func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.level}
}

// WithGroup is slog's hook.
func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

func randomPassword() string { return base64.RawURLEncoding.EncodeToString(randomBytes(12)) }

func makeFolder(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("create the folder of the database: %w", err)
	}
	return nil
}

// isTerminal reports whether w is a terminal, where colours help.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// rootCause is the innermost error, which says it in the fewest words.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
