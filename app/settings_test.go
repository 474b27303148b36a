package app

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"
)

func TestConfig_WrongSettingsAreNamedWithWhatTheyAccept(t *testing.T) {
	t.Parallel()
	for flag, value := range map[string]string{
		"admin-email": "nobody", "admin-password": "short", "signup-rate": "-1", "payment-window": "0s",
		"trusted-proxies": "somewhere", "log-level": "loud", "log-format": "xml",
		"password-hash": "much", "payment-reminders": "soon", "login-rate": "-1", "reconcile-every": "1ms",
		"public-url": "ftp://shop", "sandbox-url": "nowhere", "provider-rate": "-1", "dunning-retries": "72h,24h",
		"dunning-grace": "-1s", "dunning-final": "forgive", "invoice-ahead": "1h",
		"database-url": "mysql://u:loud-secret@h/db", "reserved-slugs": "My Product",
		"stripe-api-base": "http://stripe:99999",
		"allowed-origins": "https://app.example.com/path", "listen": "localhost:99999",
		"webhook-posts": "0", "worker-deployment": "slipway.workers", "worker-build-id": "__unversioned__",
		"temporal-codec-keys": "2026:loud-secret", "temporal-codec-token": "loud-secret", "temporal-codec-origins": "*",
		"retention-events": "719h", "retention-commands": "719h", "retention-provider-events": "1h",
		"retention-deliveries": "167h", "retention-onboardings": "-1s", "retention-debits": "1h", "retention-removed": "1h",
	} {
		var out, errs bytes.Buffer
		require.Equal(t, 1, Main([]string{"slipway", "migrate", "--" + flag, value}, &out, &errs), flag)
		assert.Contains(t, errs.String(), "--"+flag+" ("+variable(flag)+") must be ")
		assert.NotContains(t, errs.String(), "loud-secret")
	}
}

func TestConfig_NoPortIsTakenThatThereIsNot(t *testing.T) {
	t.Parallel()
	_, declared := declare()
	ports := 0
	for _, d := range declared {
		values := []string{}
		switch {
		case strings.HasSuffix(d.name, "-port"):
			values = []string{"-1", "65536", "99999"}
		case strings.HasSuffix(d.name, "-url"), strings.HasSuffix(d.name, "-base"):
			values = []string{"http://a.example:0", "http://a.example:99999", "postgres://a:0/x", "postgres://a:99999/x"}
		case d.name == "allowed-origins":
			values = []string{"https://a.example:0", "https://a.example:99999"}
		case d.name == "listen":
			values = []string{"127.0.0.1:99999", "127.0.0.1:-1", "127.0.0.1"}
		}
		for _, value := range values {
			var out, errs bytes.Buffer
			require.Equal(t, 1, Main([]string{"slipway", "migrate", "--" + d.name, value}, &out, &errs), d.name+" "+value)
			assert.Contains(t, errs.String(), d.name)
			ports++
		}
	}
	assert.Greater(t, ports, 25)
}

func TestConfig_ReservedSlugsReachTheStore(t *testing.T) {
	t.Parallel()
	a := &App{Settings: Defaults()}
	a.DataDir, a.ReservedSlugs = t.TempDir(), []string{"my-product"}
	require.NoError(t, a.openStore())
	t.Cleanup(func() { _ = a.Store.Close() })
	assert.True(t, a.Store.SlugReserved("my-product"))
	assert.True(t, a.Store.SlugReserved("postmaster"))
	assert.False(t, a.Store.SlugReserved("my-products"))
}

func TestConfig_APasswordIsNotShownWhereverItStandsInTheURL(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://u:hidden@h/db", "postgres://u@h/db?password=hidden&sslmode=disable", "postgres://h/db?sslpassword=hidden",
	} {
		s := Settings{DatabaseURL: url}
		assert.NotContains(t, s.databaseName(), "hidden")
		assert.Contains(t, s.databaseName(), "/db")
	}
}

func TestConfig_PasswordHashTakesUnitsAndPlainNumbers(t *testing.T) {
	t.Parallel()
	for text, kib := range map[string]uint32{
		"19MiB,2,1": 19456, "64KiB,1,1": 64, "19456,2,1": 19456, "19,2,1": 19456, " 19mib , 2 , 1": 19456,
		"1GiB,1,1": 1 << 20,
	} {
		p, err := (&Settings{PasswordHash: text}).HashParams()
		require.NoError(t, err, text)
		assert.Equal(t, kib, p.Memory, text)
	}
	for _, text := range []string{
		"", "19", "0MiB,1,1", "19MiB,0,1", "19MiB,2,0", "99999999,2,1", "4KiB,1,1", "2GiB,1,1", "19 apples,1,1",
	} {
		_, err := (&Settings{PasswordHash: text}).HashParams()
		assert.Error(t, err, text)
	}
}

