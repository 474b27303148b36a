//go:build !nodev

package system

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/app"
	"slipway/domain"
)

// The demo is the widest test there is: every kind of sign-up, every test card,
// a month on the clock, through the public API, and its own checks at the end.
func TestDemo_EndsWithAFunnelAndEveryCheckIsOK(t *testing.T) {
	r := startApp(t, func(a *app.App) { a.SignupRate, a.Limits = 30, domain.DefaultLimits() })
	var out, progress bytes.Buffer
	code := app.Main([]string{"slipway", "--admin-password", testPassword, "--admin-email", testAdmin, "demo",
		"--url", r.url, "--count", "40", "--seed", "7", "--parallel", "8", "--months", "1"}, &out, &progress)
	require.Zero(t, code, out.String()+progress.String())
	said := out.String()

	for _, stage := range []string{"received", "account", "plan"} {
		assert.Regexp(t, stage+`\s+40\s+100 %`, said, "everybody comes that far")
	}
	active := regexp.MustCompile(`active\s+(\d+)\s+\d+ %`).FindStringSubmatch(said)
	require.NotNil(t, active, said)
	assert.Equal(t, "33", active[1], "all but those who leave, cancel or never pay")
	for kind, became := range map[string]string{
		"card tok_declined_funds":           "completed, with another card",
		"card tok_declined_stolen":          "canceled",
		"card tok_3ds, left at the bank":    "expired",
		"bank transfer, rejected once":      "completed, after a rejection",
		"bank transfer, paid after the end": "its money flagged as late",
		"card tok_flaky_3, canceled":        "canceled, while the card was charged",
		"slug that is taken":                "completed, took a suggested slug",
		"same person twice":                 "completed, went on where the first tab was",
		"e-mail of somebody else":           "completed, learned that the e-mail is taken",
	} {
		assert.Regexp(t, regexp.QuoteMeta(kind)+".*"+regexp.QuoteMeta(became), said)
	}
	assert.Contains(t, said, "subscription.renewed")
	assert.NotContains(t, said, "FAIL")
	assert.NotContains(t, said, "WARN")
	assert.Empty(t, progress.String(), "no terminal, no progress")
	assert.NotContains(t, said, "@example.com")
}

func TestDemo_WithoutARunningDevSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	require.Equal(t, 1, app.Main([]string{"slipway", "--data-dir", t.TempDir(), "--listen", address, "demo"}, &out, &errs))
	assert.Contains(t, errs.String(), "SLIPWAY_ADMIN_PASSWORD")
	errs.Reset()
	args := []string{"slipway", "--admin-password", testPassword, "--listen", address, "demo"}
	require.Equal(t, 1, app.Main(args, &out, &errs))
	assert.Contains(t, errs.String(), "is `slipway dev` running")
	assert.Equal(t, 1, strings.Count(errs.String(), "\n"))
}
