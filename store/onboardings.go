package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"slipway/domain"
)

// stillRuns is the condition of the partial indexes on onboardings that have not
// ended; of is the table and a dot, or empty.
func stillRuns(of string) string {
	return noneOf(of+"status", domain.OnboardingCompleted, domain.OnboardingFailed, domain.OnboardingExpired,
		domain.OnboardingCanceled)
}

// holdsEmail is that of the index that keeps an address to one sign-up.
var holdsEmail = "kind = 'signup' AND " +
	noneOf("status", domain.OnboardingFailed, domain.OnboardingExpired, domain.OnboardingCanceled)

// InsertOnboarding stores a received onboarding. It reports false, storing
// nothing, when the person already has one that runs or succeeded, or the
// account already chooses a plan.
func (s *Store) InsertOnboarding(ctx context.Context, o *domain.Onboarding) (bool, error) {
	ok, err := insertNew(s.writer(ctx), o)
	return ok, s.wrap("insert onboarding", "", err)
}

// OnboardingByID returns the onboarding, or not_found.
func (s *Store) OnboardingByID(ctx context.Context, id string) (*domain.Onboarding, error) {
	return one[domain.Onboarding](s, s.conn(ctx).Where("id = ?", id), "onboarding")
}

// LockOnboarding returns the onboarding and keeps others from changing it
// until the transaction ends. Call it inside Within, before any other row.
func (s *Store) LockOnboarding(ctx context.Context, id string) (*domain.Onboarding, error) {
	return one[domain.Onboarding](s, s.locked(s.conn(ctx)).Where("id = ?", id), "onboarding")
}

// OnboardingBySubscription returns the onboarding that opened, or will open,
// the subscription; or not_found.
func (s *Store) OnboardingBySubscription(ctx context.Context, id string) (*domain.Onboarding, error) {
	return one[domain.Onboarding](s, s.conn(ctx).Where("subscription_id = ?", id), "onboarding")
}

// SignupByEmail returns the sign-up of a person that runs or succeeded, or not_found.
func (s *Store) SignupByEmail(ctx context.Context, email string) (*domain.Onboarding, error) {
	return one[domain.Onboarding](s, s.conn(ctx).Where("email = ? AND "+holdsEmail, email), "onboarding")
}

// LatestOnboarding returns the account's newest onboarding, or not_found.
func (s *Store) LatestOnboarding(ctx context.Context, accountID string) (*domain.Onboarding, error) {
	return one[domain.Onboarding](s, s.conn(ctx).Where("account_id = ?", accountID).Order("id DESC"), "onboarding")
}

// LatestOnboardings returns the newest onboarding of each account, by account id.
func (s *Store) LatestOnboardings(ctx context.Context, accountIDs []string) (map[string]*domain.Onboarding, error) {
	var rows []domain.Onboarding
	newest := s.conn(ctx).Model(&domain.Onboarding{}).Select("MAX(id)").Where("account_id IN ?", accountIDs).
		Group("account_id")
	if err := s.conn(ctx).Where("id IN (?)", newest).Find(&rows).Error; err != nil {
		return nil, s.wrap("read onboardings", "", err)
	}
	byAccount := map[string]*domain.Onboarding{}
	presentAll(rows)
	for i := range rows {
		byAccount[rows[i].AccountID] = &rows[i]
	}
	return byAccount, nil
}

// SaveOnboarding writes a changed onboarding and notifies its watchers once the
// transaction commits. Its version must have been counted up by Advance or
// Touch; a row that changed in between is a conflict the caller may retry.
func (s *Store) SaveOnboarding(ctx context.Context, o *domain.Onboarding) error {
	if s.changed == nil {
		return errors.New("save onboarding: outside a transaction")
	}
	result := s.writer(ctx).Model(o).Where("version < ?", o.Version).Select("*").UpdateColumns(o)
	if result.Error != nil {
		return s.wrap("save onboarding", "", result.Error)
	}
	if result.RowsAffected == 0 {
		return domain.Unavailable("The onboarding", 0)
	}
	o.Present()
	*s.changed = append(*s.changed, o.ID)
	return nil
}

// OnboardingFilter narrows the admin list; empty fields do not.
type OnboardingFilter struct {
	AccountID string
	Status    string
	Plan      string    // plan code
	Query     string    // part of the e-mail, account name or slug, or an id
	StuckFor  time.Time // not ended and unchanged since
	Page
}

