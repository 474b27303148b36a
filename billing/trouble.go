package billing

import (
	"errors"
	"math/rand/v2"
	"time"

	"slipway/domain"
	"slipway/payment"
)

// How long a provider is left alone that could not answer: at first, and at most.
const (
	firstPause = time.Second
	longPause  = 5 * time.Minute
)

// Pause is how long to wait before the provider is asked again: what it asked
// for, however long, else longer with each attempt, counted from 1; with some
// jitter, so that those who were refused together do not come back together.
func Pause(trouble *payment.Error, attempt int32) time.Duration {
	wait := longPause
	if attempt < 10 {
		wait = min(firstPause<<(attempt-1), longPause)
	}
	if trouble.Class == payment.ClassMisconfigured {
		wait = longPause // until somebody has mended it
	}
	wait = max(wait, trouble.RetryAfter)
	return wait + rand.N(wait/10+1)
}

// troubles say in plain words why a step waits, by class.
var troubles = map[payment.Class]string{
	payment.ClassThrottled:     "The payment provider asked us to slow down; trying again.",
	payment.ClassUnavailable:   "The payment provider cannot be reached; trying again.",
	payment.ClassUnknown:       "The payment provider did not answer; looking up what became of it.",
	payment.ClassMisconfigured: "The payment provider refuses our requests; it goes on when that is mended.",
}

// TroubleText says in plain words why a step waits for a provider, and TroubleCode
// what clients branch on.
func TroubleText(class payment.Class) string { return troubles[class] }

// TroubleCode is the code of the error that a step shows while it waits.
func TroubleCode(class payment.Class) string { return "payment_" + string(class) }

// RetryLater is the error that asks to be tried again after the wait.
func RetryLater(trouble *payment.Error, wait time.Duration) error {
	code := domain.CodeUnavailable
	if trouble.Class == payment.ClassThrottled {
		code = domain.CodeThrottled
	}
	return errors.Join(&domain.Error{
		Code: code, Reason: TroubleCode(trouble.Class), Detail: TroubleText(trouble.Class), RetryAfter: wait,
	}, trouble)
}
