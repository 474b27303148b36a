package app

import "github.com/urfave/cli/v3"

// demoSettings are the flags of demo.
type demoSettings struct {
	url      string
	count    int
	seed     uint64
	parallel int
	months   int
}

// importSettings are the flags of import.
type importSettings struct {
	file, report string
	dryRun       bool
	strict       bool
}

func (s *Settings) demoFlags() []cli.Flag {
	d := &s.demo
	return []cli.Flag{
		&cli.StringFlag{Name: "url", Destination: &d.url, Usage: "URL of the API; the address of --listen when empty"},
		&cli.IntFlag{Name: "count", Value: 300, Destination: &d.count, Usage: "how many sign-ups"},
		&cli.Uint64Flag{Name: "seed", Value: 1, Destination: &d.seed, Usage: "the same number brings the same people in the same order"},
		&cli.IntFlag{Name: "parallel", Value: 16, Destination: &d.parallel, Usage: "how many act at once"},
		&cli.IntFlag{Name: "months", Value: 4, Destination: &d.months, Usage: "how far the test clock is moved"},
	}
}

func (s *Settings) importFlags() []cli.Flag {
	i := &s.adopt
	return []cli.Flag{
		&cli.StringFlag{Name: "file", Required: true, Destination: &i.file, Usage: "the CSV file, with a header; see docs/import.md"},
		&cli.BoolFlag{Name: "dry-run", Destination: &i.dryRun, Usage: "do all of it but keep nothing"},
		&cli.StringFlag{Name: "report", Destination: &i.report, Usage: "CSV file for the refused rows: row, column, reason"},
		&cli.BoolFlag{Name: "strict", Destination: &i.strict, Usage: "adopt nothing when any row is refused; reads the file twice"},
	}
}
