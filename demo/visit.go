package demo

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"slipway/domain"
)

// visitPatience is how long a visitor is followed who waits for a provider.
const visitPatience = 2 * time.Minute

// password is everybody's password; accounts of a demo guard nothing.
const password = "seven-Lamps-on-the-quay"

// visit follows one person from the form to an account, or to where they stop.
func (d *demo) visit(ctx context.Context, v *visitor) error {
	ctx, cancel := context.WithTimeout(ctx, visitPatience)
	defer cancel()
	began := time.Now()
	if err := d.signUp(ctx, v); err != nil {
		return err
	}
	for !v.onboarding.Done {
		stays, err := d.act(ctx, v)
		if err != nil && refusedAs(err) != domain.ReasonInvalidTransition { // it moved on meanwhile
			return err
		}
		if !stays || v.onboarding.Done {
			break
		}
		now, err := d.watch(ctx, v.onboarding.ID, v.secret, v.onboarding.Version)
		if ctx.Err() != nil {
			break // where it waits is in the report
		}
		if err != nil {
			return err
		}
		if now != nil {
			v.onboarding = now
			v.noteTrouble()
		}
	}
	if v.inUse() {
		v.completed = time.Since(began)
	}
	return nil
}

// noteTrouble remembers that a step had to wait for the provider.
func (v *visitor) noteTrouble() {
	for i := range v.onboarding.Steps {
		if step := &v.onboarding.Steps[i]; step.Status == domain.StepRetrying && step.Error != nil {
			v.note("after " + step.Error.Code)
		}
	}
}

// signUp fills in the form. The admin's bearer says that these are no strangers,
// whom the API would let in thirty a minute.
func (d *demo) signUp(ctx context.Context, v *visitor) error {
	form := map[string]string{"email": v.email, "password": password, "account_name": v.name, "plan": v.plan}
	for field, value := range map[string]string{
		"payment_option": v.option, "payment_token": v.token, "country": v.country, "slug": v.slug,
	} {
		if value != "" {
			form[field] = value
		}
	}
	if v.onClock {
		form["test_clock"] = d.clock.ID
	}
	began := time.Now()
	err := d.receive(ctx, v, form)
	for range 5 {
		var refused *refusal
		if refusedAs(err) != domain.ReasonSlugTaken || !errors.As(err, &refused) || len(refused.Suggestions) == 0 {
			break
		}
		v.note("took a suggested slug")
		form["slug"] = refused.Suggestions[0]
		err = d.receive(ctx, v, form)
	}
	v.first = time.Since(began)
	if err != nil {
		return err
	}
	return d.signUpAgain(ctx, v, form)
}

// errSecondAccount is what signing up twice must never come to.
var errSecondAccount = errors.New("the same e-mail made a second sign-up")

func (d *demo) receive(ctx context.Context, v *visitor, form map[string]string) error {
	var answer struct {
		domain.Onboarding
		ClientSecret string `json:"client_secret"`
	}
	if err := d.post(ctx, "/v1/onboardings", d.admin, form, &answer); err != nil {
		return err
	}
	v.onboarding, v.secret = &answer.Onboarding, answer.ClientSecret
	return nil
}

// signUpAgain is the second tab, and the stranger: both find a sign-up that is
// there, and neither makes another account.
func (d *demo) signUpAgain(ctx context.Context, v *visitor, form map[string]string) error {
	switch v.asked {
	case stranger:
		form["password"] = "another-Password-of-theirs-9"
	case returns:
	default:
		return nil
	}
	first := v.onboarding.ID
	err := d.receive(ctx, v, form)
	switch {
	case refusedAs(err) == domain.ReasonEmailTaken:
		v.note("told that the e-mail is taken")
		return nil
	case err == nil && (v.asked == stranger || v.onboarding.ID != first):
		return errSecondAccount
	}
	v.note("went on where the first tab was")
	return err
}

