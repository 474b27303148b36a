package activities

import (
	"context"

	"slipway/domain"
)

// RefreshInput names the onboarding and says where its workflow believes it
// stands; empty when no workflow runs.
type RefreshInput struct {
	OnboardingID string                  `json:"onboarding_id"`
	Workflow     domain.OnboardingStatus `json:"workflow,omitempty"`
	CommandID    string                  `json:"command_id,omitempty"`
}

// RefreshResult is the repaired standing and what differed.
type RefreshResult struct {
	Standing    Standing            `json:"standing"`
	Differences []domain.Difference `json:"differences"`
}

// Refresh compares the onboarding with the rows it summarises (account,
// subscription, invoice, payment) and with its workflow, and writes what is
// true over what is not. Where rows decide, rows win; the workflow decides only
// between waits that leave no row behind.
func (a *Activities) Refresh(ctx context.Context, in RefreshInput) (RefreshResult, error) {
	result := RefreshResult{Differences: []domain.Difference{}}
	command := &domain.Command{ActorType: domain.ActorSystem}
	if in.CommandID != "" {
		var err error
		if command, err = a.Store.CommandByID(ctx, in.CommandID); err != nil {
			return result, err
		}
	}
	standing, err := a.change(ctx, in.OnboardingID, func(c *changeSet) (err error) {
		c.actor, c.reason = command.Actor(), command.Reason
		result.Differences, err = c.repair(in.Workflow)
		return err
	})
	result.Standing = standing
	return result, err
}

// repair is Refresh inside a change.
func (c *changeSet) repair(workflow domain.OnboardingStatus) ([]domain.Difference, error) {
	differences := []domain.Difference{}
	differ := func(field, was, is string) bool {
		if was != is {
			differences = append(differences, domain.Difference{Field: field, Was: was, Is: is})
		}
		return was != is
	}
	if err := c.repairRefs(differ); err != nil {
		return nil, err
	}
	status, err := c.trueStatus(workflow)
	if err != nil {
		return nil, err
	}
	if differ("status", string(c.onboarding.Status), string(status)) {
		if err := c.setStatus(status); err != nil {
			return nil, err
		}
	}
	if len(differences) > 0 || c.actor.Type != domain.ActorSystem {
		c.onboarding.Touch(c.now)
		c.record(domain.EventOnboardingRepaired, map[string]any{"differences": differences})
	}
	return differences, nil
}

// repairRefs makes the copies in the onboarding equal to the rows they are of.
func (c *changeSet) repairRefs(differ func(field, was, is string) bool) error {
	o := c.onboarding
	if account, err := c.tx.AccountByID(c.ctx, o.AccountID); err == nil {
		if o.Account == nil {
			o.Account = &domain.AccountRef{}
		}
		differ("account.id", o.Account.ID, account.ID)
		if o.Account.Slug != account.Slug { // differences enter a history, names do not
			differ("account.slug", "another", "the account's")
		}
		if o.Account.Name != account.Name {
			differ("account.name", "another", "the account's")
		}
		o.Account = &domain.AccountRef{ID: account.ID, Name: account.Name, Slug: account.Slug}
	} else if domain.CodeOf(err) != domain.CodeNotFound {
		return err
	}
	sub, err := c.tx.SubscriptionByID(c.ctx, o.SubscriptionID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if o.Subscription == nil {
		o.Subscription = &domain.SubscriptionRef{}
	}
	differ("subscription.id", o.Subscription.ID, sub.ID)
	differ("subscription.status", string(o.Subscription.Status), string(sub.Status))
	o.Subscription.ID, o.Subscription.Status = sub.ID, sub.Status
	if o.Plan == nil || o.Plan.Code != sub.PlanCode {
		was := ""
		if o.Plan != nil {
			was = o.Plan.Code
		}
		differ("plan.code", was, sub.PlanCode)
		o.Plan = sub.Plan
	}
	return nil
}

// trueStatus is what the rows say the onboarding's status is; where they leave
// it open, what the workflow says; else what it says itself.
func (c *changeSet) trueStatus(workflow domain.OnboardingStatus) (domain.OnboardingStatus, error) {
	o := c.onboarding
	if o.Subscription != nil {
		switch o.Subscription.Status {
		case domain.SubscriptionIncomplete:
			status, err := c.paymentStatus()
			if err != nil || status != "" {
				return status, err
			}
		case domain.SubscriptionIncompleteExpired:
			if !o.Status.Ended() || o.Status == domain.OnboardingCompleted {
				return c.endOf()
			}
			return o.Status, nil
		default: // it was fulfilled, whatever became of it later
			return domain.OnboardingCompleted, nil
		}
	}
	if workflow != "" && o.Status != workflow {
		return workflow, nil
	}
	return o.Status, nil
}

// paymentStatus is the wait that the open invoice and its payment stand for;
// empty without an open invoice.
func (c *changeSet) paymentStatus() (domain.OnboardingStatus, error) {
	invoice, err := c.tx.OpenInvoice(c.ctx, c.onboarding.SubscriptionID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	_, err = c.tx.PendingPayment(c.ctx, invoice.ID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return domain.OnboardingAwaitingPayment, nil
	}
	return domain.OnboardingAwaitingApproval, err
}

// endOf is the early end that the subscription's cancellation reason tells of.
func (c *changeSet) endOf() (domain.OnboardingStatus, error) {
	sub, err := c.tx.SubscriptionByID(c.ctx, c.onboarding.SubscriptionID)
	if err != nil {
		return "", err
	}
	for status, end := range ends {
		if end.cancellation == sub.CancellationReason {
			return status, nil
		}
	}
	return domain.OnboardingFailed, nil
}

// setStatus writes a status that is true already, whatever the table says of
// the way there, with the next action that belongs to it.
func (c *changeSet) setStatus(status domain.OnboardingStatus) error {
	c.onboarding.Restore(status, c.now)
	if status != domain.OnboardingAwaitingPayment {
		return nil
	}
	invoice, method, err := c.owed()
	if err != nil {
		return err
	}
	return c.askForPayment(invoice, method, "")
}
