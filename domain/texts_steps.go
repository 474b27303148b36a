package domain

// What the steps of an onboarding say (Step.Message), and its end.
const (
	TextAccountExists      TextCode = "account_exists"
	LabelSlugFree          TextCode = "label_slug_free"
	LabelSlugAfterReserved TextCode = "label_slug_after_reserved"
	LabelSlugAfterTaken    TextCode = "label_slug_after_taken"
	TextChoosePlan         TextCode = "choose_plan"
	TextNoPlanOnOffer      TextCode = "no_plan_on_offer"
	TextPlanFree           TextCode = "plan_free"
	TextPlanPrice          TextCode = "plan_price"
	TextFreeOfCharge       TextCode = "free_of_charge"
	TextNothingInTrial     TextCode = "nothing_in_trial"
	TextWaitingForMethod   TextCode = "waiting_for_method"
	TextMethodNotNeeded    TextCode = "method_not_needed"
	TextMethodNotNeededYet TextCode = "method_not_needed_yet"
	TextMethodAttached     TextCode = "method_attached"
	TextCheckingCard       TextCode = "checking_card"
	TextPreparingPage      TextCode = "preparing_page"
	TextWaitingForCard     TextCode = "waiting_for_card"
	TextWaitingForNewCard  TextCode = "waiting_for_new_card"
	TextCheckingEntry      TextCode = "checking_entry"
	TextCharging           TextCode = "charging"
	TextWaitingForPayment  TextCode = "waiting_for_payment"
	TextWaitingForNewWay   TextCode = "waiting_for_new_way"
	TextWaitingToConfirm   TextCode = "waiting_to_confirm"
	TextCheckingPayment    TextCode = "checking_payment"
	TextPaymentProcessing  TextCode = "payment_processing"
	TextPaymentSubmitted   TextCode = "payment_submitted"
	TextPaymentRejected    TextCode = "payment_rejected"
	TextPaid               TextCode = "paid"
	TextWaived             TextCode = "waived"
	TextInTrial            TextCode = "in_trial"
	TextActive             TextCode = "active"
	TextImported           TextCode = "imported"
	TextNotReached         TextCode = "not_reached"
	TextCutShort           TextCode = "cut_short"
	LabelAnother           TextCode = "label_another"
	LabelTheAccounts       TextCode = "label_the_accounts"

	TextPaymentExpired       TextCode = "payment_expired"
	TextOnboardingExpired    TextCode = "onboarding_expired"
	TextTerminatedExternally TextCode = "terminated_externally"
	TextFailedByUs           TextCode = "failed_by_us"
	TextInWorkersLog         TextCode = "in_workers_log"
	TextDatabaseRefused      TextCode = "database_refused"
)

var stepTexts = map[TextCode]string{
	TextAccountExists:      "The account exists.",
	LabelSlugFree:          "{slug} it is",
	LabelSlugAfterReserved: "{wanted} is reserved, {slug} it is",
	LabelSlugAfterTaken:    "{wanted} was taken, {slug} it is",
	TextChoosePlan:         "Choose a plan.",
	TextNoPlanOnOffer:      "No plan is on offer yet; this continues by itself when one is.",
	TextPlanFree:           "{plan}, free of charge.",
	TextPlanPrice:          "{plan}, {price} a {interval}.",
	TextFreeOfCharge:       "Free of charge.",
	TextNothingInTrial:     "Nothing to pay during the trial.",
	TextWaitingForMethod:   "Waiting for a way to pay that serves this country and currency.",
	TextMethodNotNeeded:    "None is needed.",
	TextMethodNotNeededYet: "None is needed yet.",
	TextMethodAttached:     "{method}.",
	TextCheckingCard:       "Checking the card.",
	TextPreparingPage:      "Preparing the page to enter a card on.",
	TextWaitingForCard:     "Waiting for a card to be entered.",
	TextWaitingForNewCard:  "Waiting for another card.",
	TextCheckingEntry:      "Looking at what was entered.",
	TextCharging:           "Charging {amount} to {method}.",
	TextWaitingForPayment:  "Waiting for {amount} by {method}.",
	TextWaitingForNewWay:   "Waiting for another way to pay {amount}.",
	TextWaitingToConfirm:   "Waiting for the customer to confirm the payment.",
	TextCheckingPayment:    "Looking up the outcome of the payment.",
	TextPaymentProcessing:  "The payment is being processed.",
	TextPaymentSubmitted:   "Submitted; waiting for it to be confirmed.",
	TextPaymentRejected:    "The payment could not be confirmed; please check it and submit again.",
	TextPaid:               "Paid {amount}.",
	TextWaived:             "Waived.",
	TextInTrial:            "In use; the trial ends on {date}.",
	TextActive:             "Active.",
	TextImported:           "Imported.",
	TextNotReached:         "Not reached.",
	TextCutShort:           "Ended before it was done.",
	LabelAnother:           "another",
	LabelTheAccounts:       "the account's",

	TextPaymentExpired:       "Nobody paid before the payment window ended.",
	TextOnboardingExpired:    "It waited too long for what it needed, and nobody acted.",
	TextTerminatedExternally: "The process was stopped by an operator.",
	TextFailedByUs:           "Something went wrong on our side.",
	TextInWorkersLog:         "The reason is in the worker's log.",
	TextDatabaseRefused:      "The database refused it ({code}); the worker's log says more.",
}

