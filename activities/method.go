package activities

import (
	"context"
	"fmt"

	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

// askForMethod parks the onboarding until a payment provider has made a method
// of what the customer gave, or a page to enter it on.
func (c *changeSet) askForMethod(m *domain.PaymentMethod) error {
	if c.asked && c.onboarding.Status == domain.OnboardingWaitingForPaymentMethod {
		return nil
	}
	if err := c.advance(domain.OnboardingWaitingForPaymentMethod); err != nil {
		return err
	}
	message := "Checking the card."
	if m.Token == "" {
		message = "Preparing the page to enter a card on."
	}
	c.onboarding.NextAction = &domain.NextAction{Type: domain.NextWait, URL: domain.OnboardingURL(c.onboarding.ID)}
	step := c.step(domain.StepPaymentMethod, domain.StepRunning, message)
	step.Attempts++
	return nil
}

// obtainMethod has the provider make a method of the token, or of the finished
// page, or make the page. The onboarding goes on from there.
func (a *Activities) obtainMethod(ctx context.Context, o *domain.Onboarding) (Standing, error) {
	m, err := a.Store.ProposedMethod(ctx, o.AccountID)
	if domain.CodeOf(err) == domain.CodeNotFound { // made by a run whose answer was lost
		return a.change(ctx, o.ID, func(c *changeSet) error {
			c.obtained = true
			return c.openSubscription()
		})
	}
	if err != nil {
		return Standing{}, err
	}
	provider, err := a.provider(m.Provider)
	if err != nil {
		return Standing{}, err
	}
	if m.Customer, err = a.Store.CustomerRef(ctx, m.AccountID, m.Provider); err != nil {
		return Standing{}, err
	}
	if m.Token == "" && m.Setup == "" {
		return a.offerPage(ctx, o, m, provider)
	}
	made, err := provider.Attach(ctx, attachment(m))
	switch class := payment.ClassOf(err); {
	case err == nil:
		return a.change(ctx, o.ID, func(c *changeSet) error { return c.takeMethod(m.ID, made) })
	case class == payment.ClassRequiresAction: // the page is not finished
		return a.change(ctx, o.ID, func(c *changeSet) error { return c.awaitPage(nil) })
	case class.Declined():
		return a.change(ctx, o.ID, func(c *changeSet) error { return c.refuseMethod(m.ID, err) })
	}
	return Standing{}, err
}

func attachment(m *domain.PaymentMethod) payment.Attach {
	token := m.Token
	if token == "" {
		token = m.Setup
	}
	return payment.Attach{Key: m.ID, AccountID: m.AccountID, Customer: m.Customer, Token: token}
}

// offerPage shows the customer the provider's page to enter a card on.
func (a *Activities) offerPage(ctx context.Context, o *domain.Onboarding, m *domain.PaymentMethod, provider payment.Provider) (Standing, error) {
	page, err := provider.Setup(ctx, payment.Setup{Key: m.ID, AccountID: m.AccountID, Customer: m.Customer, ReturnURL: a.ReturnURL})
	if err != nil {
		return Standing{}, err
	}
	return a.change(ctx, o.ID, func(c *changeSet) error {
		m, err := c.stillProposed(m.ID)
		if err != nil || m == nil {
			return err
		}
		m.Setup = page.Ref
		if err := c.tx.SaveMethod(c.ctx, m); err != nil {
			return err
		}
		return c.awaitPage(&page)
	})
}

// awaitPage waits for the customer to enter a card. Without a page it is the
// one offered before.
func (c *changeSet) awaitPage(page *payment.Page) error {
	o := c.onboarding
	if page != nil {
		o.NextAction = &domain.NextAction{Type: domain.NextAddPaymentMethod, URL: page.URL, ExpiresAt: &page.ExpiresAt}
	}
	c.step(domain.StepPaymentMethod, domain.StepWaiting, "Waiting for a card to be entered.")
	c.record(domain.EventOnboardingWaiting, map[string]any{"blocked_on": o.Status.BlockedOn()})
	o.Touch(c.now)
	return nil
}

// stillProposed is the method a provider was asked for, as it is now; nil when
// the customer gave another meanwhile, or went on without one: what the provider
// says of it then changes nothing.
func (c *changeSet) stillProposed(id string) (*domain.PaymentMethod, error) {
	m, err := c.tx.MethodByID(c.ctx, c.about.AccountID, id)
	if domain.CodeOf(err) == domain.CodeNotFound || c.onboarding.Status != domain.OnboardingWaitingForPaymentMethod {
		return nil, nil
	}
	return m, err
}

// takeMethod makes the provider's method the account's default and goes on.
func (c *changeSet) takeMethod(id string, made payment.Method) error {
	m, err := c.stillProposed(id)
	if err != nil || m == nil {
		return err
	}
	if m.Ref == "" {
		if err := c.keepMethod(m, made, true); err != nil {
			return err
		}
	}
	c.step(domain.StepPaymentMethod, domain.StepDone, methodName(m)+".")
	c.obtained = true
	return c.openSubscription()
}

// keepMethod stores what the provider made of a token, which is worth nothing
// any more.
func (c *changeSet) keepMethod(m *domain.PaymentMethod, made payment.Method, makeDefault bool) error {
	m.Token, m.Ref, m.Customer = "", made.Ref, made.Customer
	m.Brand, m.Last4, m.ExpMonth, m.ExpYear = made.Brand, made.Last4, made.ExpMonth, made.ExpYear
	if err := c.tx.SaveMethod(c.ctx, m); err != nil {
		return err
	}
	if makeDefault {
		if err := c.tx.MakeDefault(c.ctx, m); err != nil {
			return err
		}
	}
	c.record(domain.EventPaymentMethodAttached, map[string]any{"payment_method": m.ID, "payment_option": m.Option})
	return nil
}

// methodName is how a person recognises the method.
func methodName(m *domain.PaymentMethod) string {
	if m.Last4 == "" {
		return m.Name
	}
	return fmt.Sprintf("%s ending in %s", m.Name, m.Last4)
}

// refuseMethod drops a card the provider would not keep; the customer gives
// another.
func (c *changeSet) refuseMethod(id string, why error) error {
	m, err := c.stillProposed(id)
	if err != nil || m == nil {
		return err
	}
	if err := c.tx.RemoveMethod(c.ctx, m); err != nil {
		return err
	}
	code := declineCode(why)
	c.record(domain.EventPaymentMethodRefused, map[string]any{"payment_method": m.ID, "failure_code": code})
	o := c.onboarding
	o.NextAction = c.askForCard(declined(code))
	step := c.step(domain.StepPaymentMethod, domain.StepWaiting, "Waiting for another card.")
	step.Error = &domain.OnboardingError{Code: code, Detail: declined(code)}
	o.Touch(c.now)
	return nil
}

// askForCard is the next action of a customer whose card did not serve.
func (c *changeSet) askForCard(message string) *domain.NextAction {
	return &domain.NextAction{
		Type: domain.NextAddPaymentMethod, URL: domain.OnboardingURL(c.onboarding.ID) + "/payment-method", Message: message,
	}
}

// provider is the one a method or a payment names.
func (a *Activities) provider(name string) (payment.Provider, error) {
	p, known := a.Providers[name]
	if !known {
		return nil, &payment.Error{Class: payment.ClassMisconfigured, Code: "no_such_provider"}
	}
	return p, nil
}

// AttachMethodInput names a proposed payment method of an account.
type AttachMethodInput struct {
	AccountID string `json:"account_id"`
	MethodID  string `json:"method_id"`
}

// AttachMethodResult says what became of it.
type AttachMethodResult struct {
	Attached bool   `json:"attached"`
	Code     string `json:"code,omitempty"`     // why the provider refused it
	PageURL  string `json:"page_url,omitempty"` // where the customer enters it
	// SubscriptionID is that of a past-due subscription that can be paid now.
	SubscriptionID string `json:"subscription_id,omitempty"`
}

// AttachMethod has the provider make a method of a token for an account that
// exists; a customer who pays late is charged with it next.
func (a *Activities) AttachMethod(ctx context.Context, in AttachMethodInput) (AttachMethodResult, error) {
	m, err := a.Store.MethodByID(ctx, in.AccountID, in.MethodID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return AttachMethodResult{Code: "removed"}, nil
	}
	if err != nil || m.Ref != "" {
		return a.attached(ctx, m, err)
	}
	provider, err := a.provider(m.Provider)
	if err != nil {
		return AttachMethodResult{}, a.providerTrouble(ctx, err)
	}
	if m.Customer, err = a.Store.CustomerRef(ctx, m.AccountID, m.Provider); err != nil {
		return AttachMethodResult{}, err
	}
	if m.Token == "" && m.Setup == "" {
		return a.offerAccountPage(ctx, m, provider)
	}
	made, err := provider.Attach(ctx, attachment(m))
	class := payment.ClassOf(err)
	if err != nil && !class.Declined() {
		if class == payment.ClassRequiresAction { // the same page, still to be filled in
			return a.offerAccountPage(ctx, m, provider)
		}
		return AttachMethodResult{}, a.providerTrouble(ctx, err)
	}
	return a.keepOrRefuse(ctx, m, made, err)
}

// attached is the answer of a run that found the method made by an earlier one.
func (a *Activities) attached(ctx context.Context, m *domain.PaymentMethod, err error) (AttachMethodResult, error) {
	if err != nil {
		return AttachMethodResult{}, err
	}
	result := AttachMethodResult{Attached: true}
	live, err := a.Store.LiveSubscription(ctx, m.AccountID)
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound:
		return result, nil
	case err == nil && live.Status == domain.SubscriptionPastDue && m.Default:
		result.SubscriptionID = live.ID
	}
	return result, err
}

