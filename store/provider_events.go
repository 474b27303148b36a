package store

import (
	"context"
	"time"

	"slipway/domain"
)

// InsertProviderEvent stores a webhook and reports false when it was stored
// before.
func (s *Store) InsertProviderEvent(ctx context.Context, e *domain.ProviderEvent) (bool, error) {
	isNew, err := insertNew(s.writer(ctx), e)
	return isNew, s.wrap("insert provider event", "", err)
}

// UnprocessedEvents returns webhooks received before the time that did not reach
// the workflow they are about, oldest first.
func (s *Store) UnprocessedEvents(ctx context.Context, before time.Time, limit int) ([]domain.ProviderEvent, error) {
	var rows []domain.ProviderEvent
	q := s.conn(ctx).Where("processed_at IS NULL AND received_at < ?", before)
	q = s.notPutAside(q, domain.JobRouteEvents, "provider || '/' || event_id")
	err := q.Order("received_at").Limit(limit).Find(&rows).Error
	return rows, s.wrap("read provider events", "", err)
}

// MarkProcessed stores that the event reached the workflow it is about.
func (s *Store) MarkProcessed(ctx context.Context, provider, eventID string) error {
	err := s.writer(ctx).Model(&domain.ProviderEvent{}).Where("provider = ? AND event_id = ?", provider, eventID).
		Update("processed_at", s.now()).Error
	return s.wrap("mark provider event", "", err)
}

// OwnerOf finds the account, subscription or onboarding that a provider's event
// with the key is about, or not_found.
func (s *Store) OwnerOf(ctx context.Context, key string) (*domain.PaymentOwner, error) {
	if ValidID(domain.PrefixPaymentMethod, key) {
		return s.ownerOfMethod(ctx, key)
	}
	p, err := s.PaymentByKey(ctx, key)
	if err != nil {
		return nil, err
	}
	invoice, err := s.InvoiceByID(ctx, p.InvoiceID)
	if err != nil {
		return nil, err
	}
	owner := &domain.PaymentOwner{AccountID: p.AccountID, SubscriptionID: invoice.SubscriptionID}
	owner.OfPayment(p)
	if invoice.Type == domain.InvoiceCreditPackage {
		owner.InvoiceID = invoice.ID
		return owner, nil
	}
	if p.Status == domain.PaymentFailed || invoice.Reason != domain.ReasonSubscriptionCreate {
		return owner, nil // billing sees to what the onboarding is done with
	}
	o, err := s.OnboardingBySubscription(ctx, invoice.SubscriptionID)
	if err == nil && !o.Status.Ended() {
		owner.Onboarding = o
	}
	return owner, err
}

// ownerOfMethod: the onboarding that waits for the method, else the account.
func (s *Store) ownerOfMethod(ctx context.Context, id string) (*domain.PaymentOwner, error) {
	m, err := s.MethodEver(ctx, id)
	if err != nil {
		return nil, err
	}
	owner := &domain.PaymentOwner{AccountID: m.AccountID}
	owner.OfMethod(m)
	o, err := s.LatestOnboarding(ctx, m.AccountID)
	if err == nil && o.Status == domain.OnboardingWaitingForPaymentMethod {
		owner.Onboarding = o
	}
	return owner, err
}
