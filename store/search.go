package store

import (
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// contains is a LIKE pattern for text that holds q, with LIKE's own signs taken
// literally.
func contains(q string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(q) + "%"
}

// holds is a condition on columns of text that people wrote: one of them holds q,
// whatever the case. In a database that knows the case of ASCII letters only
// (SQLite, PostgreSQL in the C locale), other letters are found as they were written
// or in lower case.
func (s *Store) holds(q string, columns ...string) clause.Expr {
	like := ` LIKE ? ESCAPE '\'`
	if s.postgres {
		like = " ILIKE ?"
	}
	patterns := []string{contains(q)}
	if lower := strings.ToLower(q); lower != asciiLower(q) {
		patterns = append(patterns, contains(lower))
	}
	var conditions []string
	var values []any
	for _, column := range columns {
		for _, pattern := range patterns {
			conditions, values = append(conditions, column+like), append(values, pattern)
		}
	}
	return gorm.Expr("("+strings.Join(conditions, " OR ")+")", values...)
}

// asciiLower is text with its ASCII letters in lower case.
func asciiLower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// found narrows q to the rows that any of the conditions finds. No index serves an OR
// over several tables, so each condition reads a first page of its own, and the page
// is the newest of them all.
func found[T any](s *Store, q *gorm.DB, column string, p Page, conditions ...clause.Expr) *gorm.DB {
	pages, names := make([]any, len(conditions)), make([]string, len(conditions))
	for i, condition := range conditions {
		one := q.Session(&gorm.Session{}).Model(new(T)).Where(condition)
		pages[i] = window(one, column, p).Select(column + " AS found")
		names[i] = "SELECT found FROM (?) AS page" + string(rune('1'+i))
	}
	return s.lists(q.Statement.Context).Where("id IN ("+strings.Join(names, " UNION ")+")", pages...)
}
