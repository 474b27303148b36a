package payment_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"slipway/payment"
)

func TestRetryAfter_ReadsSecondsAndDates(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 14, 15, 9, 26, 500_000_000, time.UTC)
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for header, want := range map[string]time.Duration{
		"": 0, "soon": 0, "0": 0, "1": time.Second, "300": 5 * time.Minute, "-5": 0, "1.5": 0,
		"86400": 24 * time.Hour, "86401": 24 * time.Hour, "9223372036854775807": 24 * time.Hour, "99999999999999999999": 0,
		date(2 * time.Second): 1500 * time.Millisecond, date(-time.Hour): 0, date(48 * time.Hour): 24 * time.Hour,
		"Saturday, 14-Mar-26 15:09:28 GMT": 1500 * time.Millisecond, "Sat Mar 14 15:09:28 2026": 1500 * time.Millisecond,
	} {
		assert.Equal(t, want, payment.RetryAfter(header, now), header)
	}
}
