package app

import (
	"github.com/urfave/cli/v3"

	flows "slipway/workflows/client"
)

// leastToken is how long the token of the codec's endpoint is at least: nobody guesses it.
const leastToken = 32

func (s *Settings) codecSettings() []setting {
	keys := define(&cli.StringSliceFlag{Name: "temporal-codec-keys", Destination: &s.CodecKeys, HideDefault: true,
		Usage: "keys that encrypt what enters Temporal, as id:base64 of 32 bytes; the first encrypts, all decrypt; " +
			"none first encrypts nothing anew"}).
		must("ids and keys such as 2026:… of `openssl rand -base64 32`, each id once; the first may be none", func() bool {
			_, err := flows.NewCodec(s.CodecKeys)
			return err == nil
		}).
		shownAs(func() string {
			if len(s.CodecKeys) == 0 {
				return ""
			}
			return masked
		})
	return []setting{
		keys,
		secret(&cli.StringFlag{Name: "temporal-codec-token", Destination: &s.CodecToken,
			Usage: "worker: what Temporal's UI and CLI show to have payloads decrypted at /codec; empty for nobody"}).
			must("at least 32 characters", func() bool { return s.CodecToken == "" || len(s.CodecToken) >= leastToken }),
		define(&cli.StringSliceFlag{Name: "temporal-codec-origins", Destination: &s.CodecOrigins,
			Usage: "worker: origins of the Temporal UI that may have payloads decrypted"}).
			must("origins such as https://temporal.example.com", func() bool { return all(s.CodecOrigins, isOneOrigin) }),
	}
}

func isOneOrigin(text string) bool { return text != "*" && isOrigin(text) }
