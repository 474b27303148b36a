package api

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// staffRoutesServed are the paths of the commands that staff may give, as the
// router knows them.
func (w *world) staffRoutesServed() []string {
	var served []string
	for _, r := range w.api.router.Routes() {
		for _, c := range collections {
			if strings.HasPrefix(r.Path, "/v1/admin/"+string(c)+"/:id/") {
				served = append(served, r.Path)
			}
		}
	}
	return served
}

func TestStaffCommands_EachRuleHasARouteAndEachRouteARule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	served := w.staffRoutesServed()
	var declared []string
	for _, r := range domain.Rules {
		if !slices.Contains(r.By, domain.ActorAdmin) {
			continue
		}
		path, noun := strings.TrimSuffix(strings.ReplaceAll(string(r.Action), "_", "-"), "-payment"), "subscriptions"
		if strings.HasSuffix(string(r.Action), "_payment") {
			noun = "payments"
		}
		path = "/v1/admin/" + noun + "/:id/" + path
		assert.Contains(t, served, path, "%s on %s has no route", r.Action, r.Noun)
		declared = append(declared, path)
	}
	for _, path := range served {
		assert.Contains(t, declared, path, "no rule declares it")
	}
	for _, known := range []string{"subscriptions/:id/activate", "subscriptions/:id/cancel", "subscriptions/:id/refresh",
		"subscriptions/:id/extend-trial", "payments/:id/approve", "payments/:id/reject"} {
		assert.Contains(t, served, "/v1/admin/"+known)
	}
}

func TestStaffCommands_TheRulesOfOneActionAgreeAboutItsReason(t *testing.T) {
	t.Parallel()
	for _, r := range domain.Rules {
		if slices.Contains(r.By, domain.ActorAdmin) && r.Noun != domain.NounInvoice {
			assert.Equal(t, staffRule(r.Action).ReasonOptional, r.ReasonOptional, "%s on %s", r.Action, r.Noun)
		}
	}
}

// TestStaffCommands_ADryRunSaysWhatARealRunDoes walks every command that is
// declared for staff through every situation: both answer the same from and to,
// or refuse alike.
func TestStaffCommands_ADryRunSaysWhatARealRunDoes(t *testing.T) {
	t.Parallel()
	applied := map[domain.Action]int{}
	w := newWorld(t)
	for i, s := range situations {
		for _, c := range collections {
			for _, r := range c.staffRules() {
				id, payment := s.reach(w, fmt.Sprintf("%s-%d", strings.ReplaceAll(string(r.Action), "_", "-"), i))
				if c == ofPayments {
					id = payment
				}
				if id != "" && w.sameInBothRuns(r, c, id, s.name) {
					applied[r.Action]++
				}
			}
		}
	}
	for _, action := range staffActions(collections...) {
		assert.Positive(t, applied[action], "%s was never carried out", action)
	}
}

// sameInBothRuns compares the two runs and reports whether the real one did it.
func (w *world) sameInBothRuns(r domain.Rule, c collection, id, name string) bool {
	w.t.Helper()
	call, _ := c.call(r.Action)
	path := strings.ReplaceAll(strings.TrimPrefix(call, "POST "), "{id}", id)
	body := []any{}
	if r.Action == domain.ActionExtendTrial {
		body = append(body, "days", 7)
	}
	dry := w.call("POST", path, w.admin, reasonFor(append(body, "dry_run", true)...))
	run := w.call("POST", path, w.admin, reasonFor(body...))
	what := string(r.Action) + ", " + name
	assert.Equal(w.t, dry.status, run.status, "%s: %s\n%s", what, dry.raw, run.raw)
	for _, field := range []string{"from", "to", "code", "available_actions"} {
		assert.Equal(w.t, dry.at(field), run.at(field), "%s: %s", what, field)
	}
	if run.status != 200 {
		return false
	}
	assert.Equal(w.t, true, dry.at("dry_run"), what)
	assert.Equal(w.t, false, dry.at("applied"), what)
	return run.at("applied") == true
}