// Why a card was refused, or a provider keeps a payment waiting.
const (
	TextDeclined          TextCode = "declined"
	TextDeclinedForGood   TextCode = "declined_for_good"
	TextCardWithoutFunds  TextCode = "insufficient_funds"
	TextCardExpired       TextCode = "expired_card"
	TextNotConfirmed      TextCode = "authentication_failed"
	TextConfirmationAsked TextCode = "authentication_required"
	TextCardUnreadable    TextCode = "invalid_token"
	TextPaymentCanceled   TextCode = "payment_canceled"

	TextProviderThrottles     TextCode = "payment_throttled"
	TextProviderAway          TextCode = "payment_unavailable"
	TextProviderSilent        TextCode = "payment_unknown"
	TextProviderMisconfigured TextCode = "payment_misconfigured"
)

var declineTexts = map[TextCode]string{
	TextDeclined:          "The card was refused; try again later or use another card.",
	TextDeclinedForGood:   "The card was refused; use another card.",
	TextCardWithoutFunds:  "The card has not enough funds; try again later or use another card.",
	TextCardExpired:       "The card has expired; use another card.",
	TextNotConfirmed:      "The payment was not confirmed; try again or use another card.",
	TextConfirmationAsked: "The bank wants the payment confirmed; pay again while you are here.",
	TextCardUnreadable:    "The card could not be read; enter it again.",
	TextPaymentCanceled:   "The payment was canceled; try again or use another card.",

	TextProviderThrottles:     "The payment provider asked us to slow down; trying again.",
	TextProviderAway:          "The payment provider cannot be reached; trying again.",
	TextProviderSilent:        "The payment provider did not answer; looking up the outcome.",
	TextProviderMisconfigured: "The payment provider refuses our requests; it continues when that is repaired.",
}

// Why a change of a subscription, or a payment by hand, is refused, and what an
// invoice says of its lines. What begins with "label_" is part of a sentence, or
// none.
const (
	TextPaymentPending      TextCode = "payment_pending"
	TextOtherCurrency       TextCode = "other_currency"
	TextNextPeriodPaid      TextCode = "next_period_paid"
	TextMethodForDifference TextCode = "method_for_difference"
	TextNoCardToCharge      TextCode = "no_card_to_charge"
	TextPlanChangeLapsed    TextCode = "plan_change_lapsed"

	LabelFirstPeriod TextCode = "label_first_period"
	LabelPeriod      TextCode = "label_period"
	LabelUnusedTime  TextCode = "label_unused_time"
	LabelDates       TextCode = "label_dates"
	LabelCardEnding  TextCode = "label_card_ending"
)

var billingTexts = map[TextCode]string{
	TextPaymentPending: "A payment of this invoice waits for approval already.",
	TextOtherCurrency:  "The plan has another currency; cancel and subscribe to it instead.",
	TextNextPeriodPaid: "The next period is paid for as it is; change the plan once it has begun, on " +
		"{date}.",
	TextMethodForDifference: "Add a payment method first; the difference is to be paid.",
	TextNoCardToCharge:      "There is no card to charge; add one, or pay the open invoice.",
	TextPlanChangeLapsed:    "The time to pay for this change of plan is over; ask for the change again.",

	LabelFirstPeriod: "{plan}, first {interval}",
	LabelPeriod:      "{plan}, {dates}",
	LabelUnusedTime:  "Unused time on {plan}, {dates}",
	LabelDates:       "{from} – {to}",
	LabelCardEnding:  "{method} ending in {digits}",
}
