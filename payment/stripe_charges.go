package payment

import (
	"context"
	"errors"
	"time"

	"github.com/stripe/stripe-go/v85"
)

// Charge makes a payment intent and confirms it in one request. On session it
// needs a ReturnURL: only with one does Stripe give a confirmation page
// (redirect_to_url); without, it expects its own JavaScript (use_stripe_sdk),
// and the outcome requires an action that has no ActionURL.
func (s *Stripe) Charge(ctx context.Context, in Charge) (Outcome, error) {
	intent, err := s.client.V1PaymentIntents.Create(ctx, stripeIntentParams(in))
	if err == nil {
		return s.current(ctx, stripeOutcome(in.Key, intent), intent.LastResponse)
	}
	var answer *stripe.Error
	out := stripeError(err)
	switch {
	case !errors.As(err, &answer):
		return Outcome{}, out
	case stripeUnchargeable(answer):
		return Outcome{Key: in.Key, Amount: in.Amount, Currency: in.Currency, Status: StatusFailed,
			Class: ClassHardDecline, Code: stripeCode(answer)}, nil
	case !stripeDeclined(answer) || !out.Class.Declined():
		return Outcome{}, out
	}
	return s.current(ctx, stripeDecline(in, answer), answer.LastResponse)
}

// stripeUnchargeable reports whether Stripe refuses this one charge for what it
// is about: an amount below its minimum, a card that was detached or deleted over
// there. Asked again it would be refused for ever, and another card may do.
func stripeUnchargeable(e *stripe.Error) bool {
	return e.Type == stripe.ErrorTypeInvalidRequest && (e.Param == "payment_method" || e.Param == "amount" ||
		e.Code == stripe.ErrorCodeAmountTooSmall || e.Code == stripe.ErrorCodeAmountTooLarge)
}

// current replaces what Stripe has stored under the key by how the charge is
// now: a repeated request is answered with the first answer, word for word, even
// when the customer has confirmed it since.
func (s *Stripe) current(ctx context.Context, out Outcome, response *stripe.APIResponse) (Outcome, error) {
	if out.Ref == "" || response == nil || !stripeReplayed(response.Header) {
		return out, nil
	}
	return s.retrieve(ctx, out.Key, out.Ref)
}

