package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"slipway/domain"
)

// notPutAside leaves out the items of the job that are put aside for now. The
// expression is the item's id in the query.
func (s *Store) notPutAside(q *gorm.DB, job domain.Job, item string) *gorm.DB {
	aside := s.db.Model(&domain.JobFailure{}).Select("item_id").Where("job = ? AND retry_at > ?", job, s.now())
	return q.Where(item+" NOT IN (?)", aside)
}

// setAside notes that the job deals with the item again at a time, and why.
func (s *Store) setAside(ctx context.Context, f *domain.JobFailure) error {
	err := s.writer(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(f).Error
	return s.wrap("put aside", "", err)
}

// takeBack forgets that the item was put aside.
func (s *Store) takeBack(ctx context.Context, job domain.Job, item string) error {
	err := s.writer(ctx).Where("job = ? AND item_id = ?", job, item).Delete(&domain.JobFailure{}).Error
	return s.wrap("take back", "", err)
}

// setAsideBefore returns those of the items that were put aside before, by id.
func (s *Store) setAsideBefore(
	ctx context.Context, job domain.Job, items []string,
) (map[string]domain.JobFailure, error) {
	var rows []domain.JobFailure
	err := s.conn(ctx).Where("job = ? AND item_id IN ?", job, items).Find(&rows).Error
	byItem := make(map[string]domain.JobFailure, len(rows))
	for _, row := range rows {
		byItem[row.ItemID] = row
	}
	return byItem, s.wrap("read what was put aside", "", err)
}

// fails selects the items that failed. One that was due before the job's last complete
// round and is still there was not found by it: there is nothing left to do.
const fails = "attempts > 0 AND NOT EXISTS (SELECT 1 FROM job_rounds " +
	"WHERE job_rounds.job = job_failures.job AND job_rounds.started_at > job_failures.retry_at)"

// maxPutAside is how many items are counted: whoever has as many looks for what they
// have in common.
const maxPutAside = 10_000

// CountPutAside counts, by job, the items that failed and wait for their next
// attempt, ten thousand at most.
func (s *Store) CountPutAside(ctx context.Context) (map[domain.Job]int64, error) {
	var rows []struct {
		Job   domain.Job
		Count int64
	}
	aside := s.conn(ctx).Model(&domain.JobFailure{}).Select("job").Where(fails).Limit(maxPutAside)
	err := s.conn(ctx).Table("(?) AS aside", aside).Select("job, count(*) AS count").Group("job").Find(&rows).Error
	counts := map[domain.Job]int64{}
	for _, row := range rows {
		counts[row.Job] = row.Count
	}
	return counts, s.wrap("count what was put aside", "", err)
}

// PutAside returns some items that failed and wait for their next attempt, those
// that failed most often first.
func (s *Store) PutAside(ctx context.Context, limit int) ([]domain.JobFailure, error) {
	var rows []domain.JobFailure
	err := s.conn(ctx).Where(fails).Order("attempts DESC, job, item_id").Limit(limit).Find(&rows).Error
	presentAll(rows)
	return rows, s.wrap("read what was put aside", "", err)
}

// JobFailureFilter narrows the list of what jobs put aside.
type JobFailureFilter struct {
	Job string
	Page
}

// ListJobFailures returns a page of the items that failed and wait for their next
// attempt, those that failed last for the first time first.
func (s *Store) ListJobFailures(ctx context.Context, f JobFailureFilter) (List[domain.JobFailure], error) {
	q := where(s.lists(ctx).Where(fails), "job", f.Job)
	return page(s, q, f.Page, func(f *domain.JobFailure) string { return f.ID })
}

// JobFailureByID returns what a job put aside because it failed, or not_found.
func (s *Store) JobFailureByID(ctx context.Context, id string) (*domain.JobFailure, error) {
	return one[domain.JobFailure](s, s.conn(ctx).Where("id = ?", id).Where(fails), "job failure")
}

// RetryNow has the job try again in its next round what it put aside: one item, or all
// of them where none is named. It returns how many these are.
func (s *Store) RetryNow(ctx context.Context, job domain.Job, itemID string) (int64, error) {
	q := where(s.writer(ctx).Model(&domain.JobFailure{}).Where("job = ? AND "+fails, job), "item_id", itemID)
	result := q.UpdateColumn("retry_at", s.now())
	return result.RowsAffected, s.wrap("retry what was put aside", "", result.Error)
}

// AsideNow returns those of the items that the job deals with later.
func (s *Store) AsideNow(ctx context.Context, job domain.Job, items []string) (map[string]bool, error) {
	before, err := s.setAsideBefore(ctx, job, items)
	aside, now := map[string]bool{}, s.now()
	for id, failure := range before {
		aside[id] = failure.RetryAt.After(now)
	}
	return aside, err
}

// DueAgain returns the items of the job that were put aside and are due again.
func (s *Store) DueAgain(ctx context.Context, job domain.Job, limit int) ([]string, error) {
	var items []string
	err := s.conn(ctx).Model(&domain.JobFailure{}).Where("job = ? AND retry_at <= ?", job, s.now()).
		Order("retry_at").Limit(limit).Pluck("item_id", &items).Error
	return items, s.wrap("read what is due again", "", err)
}

// CompleteRound notes that the job has completed a round.
func (s *Store) CompleteRound(ctx context.Context, r *domain.JobRound) error {
	err := s.writer(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(r).Error
	return s.wrap("note a round", "", err)
}

// JobRounds returns the last complete round of each job, by job.
func (s *Store) JobRounds(ctx context.Context) (map[domain.Job]domain.JobRound, error) {
	var rows []domain.JobRound
	err := s.conn(ctx).Find(&rows).Error
	rounds := make(map[domain.Job]domain.JobRound, len(rows))
	for _, row := range rows {
		rounds[row.Job] = row
	}
	return rounds, s.wrap("read rounds", "", err)
}
