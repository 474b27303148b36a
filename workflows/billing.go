package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// Billing takes the commands of a subscription whose onboarding has ended. It
// is started with its first command and closes when nothing is left to answer.
func Billing(ctx workflow.Context, in BillingInput) error {
	answered := 0
	turn := workflow.NewMutex(ctx)
	handle := func(ctx workflow.Context, command CommandInput) (activities.BillingResult, error) {
		defer func() { answered++ }()
		var result activities.BillingResult
		if err := turn.Lock(ctx); err != nil {
			return result, err
		}
		defer turn.Unlock()
		input := activities.BillingInput{SubscriptionID: in.SubscriptionID, CommandID: command.CommandID}
		err := workflow.ExecuteLocalActivity(ownDatabase(ctx, "Command"), a.Bill, input).Get(ctx, &result)
		if err != nil {
			return result, updateFailure(err)
		}
		workflow.SetCurrentDetails(ctx, "The subscription to "+result.PlanCode+" is "+string(result.Status)+".")
		return result, workflow.UpsertTypedSearchAttributes(ctx,
			attributePlan.ValueSet(result.PlanCode), attributeSubscriptionStatus.ValueSet(string(result.Status)))
	}
	for _, action := range []domain.Action{domain.ActionCancel, domain.ActionApprovePayment} {
		if err := workflow.SetUpdateHandler(ctx, string(action), handle); err != nil {
			return err
		}
	}
	_, err := workflow.AwaitWithTimeout(ctx, commandPatience, func() bool { return answered > 0 })
	return errors.Join(err, workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }))
}

// updateFailure is an activity's failure as the failure of the update that ran
// it: the type travels, a cause does not.
func updateFailure(err error) error {
	var failure *temporal.ApplicationError
	if errors.As(err, &failure) {
		return temporal.NewNonRetryableApplicationError(failure.Message(), failure.Type(), nil)
	}
	return err
}
