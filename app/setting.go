package app

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"
)

// setting is the declaration of one setting: its flag has its name, environment
// variables, default and help; the rest is what it must be and how it is shown.
// Struct tags would be shorter, but a help text does not fit a line of them, nor
// a rule between two settings.
type setting struct {
	cli.Flag
	name    string
	accepts string        // in words
	holds   func() bool   // whether it is so; nil when it may be anything
	shown   func() string // what config prints; nil for the value
	tidy    func()        // cuts what is never meant; nil: nothing is
}

// define declares a setting, whose environment variable follows from its name
// unless the flag names others.
func define[T, C any, V cli.ValueCreator[T, C]](flag *cli.FlagBase[T, C, V]) setting {
	if len(flag.Sources.Chain) == 0 {
		flag.Sources = cli.EnvVars(variable(flag.Name))
	}
	*flag.Destination = flag.Value
	return setting{Flag: flag, name: flag.Name}
}

// secret declares a setting that is never shown. The line break that ends the file
// it was read from is not part of it.
func secret(flag *cli.StringFlag) setting {
	flag.HideDefault = true
	d := define(flag).shownAs(func() string {
		if *flag.Destination == "" {
			return ""
		}
		return masked
	})
	d.tidy = func() { *flag.Destination = strings.TrimRight(*flag.Destination, "\r\n") }
	return d
}

// masked stands for a secret that is set.
const masked = "********"

func (d setting) must(accepts string, holds func() bool) setting {
	d.accepts, d.holds = accepts, holds
	return d
}

func (d setting) shownAs(shown func() string) setting {
	d.shown = shown
	return d
}

// variable is the environment variable of a setting.
func variable(name string) string {
	return "SLIPWAY_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// check returns an error that names the setting and what it accepts.
func check(declared []setting) error {
	for _, d := range declared {
		if d.tidy != nil {
			d.tidy()
		}
		if d.holds != nil && !d.holds() {
			return fmt.Errorf("--%s (%s) must be %s", d.name, variable(d.name), d.accepts)
		}
	}
	return nil
}

func flags(declared []setting) []cli.Flag {
	all := make([]cli.Flag, len(declared))
	for i, d := range declared {
		all[i] = d.Flag
	}
	return all
}

func configCommand(declared []setting, stdout io.Writer) *cli.Command {
	return &cli.Command{Name: "config", Usage: "print the settings in force, secrets masked",
		Action: func(context.Context, *cli.Command) error { return printSettings(stdout, declared) }}
}

// printSettings shows every setting in force, secrets masked.
func printSettings(w io.Writer, declared []setting) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, d := range declared {
		if d.shown != nil {
			fmt.Fprintf(out, "%s\t%s\n", d.name, d.shown())
			continue
		}
		fmt.Fprintf(out, "%s\t%v\n", d.name, d.Get())
	}
	return out.Flush()
}

// all reports whether the rule holds for each text.
func all(texts []string, rule func(string) bool) bool {
	for _, text := range texts {
		if !rule(text) {
			return false
		}
	}
	return true
}

// durations reads texts such as 24h, all of them above zero.
func durations(texts []string) ([]time.Duration, error) {
	times := make([]time.Duration, 0, len(texts))
	for _, text := range texts {
		d, err := time.ParseDuration(strings.TrimSpace(text))
		if err != nil || d <= 0 {
			return nil, fmt.Errorf("not a duration")
		}
		times = append(times, d)
	}
	return times, nil
}
