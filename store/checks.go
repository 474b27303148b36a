package store

import (
	"context"
	"fmt"

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
	return append(checks, s.checkPlans(ctx), s.checkPaymentOptions(ctx))
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
