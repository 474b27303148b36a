package stripe

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

	"slipway/payment"
)

// errorOf is the port's error for any of the library's.
func errorOf(err error) *payment.Error {
	var answer *stripe.Error
	if errors.As(err, &answer) {
		return answerError(answer)
	}
	return silenceError(err)
}

// answerError classifies an error Stripe answered with.
func answerError(e *stripe.Error) *payment.Error {
	header := http.Header{}
	if e.LastResponse != nil {
		header = e.LastResponse.Header
	}
	out := &payment.Error{Class: classOf(e), Code: codeOf(e), Cause: causeOf(e)}
	if out.Class == payment.ClassThrottled {
		out.RetryAfter = payment.RetryAfter(header.Get("Retry-After"), time.Now())
	}
	out.Spent = e.HTTPStatusCode >= http.StatusInternalServerError && isReplay(header)
	return out
}

func classOf(e *stripe.Error) payment.Class {
	switch {
	case e.HTTPStatusCode == http.StatusTooManyRequests: // lock_timeout too
		return payment.ClassThrottled
	case e.HTTPStatusCode >= http.StatusInternalServerError, e.Type == stripe.ErrorTypeAPI:
		return payment.ClassUnknown
	// Another request with the key is still under way.
	case e.HTTPStatusCode == http.StatusConflict, e.Code == stripe.ErrorCodeIdempotencyKeyInUse:
		return payment.ClassUnknown
	case isDecline(e):
		return declineClass(e)
	default: // keys, rights, parameters, and a key used for two things
		return payment.ClassMisconfigured
	}
}

// isDecline reports whether the card was declined rather than the request.
func isDecline(e *stripe.Error) bool {
	return e.Type == stripe.ErrorTypeCard || e.HTTPStatusCode == http.StatusPaymentRequired
}

// declineClass knows one code more than the port: a customer who turned
// the bank's question down would be asked the same again.
func declineClass(e *stripe.Error) payment.Class {
	if e.Code == stripe.ErrorCodePaymentIntentAuthenticationFailure {
		return payment.ClassHardDecline
	}
	return payment.DeclineClass(codeOf(e))
}

// isReplay reports whether an answer is the one stored under the key.
func isReplay(header http.Header) bool { return header.Get("Idempotent-Replayed") == "true" }

// codeOf is the most exact code of an error: the bank's, else Stripe's.
func codeOf(e *stripe.Error) string {
	return cmp.Or(string(e.DeclineCode), string(e.Code), string(e.Type))
}

// causeOf says where to look in Stripe's own log. The library's text would
// be the whole answer: a payment intent with its client secret, a card, a name.
// Its message alone may repeat a part of the API key.
func causeOf(e *stripe.Error) error {
	return fmt.Errorf("stripe: status %d, type %q, code %q, parameter %q, request %q",
		e.HTTPStatusCode, e.Type, e.Code, e.Param, e.RequestID)
}

// silenceError classifies a request that brought no readable answer. Only when
// no connection came about is it sure that nothing was done.
func silenceError(err error) *payment.Error {
	var op *net.OpError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	class := payment.ClassUnknown
	if (errors.As(err, &op) && op.Op == "dial") || errors.As(err, &dns) || errors.As(err, &certificate) {
		class = payment.ClassUnavailable
	}
	return &payment.Error{Class: class, Cause: silenceCause(err)}
}

// silenceCause keeps what the network said. Of an answer that is no JSON
// the library quotes the beginning, which may be anything.
func silenceCause(err error) error {
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
