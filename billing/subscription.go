package billing

import (
	"time"

	"slipway/domain"
	"slipway/store"
)

// Subscription is a subscription in use, in a change: what its cycle, its dunning,
// its changes of plan and its cancellation share.
type Subscription struct {
	*store.Change
	policy domain.Policy
	row    *domain.Subscription
}

// newSubscription makes the change about the locked row.
func newSubscription(c *store.Change, policy domain.Policy, row *domain.Subscription) *Subscription {
	c.About(domain.Event{AccountID: row.AccountID, OnboardingID: row.OnboardingID, SubscriptionID: row.ID})
	return &Subscription{Change: c, policy: policy, row: row}
}

// state says what is due next and notes it in the row.
func (s *Subscription) state() (SubscriptionState, error) {
	row := s.row
	state := SubscriptionState{
		SubscriptionID: row.ID, AccountID: row.AccountID, Status: row.Status, PlanCode: row.PlanCode, Clock: row.TestClockID,
	}
	undecided, err := s.Tx.UndecidedPayments(s.Ctx, row.ID)
	if err != nil {
		return state, err
	}
	var askedAgain time.Time // when what a provider is still deciding about is looked up
	for i := range undecided {
		state.Charge = state.Charge || undecided[i].ToAsk()
		if undecided[i].Status == domain.PaymentProcessing {
			askedAgain = undecided[i].UpdatedAt.Add(store.RecheckAfter)
		}
	}
	byHand, err := s.byHand()
	if err != nil {
		return state, err
	}
	due, at, found := s.policy.Billing.NextDue(row, byHand)
	if !found {
		row.Due, row.DueAt = "", nil
		return state, nil
	}
	if due == domain.DueGiveUp {
		if askedAgain, err = (dunning{s}).awaitDecision(askedAgain); err != nil {
			return state, err
		}
	}
	if at.Before(askedAgain) {
		at = askedAgain
	}
	row.Due, row.DueAt = due, &at
	state.Due, state.DueAt = due, &at
	return state, s.late(&state, undecided)
}

// late says whom a late payment waits for, and how much is owed.
func (s *Subscription) late(state *SubscriptionState, undecided []store.Undecided) error {
	if state.BlockedOn = state.Due.BlockedOn(); state.BlockedOn != domain.BlockedOnLatePayment {
		return nil
	}
	for i := range undecided {
		if on := undecided[i].BlockedOn(); on != domain.BlockedOnProvider {
			state.BlockedOn = on
		}
	}
	owed, err := (Invoices{s.Change}).OpenOf(s.row.ID)
	if owed != nil {
		state.Amount, state.Currency = owed.Amount, owed.Currency
	}
	return err
}

// clockSkew is how far this machine's clock may be behind Temporal's, which
// ended the wait: what is due there is due here.
const clockSkew = time.Minute

// skew is none for those who live by a test clock: there is only one.
func (s *Subscription) skew() time.Duration {
	if s.row.TestClockID != "" {
		return 0
	}
	return clockSkew
}

// byHand reports whether renewals are paid by hand: the account's default
// method cannot be charged, or there is none.
func (s *Subscription) byHand() (bool, error) {
	method, err := s.methods().Default()
	return method == nil || !method.Chargeable(), err
}

func (s *Subscription) invoices() Invoices { return Invoices{s.Change} }
func (s *Subscription) payments() Payments { return Payments{s.Change} }
func (s *Subscription) methods() Methods   { return Methods{s.Change} }
func (s *Subscription) credits() Credits   { return Credits{s.Change} }

// openInvoice completes an invoice of the subscription and stores it.
func (s *Subscription) openInvoice(in *domain.Invoice) (*domain.Invoice, error) {
	in.SubscriptionID, in.Type, in.Currency = s.row.ID, domain.InvoiceSubscription, in.Plan.Currency
	return in, s.invoices().Open(in)
}

// voidInvoices takes the subscription's open invoices back, all or those with
// the reason.
func (s *Subscription) voidInvoices(reason string) error {
	invoices, err := s.Tx.OpenInvoices(s.Ctx, s.row.ID)
	if err != nil {
		return err
	}
	for i := range invoices {
		if reason == "" || invoices[i].Reason == reason {
			if err := s.invoices().Void(&invoices[i], domain.FailureCanceled); err != nil {
				return err
			}
		}
	}
	return nil
}

// Paid does what paying the invoice is for.
func (s *Subscription) Paid(invoice *domain.Invoice, by *domain.Payment) error {
	switch invoice.Reason {
	case domain.ReasonSubscriptionCycle:
		return cycle{s}.paid(invoice, by)
	case domain.ReasonSubscriptionUpdate:
		return planChange{s}.paid(invoice, by)
	}
	// The first period is paid to the onboarding that opened the subscription.
	return domain.InvalidTransition(string(invoice.Status), string(domain.InvoicePaid), nil)
}

// MustConfirm: a renewal falls behind meanwhile; what the customer has just
// asked for waits.
func (s *Subscription) MustConfirm(invoice *domain.Invoice, _ *domain.Payment, first bool) error {
	if !first || invoice.Reason != domain.ReasonSubscriptionCycle {
		return nil
	}
	return dunning{s}.fallBehind(invoice, false)
}

// DecidedLater changes nothing: the state says when the provider is asked again.
func (s *Subscription) DecidedLater() error { return nil }

// Declined falls behind with a renewal.
func (s *Subscription) Declined(invoice *domain.Invoice, _ string, hard bool) error {
	return dunning{s}.fallBehind(invoice, hard)
}

// suspendAccount takes the use of the account away until it is paid for.
func (s *Subscription) suspendAccount() error {
	account, err := s.Tx.AccountByID(s.Ctx, s.row.AccountID)
	if err != nil || account.Status != domain.AccountActive {
		return err
	}
	if err := account.Advance(domain.AccountSuspended, s.Now); err != nil {
		return err
	}
	s.Emit(domain.EventAccountSuspended, nil)
	return s.Tx.SaveAccount(s.Ctx, account)
}
