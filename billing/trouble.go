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
		wait = longPause // until an operator has repaired it
	}
	wait = max(wait, trouble.RetryAfter)
	return wait + rand.N(wait/10+1)
}

// troubles are the texts of why a step waits for a provider, by class.
var troubles = map[payment.Class]domain.TextCode{
	payment.ClassThrottled:     domain.TextProviderThrottles,
	payment.ClassUnavailable:   domain.TextProviderAway,
	payment.ClassUnknown:       domain.TextProviderSilent,
	payment.ClassMisconfigured: domain.TextProviderMisconfigured,
}

// TroubleText says in plain words why a step waits for a provider; TroubleCode is
// what clients branch on.
func TroubleText(class payment.Class) string { return domain.Text(troubles[class]) }

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