func stripeIntentParams(in Charge) *stripe.PaymentIntentCreateParams {
	params := &stripe.PaymentIntentCreateParams{
		Amount:                stripe.Int64(in.Amount),
		Currency:              stripe.String(in.Currency),
		Customer:              stripe.String(in.Customer),
		PaymentMethod:         stripe.String(in.Method),
		PaymentMethodTypes:    stripeCard(),
		Confirm:               stripe.Bool(true),
		ErrorOnRequiresAction: stripe.Bool(false),
		Metadata: map[string]string{
			stripeMetaKey: in.Key, stripeMetaInvoice: in.InvoiceID, stripeMetaAccount: in.AccountID,
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

// stripeDecline is the outcome of a charge whose card was declined. The error
// carries the intent, unless Stripe refused before it made one.
func stripeDecline(in Charge, e *stripe.Error) Outcome {
	out := Outcome{Key: in.Key, Amount: in.Amount, Currency: in.Currency}
	if e.PaymentIntent != nil {
		out = stripeOutcome(in.Key, e.PaymentIntent)
		// An off-session charge the bank wants confirmed is a decline by its
		// status, but can be saved where Stripe offers a page.
		if out.ActionURL = stripeActionURL(e.PaymentIntent); out.ActionURL != "" {
			out.Status, out.Class, out.Code = StatusRequiresAction, "", ""
			return out
		}
	}
	out.Status, out.Class, out.Code = StatusFailed, stripeDeclineClass(e), stripeCode(e)
	return out
}

func stripeOutcome(key string, intent *stripe.PaymentIntent) Outcome {
	out := Outcome{Key: key, Ref: intent.ID, Status: stripeStatus(intent), Amount: intent.Amount, Currency: string(intent.Currency)}
	switch out.Status {
	case StatusRequiresAction:
		out.ActionURL = stripeActionURL(intent)
	case StatusFailed:
		out.Class, out.Code = ClassSoftDecline, "not_confirmed"
		if e := intent.LastPaymentError; e != nil {
			out.Class, out.Code = stripeDeclineClass(e), stripeCode(e)
		}
	}
	if charge := intent.LatestCharge; charge != nil {
		out.Refunded = charge.AmountRefunded
	}
	return out
}

// stripeConfirming is how long Stripe may take between making an intent and
// having confirmed it, which are one request; longer than it works on any.
const stripeConfirming = 2 * time.Minute

// stripeStatus is the port's status of an intent. One that waits for a method or
// a confirmation failed, as we give it one method and confirm it once; only while
// it is very young may the request that made it still be under way.
func stripeStatus(intent *stripe.PaymentIntent) Status {
	switch intent.Status {
	case stripe.PaymentIntentStatusSucceeded:
		return StatusSucceeded
	case stripe.PaymentIntentStatusCanceled:
		return StatusCanceled
	case stripe.PaymentIntentStatusRequiresAction:
		return StatusRequiresAction
	case stripe.PaymentIntentStatusRequiresPaymentMethod, stripe.PaymentIntentStatusRequiresConfirmation:
		if intent.LastPaymentError == nil && time.Since(time.Unix(intent.Created, 0)) < stripeConfirming {
			return StatusProcessing
		}
		return StatusFailed
	default: // processing, and what Stripe may add
		return StatusProcessing
	}
}

func stripeActionURL(intent *stripe.PaymentIntent) string {
	if intent.NextAction == nil || intent.NextAction.RedirectToURL == nil {
		return ""
	}
	return intent.NextAction.RedirectToURL.URL
}

// Refund refunds an intent that succeeded and cancels one the customer or we
// still have to confirm; on any other it does nothing.
func (s *Stripe) Refund(ctx context.Context, in Refund) (Outcome, error) {
	ref, err := in.Ref, error(nil)
	if ref == "" {
		ref, err = s.find(ctx, in.Charge)
	}
	if err != nil {
		return Outcome{}, err
	}
	if ref == "" {
		return Outcome{Key: in.Charge, Status: StatusNone}, nil
	}
	intent, err := s.intent(ctx, ref)
	if err != nil {
		return Outcome{}, err
	}
	switch intent.Status {
	case stripe.PaymentIntentStatusSucceeded:
		return s.refund(ctx, in, ref)
	case stripe.PaymentIntentStatusRequiresAction, stripe.PaymentIntentStatusRequiresConfirmation:
		return s.cancel(ctx, in, ref)
	default:
		return stripeOutcome(in.Charge, intent), nil
	}
}

func (s *Stripe) refund(ctx context.Context, in Refund, ref string) (Outcome, error) {
	params := &stripe.RefundCreateParams{
		PaymentIntent: stripe.String(ref),
		Metadata:      map[string]string{stripeMetaKey: in.Key},
	}
	if in.Amount > 0 {
		params.Amount = stripe.Int64(in.Amount)
	}
	params.SetIdempotencyKey("refund/" + in.Key)
	_, err := s.client.V1Refunds.Create(ctx, params)
	if err != nil && !stripeHasCode(err, stripe.ErrorCodeChargeAlreadyRefunded) {
		return Outcome{}, stripeError(err)
	}
	return s.retrieve(ctx, in.Charge, ref)
}

// cancel takes back an intent the customer has not confirmed. The customer may
// do so at the same moment; then it is money to give back.
func (s *Stripe) cancel(ctx context.Context, in Refund, ref string) (Outcome, error) {
	params := &stripe.PaymentIntentCancelParams{}
	params.SetIdempotencyKey("cancel/" + in.Key)
	_, err := s.client.V1PaymentIntents.Cancel(ctx, ref, params)
	if err != nil && !stripeHasCode(err, stripe.ErrorCodePaymentIntentUnexpectedState) {
		return Outcome{}, stripeError(err)
	}
	now, err := s.retrieve(ctx, in.Charge, ref)
	if err != nil || now.Status != StatusSucceeded {
		return now, err
	}
	return s.refund(ctx, in, ref)
}

func stripeHasCode(err error, code stripe.ErrorCode) bool {
	var answer *stripe.Error
	return errors.As(err, &answer) && answer.Code == code
}
