package activities

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

// OpenAccountInput names the onboarding.
type OpenAccountInput struct {
	OnboardingID string `json:"onboarding_id"`
}

// OpenAccount takes the onboarding as far as it goes without anybody, in one
// transaction: account, owner and slug; plan, payment method, subscription;
// and either activation, when nothing is owed now, or the first invoice. Where
// a plan or a payment option is missing it stops there, and goes on from there
// when called again.
func (a *Activities) OpenAccount(ctx context.Context, in OpenAccountInput) (Standing, error) {
	return a.change(ctx, in.OnboardingID, func(c *changeSet) error {
		if c.onboarding.Status == domain.OnboardingReceived {
			if err := c.openAccount(); err != nil {
				return err
			}
		}
		switch c.onboarding.Status {
		case domain.OnboardingCreatingAccount, domain.OnboardingWaitingForPlan,
			domain.OnboardingWaitingForPaymentMethod:
			return c.openSubscription()
		}
		return nil
	})
}

// openAccount creates the account of a sign-up under the ids allocated at
// reception. An activation has its account already.
func (c *changeSet) openAccount() error {
	if err := c.advance(domain.OnboardingCreatingAccount); err != nil {
		return err
	}
	if c.onboarding.Kind == domain.KindActivation {
		c.step(domain.StepAccount, domain.StepSkipped, "The account exists.")
		return nil
	}
	slug, err := c.slug()
	if err != nil {
		return err
	}
	return c.createAccount(slug)
}

// slug returns the slug claimed at reception when the customer chose one, else
// allocates one from the account's name.
func (c *changeSet) slug() (store.Allocation, error) {
	o := c.onboarding
	if o.WantedSlug != "" {
		return store.Allocation{Slug: o.WantedSlug}, nil
	}
	return c.tx.AllocateSlug(c.ctx, store.SlugBase(o.AccountName, o.AccountID), o.AccountID)
}

func (c *changeSet) createAccount(slug store.Allocation) error {
	o := c.onboarding
	account := &domain.Account{
		ID: o.AccountID, Status: domain.AccountPending, Name: o.AccountName, Slug: slug.Slug,
		Country: o.Country, TestClockID: o.TestClockID, CreatedAt: c.now, UpdatedAt: c.now,
	}
	owner := &domain.User{
		ID: o.OwnerID, AccountID: o.AccountID, Role: domain.RoleOwner,
		Email: o.Email, PasswordHash: o.PasswordHash, CreatedAt: c.now,
	}
	if err := c.tx.InsertAccount(c.ctx, account, owner); err != nil {
		return err
	}
	c.account = account
	o.PasswordHash = "" // the owner has it now
	o.Account = &domain.AccountRef{ID: account.ID, Name: account.Name, Slug: account.Slug}
	step := c.step(domain.StepAccount, domain.StepDone, slug.Story())
	step.Attempts++
	c.record(domain.EventAccountCreated, map[string]any{"slug": account.Slug})
	return nil
}

// activateAccount makes a pending account usable; one that is active stays so.
func (c *changeSet) activateAccount() error {
	account := c.account
	if account == nil {
		var err error
		if account, err = c.tx.AccountByID(c.ctx, c.onboarding.AccountID); err != nil {
			return err
		}
	}
	if account.Status == domain.AccountActive {
		return nil
	}
	if err := account.Advance(domain.AccountActive, c.now); err != nil {
		return err
	}
	c.record(domain.EventAccountActivated, nil)
	return c.tx.SaveAccount(c.ctx, account)
}

// closeAccount gives up an account that never became active: its owner's e-mail
// is free again, its slug released or kept by policy. An account that does not
// exist yet, or that somebody uses, is left alone.
func (c *changeSet) closeAccount() error {
	o := c.onboarding
	if o.Kind == domain.KindActivation {
		return nil
	}
	account, err := c.tx.AccountByID(c.ctx, o.AccountID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return c.tx.ReleaseSlug(c.ctx, o.AccountID, c.policy.KeepSlugs) // chosen, not used yet
	}
	if err != nil || account.Status != domain.AccountPending {
		return err
	}
	if err := c.tx.ReleaseSlug(c.ctx, o.AccountID, c.policy.KeepSlugs); err != nil {
		return err
	}
	if err := account.Advance(domain.AccountClosed, c.now); err != nil {
		return err
	}
	if err := c.tx.ReleaseUsers(c.ctx, account.ID); err != nil {
		return err
	}
	c.record(domain.EventAccountClosed, nil)
	return c.tx.SaveAccount(c.ctx, account)
}
