package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"slipway/domain"
)

// doctorFlags are the flags of doctor.
type doctorFlags struct {
	deep bool     // check every invariant, too
	only []string // the checks to make; all when empty
}

func doctorCommand(do action) *cli.Command {
	var f doctorFlags
	return &cli.Command{
		Name: "doctor", Usage: "say what is missing, and its fix",
		Action: do(func(ctx context.Context, a *App) error { return runDoctor(ctx, a, f) }),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "deep", Destination: &f.deep,
				Usage: "check every invariant over all rows, charges and workflows, too; " +
					"takes longer the more accounts there are"},
			&cli.StringSliceFlag{Name: "only", Destination: &f.only,
				Usage: "names of the checks to make, such as api; all when left out"},
		},
	}
}

// runDoctor says what is missing and its fix; exit code 1 when anything is.
func runDoctor(ctx context.Context, a *App, f doctorFlags) error {
	defer a.Close()
	options, err := a.temporalOptions()
	if err != nil {
		return err
	}
	a.findSandbox()
	if err := errors.Join(
		a.openStore(),
		a.ConnectTemporal(options),
		a.ConnectProviders(a.SecretKey == ""),
	); err != nil {
		return err
	}
	limit := 15 * time.Second
	if f.deep {
		limit = time.Hour
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	checks := append(a.checks(ctx), a.checkAPI(ctx))
	if slices.Contains(f.only, "worker") { // not every machine with an API has one
		checks = append(checks, a.checkProcess(ctx, "worker", a.WorkerListen))
	}
	if f.deep {
		checks = append(checks, a.DeepChecks(ctx, time.Now().Add(-deepPatience))...)
	} else {
		checks = append(checks, a.checkFailingWorkflows(ctx))
	}
	return showChecks(a.stdout, f.asked(checks))
}

// asked are the checks that were asked for. One that was not made is not well, lest a
// health check with a wrong name always passes.
func (f doctorFlags) asked(checks []domain.Check) []domain.Check {
	if len(f.only) == 0 {
		return checks
	}
	var asked []domain.Check
	for _, name := range f.only {
		i := slices.IndexFunc(checks, func(c domain.Check) bool { return c.Name == name })
		if i < 0 {
			asked = append(asked, domain.Check{Name: name, Status: domain.CheckWarn, Message: "There was no such check.",
				Fix: "Run `slipway doctor`, which names all; some need the database to answer, or --deep."})
			continue
		}
		asked = append(asked, checks[i])
	}
	return asked
}

// checks is what doctor and readyz report.
func (a *App) checks(ctx context.Context) []domain.Check {
	checks := a.Store.Checks(ctx)
	if answers(checks) {
		checks = append(checks, a.Store.CheckRetention(ctx, a.Retention))
	}
	checks = append(checks, a.checkProviders(ctx))
	return append(checks, a.Workflows.Checks(ctx)...)
}

// answers reports whether the database answers and has today's schema: no check of it
// has failed.
func answers(checks []domain.Check) bool {
	return !slices.ContainsFunc(checks, func(c domain.Check) bool { return c.Status == domain.CheckFail })
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
func (a *App) checkAPI(ctx context.Context) domain.Check { return a.checkProcess(ctx, "api", a.Listen) }

// checkProcess asks a process of this machine whether it is ready.
func (a *App) checkProcess(ctx context.Context, command, address string) domain.Check {
	names := map[string]string{"api": "API", "worker": "worker"}
	c := domain.Check{Name: command, Status: domain.CheckOK,
		Message: fmt.Sprintf("The %s on %s is ready.", names[command], address)}
	if err := askReady(ctx, address); err != nil {
		c.Status, c.Message = domain.CheckWarn, fmt.Sprintf("The %s on %s is not ready.", names[command], address)
		c.Fix = fmt.Sprintf("Start `slipway %s`, or look at its /readyz?verbose.", command)
	}
	return c
}

func askReady(ctx context.Context, address string) error {
	_, port, err := net.SplitHostPort(address)
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
