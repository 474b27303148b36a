package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
	"slipway/store/storetest"
)

// fillSlugs stores acme, acme-2 … acme-10000 as they would have been allocated.
func fillSlugs(t *testing.T, s *store.Store) {
	t.Helper()
	_, err := s.Stats()["write"].ExecContext(t.Context(), `
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
		INSERT INTO slugs (slug, base, number, account_id, status)
		SELECT CASE WHEN i = 1 THEN 'acme' ELSE 'acme-' || i END, 'acme', i, 'acct_' || i, 'held' FROM n`)
	require.NoError(t, err)
}

type statements struct{}

// openCounted opens a store that counts statements for allocateCounted.
func openCounted(t *testing.T, url string) *store.Store {
	t.Helper()
	s := storetest.Open(t, url)
	s.OnStatement(func(ctx context.Context) {
		if n, ok := ctx.Value(statements{}).(*atomic.Int64); ok {
			n.Add(1)
		}
	})
	return s
}

// allocateCounted takes a slug and says how many statements that took.
func allocateCounted(ctx context.Context, s *store.Store, base string) (string, int64, error) {
	n := new(atomic.Int64)
	ctx = context.WithValue(ctx, statements{}, n)
	var a store.Allocation
	err := s.Within(ctx, func(tx *store.Store) (err error) {
		a, err = tx.AllocateSlug(ctx, base, store.NewID(domain.PrefixAccount))
		return err
	})
	return a.Slug, n.Load(), err
}

func TestAllocateSlug_AfterTenThousandTakesThreeStatements(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := openCounted(t, url)
		fillSlugs(t, s)
		for _, want := range []string{"acme-10001", "acme-10002"} {
			slug, statements, err := allocateCounted(t.Context(), s, "acme")
			require.NoError(t, err)
			assert.Equal(t, want, slug)
			assert.LessOrEqual(t, statements, int64(3))
			assert.Positive(t, statements, "the counter counts")
		}
		_, statements, err := allocateCounted(t.Context(), s, "zebra")
		require.NoError(t, err)
		assert.Equal(t, int64(1), statements, "one, when nobody has it")
	})
}

func TestAllocateSlug_AThousandAtOnceTakeThreeStatementsEach(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := openCounted(t, url)
		var wg sync.WaitGroup
		var mu sync.Mutex
		slugs, most := map[string]bool{}, int64(0)
		for range 1000 {
			wg.Go(func() {
				slug, statements, err := allocateCounted(t.Context(), s, "acme")
				mu.Lock()
				defer mu.Unlock()
				assert.NoError(t, err)
				slugs[slug], most = true, max(most, statements)
			})
		}
		wg.Wait()
		assert.Len(t, slugs, 1000, "distinct")
		assert.LessOrEqual(t, most, int64(3), "statements of the unluckiest")
	})
}

const accountID = "acct_01JD9Z5X8QK3V6W2M4N7P0R1ST"

func TestSlugBase_TransliteratesEveryScript(t *testing.T) {
	t.Parallel()
	fallback := "account-" + strings.ToLower(accountID[len(accountID)-8:])
	for name, want := range map[string]string{
		"Acme":                         "acme",
		"  Acme,  Inc.  ":              "acme-inc",
		"Müller & Söhne GmbH":          "muller-and-sohne-gmbh",
		"Straße 7":                     "strasse-7",
		"Crème Brûlée":                 "creme-brulee",
		"Кофейня Пушкинъ":              "kofeinia-pushkin",
		"株式会社":                         "zhu-shi-hui-she",
		"北京":                           "bei-jing",
		"شركة":                         "shrk",
		"Αθήνα":                        "athena",
		"snake_case":                   "snake-case",
		"a@b":                          "aatb",
		"007 Agents":                   "007-agents",
		"42":                           "account-42",
		"A":                            "account-a",
		"Ö":                            "account-o",
		"🚀🚀🚀":                          fallback,
		"":                             fallback,
		"---":                          fallback,
		"___":                          fallback,
		"../../etc/passwd":             "etc-passwd",
		"'; DROP TABLE slugs; --":      "drop-table-slugs",
		strings.Repeat("x", 10000):     strings.Repeat("x", 41),
		strings.Repeat("語", 10000):     "yu-yu",
		strings.Repeat("a", 40) + " b": strings.Repeat("a", 40),
	} {
		base := store.SlugBase(name, accountID)
		if len(name) > 1000 && want == "yu-yu" {
			assert.True(t, strings.HasPrefix(base, want), base)
		} else {
			assert.Equal(t, want, base, "%.40q", name)
		}
		assert.True(t, domain.ValidSlug(base), base)
		assert.LessOrEqual(t, len(base), domain.SlugMax-domain.SlugSuffixRoom, "room for a number")
	}
}

func FuzzSlug(f *testing.F) {
	for _, name := range []string{
		"Acme", "", "🚀", "株式会社", "شركة", "a", "-", "_", "admin", "acme-7", "a\x00b", "\xff\xfe",
		"İ", "ﬀ", "①②③", "㎏", "sign-up", strings.Repeat("a", 38) + "-bb", strings.Repeat("ß", 100),
		"acme-99999", "acme-999999", "\u202eemca", "ẞ-1",
	} {
		f.Add(name)
	}
	s := storetest.Open(f, storetest.SQLite(f))
	undo := errors.New("leave the store as it was")
	f.Fuzz(func(t *testing.T, name string) {
		base := store.SlugBase(name, accountID)
		require.True(t, domain.ValidSlug(base), base)
		require.LessOrEqual(t, len(base), domain.SlugMax-domain.SlugSuffixRoom)
		if utf8.ValidString(name) {
			require.Equal(t, base, store.SlugBase(name, accountID), "the same name, the same base")
		}
		err := s.Within(t.Context(), func(tx *store.Store) error {
			seen := map[string]bool{}
			for range 4 {
				a, err := tx.AllocateSlug(t.Context(), base, store.NewID(domain.PrefixAccount))
				require.NoError(t, err)
				require.True(t, domain.ValidSlug(a.Slug), a.Slug)
				require.False(t, domain.SlugReserved(a.Slug), a.Slug)
				require.False(t, seen[a.Slug], a.Slug)
				seen[a.Slug] = true
			}
			free, err := tx.SuggestSlugs(t.Context(), base)
			require.NoError(t, err)
			require.Len(t, free, 3)
			for _, slug := range free {
				require.True(t, domain.ValidSlug(slug), slug)
				require.False(t, seen[slug], slug)
				seen[slug] = true
			}
			return undo
		})
		require.ErrorIs(t, err, undo)
	})
}
