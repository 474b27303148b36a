package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/billing"
	"slipway/domain"
)

// PaymentMethod makes a payment method of what a customer with an account gave:
// at once of a token, or, on the provider's page, within a day. Its first answer
// (UpdateBegin) says whether there is a page to be filled in.
func PaymentMethod(ctx workflow.Context, in PaymentMethodInput) (billing.AddedMethod, error) {
	var result billing.AddedMethod
	if err := underOwnID(ctx, MethodID(in.MethodID)); err != nil {
		return result, err
	}
	shown := newWaits(ctx)
	asked := false
	err := workflow.SetUpdateHandler(ctx, UpdateBegin, func(ctx workflow.Context) (billing.AddedMethod, error) {
		err := workflow.Await(ctx, func() bool { return asked })
		return result, err
	})
	if err != nil {
		return result, err
	}
	err = askForMethod(ctx, in, shown, func(step billing.AddedMethod) { result, asked = step, true })
	shown.show(ctx, wait{})
	if err != nil {
		return result, err
	}
	if result.SubscriptionID != "" { // a late payment can be tried with it
		_ = workflow.SignalExternalWorkflow(ctx, BillingID(result.SubscriptionID), "", SignalMethodChanged, nil).Get(ctx, nil)
	}
	return result, workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// askForMethod asks the provider, and again whenever it has news, until it made the
// method, refused it, or the page was not filled in. Each answer is taken.
func askForMethod(
	ctx workflow.Context, in PaymentMethodInput, shown waits, take func(billing.AddedMethod),
) error {
	news := workflow.GetSignalChannel(ctx, SignalProviderEvent)
	closes := workflow.Now(ctx).Add(pagePatience)
	for {
		input := activities.AddPaymentMethodInput{AccountID: in.AccountID, MethodID: in.MethodID}
		var step billing.AddedMethod
		making := asking(domain.Text(domain.SummaryMakeMethod), PriorityPerson, in.AccountID)
		if err := making.call(a.AddPaymentMethod, input).Get(ctx, &step); err != nil {
			return err
		}
		take(step)
		left := closes.Sub(workflow.Now(ctx))
		if step.Attached || step.Code != "" || left <= 0 {
			return nil
		}
		shown.show(ctx, wait{on: domain.BlockedOnCardPage, until: until(&closes)})
		_, _ = news.ReceiveWithTimeout(ctx, min(pageCheck, left), nil) // with news or without, it is checked
	}
}
