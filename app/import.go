package app

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v3"

	"slipway/domain"
	"slipway/onboarding"
)

// importFlags are the flags of import.
type importFlags struct {
	file, report   string
	dryRun, strict bool
}

func importCommand(do action) *cli.Command {
	var f importFlags
	return &cli.Command{
		Name: "import", Usage: "adopt the accounts of a CSV file, each at the state it is in",
		Action: do(func(ctx context.Context, a *App) error { return runImport(ctx, a, f) }),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "file", Required: true, Destination: &f.file,
				Usage: "the CSV file, with a header; see docs/import.md"},
			&cli.BoolFlag{Name: "dry-run", Destination: &f.dryRun, Usage: "do all of it but keep nothing"},
			&cli.StringFlag{Name: "report", Destination: &f.report,
				Usage: "CSV file for the refused rows: row, column, reason"},
			&cli.BoolFlag{Name: "strict", Destination: &f.strict,
				Usage: "adopt nothing when any row is refused; reads the file twice"},
		},
	}
}

// runImport adopts the accounts of a CSV file, one transaction each; exit code 1
// when a row was refused. Run again, it continues where it stopped.
func runImport(ctx context.Context, a *App, f importFlags) error {
	defer a.Close()
	if err := a.openStore(); err != nil {
		return err
	}
	if f.strict && !f.dryRun {
		t, err := a.importFile(ctx, f, true)
		if err != nil {
			return err
		}
		if t.refused > 0 {
			return t.print(a.stdout, true)
		}
	}
	t, err := a.importFile(ctx, f, f.dryRun)
	if err != nil {
		return err
	}
	return t.print(a.stdout, f.dryRun)
}

// tally counts the outcome of the rows.
type tally struct {
	adopted, already, due, refused int

	reasons map[string]int // of refusals, with their column
}

// importFile goes through the file once, in memory that does not grow with it but
// for a few bytes a row, to find rows that are there twice.
func (a *App) importFile(ctx context.Context, f importFlags, dryRun bool) (*tally, error) {
	file, err := os.Open(f.file)
	if err != nil {
		return nil, fmt.Errorf("open the file: %w", rootCause(err))
	}
	defer func() { _ = file.Close() }()
	rows, err := newRows(file)
	if err != nil {
		return nil, err
	}
	rows.reserved = a.Store.SlugReserved
	report, err := newReport(f.report)
	if err != nil {
		return nil, err
	}
	im := &importing{
		rows: rows, report: report, tally: &tally{reasons: map[string]int{}}, adopter: &onboarding.Adopter{
			Store: a.Store, Policy: a.policy(), DryRun: dryRun,
		},
	}
	bar := a.progress(fileSize(file), "Bytes read")
	err = im.all(ctx, func() { _ = bar.Set64(rows.csv.InputOffset()) })
	return im.tally, errors.Join(err, bar.Finish(), report.close())
}

// importing is one pass through the rows.
type importing struct {
	rows    *rows
	report  *report
	tally   *tally
	adopter *onboarding.Adopter
}

func (im *importing) all(ctx context.Context, shown func()) error {
	for {
		line, adoption, err := im.rows.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var adopted onboarding.Adopted
		if err == nil {
			adopted, err = im.adopter.Adopt(ctx, adoption)
		}
		if err := im.note(line, adopted, err); err != nil {
			return fmt.Errorf("row %d: %w; run the command again: what is there is not adopted twice", line, err)
		}
		shown()
	}
}

// note counts the outcome of a row, or returns the error that ends the import: a
// refusal does not.
func (im *importing) note(line int, adopted onboarding.Adopted, err error) error {
	var refused *domain.Error
	switch {
	case err == nil && adopted.Already:
		im.tally.already++
		return nil
	case err == nil:
		im.tally.adopted++
		if adopted.Due {
			im.tally.due++
		}
		return nil
	case !errors.As(err, &refused) || refused.Code != domain.CodeInvalid:
		return err
	}
	im.tally.refused++
	for _, f := range refused.Fields {
		im.tally.reasons[f.Field+": "+f.Message]++
		if err := im.report.write(line, f); err != nil {
			return err
		}
	}
	return nil
}

// print prints the summary, and is an error that says no more when a row was
// refused.
func (t *tally) print(w io.Writer, dryRun bool) error {
	words := []string{"Adopted", "Billing acts on at once"}
	if dryRun {
		words = []string{"Would be adopted", "Billing would act on at once"}
	}
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "%s\t%d\n%s\t%d\nAlready there\t%d\nRefused\t%d\n",
		words[0], t.adopted, words[1], t.due, t.already, t.refused)
	for _, reason := range slices.Sorted(maps.Keys(t.reasons)) {
		fmt.Fprintf(out, "  %s\t%d\n", reason, t.reasons[reason])
	}
	if err := out.Flush(); err != nil || t.refused == 0 {
		return err
	}
	return errSilent
}

// report is the file of the refused rows: where and why, never what stood there.
type report struct {
	file *os.File
	csv  *csv.Writer
}

// newReport makes the file; without a name, none.
func newReport(name string) (*report, error) {
	if name == "" {
		return &report{csv: csv.NewWriter(io.Discard)}, nil
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create the report: %w", rootCause(err))
	}
	r := &report{file: file, csv: csv.NewWriter(file)}
	return r, r.csv.Write([]string{"row", "column", "reason", "accepted"})
}

func (r *report) write(line int, f domain.FieldError) error {
	return r.csv.Write([]string{strconv.Itoa(line), strings.TrimPrefix(f.Field, "row"), f.Message, f.Accepted})
}

func (r *report) close() error {
	r.csv.Flush()
	if r.file == nil {
		return nil
	}
	return errors.Join(r.csv.Error(), r.file.Close())
}
