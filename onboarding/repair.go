package onboarding

import (
	"context"
	"slices"

	"slipway/domain"
)

// Repaired is the state after a repair, and what differed before.
type Repaired struct {
	State       State               `json:"state"`
	Differences []domain.Difference `json:"differences"`
}

// Repair compares the onboarding with the rows it summarises (account,
// subscription, invoice, payment) and with its workflow's status, empty when
// none runs, and writes what is true over what is not. Where rows decide, rows
// win; the workflow decides only between waits that leave no row behind.
func (s *Onboardings) Repair(
	ctx context.Context, id string, workflow domain.OnboardingStatus, cmd *domain.Command,
) (Repaired, error) {
	result := Repaired{Differences: []domain.Difference{}}
	state, err := s.change(ctx, id, func(o *Onboarding) error {
		o.Actor, o.Reason = cmd.Actor(), cmd.Reason
		r := repair{Onboarding: o, found: []domain.Difference{}}
		err := r.run(workflow)
		result.Differences = r.found
		return err
	})
	result.State = state
	return result, err
}

// repair is a comparison under way.
type repair struct {
	*Onboarding
	found []domain.Difference
}

// differ notes a field that did not say what is true.
func (r *repair) differ(field, was, is string) bool {
	if was != is {
		r.found = append(r.found, domain.Difference{Field: field, Was: was, Is: is})
	}
	return was != is
}

func (r *repair) run(workflow domain.OnboardingStatus) error {
	if err := r.account(); err != nil {
		return err
	}
	if err := r.subscription(); err != nil {
		return err
	}
	status, err := r.trueStatus(workflow)
	if err != nil {
		return err
	}
	if r.differ("status", string(r.row.Status), string(status)) {
		if err := r.setStatus(status); err != nil {
			return err
		}
	}
	if len(r.found) > 0 || r.Actor.Type != domain.ActorSystem {
		r.row.Touch(r.Now)
		r.Emit(domain.EventOnboardingRepaired, map[string]any{"differences": r.found})
	}
	return nil
}

// account makes the onboarding's copy of the account equal to it.
func (r *repair) account() error {
	account, err := none(r.Tx.AccountByID(r.Ctx, r.row.AccountID))
	if err != nil || account == nil {
		return err
	}
	if r.row.Account == nil {
		r.row.Account = &domain.AccountRef{}
	}
	copied := r.row.Account
	another, its := domain.Text(domain.LabelAnother), domain.Text(domain.LabelTheAccounts)
	r.differ("account.id", copied.ID, account.ID)
	if copied.Slug != account.Slug { // differences enter a history, names do not
		r.differ("account.slug", another, its)
	}
	if copied.Name != account.Name {
		r.differ("account.name", another, its)
	}
	r.row.Account = &domain.AccountRef{ID: account.ID, Name: account.Name, Slug: account.Slug}
	return nil
}

// subscription makes the onboarding's copies of subscription and plan equal to
// them.
func (r *repair) subscription() error {
	sub, err := none(r.Tx.SubscriptionByID(r.Ctx, r.row.SubscriptionID))
	if err != nil || sub == nil {
		return err
	}
	if r.row.Subscription == nil {
		r.row.Subscription = &domain.SubscriptionRef{}
	}
	copied := r.row.Subscription
	r.differ("subscription.id", copied.ID, sub.ID)
	r.differ("subscription.status", string(copied.Status), string(sub.Status))
	copied.ID, copied.Status = sub.ID, sub.Status
	was := ""
	if r.row.Plan != nil {
		was = r.row.Plan.Code
	}
	if r.differ("plan.code", was, sub.PlanCode) {
		r.row.Plan = sub.Plan
	}
	return nil
}

// trueStatus is what the rows say the onboarding's status is; where they leave
// it open, what the workflow says; else what it says itself.
func (r *repair) trueStatus(workflow domain.OnboardingStatus) (domain.OnboardingStatus, error) {
	row := r.row
	if row.Subscription != nil {
		switch row.Subscription.Status {
		case domain.SubscriptionIncomplete:
			status, err := r.paymentStatus()
			if err != nil || status != "" {
				return status, err
			}
		case domain.SubscriptionIncompleteExpired:
			if !row.Status.Ended() || row.Status == domain.OnboardingCompleted {
				return r.endOf()
			}
			return row.Status, nil
		default: // it was activated, whatever became of it later
			return domain.OnboardingCompleted, nil
		}
	}
	if workflow != "" && row.Status != workflow {
		return workflow, nil
	}
	return row.Status, nil
}

// paymentStatus is the wait that the open invoice and its payment mean;
// empty without an open invoice.
func (r *repair) paymentStatus() (domain.OnboardingStatus, error) {
	invoice, err := r.invoices().OpenOf(r.row.SubscriptionID)
	if err != nil || invoice == nil {
		return "", err
	}
	pending, err := r.payments().Pending(invoice.ID)
	if err == nil && pending == nil {
		return domain.OnboardingAwaitingPayment, nil
	}
	return domain.OnboardingAwaitingApproval, err
}

// endOf is the early end that the subscription's cancellation reason names.
func (r *repair) endOf() (domain.OnboardingStatus, error) {
	sub, err := r.Tx.SubscriptionByID(r.Ctx, r.row.SubscriptionID)
	if err != nil {
		return "", err
	}
	for status, end := range ends {
		if slices.Contains(end.cancellations, sub.CancellationReason) {
			return status, nil
		}
	}
	return domain.OnboardingFailed, nil
}

// setStatus writes a status that is true already, whatever the table says of
// the way there, with the next action that belongs to it.
func (r *repair) setStatus(status domain.OnboardingStatus) error {
	r.row.Restore(status, r.Now)
	if status != domain.OnboardingAwaitingPayment {
		return nil
	}
	step := paymentStep{r.Onboarding}
	invoice, method, err := step.owed()
	if err != nil {
		return err
	}
	return step.ask(invoice, method, "")
}
