package stripe

import (
	"context"
	"errors"
	"time"

	"github.com/stripe/stripe-go/v85"

	"slipway/payment"
)

// Charge makes a payment intent and confirms it in one request. On session it
// needs a ReturnURL: only with one does Stripe give a confirmation page
// (redirect_to_url); without, it expects its own JavaScript (use_stripe_sdk),
// and the outcome requires an action that has no ActionURL.
func (s *Provider) Charge(ctx context.Context, in payment.Charge) (payment.Outcome, error) {
	intent, err := s.client.V1PaymentIntents.Create(ctx, intentParams(in))
	if err == nil {
		return s.current(ctx, outcomeOf(in.Key, intent), intent.LastResponse)
	}
	var answer *stripe.Error
	out := errorOf(err)
	switch {
	case !errors.As(err, &answer):
		return payment.Outcome{}, out
	case unchargeable(answer):
		return payment.Outcome{Key: in.Key, Amount: in.Amount, Currency: in.Currency, Status: payment.StatusFailed,
			Class: payment.ClassHardDecline, Code: codeOf(answer)}, nil
	case !isDecline(answer) || !out.Class.Declined():
		return payment.Outcome{}, out
	}
	return s.current(ctx, declined(in, answer), answer.LastResponse)
}

// unchargeable reports whether Stripe refuses this one charge for what it
// is about: an amount below its minimum, a card that was detached or deleted over
// there. Asked again it would be refused for ever, and another card may do.
func unchargeable(e *stripe.Error) bool {
	return e.Type == stripe.ErrorTypeInvalidRequest && (e.Param == "payment_method" || e.Param == "amount" ||
		e.Code == stripe.ErrorCodeAmountTooSmall || e.Code == stripe.ErrorCodeAmountTooLarge)
}

// current replaces what Stripe has stored under the key by how the charge is
// now: a repeated request is answered with the first answer, word for word, even
// when the customer has confirmed it since.
func (s *Provider) current(
	ctx context.Context, out payment.Outcome, response *stripe.APIResponse,
) (payment.Outcome, error) {
	if out.Ref == "" || response == nil || !isReplay(response.Header) {
		return out, nil
	}
	return s.retrieve(ctx, out.Key, out.Ref)
}

func intentParams(in payment.Charge) *stripe.PaymentIntentCreateParams {
	params := &stripe.PaymentIntentCreateParams{
		Amount:                stripe.Int64(in.Amount),
		Currency:              stripe.String(in.Currency),
		Customer:              stripe.String(in.Customer),
		PaymentMethod:         stripe.String(in.Method),
		PaymentMethodTypes:    cardOnly(),
		Confirm:               stripe.Bool(true),
		ErrorOnRequiresAction: stripe.Bool(false),
		Metadata: map[string]string{
			metaKey: in.Key, metaInvoice: in.InvoiceID, metaAccount: in.AccountID,
		},
	}
	if in.OffSession {
		params.OffSession = stripe.Bool(true)
	} else {
		// What the customer confirms now, the bank need not ask again at renewals.
		params.SetupFutureUsage = stripe.String(stripe.PaymentIntentSetupFutureUsageOffSession)
		if in.ReturnURL != "" {
			params.ReturnURL = stripe.String(in.ReturnURL)
		}
	}
	params.SetIdempotencyKey(in.Key)
	return params
}

// declined is the outcome of a charge whose card was declined. The error
// carries the intent, unless Stripe refused before it made one.
func declined(in payment.Charge, e *stripe.Error) payment.Outcome {
	out := payment.Outcome{Key: in.Key, Amount: in.Amount, Currency: in.Currency}
	if e.PaymentIntent != nil {
		out = outcomeOf(in.Key, e.PaymentIntent)
		// An off-session charge the bank wants confirmed is a decline by its
		// status, but can be saved where Stripe offers a page.
		if out.ActionURL = actionURL(e.PaymentIntent); out.ActionURL != "" {
			out.Status, out.Class, out.Code = payment.StatusRequiresAction, "", ""
			return out
		}
	}
	out.Status, out.Class, out.Code = payment.StatusFailed, declineClass(e), codeOf(e)
	return out
}

