package api

import (
	"cmp"
	"context"
	"regexp"

	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

type choosePlanInput struct {
	ID string `path:"id" doc:"Id of the onboarding."`
	Idempotent
	Body struct {
		Plan string `json:"plan" maxLength:"100" doc:"Code of a plan on offer."`
	}
}

type addPaymentMethodInput struct {
	ID string `path:"id" doc:"Id of the onboarding."`
	Idempotent
	Body struct {
		PaymentOption string `json:"payment_option" maxLength:"100" doc:"Key of a payment option."`
		PaymentToken  string `json:"payment_token,omitempty" doc:"From the payment provider's form, for options that are charged; without one, next_action leads to the provider's page."`
	}
}

type submitPaymentInput struct {
	ID string `path:"id" doc:"Id of the onboarding."`
	Idempotent
	Body struct {
		Reference string `json:"reference,omitempty" doc:"What finds the transfer: 1 to 140 visible characters. Left out, the card is charged once more."`
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
func (a *API) choosePlan(ctx context.Context, in *choosePlanInput) (*commandOutput, error) {
	return a.command(ctx, in.ID, in.Idempotent, in.Body, domain.Command{Action: domain.ActionChoosePlan, Plan: in.Body.Plan},
		func(*domain.Onboarding) error {
			plans, err := a.store.PublicPlans(ctx)
			if err != nil {
				return err
			}
			return findPlan(plans, in.Body.Plan)
		})
}

// addPaymentMethod chooses how to pay.
func (a *API) addPaymentMethod(ctx context.Context, in *addPaymentMethodInput) (*commandOutput, error) {
	return a.command(ctx, in.ID, in.Idempotent, in.Body,
		domain.Command{
			Action: domain.ActionAddPaymentMethod, Option: in.Body.PaymentOption, Token: in.Body.PaymentToken,
			MethodID: store.NewID(domain.PrefixPaymentMethod),
		},
		func(o *domain.Onboarding) error {
			currency := ""
			if o.Plan != nil {
				currency = o.Plan.Currency
			}
			_, err := a.payableWith(ctx, in.Body.PaymentOption, in.Body.PaymentToken, o.Country, currency)
			return err
		})
}

// submitPayment says that the open invoice was paid, and how to find the money.
func (a *API) submitPayment(ctx context.Context, in *submitPaymentInput) (*commandOutput, error) {
	return a.command(ctx, in.ID, in.Idempotent, in.Body,
		domain.Command{
			Action: domain.ActionSubmitPayment, Reference: in.Body.Reference, PaymentID: store.NewID(domain.PrefixPayment),
		},
		func(o *domain.Onboarding) error { return a.checkReference(ctx, o.AccountID, in.Body.Reference) })
}

// checkReference refuses what cannot be a reference. Only who pays by card may
// leave it out.
func (a *API) checkReference(ctx context.Context, accountID, reference string) error {
	if reference == "" {
		method, err := a.store.DefaultMethod(ctx, accountID)
		if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
			return err
		}
		if err == nil && method.Chargeable() {
			return nil
		}
	}
	return validReference(reference)
}

func validReference(reference string) error {
	var wrong fieldErrors
	wrong.require(validLine(reference, 1, 140), "reference", "It cannot be a reference.", "1 to 140 visible characters")
	return wrong.err()
}

// confirmPayment says that the customer did on the provider's page what it
// asked for; what became of it is looked up there.
func (a *API) confirmPayment(ctx context.Context, in *cancelInput) (*commandOutput, error) {
	return a.command(ctx, in.ID, in.Idempotent, nil, domain.Command{Action: domain.ActionConfirmPayment},
		func(*domain.Onboarding) error { return nil })
}

// cancelOnboarding gives the onboarding up.
func (a *API) cancelOnboarding(ctx context.Context, in *cancelInput) (*commandOutput, error) {
	return a.command(ctx, in.ID, in.Idempotent, nil, domain.Command{Action: domain.ActionCancel},
		func(*domain.Onboarding) error { return nil })
}

// payableWith returns the payment option a customer named, if it can be used.
func (a *API) payableWith(ctx context.Context, key, token, country, currency string) (*domain.PaymentOption, error) {
	options, err := a.store.PaymentOptions(ctx)
	if err != nil {
		return nil, err
	}
	option, err := findOption(options, key, country, currency)
	if err != nil {
		return nil, err
	}
	return option, a.checkToken(option, token)
}

// tokenPattern is what any provider's token looks like.
var tokenPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,255}$`)

// checkToken refuses what was never a token of the option's provider.
func (a *API) checkToken(option *domain.PaymentOption, token string) error {
	if token == "" {
		return nil
	}
	if !option.Chargeable() {
		return domain.Invalid("body.payment_token", "This payment option takes no token.", "nothing; leave it out")
	}
	checker, checks := a.Providers[option.Provider].(payment.TokenChecker)
	if !tokenPattern.MatchString(token) || (checks && !checker.PossibleToken(token)) {
		return domain.Invalid("body.payment_token", "It is no token of this option's provider.", acceptedToken)
	}
	return nil
}

// command carries a participant's command to the onboarding's workflow and
// answers with the onboarding after it. valid checks what was asked for.
func (a *API) command(ctx context.Context, id string, key Idempotent, body any, cmd domain.Command, valid func(*domain.Onboarding) error) (*commandOutput, error) {
	o, err := a.onboarding(ctx, id)
	if err != nil {
		return nil, err
	}
	if cmd.Action == domain.ActionCancel && o.Status == domain.OnboardingCanceled {
		return commanded(o, false), nil // once more changes nothing
	}
	cmd.OnboardingID, cmd.SubscriptionID, cmd.ActorID = o.ID, o.SubscriptionID, o.OwnerID
	given, again, err := a.give(ctx, key, o.ID, body, &cmd, func() error {
		if err := valid(o); err != nil {
			return err
		}
		return o.Check(cmd.Action)
	})
	if err != nil {
		return nil, err
	}
	if o, err = a.carry(ctx, o, given); err != nil {
		return nil, err
	}
	return commanded(o, again), nil
}

func commanded(o *domain.Onboarding, again bool) *commandOutput {
	return &commandOutput{Replayable: replayed(again), ETag: etagOf(o.Version), Body: o}
}

// give stores a command about the subject for its workflow, under an id that a
// repeated request finds again. A command that is not allowed is not stored.
func (a *API) give(ctx context.Context, key Idempotent, subject string, body any, cmd *domain.Command, allowed func() error) (*domain.Command, bool, error) {
	who := callerOf(ctx)
	cmd.ID, cmd.ActorType, cmd.ActorID = store.NewID(domain.PrefixCommand), who.Type, cmp.Or(who.ID, cmd.ActorID)
	cmd.CreatedAt = a.store.Now()
	k, err := a.key(key, string(cmd.Action)+":"+subject, cmd.ActorID, body)
	if err != nil {
		return nil, false, err
	}
	id, again, err := a.once(ctx, k, cmd.ID, allowed, func(tx *store.Store) error { return tx.InsertCommand(ctx, cmd) })
	if err != nil || !again {
		return cmd, false, err
	}
	cmd, err = a.store.CommandByID(ctx, id)
	return cmd, true, err
}

// carry takes a stored command to the running workflow and returns the
// onboarding after it. A workflow that closed meanwhile leaves the row to
// judge: the effect is there, or the state does not allow it, or the row is
// about to be repaired and another try will tell.
func (a *API) carry(ctx context.Context, o *domain.Onboarding, cmd *domain.Command) (*domain.Onboarding, error) {
	refused := a.flows.Command(ctx, o, cmd)
	code := domain.CodeOf(refused)
	if refused != nil && code != domain.CodeNotFound && code != domain.CodeConflict {
		return nil, refused
	}
	after, err := a.store.OnboardingByID(ctx, o.ID)
	if err != nil || refused == nil {
		return after, err
	}
	if done, err := a.done(ctx, after, cmd); err != nil || done {
		return after, err
	}
	if err := after.Check(cmd.Action); err != nil {
		return nil, err
	}
	if code == domain.CodeConflict {
		return nil, refused
	}
	return nil, domain.Unavailable("The onboarding's workflow", defaultRetryAfter)
}

// done reports whether the command's effect is there, whoever brought it about.
func (a *API) done(ctx context.Context, o *domain.Onboarding, cmd *domain.Command) (bool, error) {
	switch cmd.Action {
	case domain.ActionCancel:
		return o.Status == domain.OnboardingCanceled, nil
	case domain.ActionActivate, domain.ActionConfirmPayment:
		return o.Status == domain.OnboardingCompleted, nil
	case domain.ActionChoosePlan:
		return o.Status == domain.OnboardingCompleted && o.Plan.Code == cmd.Plan, nil
	case domain.ActionSubmitPayment, domain.ActionApprovePayment, domain.ActionRejectPayment:
		p, err := a.store.PaymentByID(ctx, cmd.PaymentID)
		if domain.CodeOf(err) == domain.CodeNotFound {
			return false, nil
		}
		return err == nil && paymentDone(p, cmd.Action), err
	}
	return false, nil
}

// paymentDone reports whether the payment is where the action takes it.
func paymentDone(p *domain.Payment, action domain.Action) bool {
	switch action {
	case domain.ActionApprovePayment:
		return p.Status == domain.PaymentSucceeded || p.Late
	case domain.ActionRejectPayment:
		return p.FailureCode == domain.FailureRejected
	}
	return action == domain.ActionSubmitPayment
}