// laterBy is the time some days later, as the API writes it.
func laterBy(t *testing.T, at string, days int) string {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, at)
	require.NoError(t, err)
	return parsed.AddDate(0, 0, days).Format(time.RFC3339Nano)
}

func TestStaffCommands_ATrialIsExtended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.signUp("acme", "plan", "starter")
	sub := o.text("subscription.id")
	url := "/v1/admin/subscriptions/" + sub + "/extend-trial"
	for _, bad := range []map[string]any{{"days": 7}, reasonFor(), reasonFor("days", 0), reasonFor("days", 366)} {
		w.call("POST", url, w.admin, bad).problem(422, "invalid")
	}
	before := w.call("GET", "/v1/account/subscription", o.text("client_secret"), nil).ok(200).text("trial_end")
	done := w.call("POST", url, w.admin, reasonFor("days", 7)).ok(200)
	assert.Equal(
		t, []any{"extend_trial", "trialing", "trialing"}, []any{done.at("action"), done.at("from"), done.at("to")},
	)
	inAWeek := laterBy(t, before, 7)
	assert.Equal(t, inAWeek, done.text("subscription.trial_end"))
	rows := w.call("GET", "/v1/admin/subscriptions", w.admin, nil).ok(200).rows()
	assert.Contains(t, rows[0]["available_actions"], "extend_trial")

	bulk := "/v1/admin/subscriptions/bulk"
	ids := []string{sub}
	refusesField(t, w.call("POST", bulk, w.admin, reasonFor("action", "extend_trial", "ids", ids)), "body.days")
	r := w.call("POST", bulk, w.admin, reasonFor("action", "extend_trial", "days", 3, "ids", ids)).ok(200)
	assert.Nil(t, r.rows()[0]["problem"])
	after := w.call("GET", "/v1/account/subscription", o.text("client_secret"), nil).ok(200).text("trial_end")
	assert.Equal(t, laterBy(t, inAWeek, 3), after)

	free := w.signUp("free", "plan", "free")
	w.call("POST", "/v1/admin/subscriptions/"+free.text("subscription.id")+"/extend-trial", w.admin, reasonFor("days", 7)).
		problem(409, domain.ReasonInvalidTransition)
	path, _ := w.paying("payer")
	w.call("POST", "/v1/admin/subscriptions/"+w.subscriptionOf(path)+"/extend-trial", w.admin, reasonFor("days", 7)).
		problem(409, domain.ReasonInvalidTransition)
}

func TestStaffCommands_ANoteIsForColleaguesOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	id := w.pending(path, secret)
	url := "/v1/admin/payments/" + id + "/approve"
	w.call("POST", url, w.admin, map[string]any{"note": strings.Repeat("x", 2001)}).problem(422, "invalid")
	w.call("POST", url, w.admin, map[string]any{"note": "a\u200bb"}).problem(422, "invalid")
	const note = "asked by phone,\nsee ticket 7"
	r := w.call("POST", url, w.admin, map[string]any{"note": note}).ok(200)
	cmd, err := w.store.CommandByID(t.Context(), w.flows.commanded[len(w.flows.commanded)-1])
	require.NoError(t, err)
	assert.Equal(t, note, cmd.Note)
	for _, shown := range []string{r.raw, w.everything(), w.call("GET", "/v1/account/events", secret, nil).ok(200).raw,
		w.log.String()} {
		assert.NotContains(t, shown, "ticket 7")
	}
}

func TestStaffCommands_OfFiftyEqualOnesAtOnceOneIsApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, _ := w.paying("acme")
	url := "/v1/admin/subscriptions/" + w.subscriptionOf(path) + "/activate"
	answers := make([]*reply, 50)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = w.call("POST", url, w.admin, reasonFor()) })
	}
	all.Wait()
	applied := 0
	for _, r := range answers {
		if r.ok(200).at("applied") == true {
			applied++
		}
	}
	assert.Equal(t, 1, applied)
}
