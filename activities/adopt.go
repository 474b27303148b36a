package activities

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"slipway/domain"
	"slipway/store"
)

// Adopter takes accounts over that lived elsewhere. It is no activity: what it is
// given is personal and must not enter a history.
type Adopter struct {
	Store  *store.Store
	Policy Policy // what billing will go by
	// DryRun does everything, and takes it back at the end.
	DryRun bool
}

// Adoption is an account as it was elsewhere, its fields in the form the API
// would accept.
type Adoption struct {
	Email        string
	AccountName  string
	Slug         string // empty: one is made from the name
	Country      string
	PasswordHash string // argon2id; empty: nobody signs in before setting one
	// ExternalID is what the account was called elsewhere. It, or without one the
	// e-mail, is what makes a row the same row the next time.
	ExternalID string

	Plan          string // code of any plan, on offer or not
	Term          domain.Term
	PaymentOption string // key; required where a payment comes next
	Customer      string // the provider's id of the account, of an option that is charged
	Method        string // the provider's id of the card
	Credits       *int64 // left of the plan's; nil: what the plan brings
	Bonus         int64  // credits that stay until they are spent
}

// Adopted is what became of an adoption.
type Adopted struct {
	AccountID string
	Slug      string
	Already   bool // it was adopted before; nothing changed
	Due       bool // billing has something to do at once, such as a renewal
}

// errDryRun takes back what a dry run did.
var errDryRun = errors.New("dry run")

