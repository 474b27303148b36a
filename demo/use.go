package demo

import (
	"context"
	"fmt"
	"time"

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
		if err := d.spend(ctx, v); err != nil {
			return err
		}
		switch turn[v] % 8 {
		case 1, 5:
			return d.buyCredits(ctx, v)
		case 2:
			return d.changePlan(ctx, v, map[string]string{"growth": "scale", "scale": "growth"})
		case 3:
			return d.cancelAtEnd(ctx, v, false)
		case 7:
			return d.cancelAtEnd(ctx, v, true)
		}
		return nil
	})
}

// spend debits credits the way a product's backend does, with its API key.
func (d *demo) spend(ctx context.Context, v *visitor) error {
	debit := map[string]any{"account_id": v.accountID(), "amount": 40, "reason": "demo"}
	for range 3 { // the third is more than the free plan has
		switch err := d.post(ctx, "/v1/credits/debit", d.key, debit, nil); {
		case refusedAs(err) == domain.ReasonInsufficientCredits:
			d.did("debits refused for want of credits")
			return nil
		case err != nil:
			return fmt.Errorf("debit: %w", err)
		}
		d.did("debits of 40 credits")
	}
	return nil
}

// buyCredits buys a package with the default method; who pays by hand submits
// the transfer, which the admin finds.
func (d *demo) buyCredits(ctx context.Context, v *visitor) error {
	var bought struct {
		Invoice    *domain.Invoice
		NextAction *domain.NextAction `json:"next_action"`
	}
	err := d.post(ctx, "/v1/account/credit-packages", v.secret, map[string]string{"package": "credits-500"}, &bought)
	if refusedAs(err) == string(domain.CodeConflict) {
		d.did("credit packages refused: no payment method")
		return nil
	}
	if err != nil {
		return fmt.Errorf("buy credits: %w", err)
	}
	d.did("credit packages asked for")
	if bought.NextAction == nil {
		return nil
	}
	switch bought.NextAction.Type {
	case domain.NextSubmitPayment:
		return d.payByHand(ctx, v, bought.Invoice)
	case domain.NextConfirmPayment:
		return d.fillIn(ctx, bought.NextAction.URL, "decision", "confirm")
	}
	return nil
}

func (d *demo) payByHand(ctx context.Context, v *visitor, invoice *domain.Invoice) error {
	path := "/v1/account/invoices/" + invoice.ID + "/payment"
	if err := d.post(ctx, path, v.secret, map[string]string{"reference": "transfer of " + invoice.ID}, nil); err != nil {
		return fmt.Errorf("pay by hand: %w", err)
	}
	d.did("transfers for renewals and packages, approved")
	return d.judge(ctx, v.accountID(), "approve")
}

// changePlan goes up at once, for the difference, or down at the period's end.
func (d *demo) changePlan(ctx context.Context, v *visitor, to map[string]string) error {
	plan := v.onboarding.Plan.Code
	if to[plan] == "" || v.option != "card" {
		return nil
	}
	change := map[string]string{"plan": to[plan]}
	if err := d.post(ctx, "/v1/account/subscription/change", v.secret, change, nil); err != nil {
		return fmt.Errorf("change plan: %w", err)
	}
	d.did("plan changes from " + plan + " to " + to[plan])
	b, err := d.billingOf(ctx, v)
	if err != nil || b.NextAction.Data == nil || b.NextAction.Data.Type != domain.NextConfirmPayment {
		return err
	}
	return d.fillIn(ctx, b.NextAction.Data.URL, "decision", "confirm")
}

// cancelAtEnd cancels a paid subscription; some think again.
func (d *demo) cancelAtEnd(ctx context.Context, v *visitor, resumes bool) error {
	if v.onboarding.Plan.Amount == 0 {
		return nil
	}
	atEnd := map[string]string{"at": "period_end"}
	if err := d.post(ctx, "/v1/account/subscription/cancel", v.secret, atEnd, nil); err != nil {
		return fmt.Errorf("cancel: %w", err)
	}
	d.did("cancellations at the period's end")
	if !resumes {
		return nil
	}
	d.did("cancellations taken back")
	if err := d.post(ctx, "/v1/account/subscription/resume", v.secret, nil, nil); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	return nil
}

