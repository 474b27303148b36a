package domain

import (
	"errors"
	"time"
)

// Code is the class of an error. It decides two things in the whole system:
// the HTTP status of the answer, and whether Temporal retries the activity.
type Code string

// The codes. Their HTTP statuses are in api/problem.go, the only place that
// knows numbers.
const (
	CodeInvalid         Code = "invalid"          // 422: the request can never succeed as it is
	CodeUnauthenticated Code = "unauthenticated"  // 401: no credential, or one that is not valid
	CodePaymentRequired Code = "payment_required" // 402: paying cures it
	CodeForbidden       Code = "forbidden"        // 403: the caller may not, paying or not
	CodeNotFound        Code = "not_found"        // 404: no such thing, or not the caller's
	CodeConflict        Code = "conflict"         // 409: the state does not allow it now
	CodeThrottled       Code = "throttled"        // 429: again after RetryAfter
	CodeUnavailable     Code = "unavailable"      // 503: a dependency is away, again after RetryAfter
	CodeInternal        Code = "internal"         // 500: ours to repair; the text goes to the log only
)

// Retryable reports whether trying the same call again may help. Everything
// the caller or the state caused is final.
func (c Code) Retryable() bool {
	return c == CodeThrottled || c == CodeUnavailable || c == CodeInternal
}

// The reasons clients branch on: the more precise `code` of a problem.
const (
	ReasonEmailTaken               = "email_taken"
	ReasonSlugTaken                = "slug_taken"
	ReasonSlugReserved             = "slug_reserved"
	ReasonPlanUnavailable          = "plan_unavailable"
	ReasonPaymentOptionUnavailable = "payment_option_unavailable"
	ReasonWeakPassword             = "weak_password"
	ReasonInvalidTransition        = "invalid_transition"
	ReasonIdempotencyKeyReused     = "idempotency_key_reused"
	ReasonSubscriptionExists       = "subscription_exists"
	ReasonBalanceUnavailable       = "balance_unavailable"
	ReasonTerminatedExternally     = "terminated_externally"
	ReasonBodyTooLarge             = "body_too_large"
	ReasonCardRefused              = "card_refused"
	ReasonPackageUnavailable       = "package_unavailable"
	ReasonAccountClosed            = "account_closed"
	ReasonFeatureNotInPlan         = "feature_not_in_plan"
	ReasonLimitReached             = "limit_reached"
	ReasonInsufficientCredits      = "insufficient_credits"
	ReasonDeliveryFailed           = "delivery_failed"
	ReasonListTooSlow              = "list_too_slow"
	ReasonClientSecretEnded        = "client_secret_ended"
	ReasonTooMany                  = "too_many"
	ReasonTooManyStreams           = "too_many_streams"
)

// ReasonCodes is the class of each reason: from its reason alone, which is all
// that a workflow's failure carries, an error is made again.
var ReasonCodes = map[string]Code{
	ReasonEmailTaken:               CodeConflict,
	ReasonSlugTaken:                CodeConflict,
	ReasonInvalidTransition:        CodeConflict,
	ReasonSubscriptionExists:       CodeConflict,
	ReasonTerminatedExternally:     CodeConflict,
	ReasonSlugReserved:             CodeInvalid,
	ReasonPlanUnavailable:          CodeInvalid,
	ReasonPaymentOptionUnavailable: CodeInvalid,
	ReasonWeakPassword:             CodeInvalid,
	ReasonIdempotencyKeyReused:     CodeInvalid,
	ReasonBodyTooLarge:             CodeInvalid,
	ReasonCardRefused:              CodeInvalid,
	ReasonPackageUnavailable:       CodeInvalid,
	ReasonListTooSlow:              CodeInvalid,
	ReasonBalanceUnavailable:       CodeUnavailable,
	ReasonAccountClosed:            CodeForbidden,
	ReasonFeatureNotInPlan:         CodeForbidden,
	ReasonLimitReached:             CodeForbidden,
	ReasonInsufficientCredits:      CodePaymentRequired,
	ReasonDeliveryFailed:           CodeThrottled,
	ReasonClientSecretEnded:        CodeUnauthenticated,
	ReasonTooMany:                  CodeConflict,
	ReasonTooManyStreams:           CodeThrottled,
}

