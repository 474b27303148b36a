package api

import (
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"slipway/domain"
)

// The commands of staff are declared in domain.Rules. Their routes, those of
// bulk commands, the reasons they need and the actions in lists derive from it.

// collection is the path below which staff find what they command.
type collection string

const (
	ofSubscriptions collection = "subscriptions"
	ofPayments      collection = "payments"
)

var collections = []collection{ofSubscriptions, ofPayments}

// staffRules declares the commands of a collection, each once. Decisions on a
// payment name the payment; all others name a subscription, even before it
// exists, since the onboarding knows its id.
func (c collection) staffRules() []domain.Rule {
	decisions := domain.ActionsOn(domain.NounPayment)
	var rules []domain.Rule
	for _, r := range domain.Rules {
		given := r.Noun != domain.NounInvoice && slices.Contains(r.By, domain.ActorAdmin)
		known := func(other domain.Rule) bool { return other.Action == r.Action }
		if given && slices.Contains(decisions, r.Action) == (c == ofPayments) && !slices.ContainsFunc(rules, known) {
			rules = append(rules, r)
		}
	}
	return rules
}

// staffRule is the declaration of a command of staff.
func staffRule(action domain.Action) domain.Rule {
	for _, c := range collections {
		for _, r := range c.staffRules() {
			if r.Action == action {
				return r
			}
		}
	}
	return domain.Rule{}
}

// staffActions lists what staff may give in the collections, in order.
func staffActions(in ...collection) []domain.Action {
	var actions []domain.Action
	for _, c := range in {
		for _, r := range c.staffRules() {
			actions = append(actions, r.Action)
		}
	}
	return actions
}

// call is the route of a staff command, and its operation id.
func (c collection) call(action domain.Action) (call, id string) {
	word := strings.ReplaceAll(string(action), "_", "-")
	return "POST /v1/admin/" + string(c) + "/{id}/" + strings.TrimSuffix(word, "-payment"), "admin-" + word
}

// The actions of a request or an answer, described with those that are declared.
type (
	subscriptionAction domain.Action
	paymentAction      domain.Action
	staffAction        domain.Action
)

// Schema is Huma's hook.
func (subscriptionAction) Schema(huma.Registry) *huma.Schema { return actionSchema(ofSubscriptions) }

// Schema is Huma's hook.
func (paymentAction) Schema(huma.Registry) *huma.Schema { return actionSchema(ofPayments) }

// Schema is Huma's hook.
func (staffAction) Schema(huma.Registry) *huma.Schema { return actionSchema(collections...) }

func actionSchema(in ...collection) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, action := range staffActions(in...) {
		s.Enum = append(s.Enum, string(action))
	}
	return s
}
