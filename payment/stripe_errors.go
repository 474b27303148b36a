package payment

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/stripe/stripe-go/v85"
)

// stripeError is the port's error for any of the library's.
func stripeError(err error) *Error {
	var answer *stripe.Error
	if errors.As(err, &answer) {
		return stripeAnswer(answer)
	}
	return stripeSilence(err)
}

// stripeAnswer classifies an error Stripe answered with.
func stripeAnswer(e *stripe.Error) *Error {
	header := http.Header{}
	if e.LastResponse != nil {
		header = e.LastResponse.Header
	}
	out := &Error{Class: stripeClass(e), Code: stripeCode(e), Cause: stripeCause(e)}
	if out.Class == ClassThrottled {
		out.RetryAfter = retryAfter(header.Get("Retry-After"), time.Now())
	}
	out.Spent = e.HTTPStatusCode >= http.StatusInternalServerError && stripeReplayed(header)
	return out
}

func stripeClass(e *stripe.Error) Class {
	switch {
	case e.HTTPStatusCode == http.StatusTooManyRequests: // lock_timeout too
		return ClassThrottled
	case e.HTTPStatusCode >= http.StatusInternalServerError, e.Type == stripe.ErrorTypeAPI:
		return ClassUnknown
	// Another request with the key is still under way.
	case e.HTTPStatusCode == http.StatusConflict, e.Code == stripe.ErrorCodeIdempotencyKeyInUse:
		return ClassUnknown
	case stripeDeclined(e):
		return stripeDeclineClass(e)
	default: // keys, rights, parameters, and a key used for two things
		return ClassMisconfigured
	}
}

// stripeDeclined reports whether the card was declined rather than the request.
func stripeDeclined(e *stripe.Error) bool {
	return e.Type == stripe.ErrorTypeCard || e.HTTPStatusCode == http.StatusPaymentRequired
}

// stripeDeclineClass knows one code more than the port: a customer who turned
// the bank's question down would be asked the same again.
func stripeDeclineClass(e *stripe.Error) Class {
	if e.Code == stripe.ErrorCodePaymentIntentAuthenticationFailure {
		return ClassHardDecline
	}
	return DeclineClass(stripeCode(e))
}

// stripeReplayed reports whether an answer is the one stored under the key.
func stripeReplayed(header http.Header) bool { return header.Get("Idempotent-Replayed") == "true" }

// stripeCode is the most telling code of an error: the bank's, else Stripe's.
func stripeCode(e *stripe.Error) string {
	return cmp.Or(string(e.DeclineCode), string(e.Code), string(e.Type))
}

// stripeCause says where to look in Stripe's own log. The library's text would
// be the whole answer: a payment intent with its client secret, a card, a name.
// Its message alone may repeat a part of the API key.
func stripeCause(e *stripe.Error) error {
	return fmt.Errorf("stripe: status %d, type %q, code %q, parameter %q, request %q",
		e.HTTPStatusCode, e.Type, e.Code, e.Param, e.RequestID)
}

// stripeSilence classifies a request that brought no readable answer. Only when
// no connection came about is it sure that nothing was done.
func stripeSilence(err error) *Error {
	var op *net.OpError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	class := ClassUnknown
	if (errors.As(err, &op) && op.Op == "dial") || errors.As(err, &dns) || errors.As(err, &certificate) {
		class = ClassUnavailable
	}
	return &Error{Class: class, Cause: stripeSilenceCause(err)}
}

// stripeSilenceCause keeps what the network said. Of an answer that is no JSON
// the library quotes the beginning, which may be anything.
func stripeSilenceCause(err error) error {
	var request *url.Error
	var network net.Error
	switch {
	case errors.As(err, &request):
		return request.Err
	case errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.Canceled):
		return err
	default:
		return errors.New("stripe: an answer that cannot be read")
	}
}
