package demo

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"

	"slipway/domain"
)

// checks compare what the demo saw with what the API says.
type checks struct{ *demo }

// all prints how the subscriptions fared, and returns whether everything is as it
// must be: what the API says of itself, and what the demo can add up.
func (c checks) all(ctx context.Context, w io.Writer) ([]domain.Check, error) {
	if err := c.fates(ctx, w); err != nil {
		return nil, err
	}
	var ready struct{ Checks []domain.Check }
	if err := c.get(ctx, "/readyz?verbose", "", &ready); err != nil {
		return nil, fmt.Errorf("read the checks: %w", err)
	}
	all := ready.Checks
	for _, check := range []func(context.Context) (domain.Check, error){
		c.answers, c.waits, c.money, c.credits, c.persons,
	} {
		made, err := check(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, made)
	}
	return all, nil
}

// fates prints the outcome of the subscriptions, and what billing did for them.
func (c checks) fates(ctx context.Context, w io.Writer) error {
	subscriptions, err := allOf[domain.Subscription](ctx, c.client, "/v1/admin/subscriptions", c.admin)
	if err != nil {
		return fmt.Errorf("read the subscriptions: %w", err)
	}
	ours := c.accounts()
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
	section(w, fmt.Sprintf("Subscriptions that lived through %d months", c.Months))
	counts(w, clocked)
	section(w, "Subscriptions on the real clock")
	counts(w, others)
	return c.events(ctx, w, ours)
}

// events counts the events of billing.
func (c checks) events(ctx context.Context, w io.Writer, ours map[string]bool) error {
	happened := map[string]int{}
	for _, kind := range []domain.EventType{
		domain.EventSubscriptionRenewed, domain.EventSubscriptionPastDue, domain.EventSubscriptionRecovered,
		domain.EventSubscriptionCanceled, domain.EventSubscriptionChanged, domain.EventSubscriptionTrialEnds,
		domain.EventInvoicePaid, domain.EventPaymentFailed,
		domain.EventPaymentLate, domain.EventPaymentRefunded, domain.EventPaymentRetrying,
	} {
		events, err := allOf[domain.Event](ctx, c.client, "/v1/admin/events?type="+string(kind), c.admin)
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
func (c checks) accounts() map[string]bool {
	ids := map[string]bool{}
	for _, v := range c.visitors {
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

// answers: nothing was refused that should not be, and nothing failed.
func (c checks) answers(context.Context) (domain.Check, error) {
	wrong, first := 0, ""
	for _, v := range c.visitors {
		if v.fault != nil {
			if wrong++; first == "" {
				first = v.kind + ": " + v.fault.Error()
			}
		}
	}
	return verdict("demo_answers", wrong, "Every call was answered as it must be.",
		"people met an answer they should not; first, "+first), nil
}

// waits: every onboarding has ended, or it can be said what it waits for.
func (c checks) waits(context.Context) (domain.Check, error) {
	wrong := 0
	for _, v := range c.visitors {
		if v.onboarding != nil && !v.onboarding.Done && waits(v.onboarding) == "" {
			wrong++
		}
	}
	return verdict("demo_ends", wrong, "Every onboarding has ended, or waits for somebody with a name.",
		"onboardings neither ended nor wait for anything."), nil
}

// money: no invoice was paid twice, and no payment is left that nobody
// decides about.
func (c checks) money(ctx context.Context) (domain.Check, error) {
	payments, err := allOf[domain.Payment](ctx, c.client, "/v1/admin/payments", c.admin)
	if err != nil {
		return domain.Check{}, fmt.Errorf("read the payments: %w", err)
	}
	ours, paid, wrong := c.accounts(), map[string]bool{}, 0
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

// credits: each balance is the sum of its ledger.
func (c checks) credits(ctx context.Context) (domain.Check, error) {
	wrong, balances := 0, 0
	for _, v := range c.visitors {
		if !v.inUse() {
			continue
		}
		var balance struct{ Total int64 }
		if err := c.get(ctx, "/v1/account/balance", v.secret, &balance); err != nil {
			return domain.Check{}, fmt.Errorf("read a balance: %w", err)
		}
		entries, err := allOf[domain.Credit](ctx, c.client, "/v1/account/credits", v.secret)
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

// persons: whoever signed up twice has one sign-up.
func (c checks) persons(ctx context.Context) (domain.Check, error) {
	wrong := 0
	for _, v := range c.visitors {
		if v.asked != returns && v.asked != stranger {
			continue
		}
		found, err := allOf[domain.Onboarding](ctx, c.client, "/v1/admin/onboardings?q="+url.QueryEscape(v.email), c.admin)
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
