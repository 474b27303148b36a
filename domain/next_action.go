package domain

import "time"

// NextActionType says which screen a frontend shows.
type NextActionType string

// The next actions.
const (
	NextWait             NextActionType = "wait"
	NextChoosePlan       NextActionType = "choose_plan"
	NextAddPaymentMethod NextActionType = "add_payment_method"
	NextConfirmPayment   NextActionType = "confirm_payment"
	NextSubmitPayment    NextActionType = "submit_payment"
	NextAwaitApproval    NextActionType = "await_approval"
	NextOpenApp          NextActionType = "open_app"
	NextContactSupport   NextActionType = "contact_support"
	NextBuyCredits       NextActionType = "buy_credits" // of insufficient_credits only
)

// NextActionTypes are all of them, in the order of an onboarding.
var NextActionTypes = []NextActionType{
	NextWait, NextChoosePlan, NextAddPaymentMethod, NextConfirmPayment, NextSubmitPayment, NextAwaitApproval,
	NextOpenApp, NextContactSupport, NextBuyCredits,
}

// NextAction is what the customer does next. It is stored with the onboarding,
// so a reload, another tab and another device land on the same step.
type NextAction struct {
	Type      NextActionType `json:"type" enum:"@nextAction.type"`
	URL       string         `json:"url" doc:"The API call that takes the action, or where to read on."`
	ExpiresAt *time.Time     `json:"expires_at,omitempty" doc:"@nextAction.expires_at"`

	Amount        *int64 `json:"amount,omitempty" doc:"Owed, in minor units."`
	Currency      string `json:"currency,omitempty" doc:"ISO 4217, lower case."`
	InvoiceID     string `json:"invoice_id,omitempty"`
	PaymentOption string `json:"payment_option,omitempty" doc:"Key of the option to pay with."`
	Instructions  string `json:"instructions,omitempty" doc:"How to pay, for the customer to read."`
	Message       string `json:"message,omitempty" doc:"@nextAction.message"`
}

// OnboardingURL is where an onboarding is read; its commands are below it.
func OnboardingURL(id string) string { return "/v1/onboardings/" + id }

// DefaultNextAction follows from the status alone. Where the action needs
// more (amount, instructions), the step that knows it fills it in after Advance.
func (o *Onboarding) DefaultNextAction() *NextAction {
	url := OnboardingURL(o.ID)
	switch o.Status {
	case OnboardingWaitingForPlan:
		return &NextAction{Type: NextChoosePlan, URL: url + "/plan"}
	case OnboardingWaitingForPaymentMethod:
		return &NextAction{Type: NextAddPaymentMethod, URL: url + "/payment-method"}
	case OnboardingAwaitingPayment:
		return &NextAction{Type: NextSubmitPayment, URL: url + "/payment"}
	case OnboardingAwaitingApproval:
		return &NextAction{Type: NextAwaitApproval, URL: url}
	case OnboardingCompleted:
		return &NextAction{Type: NextOpenApp, URL: "/v1/account"}
	case OnboardingFailed:
		return &NextAction{Type: NextContactSupport, URL: url}
	case OnboardingExpired, OnboardingCanceled:
		return nil
	default:
		return &NextAction{Type: NextWait, URL: url}
	}
}