func TestConfig_SecretsAreMaskedWhereverSettingsAreShown(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"config"}, {"--help"}, {"help"}} {
		var out, errs bytes.Buffer
		args = append([]string{"slipway", "--admin-password", "hide-this-password", "--secret-key", "nor-this-either",
			"--database-url", "postgres://slipway:database-word@db:5432/slipway"}, args...)
		Main(args, &out, &errs)
		for _, secret := range []string{"hide-this-password", "nor-this-either", "database-word"} {
			assert.NotContains(t, out.String()+errs.String(), secret, args)
		}
	}
}

// Every setting is in .env.example, and nothing else is.
func TestConfig_EnvExampleKnowsEverySetting(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile("../.env.example")
	require.NoError(t, err)
	known := map[string]bool{}
	_, declared := declare()
	for _, d := range declared {
		for _, name := range d.Flag.(interface{ GetEnvVars() []string }).GetEnvVars() {
			known[name] = true
			if name != "SLIPWAY_DATABASE_URL" && name != "SLIPWAY_EPHEMERAL" {
				assert.Contains(t, string(example), name)
			}
		}
	}
	for _, name := range regexp.MustCompile(`SLIPWAY_[A-Z_]+`).FindAllString(string(example), -1) {
		assert.True(t, known[name], "%s is no setting", name)
	}
}

// settingsTable is the table of docs/operations.md, from the declarations.
func settingsTable() string {
	var b strings.Builder
	b.WriteString("| setting | default | |\n| --- | --- | --- |\n")
	_, declared := declare()
	for _, d := range declared {
		flag := d.Flag.(cli.DocGenerationFlag)
		fallback := ""
		if value := strings.Trim(fmt.Sprint(d.Get()), "[]"); value != "" {
			fallback = "`" + strings.ReplaceAll(value, " ", ",") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", flag.GetEnvVars()[0], fallback, flag.GetUsage())
	}
	return b.String()
}

func TestConfig_OperationsDescribesEverySetting(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	table := settingsTable()
	assert.True(t, strings.Contains(string(text), table), "docs/operations.md needs this table:\n\n%s", table)
}

// A deployment that sets nothing has the defaults that the help names.
func TestConfig_DefaultsAreThoseOfTheFlags(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	require.Equal(t, 0, Main([]string{"slipway", "config"}, &out, &errs), errs.String())
	s := Defaults()
	for name, value := range map[string]any{
		"listen": s.Listen, "payment-window": s.PaymentWindow, "payment-reminders": s.Reminders, "signup-rate": s.SignupRate,
		"dunning-retries": s.DunningRetries, "dunning-grace": s.DunningGrace, "provider-rate": s.ProviderRate,
		"log-format": s.LogFormat, "database-url": s.databaseName(), "secret-key": "",
	} {
		assert.Regexp(t, `(?m)^`+name+` +`+regexp.QuoteMeta(fmt.Sprint(value))+`$`, out.String())
	}
}

func TestRun_UnknownCommandFailsWithOneLine(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	require.Equal(t, 1, Main([]string{"slipway", "onboard"}, &out, &errs))
	assert.Contains(t, errs.String(), "onboard")
}

func TestRun_VersionAndOpenAPINeedNothing(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	require.Equal(t, 0, Main([]string{"slipway", "version"}, &out, &errs), errs.String())
	assert.Equal(t, "slipway "+version+"\n", out.String())
	out.Reset()
	require.Equal(t, 0, Main([]string{"slipway", "openapi"}, &out, &errs), errs.String())
	assert.Contains(t, out.String(), `"openapi": "3.1.0"`)
	assert.True(t, strings.HasPrefix(out.String(), "{"))
}

func TestConfig_ASecretEndsBeforeTheLineBreakOfItsFile(t *testing.T) {
	t.Parallel()
	s, declared := declare()
	s.AdminPassword, s.SecretKey = " a good password \r\n", "a2V5\n"
	require.NoError(t, check(declared))
	assert.Equal(t, " a good password ", s.AdminPassword)
	assert.Equal(t, "a2V5", s.SecretKey)
}