// ListOnboardings returns a page of onboardings, newest first.
func (s *Store) ListOnboardings(ctx context.Context, f OnboardingFilter) (List[domain.Onboarding], error) {
	q := where(where(s.lists(ctx), "onboardings.account_id", f.AccountID), "onboardings.status", f.Status)
	order := "onboardings.id"
	if f.Plan != "" { // an onboarding opens one subscription, so their order is that of the onboardings
		q = q.Joins("JOIN subscriptions ON subscriptions.onboarding_id = onboardings.id").
			Where("subscriptions.plan_code = ?", f.Plan)
		order = "subscriptions.onboarding_id"
	}
	if !f.StuckFor.IsZero() {
		q = q.Where(stillRuns("onboardings.")+" AND onboardings.updated_at < ?", f.StuckFor)
	}
	switch {
	case ValidID(domain.PrefixOnboarding, f.Query):
		q = q.Where("onboardings.id = ?", f.Query)
	case f.Query != "":
		accounts := s.lists(ctx).Model(&domain.Account{}).Select("id").Where(s.holds(f.Query, "name", "slug"))
		q = found[domain.Onboarding](s, q, order, f.Page,
			gorm.Expr("onboardings.account_id IN (?)", accounts),
			gorm.Expr("onboardings.account_id IN (?)", s.ownersOf(ctx, f.Query)),
			gorm.Expr("onboardings.account IS NULL AND ?", s.holds(f.Query, "onboardings.email", "onboardings.account_name")))
		order = "id"
	}
	return pageBy(s, q, order, f.Page, func(o *domain.Onboarding) string { return o.ID })
}

// RunningOnboardings returns onboardings that have not ended, after the cursor
// id.
func (s *Store) RunningOnboardings(ctx context.Context, after string, limit int) ([]domain.Onboarding, error) {
	var rows []domain.Onboarding
	err := s.conn(ctx).Where("id > ? AND "+stillRuns(""), after).Order("id").Limit(limit).Find(&rows).Error
	return rows, s.wrap("read running onboardings", "", err)
}

// Waiting narrows the onboardings that wait.
type Waiting struct {
	Status   domain.OnboardingStatus
	After    string // the cursor id
	Limit    int
	PutAside bool // only those that the job put aside, and that are due again
}

// WaitingOnboardings returns onboardings that wait, without those that the job has
// put aside for now.
func (s *Store) WaitingOnboardings(ctx context.Context, job domain.Job, w Waiting) ([]domain.Onboarding, error) {
	var rows []domain.Onboarding
	q := s.notPutAside(s.conn(ctx).Where("status = ? AND id > ?", w.Status, w.After), job, "id")
	if w.PutAside {
		q = q.Where("id IN (?)", s.db.Model(&domain.JobFailure{}).Select("item_id").Where("job = ?", job))
	}
	err := q.Order("id").Limit(w.Limit).Find(&rows).Error
	return rows, s.wrap("read waiting onboardings", "", err)
}

// ReceivedOnboardings returns onboardings that were received, and last compared with
// their workflow, before the time and have not begun, oldest first.
func (s *Store) ReceivedOnboardings(ctx context.Context, before time.Time, limit int) ([]domain.Onboarding, error) {
	return s.unchecked(ctx, domain.JobStartReceived, "status = 'received'", "", before, limit)
}

// UncheckedOnboardings returns onboardings that have begun and not ended, after the
// cursor id, of those last compared with their workflow and changed before the time.
func (s *Store) UncheckedOnboardings(
	ctx context.Context, before time.Time, after string, limit int,
) ([]domain.Onboarding, error) {
	begun := stillRuns("") + " AND status <> 'received'"
	return s.unchecked(ctx, domain.JobCompareOnboardings, begun, after, before, limit)
}

func (s *Store) unchecked(
	ctx context.Context, job domain.Job, condition, after string, before time.Time, limit int,
) ([]domain.Onboarding, error) {
	var rows []domain.Onboarding
	q := s.conn(ctx).Where(condition+" AND id > ? AND checked_at < ? AND updated_at < ?", after, before, before)
	err := s.notPutAside(q, job, "id").Order("id").Limit(limit).Find(&rows).Error
	return rows, s.wrap("read unchecked onboardings", "", err)
}

// MarkChecked stores that the onboarding was compared with its workflow now.
// Watchers are not notified.
func (s *Store) MarkChecked(ctx context.Context, id string) error {
	err := s.writer(ctx).Model(&domain.Onboarding{}).Where("id = ?", id).UpdateColumn("checked_at", s.now()).Error
	return s.wrap("mark onboarding checked", "", err)
}
