package store

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"slipway/domain"
)

// Optimize keeps the statistics by which SQLite chooses its indexes; PostgreSQL
// keeps its own. It does nothing while little has changed.
func (s *Store) Optimize(ctx context.Context) error {
	if s.postgres {
		return nil
	}
	return s.wrap("keep statistics", "", s.writer(ctx).Exec("PRAGMA optimize").Error)
}

// Pruned is what one call of Prune did.
type Pruned struct {
	Rows map[string]int64 // deleted or folded, by table
	More bool             // a batch was full: there is more to do
}

// Total is the number of rows of all tables.
func (p *Pruned) Total() (n int64) {
	for _, rows := range p.Rows {
		n += rows
	}
	return n
}

// PrunedTables are the tables that Prune deletes rows of, or folds some.
func PrunedTables() (names []string) {
	for _, r := range retentions {
		names = append(names, r.table)
	}
	return names
}

// Prune deletes rows that are past their retention, at most limit of each table,
// each table in a transaction of its own: whatever ends it between two of them, the
// next call goes on. What cannot be deleted in one table keeps no other.
func (s *Store) Prune(ctx context.Context, keep domain.Retention, limit int) (Pruned, error) {
	pruned := Pruned{Rows: map[string]int64{}}
	var failures []error
	for _, r := range retentions {
		before, ends := s.dueBefore(r, keep)
		if !ends {
			continue
		}
		rows, err := r.delete(ctx, s, before, limit)
		if err != nil {
			failures = append(failures, s.wrap("prune "+r.table, "", err))
		}
		if rows > 0 {
			pruned.Rows[r.table] += rows
		}
		pruned.More = pruned.More || rows >= int64(limit)
	}
	return pruned, errors.Join(failures...)
}

// dueBefore is when rows were over that are due now; false where they are kept for
// ever.
func (s *Store) dueBefore(r retention, keep domain.Retention) (before time.Time, ends bool) {
	if r.kept == nil {
		return s.now().Add(-r.always), true
	}
	kept := r.kept(keep)
	return s.now().Add(-kept), kept > 0
}

// delete deletes one batch.
func (r retention) delete(ctx context.Context, s *Store, before time.Time, limit int) (int64, error) {
	if r.prune != nil {
		return r.prune(s, ctx, before, limit)
	}
	rows := "SELECT " + r.key + " FROM " + r.table + " WHERE " + r.due + " ORDER BY " + r.order
	return s.deleteRows(ctx, r.table, r.key, rows, limit, pruneArgs(before))
}

// deleteRows deletes at most limit of the rows that a statement selects by their key. The
// limit stands in the statement, so that it is planned for few of them. What
// somebody else changes meanwhile stays for another time.
func (s *Store) deleteRows(
	ctx context.Context, table, key, rows string, limit int, args map[string]any,
) (int64, error) {
	rows += " LIMIT " + strconv.Itoa(limit)
	if s.postgres {
		rows += " FOR UPDATE SKIP LOCKED"
	}
	statement := "DELETE FROM " + table + " WHERE (" + key + ") IN (" + rows + ")"
	result := s.writer(ctx).Exec(statement, args)
	return result.RowsAffected, result.Error
}

// pruneArgs are what the conditions of retentions may name: a time, and the least
// ids that rows made since then have.
func pruneArgs(before time.Time) map[string]any {
	return map[string]any{
		"before": before, "event": firstIDAt(domain.PrefixEvent, before),
		"command": firstIDAt(domain.PrefixCommand, before), "credit": firstIDAt(domain.PrefixCredit, before),
		"onboarding": firstIDAt(domain.PrefixOnboarding, before),
	}
}

// firstIDAt is not above any id with the prefix that was made at the time or later.
// Rows that are only added are found by it, through the index of their ids.
func firstIDAt(prefix string, at time.Time) string {
	var id ulid.ULID
	if at.UnixMilli() > 0 {
		_ = id.SetTime(min(ulid.Timestamp(at), ulid.MaxTime())) // never above the most it takes
	}
	return prefix + "_" + id.String()
}

// CheckRetention finds tables that hold rows long past their retention: nothing
// prunes them, or it does not keep up.
func (s *Store) CheckRetention(ctx context.Context, keep domain.Retention) domain.Check {
	check := domain.Check{Name: "retention", Status: domain.CheckWarn}
	var late []string
	for _, r := range retentions {
		before, ends := s.dueBefore(r, keep)
		query := cmp.Or(r.late, "SELECT 1 FROM "+r.table+" WHERE "+r.due)
		if !ends || (r.late == "" && r.due == "") {
			continue
		}
		var found []int
		query += " LIMIT 1"
		if err := s.conn(ctx).Raw(query, pruneArgs(before.Add(-prunePatience))).Scan(&found).Error; err != nil {
			check.Message, check.Fix = "What is past its retention could not be read.", "Read the log."
			return check
		}
		if len(found) > 0 {
			late = append(late, r.table)
		}
	}
	if len(late) == 0 {
		check.Status, check.Message = domain.CheckOK, "No row is kept longer than its retention."
		return check
	}
	check.Message = "Rows are more than a day past their retention: " + strings.Join(late, ", ") + "."
	check.Fix = "See that reconcile's job delete_expired completes its rounds; the worker's log says why it does not."
	return check
}

// prunePatience is how long rows may be past their retention before a check says so.
const prunePatience = 24 * time.Hour
