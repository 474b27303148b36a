package store

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	translit "github.com/gosimple/slug"

	"slipway/domain"
)

// slugRow is a slug that is held, or tombstoned after its account closed.
type slugRow struct {
	Slug      string `gorm:"primaryKey"`
	Base      string
	Number    int64
	AccountID string
	Status    string
}

// TableName is GORM's hook.
func (slugRow) TableName() string { return "slugs" }

// maxSlugNumber is the last number given in order; suffixAttempts bounds how
// often somebody may take the same number at the same moment.
const (
	maxSlugNumber  = 999_999
	suffixAttempts = 5
)

// Allocation is a slug and how it was found.
type Allocation struct {
	Slug     string
	Taken    string // what was asked for and taken, empty when the first try fit
	Reserved bool   // Taken is a reserved word rather than somebody's slug
}

// Story says in plain words how the slug was found.
func (a Allocation) Story() string {
	switch {
	case a.Taken == "":
		return domain.Text(domain.LabelSlugFree, "slug", a.Slug)
	case a.Reserved:
		return domain.Text(domain.LabelSlugAfterReserved, "wanted", a.Taken, "slug", a.Slug)
	default:
		return domain.Text(domain.LabelSlugAfterTaken, "wanted", a.Taken, "slug", a.Slug)
	}
}

// SlugBase is the slug a name asks for: transliterated, lower case, short
// enough for a number behind it. A name with nothing usable left, such as one
// of symbols only, falls back to "account-" and the end of the account's id.
func SlugBase(name, accountID string) string {
	base := translit.Make(name)
	if limit := domain.SlugMax - domain.SlugSuffixRoom; len(base) > limit {
		base = base[:limit]
	}
	base = nonSlug.ReplaceAllString(strings.ToLower(base), "-")
	base = strings.Trim(base, "-")
	switch {
	case base == "":
		return "account-" + strings.ToLower(accountID[max(0, len(accountID)-8):])
	case len(base) < domain.SlugMin:
		return "account-" + base
	}
	return base
}

var nonSlug = regexp.MustCompile(`[^a-z0-9]+`)

// ClaimSlug takes exactly this slug for the account; false when it is taken.
func (s *Store) ClaimSlug(ctx context.Context, slug, accountID string) (bool, error) {
	base, number := splitSlug(slug)
	ok, err := insertNew(s.writer(ctx), &slugRow{
		Slug: slug, Base: base, Number: number, AccountID: accountID, Status: "held",
	})
	return ok, s.wrap("claim slug", "", err)
}

// SlugReserved reports whether the product, or this deployment of it, keeps the
// word for itself.
func (s *Store) SlugReserved(slug string) bool {
	return domain.SlugReserved(slug) || slices.Contains(s.reserved, slug)
}

// AllocateSlug takes base, or base with the next free number, for the account.
// It never probes: whatever number of slugs share the base, it asks at most
// three times (claim, queue, claim the next number), unless somebody chooses
// that very number at the same moment. Call it inside Within.
func (s *Store) AllocateSlug(ctx context.Context, base, accountID string) (Allocation, error) {
	if s.SlugReserved(base) {
		return s.numberSlug(ctx, Allocation{Taken: base, Reserved: true}, accountID)
	}
	ok, err := s.ClaimSlug(ctx, base, accountID)
	if err != nil || ok {
		return Allocation{Slug: base}, err
	}
	return s.numberSlug(ctx, Allocation{Taken: base}, accountID)
}

