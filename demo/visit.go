package demo

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"slipway/domain"
)

// visitPatience is how long the demo follows a visitor who waits for a provider.
const visitPatience = 2 * time.Minute

// password is everybody's password; accounts of a demo guard nothing.
const password = "seven-Lamps-on-the-quay"

// visit is one person on the way to an account.
type visit struct {
	*demo
	*visitor
}

// follow goes with the person from the form to an account, or to where they stop.
func (v visit) follow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, visitPatience)
	defer cancel()
	began := time.Now()
	if err := v.signUp(ctx); err != nil {
		return err
	}
	for !v.onboarding.Done {
		stays, err := v.act(ctx)
		if err != nil && refusedAs(err) != domain.ReasonInvalidTransition { // it moved on meanwhile
			return err
		}
		if !stays || v.onboarding.Done {
			break
		}
		now, err := v.watch(ctx, v.onboarding.ID, v.secret, v.onboarding.Version)
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
// of whom the API would accept thirty a minute.
func (v visit) signUp(ctx context.Context) error {
	form := map[string]string{"email": v.email, "password": password, "account_name": v.name, "plan": v.plan}
	for field, value := range map[string]string{
		"payment_option": v.option, "payment_token": v.token, "country": v.country, "slug": v.slug,
	} {
		if value != "" {
			form[field] = value
		}
	}
	if v.onClock {
		form["test_clock"] = v.clock.ID
	}
	began := time.Now()
	err := v.receive(ctx, form)
	for range 5 {
		var refused *refusal
		if refusedAs(err) != domain.ReasonSlugTaken || !errors.As(err, &refused) || len(refused.Suggestions) == 0 {
			break
		}
		v.note("took a suggested slug")
		form["slug"] = refused.Suggestions[0]
		err = v.receive(ctx, form)
	}
	v.first = time.Since(began)
	if err != nil {
		return err
	}
	return v.signUpAgain(ctx, form)
}

// errSecondAccount is what signing up twice must never come to.
var errSecondAccount = errors.New("the same e-mail made a second sign-up")

func (v visit) receive(ctx context.Context, form map[string]string) error {
	var answer struct {
		domain.Onboarding
		ClientSecret string `json:"client_secret"`
	}
	if err := v.post(ctx, "/v1/onboardings", v.admin, form, &answer); err != nil {
		return err
	}
	v.onboarding, v.secret = &answer.Onboarding, answer.ClientSecret
	return nil
}

// signUpAgain is the second tab, and the stranger: both find a sign-up that is
// there, and neither makes another account.
func (v visit) signUpAgain(ctx context.Context, form map[string]string) error {
	switch v.asked {
	case stranger:
		form["password"] = "another-Password-of-theirs-9"
	case returns:
	default:
		return nil
	}
	first := v.onboarding.ID
	err := v.receive(ctx, form)
	switch {
	case refusedAs(err) == domain.ReasonEmailTaken:
		v.note("learned that the e-mail is taken")
		return nil
	case err == nil && (v.asked == stranger || v.onboarding.ID != first):
		return errSecondAccount
	}
	v.note("went on where the first tab was")
	return err
}

// act does what the next action asks for, in the person's way; false when the
// person is not seen again.
func (v visit) act(ctx context.Context) (bool, error) {
	next := v.onboarding.NextAction
	if next == nil {
		return true, nil
	}
	asks := map[domain.NextActionType]func(context.Context) (bool, error){
		domain.NextSubmitPayment: v.transfer, domain.NextConfirmPayment: v.confirm, domain.NextAwaitApproval: v.decide,
		domain.NextAddPaymentMethod: v.addCard, domain.NextWait: v.wait,
	}
	ask, known := asks[next.Type]
	if !known {
		return true, nil
	}
	return ask(ctx)
}

// command sends one of the onboarding's commands.
func (v visit) command(ctx context.Context, name string, in any) error {
	o := new(domain.Onboarding)
	if err := v.post(ctx, domain.OnboardingURL(v.onboarding.ID)+"/"+name, v.secret, in, o); err != nil {
		return err
	}
	v.onboarding = o
	return nil
}

func (v visit) wait(ctx context.Context) (bool, error) {
	if v.asked != hasty {
		return true, nil
	}
	v.note("while the card was charged")
	return true, v.command(ctx, "cancel", nil)
}

func (v visit) transfer(ctx context.Context) (bool, error) {
	switch {
	case v.asked == leaves:
		return false, nil
	case v.asked == cancels:
		return true, v.command(ctx, "cancel", nil)
	case v.asked == tooLate && v.onboarding.NextAction.Message != "":
		return false, nil // rejected: the money is on its way, they say
	}
	return true, v.command(ctx, "payment", map[string]string{"reference": "transfer of " + v.onboarding.ID})
}

// decide is the admin's part: approve what came in, reject what did not.
func (v visit) decide(ctx context.Context) (bool, error) {
	rejected := slices.Contains(v.notes, "after a rejection")
	if (v.asked == mistakes || v.asked == tooLate) && !rejected {
		v.note("after a rejection")
		return true, v.judge(ctx, v.accountID(), "reject")
	}
	return true, v.judge(ctx, v.accountID(), "approve")
}

func (v visit) confirm(ctx context.Context) (bool, error) {
	if v.asked == leaves {
		return false, nil
	}
	decision := "confirm"
	if v.asked == refuses {
		decision = "decline"
	}
	if err := v.fillIn(ctx, v.onboarding.NextAction.URL, "decision", decision); err != nil {
		return true, err
	}
	return true, v.command(ctx, "confirm", nil)
}

// addCard brings a card: on the provider's page, or another one after a decline.
func (v visit) addCard(ctx context.Context) (bool, error) {
	if page := v.onboarding.NextAction.URL; strings.HasPrefix(page, "http") {
		if err := v.fillIn(ctx, page, "token", "tok_ok"); err != nil {
			return true, err
		}
		return true, v.command(ctx, "confirm", nil)
	}
	switch v.asked {
	case leaves:
		return false, nil
	case cancels:
		return true, v.command(ctx, "cancel", nil)
	case downsize:
		v.note("with another plan")
		return true, v.command(ctx, "plan", map[string]string{"plan": "free"})
	}
	v.note("with another card")
	return true, v.command(ctx, "payment-method",
		map[string]string{"payment_option": "card", "payment_token": "tok_ok"})
}
