package demo

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"

	"slipway/domain"
)

// checkAll prints how the subscriptions fared, and returns whether everything is
// as it must be: what the API says of itself, and what the demo can add up.
func (d *demo) checkAll(ctx context.Context, w io.Writer) ([]domain.Check, error) {
	if err := d.fates(ctx, w); err != nil {
		return nil, err
	}
	var ready struct{ Checks []domain.Check }
	if err := d.get(ctx, "/readyz?verbose", "", &ready); err != nil {
		return nil, fmt.Errorf("read the checks: %w", err)
	}
	checks := ready.Checks
	for _, check := range []func(context.Context) (domain.Check, error){
		d.checkFaults, d.checkWaits, d.checkMoney, d.checkCredits, d.checkOnce,
	} {
		c, err := check(ctx)
		if err != nil {
			return nil, err
		}
		checks = append(checks, c)
	}
	return checks, nil
}

// fates prints what became of the subscriptions, and what billing did for them.
func (d *demo) fates(ctx context.Context, w io.Writer) error {
	subscriptions, err := allOf[domain.Subscription](ctx, d.client, "/v1/admin/subscriptions", d.admin)
	if err != nil {
		return fmt.Errorf("read the subscriptions: %w", err)
	}
	ours := d.accounts()
	clocked, others := map[string]int{}, map[string]int{}
	for _, s := range subscriptions {
		fate := string(s.Status)
		if s.CancellationReason != "" {
			fate += ", " + s.CancellationReason
		}
		switch {
		case !ours[s.AccountID]:
		case s.TestClockID != "":
			clocked[fate]++
		default:
			others[fate]++
		}
	}
	section(w, fmt.Sprintf("Subscriptions that lived through %d months", d.Months))
	counts(w, clocked)
	section(w, "Subscriptions on the real clock")
	counts(w, others)
	return d.billed(ctx, w, ours)
}

// billed counts the events of billing.
func (d *demo) billed(ctx context.Context, w io.Writer, ours map[string]bool) error {
	happened := map[string]int{}
	for _, kind := range []domain.EventType{
		domain.EventSubscriptionRenewed, domain.EventSubscriptionPastDue, domain.EventSubscriptionRecovered,
		domain.EventSubscriptionCanceled, domain.EventSubscriptionChanged, domain.EventSubscriptionTrialEnds,
		domain.EventInvoicePaid, domain.EventPaymentFailed,
		domain.EventPaymentLate, domain.EventPaymentRefunded, domain.EventPaymentRetrying,
	} {
		events, err := allOf[domain.Event](ctx, d.client, "/v1/admin/events?type="+string(kind), d.admin)
		if err != nil {
			return fmt.Errorf("read the events: %w", err)
		}
		for _, e := range events {
			if ours[e.AccountID] {
				happened[string(kind)]++
			}
		}
	}
	section(w, "Events")
	counts(w, happened)
	return nil
}

// accounts are the ids of the demo's accounts.
func (d *demo) accounts() map[string]bool {
	ids := map[string]bool{}
	for _, v := range d.visitors {
		if id := v.accountID(); id != "" {
			ids[id] = true
		}
	}
	return ids
}

// verdict is ok with one sentence, or a failure with another.
func verdict(name string, wrong int, good, bad string) domain.Check {
	if wrong > 0 {
		return domain.Check{Name: name, Status: domain.CheckFail, Message: fmt.Sprintf("%d %s", wrong, bad)}
	}
	return domain.Check{Name: name, Status: domain.CheckOK, Message: good}
}

// checkFaults: nothing was refused that should not be, and nothing failed.
func (d *demo) checkFaults(context.Context) (domain.Check, error) {
	wrong, first := 0, ""
	for _, v := range d.visitors {
		if v.fault != nil {
			if wrong++; first == "" {
				first = v.kind + ": " + v.fault.Error()
			}
		}
	}
	c := verdict("demo_answers", wrong, "Every call was answered as it must be.",
		"people met an answer they should not; first, "+first)
	return c, nil
}

// checkWaits: every onboarding has ended, or it can be said what it waits for.
func (d *demo) checkWaits(context.Context) (domain.Check, error) {
	wrong := 0
	for _, v := range d.visitors {
		if v.onboarding != nil && !v.onboarding.Done && waits(v.onboarding) == "" {
			wrong++
		}
	}
	return verdict("demo_ends", wrong, "Every onboarding has ended, or waits for somebody with a name.",
		"onboardings neither ended nor wait for anything."), nil
}

// checkMoney: no invoice was paid twice, and no payment is left that nobody
// decides about.
func (d *demo) checkMoney(ctx context.Context) (domain.Check, error) {
	payments, err := allOf[domain.Payment](ctx, d.client, "/v1/admin/payments", d.admin)
	if err != nil {
		return domain.Check{}, fmt.Errorf("read the payments: %w", err)
	}
	ours, paid, wrong := d.accounts(), map[string]bool{}, 0
	decided := []domain.PaymentStatus{domain.PaymentSucceeded, domain.PaymentFailed, domain.PaymentRequiresAction}
	for _, p := range payments {
		if !ours[p.AccountID] {
			continue
		}
		twice := p.Status == domain.PaymentSucceeded && paid[p.InvoiceID]
		paid[p.InvoiceID] = paid[p.InvoiceID] || p.Status == domain.PaymentSucceeded
		if twice || !slices.Contains(decided, p.Status) {
			wrong++
		}
	}
	good := fmt.Sprintf("%d payments: no invoice was paid twice, and none is undecided.", len(payments))
	return verdict("demo_payments", wrong, good, "payments are undecided or were made twice."), nil
}

// checkCredits: each balance is the sum of its ledger.
func (d *demo) checkCredits(ctx context.Context) (domain.Check, error) {
	wrong, balances := 0, 0
	for _, v := range d.visitors {
		if !v.inUse() {
			continue
		}
		var balance struct{ Total int64 }
		if err := d.get(ctx, "/v1/account/balance", v.secret, &balance); err != nil {
			return domain.Check{}, fmt.Errorf("read a balance: %w", err)
		}
		entries, err := allOf[domain.Credit](ctx, d.client, "/v1/account/credits", v.secret)
		if err != nil {
			return domain.Check{}, fmt.Errorf("read a ledger: %w", err)
		}
		for _, e := range entries {
			balance.Total -= e.Amount
		}
		if balances++; balance.Total != 0 {
			wrong++
		}
	}
	return verdict("demo_credits", wrong, fmt.Sprintf("%d balances are the sums of their ledgers.", balances),
		"balances are not the sum of their ledger."), nil
}

// checkOnce: whoever signed up twice has one sign-up.
func (d *demo) checkOnce(ctx context.Context) (domain.Check, error) {
	wrong := 0
	for _, v := range d.visitors {
		if v.asked != returns && v.asked != stranger {
			continue
		}
		found, err := allOf[domain.Onboarding](ctx, d.client, "/v1/admin/onboardings?q="+url.QueryEscape(v.email), d.admin)
		if err != nil {
			return domain.Check{}, fmt.Errorf("read the onboardings: %w", err)
		}
		if len(found) != 1 {
			wrong++
		}
	}
	return verdict("demo_persons", wrong, "Whoever came twice has one sign-up.",
		"e-mails have no sign-up, or several."), nil
}
