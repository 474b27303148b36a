//go:build !nodev

package system

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/app"
	"slipway/domain"
)

// importing a file runs the command as a person does, on a data directory.
func importFile(t *testing.T, dir, content string, flags ...string) (int, string, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "accounts.csv")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	var out, errs bytes.Buffer
	code := app.Main(append([]string{"slipway", "--data-dir", dir, "import", "--file", file}, flags...), &out, &errs)
	return code, out.String(), errs.String()
}

// newImportDir is a data directory whose database is migrated and seeded.
func newImportDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, command := range []string{"migrate", "seed"} {
		var out, errs bytes.Buffer
		require.Equal(t, 0, app.Main([]string{"slipway", "--data-dir", dir, "--password-hash", "64KiB,1,1", command}, &out,
			&errs), errs.String())
	}
	return dir
}

// justOver is the start and end of a month that was over yesterday or a few days
// before, on a day that every month has.
func justOver() (start, end time.Time) {
	end = time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	for end.Day() > 28 {
		end = end.AddDate(0, 0, -1)
	}
	return end.AddDate(0, -1, 0), end
}

// justOverDays are its two fields of a row.
func justOverDays() string {
	start, end := justOver()
	return start.Format(time.DateOnly) + "," + end.Format(time.DateOnly)
}

func TestImport_RefusedRowsAreReportedAndTheRestIsAdopted(t *testing.T) {
	t.Parallel()
	dir, report := newImportDir(t), filepath.Join(t.TempDir(), "refused.csv")
	over, east := justOverDays(), time.FixedZone("", 2*60*60)
	start, end := justOver()
	file := "\ufeffstatus,email,plan,account_name,current_period_start,current_period_end," +
		"slug,country,credits,password_hash,external_id\n" +
		"active,one@example.com,free,One," + over + ",,,,,\n" +
		"active,nobody,free,Two," + over + ",,,,,\n" +
		"active,one@example.com,free,Three," + over + ",,,,,\n" +
		"active,four@example.com,free,\"Fo\u200bur\"," + over + ",admin,XX,-1,hunter2,\"a b\"\n" +
		"active,five@example.com,gold,Five," + over + ",,,,,\n" +
		"active,six@example.com,free,Six,yesterday,2026-02-15,,,,,\n" +
		"active,seven@example.com\n" +
		"active,eight@example.com,free,\"Ei\"ght," + over + ",,,,,\n" +
		"active,nine@example.com,free,Nine," + start.In(east).Format(time.RFC3339) + "," + end.Format(time.RFC3339) +
		",nine,KE,12,,old-9\n"
	code, out, errs := importFile(t, dir, file, "--report", report)
	assert.Equal(t, 1, code, "a row was refused")
	assert.Empty(t, errs)
	assert.Regexp(t, `Adopted\s+2\n`, out)
	assert.Regexp(t, `Refused\s+7\n`, out)
	content, err := os.ReadFile(report)
	require.NoError(t, err)
	var refused []string
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n")[1:] {
		fields := strings.SplitN(line, ",", 3)
		refused = append(refused, fields[0]+" "+fields[1])
	}
	assert.Equal(t, []string{
		"3 email", "4 email", "5 account_name", "5 slug", "5 country", "5 external_id", "5 password_hash", "6 plan",
		"7 current_period_start", "8 ", "9 ",
	}, withoutCredits(refused))
	for _, personal := range []string{"example.com", "nobody", "Three", "hunter2", "gold", "yesterday"} {
		assert.NotContains(t, string(content)+out, personal)
	}

	code, out, _ = importFile(t, dir, file)
	assert.Equal(t, 1, code)
	assert.Regexp(t, `Adopted\s+0\n`, out)
	assert.Regexp(t, `Already there\s+2\n`, out)
}

// withoutCredits expects the refusal of credits, whose place among the others is
// that of reading, and leaves it out.
func withoutCredits(refused []string) []string {
	var rest []string
	for _, r := range refused {
		if r != "5 credits" {
			rest = append(rest, r)
		}
	}
	return rest
}

func TestImport_DryRunAndStrictWriteNothing(t *testing.T) {
	t.Parallel()
	dir := newImportDir(t)
	good := "email,account_name,plan,status,current_period_start,current_period_end\none@example.com,One,free,active," +
		justOverDays() + "\n"
	code, out, _ := importFile(t, dir, good, "--dry-run")
	assert.Equal(t, 0, code)
	assert.Regexp(t, `Would be adopted\s+1\nBilling would act on at once\s+1\n`, out)
	code, out, _ = importFile(t, dir, good+"two@example.com,Two,gold,active,,\n", "--strict")
	assert.Equal(t, 1, code)
	assert.Regexp(t, `Would be adopted\s+1\n`, out)
	code, out, _ = importFile(t, dir, good, "--strict")
	assert.Equal(t, 0, code)
	assert.Regexp(t, `Adopted\s+1\n.*\nAlready there\s+0\n`, out, "neither of the two before wrote anything")
}

