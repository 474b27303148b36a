package onboarding

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"slipway/billing"
	"slipway/domain"
	"slipway/store"
)

// Adopter takes accounts over that lived elsewhere. No activity does it: what it
// is given is personal and must not enter a history.
type Adopter struct {
	Store  *store.Store
	Policy domain.Policy // what billing will go by
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
	PasswordHash string // argon2id; empty: the owner sets one before signing in
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

// Adopted is the outcome of an adoption.
type Adopted struct {
	AccountID string
	Slug      string
	Already   bool // it was adopted before; nothing changed
	Due       bool // billing has something to do at once, such as a renewal
}

// unfit refuses a field of what is to be adopted, and says what would fit.
func unfit(field string, why, accepted domain.TextCode) error {
	return domain.Invalid(field, domain.Text(why), domain.Text(accepted))
}

// errDryRun takes back what a dry run did.
var errDryRun = errors.New("dry run")

// Adopt brings one account in, with its owner, subscription, payment method and
// credits, in one transaction; the second time it changes nothing. What cannot be
// is invalid, with the field. Billing takes a live subscription over by itself.
func (a *Adopter) Adopt(ctx context.Context, in Adoption) (Adopted, error) {
	var adopted Adopted
	err := a.Store.Change(ctx, func(c *store.Change) error {
		var err error
		if adopted, err = newAdoption(c, a.Policy, in).run(); err == nil && a.DryRun {
			return errDryRun
		}
		return err
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return adopted, err
}

// adoption is an account being adopted.
type adoption struct {
	*Onboarding
	in     Adoption
	sub    *domain.Subscription
	method *domain.PaymentMethod // nil without one
}

// newAdoption makes the change about the account that the row's key names.
func newAdoption(c *store.Change, policy domain.Policy, in Adoption) *adoption {
	key := "email:" + in.Email
	if in.ExternalID != "" {
		key = "external:" + in.ExternalID
	}
	row := domain.NewOnboarding(store.DerivedID(domain.PrefixOnboarding, key), domain.KindSignup, c.Now)
	row.AccountID, row.OwnerID = store.DerivedID(domain.PrefixAccount, key), store.DerivedID(domain.PrefixUser, key)
	row.SubscriptionID = store.DerivedID(domain.PrefixSubscription, key)
	row.Email, row.PasswordHash, row.AccountName = in.Email, in.PasswordHash, in.AccountName
	row.Country, row.WantedPlan = in.Country, in.Plan
	c.About(domain.Event{AccountID: row.AccountID, OnboardingID: row.ID, SubscriptionID: row.SubscriptionID})
	return &adoption{Onboarding: &Onboarding{Change: c, policy: policy, row: row}, in: in}
}

func (a *adoption) run() (Adopted, error) {
	adopted := Adopted{AccountID: a.row.AccountID}
	account, err := none(a.Tx.AccountByID(a.Ctx, adopted.AccountID))
	if err != nil {
		return adopted, err
	}
	if account != nil {
		adopted.Already, adopted.Slug = true, account.Slug
		return adopted, nil
	}
	steps := []func() error{
		a.findMethod, a.findSubscription, a.createAccount,
		a.storeOnboarding, a.storeSubscription, a.grantCredits, a.openDebt,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return adopted, err
		}
	}
	adopted.Slug = a.row.Account.Slug
	adopted.Due = a.sub.Status.Live() && !a.sub.CurrentPeriodEnd.After(a.Now)
	a.Emit(domain.EventAccountImported, map[string]any{
		"external_id": a.in.ExternalID, "slug": adopted.Slug, "plan": a.sub.PlanCode, "status": a.sub.Status,
	})
	return adopted, nil
}

// findMethod completes the payment method the account pays with, where it has one.
func (a *adoption) findMethod() error {
	in := a.in
	if in.PaymentOption == "" {
		if in.Customer != "" || in.Method != "" {
			return unfit("payment_option", domain.TextImportOptionMissing, domain.AcceptOptionKey)
		}
		return nil
	}
	options, err := a.Tx.PaymentOptions(a.Ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(options, func(p domain.PaymentOption) bool { return p.Key == in.PaymentOption })
	if i < 0 {
		return unfit("payment_option", domain.TextImportOptionUnknown, domain.AcceptOptionKey)
	}
	option := &options[i]
	if option.Chargeable() != (in.Customer != "" && in.Method != "") {
		return unfit("external_method", domain.TextImportMethodUnfit, domain.AcceptMethod)
	}
	a.method = option.NewMethod(store.NewID(domain.PrefixPaymentMethod), a.row.AccountID, a.Now)
	a.method.Ref, a.method.Customer = in.Method, in.Customer
	return nil
}

// findSubscription completes the subscription where it was elsewhere.
func (a *adoption) findSubscription() error {
	in := a.in
	plan, err := none(a.Tx.PlanByCode(a.Ctx, in.Plan))
	if err != nil {
		return err
	}
	if plan == nil {
		return unfit("plan", domain.TextImportPlanUnknown, domain.AcceptPlanCode)
	}
	if err := a.checkMethod(plan); err != nil {
		return err
	}
	a.sub = domain.NewSubscription(a.row.SubscriptionID, a.row.AccountID, a.row.ID, plan.Ref(), a.Now)
	return a.sub.Adopt(in.Term, a.policy.Billing, a.method == nil || !a.method.Chargeable(), a.Now)
}

// checkMethod refuses a payment method that is missing, or cannot pay the plan.
func (a *adoption) checkMethod(plan *domain.Plan) error {
	status := a.in.Term.Status
	if a.method == nil {
		if plan.Amount > 0 && (status == domain.SubscriptionActive || status == domain.SubscriptionPastDue) {
			return unfit("payment_option", domain.TextImportOptionNeeded, domain.AcceptOptionKey)
		}
		return nil
	}
	option, err := a.methods().Option(a.method)
	if err != nil || !option.Serves(a.in.Country, plan.Currency) {
		return cmp.Or(err, unfit("payment_option", domain.TextImportOptionElsewhere, domain.AcceptOptionHere))
	}
	return nil
}

// errKnownEmail refuses an e-mail that another account, or a sign-up, has.
var errKnownEmail = unfit("email", domain.TextImportEmailTaken, domain.AcceptNewEmail)

// createAccount makes account and owner, under a slug that is free.
func (a *adoption) createAccount() error {
	known, err := none(a.Tx.UserByEmail(a.Ctx, a.in.Email))
	if err != nil || known != nil {
		return cmp.Or(err, errKnownEmail)
	}
	step := accountStep{a.Onboarding}
	slug, free := store.Allocation{Slug: a.in.Slug}, true
	if a.in.Slug == "" {
		slug, err = step.slug()
	} else {
		free, err = a.Tx.ClaimSlug(a.Ctx, a.in.Slug, a.row.AccountID)
	}
	if err != nil || !free {
		return cmp.Or(err, unfit("slug", domain.TextImportSlugTaken, domain.AcceptNewSlug))
	}
	_, err = step.insert(slug.Slug, domain.AccountActive)
	a.row.PasswordHash = ""
	return err
}

// storeOnboarding stores the onboarding every account has, as one that is over.
func (a *adoption) storeOnboarding() error {
	row := a.row
	row.Plan, row.Subscription = a.sub.Plan, &domain.SubscriptionRef{ID: a.sub.ID, Status: a.sub.Status}
	for _, step := range domain.Steps {
		a.set(step.Key, domain.StepSkipped, domain.Text(domain.TextImported))
	}
	row.Restore(domain.OnboardingCompleted, a.Now)
	isNew, err := a.Tx.InsertOnboarding(a.Ctx, row)
	if err == nil && !isNew {
		return errKnownEmail
	}
	return err
}

// storeSubscription stores the subscription and the method that pays it.
func (a *adoption) storeSubscription() error {
	if err := a.Tx.InsertSubscription(a.Ctx, a.sub); err != nil || a.method == nil {
		return err
	}
	_, err := a.Tx.AttachMethod(a.Ctx, a.method, true)
	return err
}

// grantCredits opens the balance with what is left of it. An ended subscription
// has left none of the plan's.
func (a *adoption) grantCredits() error {
	credits := billing.Credits{Change: a.Change}
	amount, key := int64(0), a.sub.ID+"/"+domain.ReasonImported
	if a.sub.Status.Live() {
		amount, key = a.sub.Plan.Credits, a.sub.PeriodKey()
	}
	if a.in.Credits != nil {
		amount = *a.in.Credits
	}
	if amount > 0 && !a.sub.Status.Live() {
		return unfit("credits", domain.TextImportCreditsEnded, domain.AcceptNoCredits)
	}
	err := credits.Grant(&domain.Credit{Pool: domain.PoolPlan, Amount: amount, Reason: domain.ReasonPlanGrant,
		SubscriptionID: a.sub.ID, IdempotencyKey: key})
	if err != nil || a.in.Bonus == 0 {
		return err
	}
	return credits.Grant(&domain.Credit{Pool: domain.PoolBonus, Amount: a.in.Bonus, Reason: domain.ReasonImported,
		IdempotencyKey: domain.ReasonImported})
}

// openDebt opens the invoice that a past-due subscription owes, for the customer
// to pay and billing to try again.
func (a *adoption) openDebt() error {
	if a.sub.Status != domain.SubscriptionPastDue {
		return nil
	}
	return billing.OpenCycle(a.Change, a.policy, a.sub)
}