// week is how far the clock goes at a time: within it every invoice that is due
// is seen before recovery gives up.
const week = 7 * 24 * time.Hour

// liveOn moves the clock through the months, week by week, while customers see
// to what is asked of them.
func (d *demo) liveOn(ctx context.Context) error {
	end := d.clock.Now.AddDate(0, d.Months, 1) // a day more: the last renewal is over
	bar := d.Progress(int(end.Sub(d.clock.Now)/week)+1, "Weeks")
	defer func() { _ = bar.Finish() }()
	for d.clock.Now.Before(end) {
		to := d.clock.Now.Add(week)
		if to.After(end) {
			to = end
		}
		if err := d.advance(ctx, to); err != nil {
			return err
		}
		_ = bar.Add(1)
		if err := d.together(ctx, "living on", func() {}, d.mind); err != nil {
			return err
		}
	}
	return nil
}

// clockGlances is how often the clock is read before it is told again where to
// go: the API may die between noting an advance and telling Temporal, and to say
// it twice changes nothing.
const clockGlances = 30

// advance moves the clock and waits until all that was due is done.
func (d *demo) advance(ctx context.Context, to time.Time) error {
	path := "/v1/test-clocks/" + d.clock.ID
	for glance := 0; ; glance++ {
		clock := new(domain.TestClock)
		var err error
		if glance%clockGlances == 0 {
			err = d.post(ctx, path+"/advance", d.admin, map[string]time.Time{"to": to}, clock)
		} else {
			err = d.get(ctx, path, d.admin, clock)
		}
		if err != nil {
			return fmt.Errorf("advance the clock: %w", err)
		}
		if d.clock = clock; clock.Status == domain.ClockReady {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// mind is what a customer does about billing in a week: pay the invoice, confirm
// the charge, bring another card; or nothing.
func (d *demo) mind(ctx context.Context, v *visitor) error {
	if !v.onClock || v.onboarding == nil {
		return nil
	}
	if !v.inUse() {
		return d.moneyComes(ctx, v)
	}
	b, err := d.billingOf(ctx, v)
	if err != nil || v.renews == leaves || b.NextAction.Data == nil || len(b.OpenInvoices.Data) == 0 {
		return err
	}
	switch next := b.NextAction.Data; next.Type {
	case domain.NextSubmitPayment:
		return d.payByHand(ctx, v, &b.OpenInvoices.Data[0])
	case domain.NextConfirmPayment:
		d.did("renewals confirmed at the bank")
		return d.fillIn(ctx, next.URL, "decision", "confirm")
	case domain.NextAddPaymentMethod:
		d.did("cards replaced after a declined renewal")
		card := map[string]string{"payment_option": "card", "payment_token": "tok_ok"}
		return d.post(ctx, "/v1/account/payment-methods", v.secret, card, nil)
	}
	return nil
}

// moneyComes is the transfer that arrives when its sign-up has expired: the
// admin finds it, and it is flagged rather than lost.
func (d *demo) moneyComes(ctx context.Context, v *visitor) error {
	if v.asked != tooLate || v.late {
		return nil
	}
	path := "/v1/admin/payments?status=failed&account_id=" + v.accountID()
	payments, err := allOf[domain.Payment](ctx, d.client, path, d.admin)
	if err != nil || len(payments) == 0 {
		return err
	}
	var result struct{ Payment domain.Payment }
	approve := "/v1/admin/payments/" + payments[0].ID + "/approve"
	if err := d.post(ctx, approve, d.admin, map[string]string{"reason": "demo"}, &result); err != nil {
		return fmt.Errorf("approve late money: %w", err)
	}
	v.late = true
	v.note("its money flagged as late")
	return nil
}
