package billing

import (
	"context"

	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

// AccountMethods adds payment methods to accounts that exist.
type AccountMethods struct {
	Store   *store.Store
	Charger *Charger
}

// AddedMethod is the outcome of adding a customer's method.
type AddedMethod struct {
	Attached bool   `json:"attached"`
	Code     string `json:"code,omitempty"`     // why the provider refused it
	PageURL  string `json:"page_url,omitempty"` // where the customer enters it
	// SubscriptionID is that of a past-due subscription that can be paid now.
	SubscriptionID string `json:"subscription_id,omitempty"`
}

// removed is the code of a method that the customer took away meanwhile.
const removed = "removed"

// Add has the provider make a method of a token, or of the page the customer
// filled in; a customer who pays late is charged with it next.
func (a *AccountMethods) Add(ctx context.Context, accountID, methodID string) (AddedMethod, error) {
	m, err := none(a.Store.MethodByID(ctx, accountID, methodID))
	switch {
	case err != nil:
		return AddedMethod{}, err
	case m == nil:
		return AddedMethod{Code: removed}, nil
	case m.Ref != "": // made by an earlier run
		return a.added(ctx, m)
	}
	made, page, err := a.Charger.Register(ctx, m)
	class := payment.ClassOf(err)
	switch {
	case err == nil && page != nil:
		m.Setup = page.Ref
		return AddedMethod{PageURL: page.URL}, a.Store.SaveMethod(ctx, m)
	case class == payment.ClassRequiresAction: // the same page, still to be filled in
		page, err := a.Charger.Page(ctx, m)
		if err != nil {
			return AddedMethod{}, err
		}
		m.Setup = page.Ref
		return AddedMethod{PageURL: page.URL}, a.Store.SaveMethod(ctx, m)
	case err != nil && !class.Declined():
		return AddedMethod{}, err
	}
	return a.keepOrRefuse(ctx, m, made, err)
}

// added is the answer of a run that found the method made by an earlier one.
func (a *AccountMethods) added(ctx context.Context, m *domain.PaymentMethod) (AddedMethod, error) {
	result := AddedMethod{Attached: true}
	live, err := none(a.Store.LiveSubscription(ctx, m.AccountID))
	if live != nil && live.Status == domain.SubscriptionPastDue && m.Default {
		result.SubscriptionID = live.ID
	}
	return result, err
}

// keepOrRefuse ends the proposal: a card that serves becomes the default when
// there is none, or when a payment is late, which is tried with it at once.
func (a *AccountMethods) keepOrRefuse(
	ctx context.Context, m *domain.PaymentMethod, made *payment.Method, refused error,
) (AddedMethod, error) {
	result := AddedMethod{Attached: refused == nil}
	err := a.Store.Change(ctx, func(c *store.Change) (err error) {
		if _, err = c.OnAccount(m.AccountID); err != nil {
			return err
		}
		methods := Methods{c}
		if refused != nil {
			result.Code, err = methods.Refuse(m, refused)
			return err
		}
		m, err := none(c.Tx.LockMethod(c.Ctx, m.AccountID, m.ID))
		if err != nil || m == nil { // taken away meanwhile
			result = AddedMethod{Code: removed}
			return err
		}
		current, err := methods.Default()
		if err != nil {
			return err
		}
		if result.SubscriptionID, err = retrySoon(c); err != nil {
			return err
		}
		return methods.Keep(m, *made, result.SubscriptionID != "" || current == nil)
	})
	return result, err
}

// retrySoon makes the next attempt at the account's late payment due at once,
// and returns the subscription it is of; empty when nothing is late.
func retrySoon(c *store.Change) (string, error) {
	live, err := none(c.Tx.LiveSubscription(c.Ctx, c.AccountID()))
	if err != nil || live == nil || live.Status != domain.SubscriptionPastDue {
		return "", err
	}
	now, err := c.Tx.NowOn(c.Ctx, live.TestClockID)
	if err != nil {
		return "", err
	}
	sub, err := c.Tx.LockSubscription(c.Ctx, live.ID)
	if err != nil {
		return "", err
	}
	sub.NextRetryAt, sub.Due, sub.DueAt = &now, domain.DueRetry, &now
	return sub.ID, c.Tx.SaveSubscription(c.Ctx, sub)
}
