package app

import (
	"github.com/urfave/cli/v3"

	"slipway/domain"
)

// limitSettings bound what one customer can have, or add, by calling again and again.
func (s *Settings) limitSettings() []setting {
	l, defaults := &s.Limits, domain.DefaultLimits()
	limit := func(name string, of *int, value int, what string) setting {
		return define(&cli.IntFlag{Name: "limit-" + name, Value: value, Destination: of, Usage: what + "; 0 for no limit"}).
			must("0 or more", func() bool { return *of >= 0 })
	}
	return []setting{
		limit("purchases", &l.Purchases, defaults.Purchases, "open purchases of credit packages an account may have"),
		limit("payment-methods", &l.PaymentMethods, defaults.PaymentMethods, "payment methods an account may have"),
		limit("streams", &l.Streams, defaults.Streams,
			"streams and long polls an account may have open, in each API process"),
		limit("all-streams", &l.AllStreams, defaults.AllStreams,
			"streams and long polls that may be open in an API process"),
		limit("sessions", &l.Sessions, defaults.Sessions, "sessions a user may have; one more ends the oldest"),
		limit("writes", &l.Writes, defaults.Writes,
			"calls that change something an account may make in a minute, in each API process"),
	}
}
