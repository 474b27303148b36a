package demo

import (
	"context"
	"fmt"

	"slipway/domain"
)

// useIt is what customers do with their accounts: they spend credits, buy more,
// change the plan, cancel, and think again.
func (d *demo) useIt(ctx context.Context) error {
	turn := map[*visitor]int{}
	for _, v := range d.visitors {
		turn[v] = len(turn)
	}
	return d.each(ctx, "Using it", func(ctx context.Context, v *visitor) error {
		if !v.inUse() {
			return nil
		}
		return customer{d, v}.use(ctx, turn[v])
	})
}

// customer is somebody with an account, or whose sign-up has ended.
type customer struct {
	*demo
	*visitor
}

// use spends credits, and does what it is this customer's turn to do.
func (c customer) use(ctx context.Context, turn int) error {
	if err := c.spend(ctx); err != nil {
		return err
	}
	switch turn % 8 {
	case 1, 5:
		return c.buyCredits(ctx)
	case 2:
		return c.changePlan(ctx, map[string]string{"growth": "scale", "scale": "growth"})
	case 3:
		return c.cancelAtEnd(ctx, false)
	case 7:
		return c.cancelAtEnd(ctx, true)
	}
	return nil
}

// spend debits credits the way a product's backend does, with its API key.
func (c customer) spend(ctx context.Context) error {
	debit := map[string]any{"account_id": c.accountID(), "amount": 40, "reason": "demo"}
	for range 3 { // the third is more than the free plan has
		switch err := c.post(ctx, "/v1/credits/debit", c.key, debit, nil); {
		case refusedAs(err) == domain.ReasonInsufficientCredits:
			c.did("debits refused for want of credits")
			return nil
		case err != nil:
			return fmt.Errorf("debit: %w", err)
		}
		c.did("debits of 40 credits")
	}
	return nil
}

// buyCredits buys a package with the default method; a customer who pays by hand submits
// the transfer, which the admin finds.
func (c customer) buyCredits(ctx context.Context) error {
	var bought struct {
		Invoice    *domain.Invoice
		NextAction *domain.NextAction `json:"next_action"`
	}
	err := c.post(ctx, "/v1/account/credit-packages", c.secret, map[string]string{"package": "credits-500"}, &bought)
	if refusedAs(err) == string(domain.CodeConflict) {
		c.did("credit packages refused: no payment method")
		return nil
	}
	if err != nil {
		return fmt.Errorf("buy credits: %w", err)
	}
	c.did("credit packages asked for")
	if bought.NextAction == nil {
		return nil
	}
	switch bought.NextAction.Type {
	case domain.NextSubmitPayment:
		return c.payByHand(ctx, bought.Invoice)
	case domain.NextConfirmPayment:
		return c.fillIn(ctx, bought.NextAction.URL, "decision", "confirm")
	}
	return nil
}

func (c customer) payByHand(ctx context.Context, invoice *domain.Invoice) error {
	path := "/v1/account/invoices/" + invoice.ID + "/payment"
	if err := c.post(ctx, path, c.secret, map[string]string{"reference": "transfer of " + invoice.ID}, nil); err != nil {
		return fmt.Errorf("pay by hand: %w", err)
	}
	c.did("transfers for renewals and packages, approved")
	return c.judge(ctx, c.accountID(), "approve")
}

// changePlan goes up at once, for the difference, or down at the period's end.
func (c customer) changePlan(ctx context.Context, to map[string]string) error {
	plan := c.onboarding.Plan.Code
	if to[plan] == "" || c.option != "card" {
		return nil
	}
	change := map[string]string{"plan": to[plan]}
	if err := c.post(ctx, "/v1/account/subscription/change", c.secret, change, nil); err != nil {
		return fmt.Errorf("change plan: %w", err)
	}
	c.did("plan changes from " + plan + " to " + to[plan])
	b, err := c.billing(ctx)
	if err != nil || b.NextAction.Data == nil || b.NextAction.Data.Type != domain.NextConfirmPayment {
		return err
	}
	return c.fillIn(ctx, b.NextAction.Data.URL, "decision", "confirm")
}

// cancelAtEnd cancels a paid subscription; some think again.
func (c customer) cancelAtEnd(ctx context.Context, resumes bool) error {
	if c.onboarding.Plan.Amount == 0 {
		return nil
	}
	atEnd := map[string]string{"at": "period_end"}
	if err := c.post(ctx, "/v1/account/subscription/cancel", c.secret, atEnd, nil); err != nil {
		return fmt.Errorf("cancel: %w", err)
	}
	c.did("cancellations at the period's end")
	if !resumes {
		return nil
	}
	c.did("cancellations taken back")
	if err := c.post(ctx, "/v1/account/subscription/resume", c.secret, nil, nil); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	return nil
}

// mind is what a customer does about billing in a week: pay the invoice, confirm
// the charge, bring another card; or nothing.
func (c customer) mind(ctx context.Context) error {
	if !c.onClock || c.onboarding == nil {
		return nil
	}
	if !c.inUse() {
		return c.moneyComes(ctx)
	}
	b, err := c.billing(ctx)
	if err != nil || c.renews == leaves || b.NextAction.Data == nil || len(b.OpenInvoices.Data) == 0 {
		return err
	}
	switch next := b.NextAction.Data; next.Type {
	case domain.NextSubmitPayment:
		return c.payByHand(ctx, &b.OpenInvoices.Data[0])
	case domain.NextConfirmPayment:
		c.did("renewals confirmed at the bank")
		return c.fillIn(ctx, next.URL, "decision", "confirm")
	case domain.NextAddPaymentMethod:
		c.did("cards replaced after a declined renewal")
		card := map[string]string{"payment_option": "card", "payment_token": "tok_ok"}
		return c.post(ctx, "/v1/account/payment-methods", c.secret, card, nil)
	}
	return nil
}

// moneyComes is the transfer that arrives when its sign-up has expired: the
// admin finds it, and it is flagged rather than lost.
func (c customer) moneyComes(ctx context.Context) error {
	if c.asked != tooLate || c.late {
		return nil
	}
	path := "/v1/admin/payments?status=failed&account_id=" + c.accountID()
	payments, err := allOf[domain.Payment](ctx, c.client, path, c.admin)
	if err != nil || len(payments) == 0 {
		return err
	}
	var result struct{ Payment domain.Payment }
	approve := "/v1/admin/payments/" + payments[0].ID + "/approve"
	if err := c.post(ctx, approve, c.admin, map[string]string{"reason": "demo"}, &result); err != nil {
		return fmt.Errorf("approve late money: %w", err)
	}
	c.late = true
	c.note("its money flagged as late")
	return nil
}

// billing is the part of GET /v1/account/billing the demo looks at.
type billing struct {
	Subscription struct{ Data *domain.Subscription }
	OpenInvoices struct{ Data []domain.Invoice }   `json:"open_invoices"`
	NextAction   struct{ Data *domain.NextAction } `json:"next_action"`
}

func (c customer) billing(ctx context.Context) (*billing, error) {
	b := new(billing)
	return b, c.get(ctx, "/v1/account/billing", c.secret, b)
}
