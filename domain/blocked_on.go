package domain

// BlockedOn says what or whom a workflow waits for; it is the search attribute
// operators filter by. Empty while nothing is waited for, and at the end.
type BlockedOn string

// What may be waited for.
const (
	BlockedOnNothing       BlockedOn = ""
	BlockedOnWorker        BlockedOn = "worker"
	BlockedOnPlan          BlockedOn = "plan"
	BlockedOnPaymentMethod BlockedOn = "payment_method"
	BlockedOnCardPage      BlockedOn = "card_page"
	BlockedOnCustomer      BlockedOn = "customer"
	BlockedOnApproval      BlockedOn = "approval"
	BlockedOnProvider      BlockedOn = "payment_provider"
	BlockedOnDatabase      BlockedOn = "database"
	BlockedOnRenewal       BlockedOn = "renewal"
	BlockedOnLatePayment   BlockedOn = "late_payment"
	BlockedOnEndpoint      BlockedOn = "endpoint"
)

// BlockedOnTexts say what each means to an operator.
var BlockedOnTexts = map[BlockedOn]TextCode{
	BlockedOnWorker:        TextBlockedOnWorker,
	BlockedOnPlan:          TextBlockedOnPlan,
	BlockedOnPaymentMethod: TextBlockedOnPaymentMethod,
	BlockedOnCardPage:      TextBlockedOnCardPage,
	BlockedOnCustomer:      TextBlockedOnCustomer,
	BlockedOnApproval:      TextBlockedOnApproval,
	BlockedOnProvider:      TextBlockedOnProvider,
	BlockedOnDatabase:      TextBlockedOnDatabase,
	BlockedOnRenewal:       TextBlockedOnRenewal,
	BlockedOnLatePayment:   TextBlockedOnLatePayment,
	BlockedOnEndpoint:      TextBlockedOnEndpoint,
}

var blockedOn = map[OnboardingStatus]BlockedOn{
	OnboardingWaitingForPlan:          BlockedOnPlan,
	OnboardingWaitingForPaymentMethod: BlockedOnPaymentMethod,
	OnboardingAwaitingPayment:         BlockedOnCustomer,
	OnboardingAwaitingApproval:        BlockedOnApproval,
}

// BlockedOn is what an onboarding in this status waits for, as far as the status
// says.
func (s OnboardingStatus) BlockedOn() BlockedOn { return blockedOn[s] }

// BlockedOn is what the onboarding waits for: a status may wait for its customer, for a
// page of the provider's that is filled in, or for the provider itself.
func (o *Onboarding) BlockedOn() BlockedOn {
	if o.AsksProvider() {
		return BlockedOnProvider
	}
	if next := o.NextAction; next != nil && o.Status.BlockedOn() != BlockedOnNothing {
		entersCard := next.Type == NextAddPaymentMethod && next.ExpiresAt != nil
		if entersCard || next.Type == NextConfirmPayment {
			return BlockedOnCardPage
		}
	}
	return o.Status.BlockedOn()
}

// BlockedOn is what the undecided payment waits for.
func (p *Payment) BlockedOn() BlockedOn {
	switch p.Status {
	case PaymentPendingApproval:
		return BlockedOnApproval
	case PaymentRequiresAction:
		return BlockedOnCardPage
	}
	return BlockedOnProvider
}

// BlockedOn is what a live subscription waits for until then.
func (k DueKind) BlockedOn() BlockedOn {
	switch k {
	case DueRetry, DueGiveUp:
		return BlockedOnLatePayment
	}
	return BlockedOnRenewal
}