// The rows that a quote takes for its text would be neither adopted nor reported.
func TestImport_AQuoteThatIsNotClosedEndsItAndSaysWhere(t *testing.T) {
	t.Parallel()
	over := justOverDays()
	header := "status,plan,email,account_name,current_period_start,current_period_end\n"
	row := func(name string) string { return "active,free," + name + "@example.com,Acme," + over + "\n" }
	first, corrected := row("one"), row("two")+row("three")+row("four")
	for name, c := range map[string]struct{ torn, lines string }{
		"to the next quote": {"active,free,two@example.com,\"Acme," + over + "\n" + row("three") +
			"active,free,four@example.com,\"Acme\"," + over + "\n", "lines 3 to 5"},
		"to the end": {"active,free,two@example.com,\"Acme," + over + "\n" + row("three") + row("four"),
			"lines 3 to 5"},
		"with fields too many": {"active,free,two@example.com,\"Acme," + over + "\nactive,free,three@example.com\",Acme," +
			over + "\n" + row("four"), "lines 3 to 4"},
		"into its last field": {"active,free,two@example.com,\"Acme," + over + "\n" + row("three") + "\"\n" + row("four"),
			"lines 3 to 5"},
		"from the first column": {"\"active,free,two@example.com,Acme," + over + "\n" + row("three") + row("four"),
			"lines 3 to 5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newImportDir(t)
			code, out, errs := importFile(t, dir, header+first+c.torn)
			assert.Equal(t, 1, code)
			assert.Empty(t, out, "it says of no row what it does not know")
			assert.Contains(t, errs, c.lines+" cannot be separated")
			assert.Contains(t, errs, "correct the quote; run the command again")
			assert.NotContains(t, errs, "example.com")
			code, out, errs = importFile(t, dir, header+first+corrected)
			assert.Equal(t, 0, code, errs)
			assert.Regexp(t, `Adopted\s+3\n.*\nAlready there\s+1\n`, out, "what was adopted stays")
		})
	}
}

// A database may refuse the bytes, which would end the import at the row.
func TestImport_WhatIsNoTextOfTheCatalogueRefusesItsRowAlone(t *testing.T) {
	t.Parallel()
	dir, report := newImportDir(t), filepath.Join(t.TempDir(), "refused.csv")
	file := "email,account_name,plan,status,current_period_start,current_period_end,payment_option,password_hash\n" +
		"one@example.com,One,fr\xe9e,active," + justOverDays() + ",,\n" +
		"two@example.com,Two,growth,active," + justOverDays() + ",ch\xe8que,\n" +
		"three@example.com,Three," + strings.Repeat("f", 101) + ",active," + justOverDays() + ",,\n" +
		"four@example.com,Four,free,active," + justOverDays() +
		",,\"$argon2id$v=19$m=64,t=1,p=1\xe9$c29tZXNhbHRzb21lc2FsdA$D0Ld5dG6gT6fZg0d3VtkLkUQH5rn3z1Jw3aLqkT8mEo\"\n" +
		"five@example.com,Five,free,active," + justOverDays() + ",,\n"
	code, out, errs := importFile(t, dir, file, "--report", report)
	assert.Equal(t, 1, code)
	assert.Empty(t, errs)
	assert.Regexp(t, `Adopted\s+1\n`, out)
	content, err := os.ReadFile(report)
	require.NoError(t, err)
	noCode := domain.CodeText
	refused := `,"` + domain.Text(noCode.Wrong) + `","` + domain.Text(noCode.Accepted) + "\"\n"
	assert.Equal(t, "row,column,reason,accepted\n2,plan"+refused+"3,payment_option"+refused+"4,plan"+refused+
		"5,password_hash,It is not an argon2id hash.,\"$argon2id$v=19$m=…,t=…,p=…$salt$key, or nothing\"\n",
		string(content))
}

func TestImport_HeaderNamesWhatIsMissingOrUnknown(t *testing.T) {
	t.Parallel()
	dir := newImportDir(t)
	for header, want := range map[string]string{
		"": "no header", "email,account_name,plan\n": "no column status",
		"email,account_name,plan,status,phone\n": "column 5", "email,email,account_name,plan,status\n": "column 2",
	} {
		code, _, errs := importFile(t, dir, header)
		assert.Equal(t, 1, code)
		assert.Contains(t, errs, want)
	}
}

// What is imported is an account like any other: its owner signs in, and the
// period that is over is renewed at once.
func TestImport_BillingTakesOverAndTheOwnerSignsIn(t *testing.T) {
	r := startApp(t)
	hash, err := argon2id.CreateHash(testPassword,
		&argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	require.NoError(t, err)
	end := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	for end.Day() > 28 { // a day every month has
		end = end.AddDate(0, 0, -1)
	}
	file := fmt.Sprintf("email,account_name,plan,status,current_period_start,current_period_end,"+
		"payment_option,password_hash\n"+
		"ada@example.com,Acme,free,active,%[1]s,%[2]s,,\"%[3]s\"\n"+
		"eve@example.com,Acme,growth,active,%[1]s,%[2]s,bank_transfer,\n",
		end.AddDate(0, -1, 0).Format(time.RFC3339), end.Format(time.RFC3339), hash)
	code, out, errs := importFile(t, r.app.DataDir, file)
	require.Equal(t, 0, code, errs)
	assert.Regexp(t, `Adopted\s+2\nBilling acts on at once\s+2\n`, out)

	a := r.post("/v1/sessions", "", map[string]any{"email": "ada@example.com", "password": testPassword})
	require.Equal(t, http.StatusCreated, a.status, string(a.body))
	var session struct{ Token string }
	a.into(t, &session)
	subscriptions := func(status string) []domain.Subscription {
		var list struct{ Data []domain.Subscription }
		r.get("/v1/admin/subscriptions?status="+status, r.admin()).into(t, &list)
		return list.Data
	}
	eventually(t, func() bool {
		var sub domain.Subscription
		r.get("/v1/account/subscription", session.Token).into(t, &sub)
		return sub.CurrentPeriodEnd.After(time.Now())
	}, "the free plan's period is renewed")
	eventually(t, func() bool { return len(subscriptions("past_due")) == 1 }, "what nobody paid falls behind")
}
