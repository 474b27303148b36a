package billing

import (
	"fmt"
	"time"

	"slipway/domain"
	"slipway/store"
)

// Invoices opens and closes invoices in a change.
type Invoices struct{ *store.Change }

// Open completes the invoice and stores it as owed.
func (i Invoices) Open(in *domain.Invoice) error {
	if in.ID == "" {
		var err error
		if in.ID, err = i.newID(in); err != nil {
			return err
		}
	}
	in.AccountID, in.Status = i.AccountID(), domain.InvoiceOpen
	in.CreatedAt, in.UpdatedAt = i.Now, i.Now
	i.Emit(domain.EventInvoiceOpened, map[string]any{"invoice": in.ID, "amount": in.Amount, "currency": in.Currency})
	return i.Tx.InsertInvoice(i.Ctx, in)
}

// newID is the id of an invoice to open: invoices are listed by their ids, by the
// time that their account lives by. The one for a period of a subscription
// follows from what it is for, and so do the keys of its charges: after the
// database was restored from a backup, a renewal that had been charged since is
// the same charge to the provider.
func (i Invoices) newID(in *domain.Invoice) (string, error) {
	if !in.ForPeriod() {
		return store.NewIDAt(domain.PrefixInvoice, i.Now), nil
	}
	n, err := i.Tx.CountInvoicesForPeriod(i.Ctx, in.SubscriptionID, in.PeriodStart, in.Reason)
	if err != nil {
		return "", err
	}
	key := fmt.Sprint(in.SubscriptionID, "/", in.Reason, "/", in.PeriodStart.UnixMilli(), "/", in.Amount, in.Currency,
		"/", n)
	sorted := in.PeriodStart.Add(time.Duration(n) * time.Millisecond) // after those that it replaces
	return store.DerivedIDAt(domain.PrefixInvoice, key, sorted), nil
}

// OpenOf is the subscription's open invoice; nil without one.
func (i Invoices) OpenOf(subscriptionID string) (*domain.Invoice, error) {
	return none(i.Tx.OpenInvoice(i.Ctx, subscriptionID))
}

// Void takes the invoice back, and with it the payments that no provider was
// asked for: they fail with the code.
func (i Invoices) Void(invoice *domain.Invoice, failureCode string) error {
	if err := (Payments{i.Change}).FailUnasked(invoice, failureCode); err != nil {
		return err
	}
	if err := invoice.Advance(domain.InvoiceVoid, i.Now); err != nil {
		return err
	}
	i.Emit(domain.EventInvoiceVoided, map[string]any{"invoice": invoice.ID})
	return i.Tx.SaveInvoice(i.Ctx, invoice)
}

// Close closes the invoice: paid by the payment, or, without one, void because
// staff asked for no money.
func (i Invoices) Close(invoice *domain.Invoice, by *domain.Payment) error {
	to, event := domain.InvoicePaid, domain.EventInvoicePaid
	if by == nil {
		to, event = domain.InvoiceVoid, domain.EventInvoiceVoided
		invoice.Waived = true
	}
	if err := invoice.Advance(to, i.Now); err != nil {
		return err
	}
	if by != nil {
		i.Emit(domain.EventPaymentSucceeded, map[string]any{"payment": by.ID, "amount": by.Amount, "currency": by.Currency})
	}
	i.Emit(event, map[string]any{"invoice": invoice.ID})
	return i.Tx.SaveInvoice(i.Ctx, invoice)
}

// ByStaff prepares closing an invoice without the customer: waived, or paid
// elsewhere, by the payment it returns.
func (i Invoices) ByStaff(invoice *domain.Invoice, waive bool) (*domain.Payment, error) {
	if waive {
		return nil, Payments{i.Change}.FailUnasked(invoice, domain.FailureSuperseded)
	}
	return Payments{i.Change}.OutOfBand(invoice)
}

// lapsed reports whether the time to pay for a change of plan is over.
func lapsed(invoice *domain.Invoice, now time.Time) bool {
	return invoice.Reason == domain.ReasonSubscriptionUpdate && invoice.Status == domain.InvoiceOpen &&
		invoice.DueAt != nil && now.After(*invoice.DueAt)
}

// lineOf is what an invoice says of a period of the plan.
func lineOf(plan *domain.PlanRef, from, to time.Time) string {
	return domain.Text(domain.LabelPeriod, "plan", plan.Name, "dates", dates(from, to))
}

// unusedLine is what an invoice says of the part of a period that is refunded.
func unusedLine(plan *domain.PlanRef, from, to time.Time) string {
	return domain.Text(domain.LabelUnusedTime, "plan", plan.Name, "dates", dates(from, to))
}

// dates writes a period the way an invoice does.
func dates(from, to time.Time) string {
	return domain.Text(domain.LabelDates, "from", from.Format("2 Jan 2006"), "to", to.Format("2 Jan 2006"))
}

// none turns not_found into nil: the absence is an answer.
func none[T any](row *T, err error) (*T, error) {
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return row, nil
}