// ErrorOf makes an error again from its kind (see Error.Kind) and its detail;
// nil for a kind that callers are not meant to see.
func ErrorOf(kind, detail string) *Error {
	if code, known := ReasonCodes[kind]; known {
		return &Error{Code: code, Reason: kind, Detail: detail}
	}
	switch code := Code(kind); code {
	case CodeInvalid, CodeUnauthenticated, CodePaymentRequired, CodeForbidden, CodeNotFound, CodeConflict,
		CodeThrottled, CodeUnavailable:
		return &Error{Code: code, Detail: detail}
	}
	return nil
}

// FieldError names one field of a request and what it would accept. It never
// repeats the submitted value.
type FieldError struct {
	Field    string `json:"field" doc:"Path of the field, such as body.email."`
	Message  string `json:"message" doc:"What is wrong with it."`
	Accepted string `json:"accepted,omitempty" doc:"What would be accepted."`
}

// Error is an error a caller is meant to see. Any other error is internal: its
// text may hold personal data and stays in the log.
type Error struct {
	Code   Code
	Reason string // one of the Reason constants, empty when Code says it all
	Detail string // one sentence for a person, free of submitted values
	Fields []FieldError

	Final            bool          // no other try may help, whatever the code says
	RetryAfter       time.Duration // for throttled and unavailable
	Suggestions      []string      // slug_taken: free slugs; *_unavailable: codes that can be had
	From, To         string        // invalid_transition
	AvailableActions []Action      // invalid_transition: what may be done instead
	Upgrade          *Upgrade      // payment_required, and forbidden by the plan: what cures it
}

// Error returns the detail, which is safe to show.
func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Kind()
	}
	return e.Kind() + ": " + e.Detail
}

// Kind is what a client branches on: the reason, or the code without one.
func (e *Error) Kind() string {
	if e.Reason != "" {
		return e.Reason
	}
	return string(e.Code)
}

// Retryable reports whether trying the same call again may help.
func (e *Error) Retryable() bool { return e.Code.Retryable() && !e.Final }

// Errorf-like helpers are missing on purpose: a detail is a constant sentence,
// so no submitted value can slip into one.

// Invalid is the error of one bad field.
func Invalid(field, message, accepted string) *Error {
	return &Error{
		Code:   CodeInvalid,
		Detail: Text(TextInvalid),
		Fields: []FieldError{{Field: field, Message: message, Accepted: accepted}},
	}
}

// NotFound is the error for a noun ("onboarding") that does not exist or is
// not the caller's; the two look the same.
func NotFound(noun string) *Error {
	return &Error{Code: CodeNotFound, Detail: Text(TextNotFound, "noun", noun)}
}

// Conflict is the 409 of a state that no table has, with its sentence.
func Conflict(text TextCode, args ...string) *Error {
	return &Error{Code: CodeConflict, Detail: Text(text, args...)}
}

// Unavailable is the error for a dependency that is away for now.
func Unavailable(what string, retryAfter time.Duration) *Error {
	return &Error{
		Code:       CodeUnavailable,
		Detail:     Text(TextUnavailable, "what", what),
		RetryAfter: retryAfter,
	}
}

// Busy is the error for a dependency that answers, and is over one of its limits.
func Busy(what string, retryAfter time.Duration) *Error {
	return &Error{Code: CodeUnavailable, Detail: Text(TextBusy, "what", what), RetryAfter: retryAfter}
}

// ListTooSlow is the 422 of a list that takes longer to read than a request may.
func ListTooSlow() *Error {
	return &Error{Code: CodeInvalid, Reason: ReasonListTooSlow, Detail: Text(TextListTooSlow)}
}

// InvalidTransition is the 409 for a command the current state does not allow.
func InvalidTransition(from, to string, available []Action) *Error {
	return &Error{
		Code:             CodeConflict,
		Reason:           ReasonInvalidTransition,
		Detail:           Text(TextInvalidTransition),
		From:             from,
		To:               to,
		AvailableActions: available,
	}
}

// CodeOf is the code of any error; internal for one that is not ours.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// ReasonOf is what a client branches on for any error (see Error.Kind).
func ReasonOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind()
	}
	return string(CodeInternal)
}
