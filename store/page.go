package store

import (
	"context"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Page asks for one page of a list, newest first.
type Page struct {
	Limit  int    // 1–100; 0 is 20
	Cursor string // the id after which the page begins, as Next of the page before
}

// List is one page.
type List[T any] struct {
	Data []T
	Next string // the cursor of the next page, empty on the last
}

// defaultLimit is the page size when a client names none.
const defaultLimit = 20

// page reads one page of q by descending id, one row more than asked to learn
// whether there is a next.
func page[T any](s *Store, q *gorm.DB, p Page, id func(*T) string) (List[T], error) {
	return pageBy(s, q, "id", p, id)
}

// pageBy is page for rows whose id has another name.
func pageBy[T any](s *Store, q *gorm.DB, column string, p Page, id func(*T) string) (List[T], error) {
	if p.Limit == 0 {
		p.Limit = defaultLimit
	}
	if p.Cursor != "" {
		q = q.Where(column+" < ?", p.Cursor)
	}
	rows := []T{}
	if err := q.Order(column + " DESC").Limit(p.Limit + 1).Find(&rows).Error; err != nil {
		return List[T]{}, s.wrap("read list", "", err)
	}
	list := List[T]{Data: rows}
	if len(rows) > p.Limit {
		list.Data = rows[:p.Limit]
		list.Next = id(&rows[p.Limit-1])
	}
	presentAll(list.Data)
	return list, nil
}

// presenter is what every noun with computed fields has.
type presenter[T any] interface {
	*T
	Present()
}

// presentAll fills the computed fields of every row that has some.
func presentAll[T any](rows []T) {
	for i := range rows {
		if p, ok := any(&rows[i]).(interface{ Present() }); ok {
			p.Present()
		}
	}
}

// one reads the row q finds, or not_found for noun.
func one[T any, P presenter[T]](s *Store, q *gorm.DB, noun string) (*T, error) {
	row := new(T)
	if err := q.Take(row).Error; err != nil {
		return nil, s.wrap("read "+noun, noun, err)
	}
	P(row).Present()
	return row, nil
}

// contains is a LIKE pattern for text that holds q, with LIKE's own signs taken
// literally.
func contains(q string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(q) + "%"
}

// holds is a condition on a column of text that people wrote: it holds q,
// whatever the case. The database's lower knows ASCII only (SQLite, PostgreSQL
// in the C locale), so q as it was written finds the other letters.
func holds(column, q string) clause.Expr {
	return gorm.Expr("(lower("+column+`) LIKE ? ESCAPE '\' OR `+column+` LIKE ? ESCAPE '\')`,
		contains(strings.ToLower(q)), contains(q))
}

// where adds "column = value" unless the value is empty.
func where(q *gorm.DB, column, value string) *gorm.DB {
	if value == "" {
		return q
	}
	return q.Where(column+" = ?", value)
}

// save writes all columns of a row read before, updated_at as the caller set it.
func (s *Store) save(ctx context.Context, doing string, row any) error {
	return s.wrap(doing, "", s.writer(ctx).Select("*").UpdateColumns(row).Error)
}

// create inserts a row or rows.
func (s *Store) create(ctx context.Context, doing string, rows any) error {
	return s.wrap(doing, "", s.writer(ctx).Create(rows).Error)
}
