package billing

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"slipway/payment"
)

func TestTrouble_TheTimeOfTheNextAttemptGrowsToAnEnd(t *testing.T) {
	t.Parallel()
	var last time.Duration
	for attempt := int32(1); attempt < 40; attempt++ {
		wait := Pause(&payment.Error{Class: payment.ClassUnavailable}, attempt)
		assert.GreaterOrEqual(t, wait, min(last, 5*time.Minute)*9/10, "attempt %d", attempt)
		assert.LessOrEqual(t, wait, 5*time.Minute+30*time.Second+time.Nanosecond)
		last = wait
	}
	assert.GreaterOrEqual(t, last, 5*time.Minute)
}
