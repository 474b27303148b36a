package api

import "slipway/domain"

// longEnums are the values of fields whose list does not fit beside them: there,
// enum:"@payment.status" names the list. States derive from their tables.
var longEnums = map[string][]any{
	"@nextAction.type":        values(domain.NextActionTypes),
	"@startedOtherwise.field": {"account_name", "slug", "country", "plan", "payment_option"},
	"@onboarding.status":      values(domain.OnboardingMoves.States()),
	"@payment.status":         values(domain.PaymentMoves.States()),
	"@payment.failure_class":  {"declined_soft", "declined_hard", "unavailable"},
	"@subscription.status":    values(domain.SubscriptionMoves.States()),
	"@endpoint.disabled":      values(domain.DisabledReasons),
	"@jobFailure.job":         values(domain.Jobs),
}

func values[S ~string](list []S) []any {
	all := make([]any, len(list))
	for i, value := range list {
		all[i] = string(value)
	}
	return all
}

// longEnum are the values as clients see them.
func longEnum(values []any) []any {
	if len(values) == 1 {
		if name, is := values[0].(string); is && longEnums[name] != nil {
			return longEnums[name]
		}
	}
	return values
}
