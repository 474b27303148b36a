package payment

import (
	"errors"
	"time"
)

// Class says what to do about an error or a failed charge.
type Class string

// The classes.
const (
	// ClassSoftDecline: no money now; another attempt later may bring it.
	ClassSoftDecline Class = "declined_soft"
	// ClassHardDecline: never again with this method; the customer changes it.
	ClassHardDecline Class = "declined_hard"
	// ClassRequiresAction: the customer has to do something first.
	ClassRequiresAction Class = "requires_action"
	// ClassThrottled: nothing was done; again after RetryAfter.
	ClassThrottled Class = "throttled"
	// ClassUnavailable: nothing was done; again later.
	ClassUnavailable Class = "unavailable"
	// ClassUnknown: asked, and no usable answer: it may have been done. Look it
	// up before anything else.
	ClassUnknown Class = "unknown"
	// ClassMisconfigured: our side is set up wrongly (a key, an unknown
	// currency); it continues when an operator corrects it.
	ClassMisconfigured Class = "misconfigured"
	// ClassForged: a webhook the provider did not sign, or not lately.
	ClassForged Class = "forged"
)

// Declined reports whether the class is a decline.
func (c Class) Declined() bool { return c == ClassSoftDecline || c == ClassHardDecline }

// Error is why a request to a provider brought no outcome. Its text is free of
// secrets and personal data; the cause is for the worker's log.
type Error struct {
	Class      Class
	Code       string        // the provider's, such as rate_limit; may be empty
	RetryAfter time.Duration // throttled, unavailable: what the provider asked for; 0 for nothing
	// Spent: the provider stored a failure under the key and answers with it
	// for as long as it remembers the key. Only another attempt, with another
	// key, can succeed, after a lookup has shown that this one did not.
	Spent bool
	Cause error
}

// Error says the class and the code.
func (e *Error) Error() string {
	if e.Code == "" {
		return "payment provider: " + string(e.Class)
	}
	return "payment provider: " + string(e.Class) + " (" + e.Code + ")"
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// ClassOf is the class of any error; an error without one is unknown, since
// nobody can say that nothing was done.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ClassUnknown
}

// TroubleOf is the provider's error in err: anything but a decline; nil when
// there is none.
func TroubleOf(err error) *Error {
	var trouble *Error
	if errors.As(err, &trouble) && !trouble.Class.Declined() {
		return trouble
	}
	return nil
}

// hardCodes are the declines no other attempt with the same method cures.
var hardCodes = map[string]bool{
	"expired_card": true, "stolen_card": true, "lost_card": true, "pickup_card": true, "fraudulent": true,
	"incorrect_number": true, "invalid_number": true, "invalid_account": true, "invalid_expiry_month": true,
	"invalid_expiry_year": true, "card_not_supported": true, "currency_not_supported": true,
	"restricted_card": true, "revocation_of_authorization": true, "stop_payment_order": true,
	"security_violation": true, "merchant_blacklist": true, "invalid_token": true, "authentication_failed": true,
}

// DeclineClass is the class of a decline by its code; codes that are not known
// to be final are soft.
func DeclineClass(code string) Class {
	if hardCodes[code] {
		return ClassHardDecline
	}
	return ClassSoftDecline
}
