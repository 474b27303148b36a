//go:build !nodev

package system

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"slipway/app"
)

func TestDoctor_NamesWhatIsMissingWithItsFix(t *testing.T) {
	s := newSite(t, "")
	t.Setenv("TEMPORAL_ADDRESS", fmt.Sprintf("127.0.0.1:%d", s.port))
	doctor := func(args ...string) (int, string) {
		var out, errs buffer
		code := app.Main(append([]string{"slipway", "doctor", "--data-dir", s.dir, "--listen", s.listen}, args...),
			&out, &errs)
		return code, out.String() + errs.String()
	}
	code, report := doctor()
	assert.Equal(t, 1, code)
	assert.Contains(t, report, "No worker polls the task queue onboarding")
	assert.Contains(t, report, "slipway worker")

	_, r := s.api()
	s.worker()
	eventually(t, func() bool { _, report = doctor(); return strings.Count(report, "WARN") == 1 },
		"the doctor is content but for one thing")
	assert.Contains(t, report, "The payment option card is charged through sandbox, which is not set up")
	assert.Contains(t, report, "STRIPE_SECRET_KEY")
	admin := r.admin()
	r.setOption(admin, "card", false)
	code, report = doctor()
	assert.Zero(t, code, report)
	code, report = doctor("--only", "plans", "--only", "wroker")
	assert.Equal(t, 1, code, "a health check with a wrong name fails")
	assert.Regexp(t, `(?s)^ok +plans .*WARN +wroker +There was no such check.*slipway doctor`, report)

	r.setPlans(admin, false)
	r.setOptions(false)
	code, report = doctor()
	assert.Equal(t, 1, code)
	assert.Contains(t, report, "No plan is active and public")
	assert.Contains(t, report, "No payment option is enabled")
	assert.Contains(t, report, "PATCH /v1/admin/plans")

	empty := filepath.Join(t.TempDir(), "empty.db")
	var out, errs buffer
	assert.Equal(t, 1, app.Main([]string{"slipway", "doctor", "--database-url", empty}, &out, &errs))
	assert.Contains(t, out.String(), "Run `slipway migrate`")
}
