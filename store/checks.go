package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"slipway/domain"
)

// Checks reports on the database and the catalogue for the doctor and
// readiness. Without a database or with an old schema nothing can be answered;
// with an empty catalogue sign-ups are accepted and wait.
func (s *Store) Checks(ctx context.Context) []domain.Check {
	if err := s.Ping(ctx); err != nil {
		return []domain.Check{{
			Name: "database", Status: domain.CheckFail, Message: "The database does not answer.",
			Fix: "Start it, or set DATABASE_URL to where it runs.",
		}}
	}
	checks := []domain.Check{{Name: "database", Status: domain.CheckOK, Message: "The database answers."}}
	migrations := s.checkMigrations(ctx)
	if checks = append(checks, migrations); migrations.Status != domain.CheckOK {
		return checks
	}
	return append(checks, s.checkPlans(ctx), s.checkPaymentOptions(ctx), s.checkRounds(ctx), s.checkPutAside(ctx))
}

// checkRounds finds jobs of reconcile whose last complete round is too long ago.
func (s *Store) checkRounds(ctx context.Context) domain.Check {
	check := domain.Check{Name: "reconcile_rounds", Status: domain.CheckWarn}
	rounds, err := s.JobRounds(ctx)
	if err != nil {
		check.Message, check.Fix = "The rounds of reconcile could not be read.", "Read the log."
		return check
	}
	var late []string
	now := s.now()
	for _, job := range domain.Jobs {
		if round, ever := rounds[job]; !ever || now.After(round.NextDueAt) {
			late = append(late, string(job)+" ("+ago(now, round.CompletedAt)+")")
		}
	}
	if len(late) == 0 {
		check.Status, check.Message = domain.CheckOK, "Every job of reconcile completes its rounds."
		return check
	}
	check.Message = "No round was completed in time: " + strings.Join(late, ", ") + "."
	check.Fix = "See that a worker runs and that reconcile runs in Temporal's UI; the worker's log says why a round fails."
	return check
}

// ago says how long ago something was.
func ago(now, then time.Time) string {
	if then.IsZero() {
		return "never"
	}
	return now.Sub(then).Round(time.Second).String() + " ago"
}

// shownPutAside is how many of the items that were put aside a check names.
const shownPutAside = 5

// checkPutAside finds what jobs of reconcile could not do and try again.
func (s *Store) checkPutAside(ctx context.Context) domain.Check {
	check := domain.Check{Name: "reconcile_put_aside", Status: domain.CheckWarn}
	counts, err := s.CountPutAside(ctx)
	if err == nil && len(counts) == 0 {
		check.Status, check.Message = domain.CheckOK, "No item is put aside."
		return check
	}
	items, itemsErr := s.PutAside(ctx, shownPutAside)
	if err = errors.Join(err, itemsErr); err != nil {
		check.Message, check.Fix = "What was put aside could not be read.", "Read the log."
		return check
	}
	total := int64(0)
	for _, n := range counts {
		total += n
	}
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = fmt.Sprintf("%s %s (%s, %d times)", item.Job, item.ItemID, item.Error, item.Attempts)
	}
	check.Message = fmt.Sprintf("%d put aside, tried again within an hour: %s.", total, strings.Join(names, ", "))
	check.Fix = "GET /v1/admin/job-failures says why, the worker's log says more. Correct that, then " +
		"POST /v1/admin/job-failures/retry {\"job\":\"…\"}, or wait: see Put aside in docs/operations.md."
	return check
}

func (s *Store) checkMigrations(ctx context.Context) domain.Check {
	pending, err := s.PendingMigrations(ctx)
	switch {
	case err != nil:
		return domain.Check{Name: "migrations", Status: domain.CheckFail, Message: "The schema's version could not be read.",
			Fix: "Run `slipway migrate`."}
	case pending > 0:
		return domain.Check{Name: "migrations", Status: domain.CheckFail, Message: fmt.Sprintf("%d pending.", pending),
			Fix: "Run `slipway migrate`."}
	}
	return domain.Check{Name: "migrations", Status: domain.CheckOK, Message: "The schema is up to date."}
}

func (s *Store) checkPlans(ctx context.Context) domain.Check {
	check := domain.Check{Name: "plans", Status: domain.CheckWarn}
	plans, err := s.PublicPlans(ctx)
	switch {
	case err != nil:
		check.Message, check.Fix = "The plans could not be read.", "Read the log."
	case len(plans) == 0:
		check.Message = "No plan is active and public; sign-ups wait in waiting_for_plan."
		check.Fix = "Run `slipway seed`, or activate a plan with " +
			"PATCH /v1/admin/plans/{id} {\"active\":true,\"public\":true}."
	default:
		check.Status, check.Message = domain.CheckOK, fmt.Sprintf("%d on offer.", len(plans))
		for _, p := range plans {
			if p.Default {
				return check
			}
		}
		check.Status = domain.CheckWarn
		check.Message = "No plan is the default; sign-ups that name none wait in waiting_for_plan."
		check.Fix = "Make one the default with PATCH /v1/admin/plans/{id} {\"default\":true}."
	}
	return check
}

func (s *Store) checkPaymentOptions(ctx context.Context) domain.Check {
	check := domain.Check{Name: "payment_options", Status: domain.CheckWarn}
	options, err := s.PaymentOptions(ctx)
	enabled := 0
	for _, o := range options {
		if o.Enabled {
			enabled++
		}
	}
	switch {
	case err != nil:
		check.Message, check.Fix = "The payment options could not be read.", "Read the log."
	case enabled == 0:
		check.Message = "No payment option is enabled; paid sign-ups wait in waiting_for_payment_method."
		check.Fix = "Run `slipway seed`, or enable one with PATCH /v1/admin/payment-options/{id} {\"enabled\":true}."
	default:
		check.Status, check.Message = domain.CheckOK, fmt.Sprintf("%d enabled.", enabled)
	}
	return check
}
