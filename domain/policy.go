package domain

import "time"

// Policy is what a deployment may set about onboarding and billing.
type Policy struct {
	// PaymentWindow is how long an invoice may stay unpaid before its
	// onboarding expires. A rejected payment opens a new window; while an admin
	// decides, none runs (see ExpiresAfter).
	PaymentWindow time.Duration
	// ExpiresAfter is how long an onboarding may wait for a plan, a payment method or
	// an approval, without any change, before it expires and gives its e-mail address
	// and slug free; 0 is for ever.
	ExpiresAfter time.Duration
	// Reminders are sent this long after an invoice opens; those not before the
	// end of the window are dropped.
	Reminders []time.Duration
	// PreferredOption is a payment option's key or external id, chosen before
	// the catalogue's own preferred one.
	PreferredOption string
	// KeepSlugs tombstones the slug of an onboarding that ended early, instead
	// of releasing it for the next one.
	KeepSlugs bool
	// Limits bound what one customer can have at the same time.
	Limits Limits
	// Billing is about renewals and their recovery.
	Billing BillingPolicy
}

// RemindAt are the times of the reminders in the payment window that ends then;
// none without one.
func (p Policy) RemindAt(due *time.Time) []time.Time {
	if due == nil {
		return nil
	}
	var times []time.Time
	for _, after := range p.Reminders {
		if after < p.PaymentWindow {
			times = append(times, due.Add(after-p.PaymentWindow))
		}
	}
	return times
}
