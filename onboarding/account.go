package onboarding

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

// CreateAccount creates the account and its owner, under a slug of its own.
func (s *Onboardings) CreateAccount(ctx context.Context, id string) (State, error) {
	return s.step(ctx, id, domain.StepAccount, func(o *Onboarding) error { return accountStep{o}.create() })
}

// accountStep is what happens to the account of an onboarding.
type accountStep struct{ *Onboarding }

// create creates the account of a sign-up under the ids allocated at reception.
// An activation has its account already.
func (a accountStep) create() error {
	if a.row.Status != domain.OnboardingReceived {
		return nil
	}
	if err := a.advance(domain.OnboardingCreatingAccount); err != nil {
		return err
	}
	if a.row.Kind == domain.KindActivation {
		a.set(domain.StepAccount, domain.StepSkipped, domain.Text(domain.TextAccountExists))
		return nil
	}
	slug, err := a.slug()
	if err != nil {
		return err
	}
	account, err := a.insert(slug.Slug, domain.AccountPending)
	if err != nil {
		return err
	}
	a.row.PasswordHash = "" // the owner has it now
	a.set(domain.StepAccount, domain.StepDone, slug.Story()).Attempts++
	a.Emit(domain.EventAccountCreated, map[string]any{"slug": account.Slug})
	return nil
}

// slug returns the slug claimed at reception when the customer chose one, else
// allocates one from the account's name.
func (a accountStep) slug() (store.Allocation, error) {
	if a.row.WantedSlug != "" {
		return store.Allocation{Slug: a.row.WantedSlug}, nil
	}
	return a.Tx.AllocateSlug(a.Ctx, store.SlugBase(a.row.AccountName, a.row.AccountID), a.row.AccountID)
}

// insert stores the account and its owner.
func (a accountStep) insert(slug string, status domain.AccountStatus) (*domain.Account, error) {
	row := a.row
	account := &domain.Account{
		ID: row.AccountID, Status: status, Name: row.AccountName, Slug: slug,
		Country: row.Country, TestClockID: row.TestClockID, CreatedAt: a.Now, UpdatedAt: a.Now,
	}
	owner := &domain.User{
		ID: row.OwnerID, AccountID: row.AccountID, Role: domain.RoleOwner,
		Email: row.Email, PasswordHash: row.PasswordHash, CreatedAt: a.Now,
	}
	row.Account = &domain.AccountRef{ID: account.ID, Name: account.Name, Slug: account.Slug}
	return account, a.Tx.InsertAccount(a.Ctx, account, owner)
}

// activate makes a pending account usable; one that is active stays so.
func (a accountStep) activate() error {
	account, err := a.Tx.AccountByID(a.Ctx, a.row.AccountID)
	if err != nil || account.Status == domain.AccountActive {
		return err
	}
	if err := account.Advance(domain.AccountActive, a.Now); err != nil {
		return err
	}
	a.Emit(domain.EventAccountActivated, nil)
	return a.Tx.SaveAccount(a.Ctx, account)
}

// close gives up an account that never became active: its owner's e-mail is free
// again, its slug released or kept by policy. An account that does not exist yet,
// or that is in use, is left alone.
func (a accountStep) close() error {
	if a.row.Kind == domain.KindActivation {
		return nil
	}
	account, err := none(a.Tx.AccountByID(a.Ctx, a.row.AccountID))
	switch {
	case err != nil:
		return err
	case account == nil: // a slug may be chosen, and not used yet
		return a.Tx.ReleaseSlug(a.Ctx, a.row.AccountID, a.policy.KeepSlugs)
	case account.Status != domain.AccountPending:
		return nil
	}
	if err := a.Tx.ReleaseSlug(a.Ctx, a.row.AccountID, a.policy.KeepSlugs); err != nil {
		return err
	}
	if err := account.Advance(domain.AccountClosed, a.Now); err != nil {
		return err
	}
	if err := a.Tx.ReleaseUsers(a.Ctx, account.ID); err != nil {
		return err
	}
	a.Emit(domain.EventAccountClosed, nil)
	return a.Tx.SaveAccount(a.Ctx, account)
}