func (a *Activities) offerAccountPage(ctx context.Context, m *domain.PaymentMethod, provider payment.Provider) (AttachMethodResult, error) {
	page, err := provider.Setup(ctx, payment.Setup{Key: m.ID, AccountID: m.AccountID, Customer: m.Customer, ReturnURL: a.ReturnURL})
	if err != nil {
		return AttachMethodResult{}, a.providerTrouble(ctx, err)
	}
	m.Setup = page.Ref
	return AttachMethodResult{PageURL: page.URL}, a.Store.SaveMethod(ctx, m)
}

// keepOrRefuse ends the proposal: a card that serves becomes the default when
// there is none, or when a payment is late, which is tried with it at once.
func (a *Activities) keepOrRefuse(ctx context.Context, m *domain.PaymentMethod, made payment.Method, refused error) (AttachMethodResult, error) {
	result := AttachMethodResult{Attached: refused == nil}
	err := a.Store.Within(ctx, func(tx *store.Store) error {
		c, err := a.aboutAccount(ctx, tx, m.AccountID)
		if err != nil {
			return err
		}
		if refused != nil {
			result.Code = declineCode(refused)
			c.record(domain.EventPaymentMethodRefused, map[string]any{"payment_method": m.ID, "failure_code": result.Code})
			if err := tx.RemoveMethod(ctx, m); err != nil {
				return err
			}
			return c.tell()
		}
		current, err := tx.DefaultMethod(ctx, m.AccountID)
		if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
			return err
		}
		if m, err = tx.MethodByID(ctx, m.AccountID, m.ID); domain.CodeOf(err) == domain.CodeNotFound { // removed meanwhile
			result = AttachMethodResult{Code: "removed"}
			return nil
		}
		if err != nil {
			return err
		}
		if result.SubscriptionID, err = c.retryNow(m.AccountID); err != nil {
			return err
		}
		if err := c.keepMethod(m, made, result.SubscriptionID != "" || current == nil); err != nil {
			return err
		}
		return c.tell()
	})
	return result, err
}

// retryNow makes the next attempt of a late payment due at once, and returns
// the subscription it is of; empty when nothing is late.
func (c *changeSet) retryNow(accountID string) (string, error) {
	live, err := c.tx.LiveSubscription(c.ctx, accountID)
	if domain.CodeOf(err) == domain.CodeNotFound || (err == nil && live.Status != domain.SubscriptionPastDue) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	now, err := c.tx.NowOn(c.ctx, live.TestClockID)
	if err != nil {
		return "", err
	}
	sub, err := c.tx.LockSubscription(c.ctx, live.ID)
	if err != nil {
		return "", err
	}
	sub.NextRetryAt, sub.Due, sub.DueAt = &now, domain.DueRetry, &now
	return sub.ID, c.tx.SaveSubscription(c.ctx, sub)
}
