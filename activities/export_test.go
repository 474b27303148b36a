package activities

import (
	"time"

	"go.temporal.io/sdk/temporal"

	"slipway/notify"
)

// WaitAfterAnswer is how long after an answer the next attempt to deliver is made.
func WaitAfterAnswer(p *temporal.RetryPolicy, attempt int32, asked time.Duration) time.Duration {
	return notify.NextWait(waitAfter(p, attempt), asked)
}