func outcomeOf(key string, intent *stripe.PaymentIntent) payment.Outcome {
	out := payment.Outcome{Key: key, Ref: intent.ID, Status: statusOf(intent), Amount: intent.Amount,
		Currency: string(intent.Currency)}
	switch out.Status {
	case payment.StatusRequiresAction:
		out.ActionURL = actionURL(intent)
	case payment.StatusFailed:
		out.Class, out.Code = payment.ClassSoftDecline, "not_confirmed"
		if e := intent.LastPaymentError; e != nil {
			out.Class, out.Code = declineClass(e), codeOf(e)
		}
	}
	if charge := intent.LatestCharge; charge != nil {
		out.Refunded = charge.AmountRefunded
	}
	return out
}

// confirming is how long Stripe may take between making an intent and
// having confirmed it, which are one request; longer than it works on any.
const confirming = 2 * time.Minute

// statusOf is the port's status of an intent. One that waits for a method or
// a confirmation failed, as we give it one method and confirm it once; only while
// it is very young may the request that made it still be under way.
func statusOf(intent *stripe.PaymentIntent) payment.Status {
	switch intent.Status {
	case stripe.PaymentIntentStatusSucceeded:
		return payment.StatusSucceeded
	case stripe.PaymentIntentStatusCanceled:
		return payment.StatusCanceled
	case stripe.PaymentIntentStatusRequiresAction:
		return payment.StatusRequiresAction
	case stripe.PaymentIntentStatusRequiresPaymentMethod, stripe.PaymentIntentStatusRequiresConfirmation:
		if intent.LastPaymentError == nil && time.Since(time.Unix(intent.Created, 0)) < confirming {
			return payment.StatusProcessing
		}
		return payment.StatusFailed
	default: // processing, and what Stripe may add
		return payment.StatusProcessing
	}
}

func actionURL(intent *stripe.PaymentIntent) string {
	if intent.NextAction == nil || intent.NextAction.RedirectToURL == nil {
		return ""
	}
	return intent.NextAction.RedirectToURL.URL
}

// Refund refunds an intent that succeeded and cancels one the customer or we
// still have to confirm; on any other it does nothing.
func (s *Provider) Refund(ctx context.Context, in payment.Refund) (payment.Outcome, error) {
	ref, err := in.Ref, error(nil)
	if ref == "" {
		ref, err = s.find(ctx, in.Charge)
	}
	if err != nil {
		return payment.Outcome{}, err
	}
	if ref == "" {
		return payment.Outcome{Key: in.Charge, Status: payment.StatusNone}, nil
	}
	intent, err := s.intent(ctx, ref)
	if err != nil {
		return payment.Outcome{}, err
	}
	switch intent.Status {
	case stripe.PaymentIntentStatusSucceeded:
		return s.refund(ctx, in, ref)
	case stripe.PaymentIntentStatusRequiresAction, stripe.PaymentIntentStatusRequiresConfirmation:
		return s.cancel(ctx, in, ref)
	default:
		return outcomeOf(in.Charge, intent), nil
	}
}

func (s *Provider) refund(ctx context.Context, in payment.Refund, ref string) (payment.Outcome, error) {
	params := &stripe.RefundCreateParams{
		PaymentIntent: stripe.String(ref),
		Metadata:      map[string]string{metaKey: in.Key},
	}
	if in.Amount > 0 {
		params.Amount = stripe.Int64(in.Amount)
	}
	params.SetIdempotencyKey("refund/" + in.Key)
	_, err := s.client.V1Refunds.Create(ctx, params)
	if err != nil && !hasCode(err, stripe.ErrorCodeChargeAlreadyRefunded) {
		return payment.Outcome{}, errorOf(err)
	}
	return s.retrieve(ctx, in.Charge, ref)
}

// cancel takes back an intent the customer has not confirmed. The customer may
// do so at the same moment; then it is money to refund.
func (s *Provider) cancel(ctx context.Context, in payment.Refund, ref string) (payment.Outcome, error) {
	params := &stripe.PaymentIntentCancelParams{}
	params.SetIdempotencyKey("cancel/" + in.Key)
	_, err := s.client.V1PaymentIntents.Cancel(ctx, ref, params)
	if err != nil && !hasCode(err, stripe.ErrorCodePaymentIntentUnexpectedState) {
		return payment.Outcome{}, errorOf(err)
	}
	now, err := s.retrieve(ctx, in.Charge, ref)
	if err != nil || now.Status != payment.StatusSucceeded {
		return now, err
	}
	return s.refund(ctx, in, ref)
}

func hasCode(err error, code stripe.ErrorCode) bool {
	var answer *stripe.Error
	return errors.As(err, &answer) && answer.Code == code
}
