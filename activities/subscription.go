package activities

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/Rhymond/go-money"

	"slipway/domain"
	"slipway/store"
)

// openSubscription goes from the account to an active subscription, or as far
// as it can (see OpenAccount).
func (c *changeSet) openSubscription() error {
	plan, err := c.choosePlan()
	if err != nil || plan == nil {
		return err
	}
	trialDays, err := c.trialDays(plan)
	if err != nil {
		return err
	}
	owed := plan.Amount > 0 && trialDays == 0
	needed := owed || plan.PaymentMethodCollection == domain.CollectAlways
	method, err := c.choosePaymentMethod(plan, needed)
	switch {
	case err != nil:
		return err
	case method == nil && needed:
		if err := c.followPlan(); err != nil {
			return err
		}
		return c.wait(domain.OnboardingWaitingForPaymentMethod, domain.StepPaymentMethod,
			"Waiting for a way to pay that serves this country and currency.")
	case method == nil:
		c.step(domain.StepPaymentMethod, domain.StepSkipped, "None is needed yet.")
	case method.Provider != domain.ProviderManual && method.Ref == "":
		if err := c.followPlan(); err != nil {
			return err
		}
		return c.askForMethod(method)
	}
	sub, err := c.subscribe()
	if err != nil {
		return err
	}
	if owed {
		return c.openInvoice(sub, method)
	}
	return c.fulfil(sub, fulfilment{trialDays: trialDays, message: nothingOwed(sub)})
}

// wait parks the onboarding at a step until somebody or something moves it on.
func (c *changeSet) wait(status domain.OnboardingStatus, key domain.StepKey, message string) error {
	if c.onboarding.Status == status && c.onboarding.Step(key).Message == message {
		return nil // waiting already; nothing to tell
	}
	if err := c.advance(status); err != nil {
		return err
	}
	c.step(key, domain.StepWaiting, message)
	for i := slices.Index(domain.StepKeys, key) + 1; i < len(domain.StepKeys); i++ {
		if later := c.onboarding.Step(domain.StepKeys[i]); later.Status == domain.StepWaiting {
			later.Set(domain.StepPending, "", c.now) // its turn comes again
		}
	}
	c.record(domain.EventOnboardingWaiting, map[string]any{"blocked_on": status.BlockedOn()})
	return nil
}

// choosePlan returns the plan the customer named, or the catalogue's default.
// Never one picked by its price: where neither can be had it waits.
func (c *changeSet) choosePlan() (*domain.Plan, error) {
	plan, err := c.tx.PlanOnOffer(c.ctx, c.onboarding.WantedPlan)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, c.waitForPlan()
	}
	if err != nil {
		return nil, err
	}
	step := c.step(domain.StepPlan, domain.StepDone, planMessage(plan))
	step.Attempts++
	c.onboarding.Plan = plan.Ref()
	return plan, nil
}

func (c *changeSet) waitForPlan() error {
	plans, err := c.tx.PublicPlans(c.ctx)
	if err != nil {
		return err
	}
	message := "Choose a plan."
	if len(plans) == 0 {
		message = "No plan is on offer yet; this goes on by itself when one is."
	}
	return c.wait(domain.OnboardingWaitingForPlan, domain.StepPlan, message)
}

func planMessage(p *domain.Plan) string {
	if p.Amount == 0 {
		return p.Name + ", free of charge."
	}
	return p.Name + ", " + Price(p.Amount, p.Currency) + " a " + string(p.Interval) + "."
}

// Price writes an amount in minor units the way people read it, such as $139.00.
func Price(amount int64, currency string) string {
	return money.New(amount, strings.ToUpper(currency)).Display()
}

// trialDays is the trial this account gets with the plan: one per account.
func (c *changeSet) trialDays(plan *domain.Plan) (int, error) {
	if plan.TrialDays == 0 || c.onboarding.Kind == domain.KindSignup {
		return plan.TrialDays, nil
	}
	had, err := c.tx.HadTrial(c.ctx, c.onboarding.AccountID)
	if err != nil || had {
		return 0, err
	}
	return plan.TrialDays, nil
}