// Adopt brings one account in, with its owner, subscription, payment method and
// credits, in one transaction; the second time it changes nothing. What cannot be
// is invalid, with the field. Billing takes a live subscription over by itself.
func (a *Adopter) Adopt(ctx context.Context, in Adoption) (Adopted, error) {
	var adopted Adopted
	err := a.Store.Within(ctx, func(tx *store.Store) error {
		c := newAdoption(ctx, tx, a.Policy, in)
		var err error
		if adopted, err = c.adopt(in); err == nil && a.DryRun {
			return errDryRun
		}
		return err
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return adopted, err
}

// newAdoption is a change about the account that the row's key names.
func newAdoption(ctx context.Context, tx *store.Store, policy Policy, in Adoption) *changeSet {
	key := "email:" + in.Email
	if in.ExternalID != "" {
		key = "external:" + in.ExternalID
	}
	c := &changeSet{ctx: ctx, tx: tx, policy: policy, now: tx.Now(), actor: systemActor}
	c.onboarding = domain.NewOnboarding(store.DerivedID(domain.PrefixOnboarding, key), domain.KindSignup, c.now)
	o := c.onboarding
	o.AccountID, o.OwnerID = store.DerivedID(domain.PrefixAccount, key), store.DerivedID(domain.PrefixUser, key)
	o.SubscriptionID = store.DerivedID(domain.PrefixSubscription, key)
	c.about = domain.Event{AccountID: o.AccountID, OnboardingID: o.ID, SubscriptionID: o.SubscriptionID}
	return c
}

func (c *changeSet) adopt(in Adoption) (Adopted, error) {
	adopted := Adopted{AccountID: c.onboarding.AccountID}
	account, err := c.tx.AccountByID(c.ctx, adopted.AccountID)
	if domain.CodeOf(err) != domain.CodeNotFound {
		if err == nil {
			adopted.Already, adopted.Slug = true, account.Slug
		}
		return adopted, err
	}
	method, err := c.adoptedMethod(in)
	if err != nil {
		return adopted, err
	}
	if err := c.adoptedSubscription(in, method); err != nil {
		return adopted, err
	}
	steps := []func(Adoption) error{
		c.adoptAccount, c.adoptOnboarding,
		func(Adoption) error { return c.tx.InsertSubscription(c.ctx, c.sub) },
		func(in Adoption) error { return c.adoptMethod(in, method) },
		c.adoptCredits, c.adoptDebt,
	}
	for _, step := range steps {
		if err := step(in); err != nil {
			return adopted, err
		}
	}
	adopted.Slug = c.account.Slug
	adopted.Due = c.sub.Status.Live() && !c.sub.CurrentPeriodEnd.After(c.now)
	c.record(domain.EventAccountImported, map[string]any{
		"external_id": in.ExternalID, "slug": c.account.Slug, "plan": c.sub.PlanCode, "status": c.sub.Status,
	})
	return adopted, c.tell()
}

// adoptedMethod is the payment method the account pays with; nil without one.
func (c *changeSet) adoptedMethod(in Adoption) (*domain.PaymentMethod, error) {
	if in.PaymentOption == "" {
		if in.Customer != "" || in.Method != "" {
			return nil, domain.Invalid("payment_option", "It is required with a method.", "key of a payment option")
		}
		return nil, nil
	}
	options, err := c.tx.PaymentOptions(c.ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(options, func(p domain.PaymentOption) bool { return p.Key == in.PaymentOption })
	if i < 0 {
		return nil, domain.Invalid("payment_option", "There is none with this key.", "key of a payment option")
	}
	option := &options[i]
	if option.Chargeable() != (in.Customer != "" && in.Method != "") {
		return nil, domain.Invalid("external_method", "It does not fit the payment option.",
			"with external_customer, the provider's ids for an option that is charged; nothing for one that is paid by hand")
	}
	return &domain.PaymentMethod{
		ID: store.NewID(domain.PrefixPaymentMethod), AccountID: c.about.AccountID, Option: option.Key, Provider: option.Provider,
		Type: option.Type, Name: option.Name, Ref: in.Method, Customer: in.Customer, CreatedAt: c.now,
	}, nil
}

// adoptedSubscription is the subscription where it stood.
func (c *changeSet) adoptedSubscription(in Adoption, method *domain.PaymentMethod) error {
	plan, err := c.tx.PlanByCode(c.ctx, in.Plan)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return domain.Invalid("plan", "There is none with this code.", "code of a plan")
	}
	if err != nil {
		return err
	}
	paidNext := plan.Amount > 0 && (in.Term.Status == domain.SubscriptionActive || in.Term.Status == domain.SubscriptionPastDue)
	if method == nil && paidNext {
		return domain.Invalid("payment_option", "A payment comes next.", "key of a payment option")
	}
	if method != nil {
		option, err := c.optionOf(method)
		if err != nil || !option.Serves(in.Country, plan.Currency) {
			return cmp.Or[error](err, domain.Invalid("payment_option", "It does not serve this country and the plan's currency.", "key of one that does"))
		}
	}
	o := c.onboarding
	c.sub = domain.NewSubscription(o.SubscriptionID, o.AccountID, o.ID, plan.Ref(), c.now)
	return c.sub.Adopt(in.Term, c.policy.Billing, method == nil || !method.Chargeable(), c.now)
}

// adoptAccount makes account and owner, under a slug that is free.
func (c *changeSet) adoptAccount(in Adoption) error {
	o := c.onboarding
	if _, err := c.tx.UserByEmail(c.ctx, in.Email); domain.CodeOf(err) != domain.CodeNotFound {
		return cmp.Or[error](err, errKnownEmail)
	}
	slug := store.Allocation{Slug: in.Slug}
	free, err := true, error(nil)
	if in.Slug == "" {
		slug, err = c.tx.AllocateSlug(c.ctx, store.SlugBase(in.AccountName, o.AccountID), o.AccountID)
	} else {
		free, err = c.tx.ClaimSlug(c.ctx, in.Slug, o.AccountID)
	}
	if err != nil || !free {
		return cmp.Or[error](err, domain.Invalid("slug", "It is taken.", "another, or nothing for one made from the name"))
	}
	c.account = &domain.Account{
		ID: o.AccountID, Status: domain.AccountActive, Name: in.AccountName, Slug: slug.Slug, Country: in.Country, CreatedAt: c.now, UpdatedAt: c.now,
	}
	owner := &domain.User{
		ID: o.OwnerID, AccountID: o.AccountID, Role: domain.RoleOwner, Email: in.Email, PasswordHash: in.PasswordHash, CreatedAt: c.now,
	}
	return c.tx.InsertAccount(c.ctx, c.account, owner)
}

// errKnownEmail refuses an e-mail that another account, or a sign-up, has.
var errKnownEmail = domain.Invalid("email", "It is registered already.", "the e-mail of nobody here")

// adoptOnboarding stores the onboarding every account has, as one that is over.
func (c *changeSet) adoptOnboarding(in Adoption) error {
	o := c.onboarding
	o.Email, o.AccountName, o.Country, o.WantedPlan = in.Email, in.AccountName, in.Country, in.Plan
	o.Account = &domain.AccountRef{ID: c.account.ID, Name: c.account.Name, Slug: c.account.Slug}
	o.Plan, o.Subscription = c.sub.Plan, &domain.SubscriptionRef{ID: c.sub.ID, Status: c.sub.Status}
	for _, key := range domain.StepKeys {
		c.step(key, domain.StepSkipped, "Imported.")
	}
	o.Restore(domain.OnboardingCompleted, c.now)
	isNew, err := c.tx.InsertOnboarding(c.ctx, o)
	if err == nil && !isNew {
		return errKnownEmail
	}
	return err
}

func (c *changeSet) adoptMethod(_ Adoption, method *domain.PaymentMethod) error {
	if method == nil {
		return nil
	}
	_, err := c.tx.AttachMethod(c.ctx, method, true)
	return err
}

// adoptCredits opens the balance with what is left of it. An ended subscription
// has left none of the plan's.
func (c *changeSet) adoptCredits(in Adoption) error {
	amount, key := int64(0), c.sub.ID+"/"+domain.ReasonImported
	if c.sub.Status.Live() {
		amount, key = c.sub.Plan.Credits, periodKey(c.sub)
	}
	if in.Credits != nil {
		amount = *in.Credits
	}
	if amount > 0 && !c.sub.Status.Live() {
		return domain.Invalid("credits", "The plan's credits ended with it.", "0 or nothing; bonus_credits stay")
	}
	err := c.grant(&domain.Credit{Pool: domain.PoolPlan, Amount: amount, Reason: domain.ReasonPlanGrant, SubscriptionID: c.sub.ID, IdempotencyKey: key})
	if err != nil || in.Bonus == 0 {
		return err
	}
	return c.grant(&domain.Credit{Pool: domain.PoolBonus, Amount: in.Bonus, Reason: domain.ReasonImported, IdempotencyKey: domain.ReasonImported})
}

// adoptDebt opens the invoice that a past-due subscription owes, for the customer
// to pay and billing to try again.
func (c *changeSet) adoptDebt(Adoption) error {
	if c.sub.Status != domain.SubscriptionPastDue {
		return nil
	}
	_, err := c.openCycle()
	return err
}
