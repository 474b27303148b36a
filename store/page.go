package store

import (
	"cmp"
	"context"
	"strings"

	"gorm.io/gorm"

	"slipway/domain"
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
	rows := []T{}
	if err := s.readList(window(q, column, p), &rows); err != nil {
		return List[T]{}, s.wrap("read list", "", err)
	}
	list, limit := List[T]{Data: rows}, p.limit()
	if len(rows) > limit {
		list.Data = rows[:limit]
		list.Next = id(&rows[limit-1])
	}
	presentAll(list.Data)
	return list, nil
}

// window is the part of q that a page needs.
func window(q *gorm.DB, column string, p Page) *gorm.DB {
	if p.Cursor != "" {
		q = q.Where(column+" < ?", p.Cursor)
	}
	return q.Order(column + " DESC").Limit(p.limit() + 1)
}

func (p Page) limit() int { return cmp.Or(p.Limit, defaultLimit) }

// lists is the handle for the lists of staff, whose filters and searches are planned
// for the values they come with. PostgreSQL has connections of their own for them,
// so that no search keeps a customer waiting.
func (s *Store) lists(ctx context.Context) *gorm.DB { return s.staff.WithContext(ctx) }

// readList reads the rows of a list within its time. One that takes longer says so:
// the database answers, and the list has to be narrowed.
func (s *Store) readList(q *gorm.DB, rows any) error {
	ctx := q.Statement.Context
	if s.postgres { // which cuts the statement off itself, see openPostgres
		err := q.Find(rows).Error
		if cutOff(err) {
			return domain.ListTooSlow()
		}
		return err
	}
	limited, cancel := context.WithTimeout(ctx, s.listTime)
	defer cancel()
	err := q.WithContext(limited).Find(rows).Error
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return domain.ListTooSlow()
	}
	return err
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

// oneOf is true of a column that has one of the values. Written out, as the migrations
// have the conditions of partial indexes: an index serves a query only when its
// condition stands in it, and values that are bound at run time do not. For a list of
// more than two SQLite builds a table in memory, each time a row is written.
func oneOf[S ~string](column string, values ...S) string {
	return "(" + column + " = '" + joined(values, "' OR "+column+" = '") + "')"
}

// noneOf is true of a column that has another value.
func noneOf[S ~string](column string, values ...S) string {
	return column + " <> '" + joined(values, "' AND "+column+" <> '") + "'"
}

func joined[S ~string](values []S, by string) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return strings.Join(words, by)
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
