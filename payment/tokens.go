package payment

import "strings"

// PossibleToken knows every test card, and the pages of the sandbox.
func (s *Sandbox) PossibleToken(token string) bool {
	_, known := parseToken(token)
	return known || strings.HasPrefix(token, "ssp_")
}

// PossibleToken goes by the prefixes of Stripe's ids: a payment method, a token,
// or a Checkout Session.
func (*Stripe) PossibleToken(token string) bool {
	for _, prefix := range []string{"pm_", "tok_", "cs_", "card_"} {
		if len(token) > len(prefix) && strings.HasPrefix(token, prefix) {
			return true
		}
	}
	return false
}