// act does what the next action asks for, in the person's way; false when the
// person is not seen again.
func (d *demo) act(ctx context.Context, v *visitor) (bool, error) {
	next := v.onboarding.NextAction
	if next == nil {
		return true, nil
	}
	asks := map[domain.NextActionType]func(context.Context, *visitor) (bool, error){
		domain.NextSubmitPayment: d.transfer, domain.NextConfirmPayment: d.confirm, domain.NextAwaitApproval: d.decide,
		domain.NextAddPaymentMethod: d.addCard, domain.NextWait: d.wait,
	}
	ask, known := asks[next.Type]
	if !known {
		return true, nil
	}
	return ask(ctx, v)
}

// command gives one of the onboarding's commands.
func (d *demo) command(ctx context.Context, v *visitor, name string, in any) error {
	o := new(domain.Onboarding)
	if err := d.post(ctx, domain.OnboardingURL(v.onboarding.ID)+"/"+name, v.secret, in, o); err != nil {
		return err
	}
	v.onboarding = o
	return nil
}

func (d *demo) wait(ctx context.Context, v *visitor) (bool, error) {
	if v.asked != hasty {
		return true, nil
	}
	v.note("while the card was charged")
	return true, d.command(ctx, v, "cancel", nil)
}

func (d *demo) transfer(ctx context.Context, v *visitor) (bool, error) {
	switch {
	case v.asked == leaves:
		return false, nil
	case v.asked == cancels:
		return true, d.command(ctx, v, "cancel", nil)
	case v.asked == tooLate && v.onboarding.NextAction.Message != "":
		return false, nil // rejected: the money is on its way, they say
	}
	return true, d.command(ctx, v, "payment", map[string]string{"reference": "transfer of " + v.onboarding.ID})
}

// decide is the admin's part: approve what came in, reject what did not.
func (d *demo) decide(ctx context.Context, v *visitor) (bool, error) {
	rejected := slices.Contains(v.notes, "after a rejection")
	if (v.asked == mistakes || v.asked == tooLate) && !rejected {
		v.note("after a rejection")
		return true, d.judge(ctx, v.accountID(), "reject")
	}
	return true, d.judge(ctx, v.accountID(), "approve")
}

// judge decides on every payment of the account that waits for it.
func (d *demo) judge(ctx context.Context, accountID, verdict string) error {
	path := "/v1/admin/payments?status=pending_approval&account_id=" + accountID
	pending, err := allOf[domain.Payment](ctx, d.client, path, d.admin)
	for i := range pending {
		if err == nil {
			err = d.post(ctx, "/v1/admin/payments/"+pending[i].ID+"/"+verdict, d.admin, map[string]string{"reason": "demo"}, nil)
		}
	}
	return err
}

func (d *demo) confirm(ctx context.Context, v *visitor) (bool, error) {
	if v.asked == leaves {
		return false, nil
	}
	decision := "confirm"
	if v.asked == refuses {
		decision = "decline"
	}
	if err := d.fillIn(ctx, v.onboarding.NextAction.URL, "decision", decision); err != nil {
		return true, err
	}
	return true, d.command(ctx, v, "confirm", nil)
}

// addCard brings a card: on the provider's page, or another one after a decline.
func (d *demo) addCard(ctx context.Context, v *visitor) (bool, error) {
	if page := v.onboarding.NextAction.URL; strings.HasPrefix(page, "http") {
		if err := d.fillIn(ctx, page, "token", "tok_ok"); err != nil {
			return true, err
		}
		return true, d.command(ctx, v, "confirm", nil)
	}
	switch v.asked {
	case leaves:
		return false, nil
	case cancels:
		return true, d.command(ctx, v, "cancel", nil)
	case downsize:
		v.note("with another plan")
		return true, d.command(ctx, v, "plan", map[string]string{"plan": "free"})
	}
	v.note("with another card")
	return true, d.command(ctx, v, "payment-method",
		map[string]string{"payment_option": "card", "payment_token": "tok_ok"})
}

// billing is the part of GET /v1/account/billing the demo looks at.
type billing struct {
	Subscription struct{ Data *domain.Subscription }
	OpenInvoices struct{ Data []domain.Invoice }   `json:"open_invoices"`
	NextAction   struct{ Data *domain.NextAction } `json:"next_action"`
}

func (d *demo) billingOf(ctx context.Context, v *visitor) (*billing, error) {
	b := new(billing)
	_, err := d.call(ctx, http.MethodGet, "/v1/account/billing", v.secret, nil, b)
	return b, err
}
