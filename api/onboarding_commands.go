package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type choosePlanInput struct {
	ID string `path:"id" doc:"Id of the onboarding."`
	Idempotent
	Body struct {
		Plan string `json:"plan" format:"code" maxLength:"100" doc:"Code of a plan on offer."`
	}
}

type addPaymentMethodInput struct {
	ID string `path:"id" doc:"Id of the onboarding."`
	Idempotent
	Body struct {
		PaymentOption string `json:"payment_option" format:"code" maxLength:"100" doc:"Key of a payment option."`
		PaymentToken  string `json:"payment_token,omitempty" format:"token" doc:"@addPaymentMethod.payment_token"`
	}
}

type submitPaymentInput struct {
	ID string `path:"id" doc:"Id of the onboarding."`
	Idempotent
	Body struct {
		Reference string `json:"reference,omitempty" format:"reference" doc:"@submitPayment.reference"`
	}
}

type cancelInput struct {
	ID string `path:"id" doc:"Id of the onboarding."`
	Idempotent
	Body *struct{}
}

type commandOutput struct {
	Replayable
	ETag string `header:"ETag" doc:"The version, in quotes."`
	Body *domain.Onboarding
}

// choosePlan chooses the plan, or another one before the first is paid.
func (onb onboardings) choosePlan(ctx context.Context, in *choosePlanInput) (*commandOutput, error) {
	return onb.give(ctx, in.ID, commandRequest{
		Idempotent: in.Idempotent, body: in.Body,
		command: domain.Command{Action: domain.ActionChoosePlan, Plan: in.Body.Plan},
		valid:   func(*target) error { return onb.plans.check(ctx, in.Body.Plan) },
	})
}

// addPaymentMethod chooses how to pay.
func (onb onboardings) addPaymentMethod(ctx context.Context, in *addPaymentMethodInput) (*commandOutput, error) {
	return onb.give(ctx, in.ID, commandRequest{
		Idempotent: in.Idempotent, body: in.Body,
		command: domain.Command{
			Action: domain.ActionAddPaymentMethod, Option: in.Body.PaymentOption, Token: in.Body.PaymentToken,
			MethodID: store.NewID(domain.PrefixPaymentMethod),
		},
		valid: func(t *target) error {
			currency := ""
			if t.onboarding.Plan != nil {
				currency = t.onboarding.Plan.Currency
			}
			_, err := onb.options.usable(ctx, in.Body.PaymentOption, in.Body.PaymentToken, t.onboarding.Country, currency)
			if err != nil {
				return err
			}
			return onb.store.RoomForMethod(ctx, t.onboarding.AccountID, in.Body.PaymentOption, onb.config.Limits.PaymentMethods)
		},
	})
}

// submitPayment says that the open invoice was paid, and how to find the money.
func (onb onboardings) submitPayment(ctx context.Context, in *submitPaymentInput) (*commandOutput, error) {
	return onb.give(ctx, in.ID, commandRequest{
		Idempotent: in.Idempotent, body: in.Body,
		command: domain.Command{
			Action: domain.ActionSubmitPayment, Reference: in.Body.Reference, PaymentID: store.NewID(domain.PrefixPayment),
		},
		valid: func(t *target) error {
			return onb.invoices.checkReference(ctx, t.onboarding.AccountID, in.Body.Reference)
		},
	})
}

// confirmPayment says that the customer did on the provider's page what it
// asked for; the outcome is looked up there.
func (onb onboardings) confirmPayment(ctx context.Context, in *cancelInput) (*commandOutput, error) {
	return onb.give(ctx, in.ID, commandRequest{
		Idempotent: in.Idempotent, command: domain.Command{Action: domain.ActionConfirmPayment},
	})
}

// cancel gives the onboarding up.
func (onb onboardings) cancel(ctx context.Context, in *cancelInput) (*commandOutput, error) {
	return onb.give(ctx, in.ID, commandRequest{
		Idempotent: in.Idempotent, command: domain.Command{Action: domain.ActionCancel},
	})
}

// give gives a participant's command and answers with the onboarding after it.
func (onb onboardings) give(ctx context.Context, id string, r commandRequest) (*commandOutput, error) {
	o, err := onb.visible(ctx, id)
	if err != nil {
		return nil, err
	}
	done, err := onb.commands.give(ctx, &target{noun: domain.NounOnboarding, id: o.ID, onboarding: o}, r)
	if err != nil {
		return nil, err
	}
	o = done.onboarding
	return &commandOutput{Replayable: replayed(done.replayed), ETag: etagOf(o), Body: o}, nil
}
