package onboarding

import (
	"slipway/domain"
	"slipway/store"
)

// createAccount creates the account of a sign-up under the ids allocated at
// reception. An activation has its account already.
func (o *Onboarding) createAccount() error {
	if o.row.Status != domain.OnboardingReceived {
		return nil
	}
	if err := o.advance(domain.OnboardingCreatingAccount); err != nil {
		return err
	}
	if o.row.Kind == domain.KindActivation {
		o.set(domain.StepAccount, domain.StepSkipped, "The account exists.")
		return nil
	}
	slug, err := o.slug()
	if err != nil {
		return err
	}
	account, err := o.insertAccount(slug.Slug, domain.AccountPending)
	if err != nil {
		return err
	}
	o.row.PasswordHash = "" // the owner has it now
	o.set(domain.StepAccount, domain.StepDone, slug.Story()).Attempts++
	o.Emit(domain.EventAccountCreated, map[string]any{"slug": account.Slug})
	return nil
}

// slug returns the slug claimed at reception when the customer chose one, else
// allocates one from the account's name.
func (o *Onboarding) slug() (store.Allocation, error) {
	if o.row.WantedSlug != "" {
		return store.Allocation{Slug: o.row.WantedSlug}, nil
	}
	return o.Tx.AllocateSlug(o.Ctx, store.SlugBase(o.row.AccountName, o.row.AccountID), o.row.AccountID)
}

// insertAccount stores the account and its owner.
func (o *Onboarding) insertAccount(slug string, status domain.AccountStatus) (*domain.Account, error) {
	row := o.row
	account := &domain.Account{
		ID: row.AccountID, Status: status, Name: row.AccountName, Slug: slug,
		Country: row.Country, TestClockID: row.TestClockID, CreatedAt: o.Now, UpdatedAt: o.Now,
	}
	owner := &domain.User{
		ID: row.OwnerID, AccountID: row.AccountID, Role: domain.RoleOwner,
		Email: row.Email, PasswordHash: row.PasswordHash, CreatedAt: o.Now,
	}
	row.Account = &domain.AccountRef{ID: account.ID, Name: account.Name, Slug: account.Slug}
	return account, o.Tx.InsertAccount(o.Ctx, account, owner)
}

// activateAccount makes a pending account usable; one that is active stays so.
func (o *Onboarding) activateAccount() error {
	account, err := o.Tx.AccountByID(o.Ctx, o.row.AccountID)
	if err != nil || account.Status == domain.AccountActive {
		return err
	}
	if err := account.Advance(domain.AccountActive, o.Now); err != nil {
		return err
	}
	o.Emit(domain.EventAccountActivated, nil)
	return o.Tx.SaveAccount(o.Ctx, account)
}

// closeAccount gives up an account that never became active: its owner's e-mail
// is free again, its slug released or kept by policy. An account that does not
// exist yet, or that somebody uses, is left alone.
func (o *Onboarding) closeAccount() error {
	if o.row.Kind == domain.KindActivation {
		return nil
	}
	account, err := none(o.Tx.AccountByID(o.Ctx, o.row.AccountID))
	switch {
	case err != nil:
		return err
	case account == nil: // a slug may be chosen, and not used yet
		return o.Tx.ReleaseSlug(o.Ctx, o.row.AccountID, o.policy.KeepSlugs)
	case account.Status != domain.AccountPending:
		return nil
	}
	if err := o.Tx.ReleaseSlug(o.Ctx, o.row.AccountID, o.policy.KeepSlugs); err != nil {
		return err
	}
	if err := account.Advance(domain.AccountClosed, o.Now); err != nil {
		return err
	}
	if err := o.Tx.ReleaseUsers(o.Ctx, account.ID); err != nil {
		return err
	}
	o.Emit(domain.EventAccountClosed, nil)
	return o.Tx.SaveAccount(o.Ctx, account)
}