// choosePaymentMethod attaches the payment option the server's rule chooses as
// the account's default. None is nil: whether that is a problem depends on
// whether anything is owed.
//
// A card of which only a token is known is not attached but proposed: a
// provider has to make a method of it first.
func (c *changeSet) choosePaymentMethod(plan *domain.Plan, needed bool) (*domain.PaymentMethod, error) {
	o := c.onboarding
	if c.mayHaveMethod() {
		method, err := c.usableDefault(plan)
		if err != nil || method != nil {
			return method, err
		}
	}
	options, err := c.tx.PaymentOptions(c.ctx)
	if err != nil {
		return nil, err
	}
	option := domain.ChoosePaymentOption(options, o.WantedOption, c.policy.PreferredOption, o.Country, plan.Currency)
	if option == nil || (option.Chargeable() && o.PaymentToken == "" && !needed) {
		return nil, nil
	}
	if option.Chargeable() && o.PaymentToken == "" && c.methodID == "" {
		proposed, err := c.tx.ProposedMethod(c.ctx, o.AccountID)
		if domain.CodeOf(err) != domain.CodeNotFound && (err != nil || proposed.Option == option.Key) {
			c.asked = true
			return proposed, err // what was given, or is about to be, still serves
		}
	}
	method := &domain.PaymentMethod{
		ID: cmp.Or(c.methodID, store.NewID(domain.PrefixPaymentMethod)), AccountID: o.AccountID, Option: option.Key,
		Provider: option.Provider, Type: option.Type, Name: option.Name, Token: o.PaymentToken, CreatedAt: c.now,
	}
	o.PaymentToken = ""
	if option.Chargeable() {
		return method, c.tx.ProposeMethod(c.ctx, method)
	}
	method, err = c.tx.AttachMethod(c.ctx, method, true)
	if err != nil {
		return nil, err
	}
	step := c.step(domain.StepPaymentMethod, domain.StepDone, option.Name+".")
	step.Attempts++
	c.record(domain.EventPaymentMethodAttached, map[string]any{"payment_method": method.ID, "payment_option": option.Key})
	return method, nil
}

// mayHaveMethod reports whether the account may have a method that serves: it
// existed before, or a provider has just made one, and nothing else is wanted.
func (c *changeSet) mayHaveMethod() bool {
	o := c.onboarding
	if o.PaymentToken != "" {
		return false
	}
	return c.obtained || (o.Kind == domain.KindActivation && o.WantedOption == "")
}

// usableDefault is the account's default method, while its option still serves.
func (c *changeSet) usableDefault(plan *domain.Plan) (*domain.PaymentMethod, error) {
	method, err := c.tx.DefaultMethod(c.ctx, c.onboarding.AccountID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	option, err := c.optionOf(method)
	if err != nil || option == nil || !option.Serves(c.onboarding.Country, plan.Currency) {
		return nil, err
	}
	c.step(domain.StepPaymentMethod, domain.StepDone, methodName(method)+".")
	return method, nil
}

// optionOf is the catalogue's option behind a method; nil when it is gone.
func (c *changeSet) optionOf(method *domain.PaymentMethod) (*domain.PaymentOption, error) {
	options, err := c.tx.PaymentOptions(c.ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(options, func(p domain.PaymentOption) bool { return p.Key == method.Option })
	if i < 0 {
		return nil, nil
	}
	return &options[i], nil
}

// followPlan moves the subscription, where one was opened, to the plan chosen
// now, so that the two agree while a payment method is waited for.
func (c *changeSet) followPlan() error {
	if c.onboarding.Subscription == nil {
		return nil
	}
	_, err := c.subscribe()
	return err
}

// subscribe opens the incomplete subscription, to be saved with what becomes of
// it, or moves the one this onboarding opened earlier to the plan chosen now.
func (c *changeSet) subscribe() (*domain.Subscription, error) {
	o := c.onboarding
	if o.Subscription == nil {
		sub := domain.NewSubscription(o.SubscriptionID, o.AccountID, o.ID, o.Plan, c.now)
		sub.TestClockID = o.TestClockID
		o.Subscription = &domain.SubscriptionRef{ID: sub.ID, Status: sub.Status}
		c.record(domain.EventSubscriptionCreated, map[string]any{"plan": sub.PlanCode})
		c.opened = true
		return sub, nil
	}
	sub, err := c.tx.LockSubscription(c.ctx, o.SubscriptionID)
	if err != nil || reflect.DeepEqual(sub.Plan, o.Plan) {
		return sub, err
	}
	sub.Plan, sub.PlanCode, sub.UpdatedAt = o.Plan, o.Plan.Code, c.now
	return sub, c.saveSubscription(sub)
}

// saveSubscription inserts the subscription this change opened, or updates one
// that was there.
func (c *changeSet) saveSubscription(sub *domain.Subscription) error {
	if c.opened {
		c.opened = false
		return c.tx.InsertSubscription(c.ctx, sub)
	}
	return c.tx.SaveSubscription(c.ctx, sub)
}

func nothingOwed(sub *domain.Subscription) string {
	if sub.Plan.Amount == 0 {
		return "Free of charge."
	}
	return "Nothing to pay during the trial."
}
