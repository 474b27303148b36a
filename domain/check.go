package domain

// CheckStatus is the verdict of one check.
type CheckStatus string

const (
	// CheckOK: as it should be.
	CheckOK CheckStatus = "ok"
	// CheckWarn: requests are answered, but some wait until the fix is made.
	CheckWarn CheckStatus = "warn"
	// CheckFail: requests cannot be answered; readiness is 503.
	CheckFail CheckStatus = "fail"
)

// Check is one line of what `slipway doctor` and `/readyz?verbose` report.
type Check struct {
	Name    string      `json:"name" doc:"Such as database or plans."`
	Status  CheckStatus `json:"status" enum:"ok,warn,fail"`
	Message string      `json:"message" doc:"What was found."`
	Fix     string      `json:"fix,omitempty" doc:"What to do about it."`
}

// Worst is the worst status of the checks; ok when there are none.
func Worst(checks []Check) CheckStatus {
	worst := CheckOK
	for _, c := range checks {
		if c.Status == CheckFail || worst == CheckOK {
			worst = c.Status
		}
	}
	return worst
}
