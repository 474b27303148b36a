package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"slipway/domain"
)

// habit is what somebody does when asked for something.
type habit string

// The habits. Without one a person does what is asked.
const (
	complies habit = ""
	leaves   habit = "leaves"      // and never comes back
	cancels  habit = "cancels"     // gives the sign-up up
	downsize habit = "downsizes"   // takes the free plan instead
	refuses  habit = "refuses"     // says no on the bank's page, then brings another card
	mistakes habit = "mistakes"    // submits a reference nobody finds, then the right one
	tooLate  habit = "too late"    // submits one nobody finds; the money comes after the end
	hasty    habit = "hasty"       // gives up while the card is being charged
	chooses  habit = "chooses"     // wants a slug somebody has
	returns  habit = "returns"     // signs up again from another tab
	stranger habit = "a stranger"  // somebody tries the same e-mail with another password
	onPage   habit = "on the page" // enters the card on the provider's page
)

// scenario is one way to sign up, and the outcome is one line of the report.
type scenario struct {
	kind    string
	plan    string // paid for those that leave it open
	option  string
	token   string
	country string
	asked   habit // when the first attempt does not do it
	renews  habit // when a renewal is not paid: brings another card, pays by hand, or leaves
	clocked bool  // makes sense on a test clock only
	slow    bool  // holds a clock up with every renewal, for seconds; lives in real time
}

// scenarios are every kind there is: the sandbox's tokens, payment by hand, and
// what people do.
var scenarios = []scenario{
	{kind: "free plan", plan: "free"},
	{kind: "trial without a card", plan: "starter", clocked: true, renews: leaves},
	{kind: "trial with a card", plan: "starter", option: "card", token: "tok_ok", clocked: true},
	{kind: "card tok_ok", token: "tok_ok"},
	{kind: "card entered on the provider's page", option: "card", asked: onPage},
	{kind: "card tok_3ds, confirmed", token: "tok_3ds"},
	{kind: "card tok_3ds, refused at the bank", token: "tok_3ds", asked: refuses},
	{kind: "card tok_3ds, left at the bank", token: "tok_3ds", asked: leaves},
	{kind: "card tok_declined_funds", token: "tok_declined_funds"},
	{kind: "card tok_declined_funds, left", token: "tok_declined_funds", asked: leaves},
	{kind: "card tok_declined_expired", token: "tok_declined_expired"},
	{kind: "card tok_declined_stolen, canceled", token: "tok_declined_stolen", asked: cancels},
	{kind: "card tok_declined_fraud, takes free", token: "tok_declined_fraud", asked: downsize},
	{kind: "card tok_fails_from_3", token: "tok_fails_from_3", clocked: true},
	{kind: "card tok_fails_from_2, no other card", token: "tok_fails_from_2", clocked: true, renews: leaves},
	{kind: "card tok_throttled_3", token: "tok_throttled_3"},
	{kind: "card tok_throttled_wait_5", token: "tok_throttled_wait_5", slow: true},
	{kind: "card tok_throttled_bare_3", token: "tok_throttled_bare_3"},
	{kind: "card tok_flaky_3", token: "tok_flaky_3"},
	{kind: "card tok_flaky_3, canceled meanwhile", token: "tok_flaky_3", asked: hasty},
	{kind: "card tok_reset", token: "tok_reset"},
	{kind: "card tok_slow", token: "tok_slow", slow: true},
	{kind: "card tok_lost_response", token: "tok_lost_response"},
	{kind: "card tok_forgotten_key", token: "tok_forgotten_key"},
	{kind: "card tok_stored_500", token: "tok_stored_500"},
	{kind: "card tok_webhook_chaos", token: "tok_webhook_chaos"},
	{kind: "bank transfer", option: "bank_transfer"},
	{kind: "bank transfer, first only", option: "bank_transfer", renews: leaves, clocked: true},
	{kind: "bank transfer, rejected once", option: "bank_transfer", asked: mistakes},
	{kind: "bank transfer, never paid", option: "bank_transfer", asked: leaves, clocked: true},
	{kind: "bank transfer, paid after the end", option: "bank_transfer", asked: tooLate, clocked: true},
	{kind: "bank transfer, canceled", option: "bank_transfer", asked: cancels},
	{kind: "wallet in Kenya", option: "wallet", country: "KE"},
	{kind: "slug that is taken", plan: "free", asked: chooses},
	{kind: "same person twice", option: "bank_transfer", asked: returns},
	{kind: "e-mail of somebody else", plan: "free", asked: stranger},
}

// visitor is one person on the way to an account, and what the demo saw of it.
type visitor struct {
	scenario
	email, name, slug string
	onClock           bool

	onboarding *domain.Onboarding // as last seen
	secret     string
	first      time.Duration // to the first answer
	completed  time.Duration // to an account in use; 0 without
	notes      []string      // what happened on the way, such as "another card"
	late       bool
	fault      error // what should not have happened
}

// note remembers something that happened, once.
func (v *visitor) note(what string) {
	if !slices.Contains(v.notes, what) {
		v.notes = append(v.notes, what)
	}
}

// accountID is the account of the sign-up; empty before there is one.
func (v *visitor) accountID() string {
	if v.onboarding == nil || v.onboarding.Account == nil {
		return ""
	}
	return v.onboarding.Account.ID
}

// inUse reports whether the sign-up came to an account.
func (v *visitor) inUse() bool {
	return v.onboarding != nil && v.onboarding.Status == domain.OnboardingCompleted
}

// people are the visitors of one demo, every kind as often as another, in an
// order the seed decides. The first has the slug that others want.
func people(count int, seed uint64, run string) []*visitor {
	random := rand.New(rand.NewPCG(seed, 0))
	all := make([]*visitor, 0, count)
	for i := range count {
		v := &visitor{scenario: scenarios[i%len(scenarios)], email: fmt.Sprintf("demo-%s-%d@example.com", run, i+1)}
		v.name = companies[random.IntN(len(companies))]
		if v.plan == "" {
			v.plan = []string{"growth", "scale"}[random.IntN(2)]
		}
		if v.token != "" {
			v.option = "card"
		}
		v.onClock = !v.slow && (v.clocked || (i/len(scenarios))%2 == 0)
		if i == 0 || v.asked == chooses {
			v.slug = "first-" + run
		}
		all = append(all, v)
	}
	rest := all[min(1, count):]
	random.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	return all
}

// companies are names that often ask for the same slug, as real ones do.
var companies = []string{
	"Acme", "Globex", "Initech", "Umbrella", "Soylent", "Hooli", "Vandelay", "Wonka", "Stark", "Wayne",
	"Café Zürich", "Łódź Robotics", "Nairobi Fresh", "東京商店", "São Paulo Moda", "Ελλάς Shop",
}