// numberSlug claims a.Taken with the next number of its base.
func (s *Store) numberSlug(ctx context.Context, a Allocation, accountID string) (Allocation, error) {
	if s.postgres { // one at a time per base, until the transaction ends
		const lock = "SELECT pg_advisory_xact_lock(hashtextextended(?, 7))"
		if err := s.conn(ctx).Exec(lock, "slug:"+a.Taken).Error; err != nil {
			return a, s.wrap("queue for slug", "", err)
		}
	}
	for attempt := range suffixAttempts {
		var slugs []string
		err := s.conn(ctx).Raw(`
			INSERT INTO slugs (slug, base, number, account_id, status)
			SELECT CAST(? AS text) || '-' || next.n, ?, next.n, ?, 'held'
			FROM (SELECT COALESCE(MAX(number), 1) + ? AS n FROM slugs WHERE base = ? AND number < ?) AS next
			WHERE next.n <= ?
			ON CONFLICT (slug) DO NOTHING
			RETURNING slug`,
			a.Taken, a.Taken, accountID, attempt+1, a.Taken, maxSlugNumber, maxSlugNumber).Scan(&slugs).Error
		if err != nil {
			return a, s.wrap("number slug", "", err)
		}
		if len(slugs) == 1 {
			a.Slug = slugs[0]
			return a, nil
		}
		// Somebody chose that very number, just now or with more digits than
		// splitSlug counts: the next try passes it.
	}
	base := strings.TrimRight(a.Taken[:min(len(a.Taken), domain.SlugMax-9)], "-")
	a.Slug = base + "-" + strings.ToLower(accountID[len(accountID)-8:])
	ok, err := s.ClaimSlug(ctx, a.Slug, accountID)
	if err == nil && !ok {
		err = fmt.Errorf("allocate slug: %d numbers and a random one were taken", suffixAttempts)
	}
	return a, err
}

// ReleaseSlug releases an account's slug: free for any account, or, with
// tombstone, never free again, so that old links cannot reach a stranger.
func (s *Store) ReleaseSlug(ctx context.Context, accountID string, tombstone bool) error {
	db := s.writer(ctx).Where("account_id = ?", accountID)
	if tombstone {
		return s.wrap("tombstone slug", "", db.Model(&slugRow{}).Update("status", "tombstoned").Error)
	}
	return s.wrap("release slug", "", db.Where("status = 'held'").Delete(&slugRow{}).Error)
}

// SuggestSlugs returns three free slugs close to the one that is taken.
func (s *Store) SuggestSlugs(ctx context.Context, slug string) ([]string, error) {
	base, _ := splitSlug(slug)
	if limit := domain.SlugMax - domain.SlugSuffixRoom; len(base) > limit {
		base = strings.Trim(base[:limit], "-")
	}
	var last int64
	const highest = "SELECT COALESCE(MAX(number), 1) FROM slugs WHERE base = ? AND number < ?"
	err := s.conn(ctx).Raw(highest, base, maxSlugNumber).Scan(&last).Error
	if err != nil {
		return nil, s.wrap("suggest slugs", "", err)
	}
	candidates := []string{fmt.Sprintf("%s-%d", base, last+1)}
	for _, word := range []string{"hq", "app", "team", "co", "online", "group"} {
		candidates = append(candidates, base+"-"+word)
	}
	for n := int64(2); n <= 6; n++ {
		candidates = append(candidates, fmt.Sprintf("%s-%d", base, last+n))
	}
	var taken []string
	if err := s.conn(ctx).Model(&slugRow{}).Where("slug IN ?", candidates).Pluck("slug", &taken).Error; err != nil {
		return nil, s.wrap("suggest slugs", "", err)
	}
	free := []string{}
	for _, c := range candidates {
		if len(free) < 3 && domain.ValidSlug(c) && !slices.Contains(taken, c) {
			free = append(free, c)
		}
	}
	return free, nil
}

// splitSlug takes "acme-7" apart into acme and 7. Anything that is not a base
// with a plain number of up to five digits is a base of its own, number 1: a
// chosen "acme-99999999" must not push the next number that far.
func splitSlug(slug string) (string, int64) {
	i := strings.LastIndexByte(slug, '-')
	if i < domain.SlugMin || len(slug)-i > 6 || slug[i+1] == '0' {
		return slug, 1
	}
	n, err := strconv.ParseInt(slug[i+1:], 10, 64)
	if err != nil || n < 2 {
		return slug, 1
	}
	return slug[:i], n
}
