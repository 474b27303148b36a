package stripe

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"

	"slipway/payment"
)

// Attach takes a payment method (pm_…), a token (tok_…) or a finished page of
// Setup's (cs_…). A payment method of another customer is refused by Stripe, a
// page of another account by us.
func (s *Provider) Attach(ctx context.Context, in payment.Attach) (payment.Method, error) {
	switch prefix, _, _ := strings.Cut(in.Token, "_"); prefix {
	case "cs":
		return s.attachPage(ctx, in)
	case "tok":
		ref, err := s.methodOfToken(ctx, in)
		if err != nil {
			return payment.Method{}, err
		}
		return s.attach(ctx, in, ref)
	case "pm":
		return s.attach(ctx, in, in.Token)
	default:
		return payment.Method{}, refusal("invalid_token")
	}
}

// methodOfToken makes a payment method of a token, and gives its id.
func (s *Provider) methodOfToken(ctx context.Context, in payment.Attach) (string, error) {
	params := &stripe.PaymentMethodCreateParams{
		Type: stripe.String(stripe.PaymentMethodTypeCard),
		Card: &stripe.PaymentMethodCreateCardParams{Token: stripe.String(in.Token)},
	}
	params.SetIdempotencyKey("token/" + in.Key)
	method, err := s.client.V1PaymentMethods.Create(ctx, params)
	if err != nil {
		return "", tokenError(err)
	}
	return method.ID, nil
}

// attach gives the payment method to the account's customer. This is where
// Stripe asks the bank about the card.
func (s *Provider) attach(ctx context.Context, in payment.Attach, ref string) (payment.Method, error) {
	customer, err := s.customer(ctx, in.AccountID, in.Customer)
	if err != nil {
		return payment.Method{}, err
	}
	params := &stripe.PaymentMethodAttachParams{Customer: stripe.String(customer)}
	params.SetIdempotencyKey("attach/" + in.Key)
	method, err := s.client.V1PaymentMethods.Attach(ctx, ref, params)
	if err != nil {
		return payment.Method{}, tokenError(err)
	}
	return methodOf(customer, method), nil
}

// attachPage reads what the customer left on a page. Finishing the page has
// attached the method to the page's customer.
func (s *Provider) attachPage(ctx context.Context, in payment.Attach) (payment.Method, error) {
	params := &stripe.CheckoutSessionRetrieveParams{}
	params.AddExpand("setup_intent.payment_method")
	page, err := s.client.V1CheckoutSessions.Retrieve(ctx, in.Token, params)
	if err != nil {
		return payment.Method{}, tokenError(err)
	}
	owner := customerID(page.Customer)
	if page.Metadata[metaAccount] != in.AccountID || (in.Customer != "" && in.Customer != owner) {
		return payment.Method{}, refusal("page_of_another_account")
	}
	if page.Status != stripe.CheckoutSessionStatusComplete {
		return payment.Method{}, &payment.Error{Class: payment.ClassRequiresAction, Code: string(page.Status)}
	}
	if page.SetupIntent == nil || page.SetupIntent.PaymentMethod == nil {
		return payment.Method{}, refusal("page_without_method")
	}
	return methodOf(owner, page.SetupIntent.PaymentMethod), nil
}

// PossibleToken goes by the prefixes of Stripe's ids: a payment method, a token,
// or a Checkout Session.
func (*Provider) PossibleToken(token string) bool {
	for _, prefix := range []string{"pm_", "tok_", "cs_", "card_"} {
		if len(token) > len(prefix) && strings.HasPrefix(token, prefix) {
			return true
		}
	}
	return false
}

// Setup makes a Checkout page that stores a card and takes no money. Stripe
// closes it after a day.
func (s *Provider) Setup(ctx context.Context, in payment.Setup) (payment.Page, error) {
	customer, err := s.customer(ctx, in.AccountID, in.Customer)
	if err != nil {
		return payment.Page{}, err
	}
	params := &stripe.CheckoutSessionCreateParams{
		Mode:               stripe.String(stripe.CheckoutSessionModeSetup),
		PaymentMethodTypes: cardOnly(),
		ClientReferenceID:  stripe.String(in.Key),
		Customer:           stripe.String(customer),
		SuccessURL:         stripe.String(in.ReturnURL),
		CancelURL:          stripe.String(in.ReturnURL),
		Metadata:           map[string]string{metaKey: in.Key, metaAccount: in.AccountID},
	}
	params.SetIdempotencyKey("setup/" + in.Key)
	page, err := s.client.V1CheckoutSessions.Create(ctx, params)
	if err != nil {
		return payment.Page{}, errorOf(err)
	}
	return payment.Page{Ref: page.ID, URL: page.URL, ExpiresAt: time.Unix(page.ExpiresAt, 0).UTC()}, nil
}

// customer is the one that is known, or a new one. It is made under the
// account's key, so that a page and a token that come at the same time find the
// same, and with nothing personal on it.
func (s *Provider) customer(ctx context.Context, accountID, known string) (string, error) {
	if known != "" {
		return known, nil
	}
	params := &stripe.CustomerCreateParams{Metadata: map[string]string{metaAccount: accountID}}
	params.SetIdempotencyKey("customer/" + accountID)
	customer, err := s.client.V1Customers.Create(ctx, params)
	if err != nil {
		return "", errorOf(err)
	}
	return customer.ID, nil
}

func methodOf(customer string, m *stripe.PaymentMethod) payment.Method {
	out := payment.Method{Customer: customer, Ref: m.ID}
	if card := m.Card; card != nil {
		out.Brand, out.Last4 = string(card.Brand), card.Last4
		out.ExpMonth, out.ExpYear = int(card.ExpMonth), int(card.ExpYear)
	}
	return out
}

func customerID(c *stripe.Customer) string {
	if c == nil {
		return ""
	}
	return c.ID
}

// refusal is a token that cannot become a method, whoever tries.
func refusal(code string) *payment.Error {
	return &payment.Error{Class: payment.ClassHardDecline, Code: code}
}

// tokenError is the error of a request that carries what a customer handed
// in. Stripe calls an unknown, used or foreign token an invalid request, which
// from anybody else would be our fault; here it must not alert an operator.
func tokenError(err error) error {
	out := errorOf(err)
	var answer *stripe.Error
	if !errors.As(err, &answer) || answer.Type != stripe.ErrorTypeInvalidRequest || answer.Param == "customer" {
		return out
	}
	if status := answer.HTTPStatusCode; status != http.StatusBadRequest && status != http.StatusNotFound {
		return out
	}
	out.Class = payment.ClassHardDecline
	if out.Code == "" || out.Code == string(stripe.ErrorTypeInvalidRequest) {
		out.Code = "invalid_token"
	}
	return out
}
