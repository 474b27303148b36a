package store

import (
	"context"

	"slipway/domain"
)

// InsertSite stores a new site. Whether the plan allows one more is decided by
// the caller, who locks the account first.
func (s *Store) InsertSite(ctx context.Context, site *domain.Site) error {
	return s.create(ctx, "insert site", site)
}

// SiteByID returns a site of the account that was not deleted, or not_found.
func (s *Store) SiteByID(ctx context.Context, accountID, id string) (*domain.Site, error) {
	return one[domain.Site](s, s.conn(ctx).
		Where("id = ? AND account_id = ? AND deleted_at IS NULL", id, accountID), "site")
}

// ListSites returns a page of the account's sites, newest first.
func (s *Store) ListSites(ctx context.Context, accountID string, p Page) (List[domain.Site], error) {
	q := s.conn(ctx).Where("account_id = ? AND deleted_at IS NULL", accountID)
	return page(s, q, p, func(site *domain.Site) string { return site.ID })
}

// DeleteSite marks a site of the account as deleted, so that it no longer counts;
// the row stays. not_found when there is none, or it was deleted before.
func (s *Store) DeleteSite(ctx context.Context, accountID, id string) error {
	result := s.writer(ctx).Model(&domain.Site{}).
		Where("id = ? AND account_id = ? AND deleted_at IS NULL", id, accountID).Update("deleted_at", s.now())
	if result.Error == nil && result.RowsAffected == 0 {
		return domain.NotFound("site")
	}
	return s.wrap("delete site", "", result.Error)
}
