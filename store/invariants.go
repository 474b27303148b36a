package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"slipway/domain"
)

// Invariant is something that is true of the rows at any time, and the result of
// checking all of them.
type Invariant struct {
	Name    string
	Holds   string // the invariant, as a sentence
	Fix     string // what to do about rows that break it
	Checked int64  // rows it was checked on
	Broken  int64
	IDs     []string // of some broken rows, at most MaxBrokenIDs
}

// MaxBrokenIDs bounds how many broken rows are named: enough to look into one.
const MaxBrokenIDs = 5

// Find counts a row that breaks the invariant.
func (i *Invariant) Find(id string) {
	i.Broken++
	if len(i.IDs) < MaxBrokenIDs {
		i.IDs = append(i.IDs, id)
	}
}

// Check is the invariant as a line of what the doctor reports.
func (i *Invariant) Check() domain.Check {
	check := domain.Check{Name: i.Name, Status: domain.CheckOK, Message: fmt.Sprintf("%s %d checked.", i.Holds, i.Checked)}
	if i.Broken > 0 {
		check.Status = domain.CheckFail
		check.Message = fmt.Sprintf("%s Not so for %d of %d: %s.", i.Holds, i.Broken, i.Checked, strings.Join(i.IDs, ", "))
		check.Fix = i.Fix
	}
	return check
}

// rule is an invariant that one statement can check: broken selects the ids of
// the rows that break it. Each ? in it is the time before which work must have
// ended.
type rule struct {
	name, holds, fix string
	table            string
	broken           string
}

// correctByHand is the fix of what only a fault in the program can break.
const correctByHand = "Read the events of these rows, then correct them by hand. " +
	"This should never happen: please report it."

// Invariants checks everything that must be true of the rows. The database reads
// them all; the process keeps none. Work that was under way after the time before
// breaks nothing.
func (s *Store) Invariants(ctx context.Context, before time.Time) ([]Invariant, error) {
	var found []Invariant
	for _, r := range slices.Concat(moneyRules, accountRules, creditRules) {
		i, err := s.checkRule(ctx, r, before.UTC())
		if err != nil {
			return nil, s.wrap("check "+r.name, "", err)
		}
		found = append(found, i)
	}
	grants, err := s.checkGrants(ctx)
	return append(found, grants), err
}

func (s *Store) checkRule(ctx context.Context, r rule, before time.Time) (Invariant, error) {
	i := Invariant{Name: r.name, Holds: r.holds, Fix: r.fix}
	var times []any
	for range strings.Count(r.broken, "?") {
		times = append(times, before)
	}
	if err := s.conn(ctx).Table(r.table).Count(&i.Checked).Error; err != nil {
		return i, err
	}
	err := s.conn(ctx).Raw("SELECT count(*) FROM ("+r.broken+") AS broken", times...).Scan(&i.Broken).Error
	if err != nil || i.Broken == 0 {
		return i, err
	}
	err = s.conn(ctx).Raw(fmt.Sprintf("%s ORDER BY 1 LIMIT %d", r.broken, MaxBrokenIDs), times...).Scan(&i.IDs).Error
	return i, err
}
