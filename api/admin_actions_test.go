package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
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

// situation is somebody's state; ids are what staff command in it.
type situation struct {
	name  string
	reach func(w *world, name string) (subscription, payment string)
}

// late brings a trial to where its first payment is late.
func (w *world) late(sub string) {
	w.t.Helper()
	now := w.store.Now()
	_, err := w.store.Stats()["write"].Exec("UPDATE subscriptions SET current_period_end = ?, trial_end = ? WHERE id = ?", now, now, sub)
	require.NoError(w.t, err)
	for _, due := range []domain.DueKind{domain.DueNotice, domain.DueReminder, domain.DuePeriodEnd} {
		_, err := w.flows.act.ProcessDue(w.t.Context(), activities.ProcessDueInput{SubscriptionID: sub, Due: due})
		require.NoError(w.t, err)
	}
}

var situations = []situation{
	{"paying", func(w *world, name string) (string, string) {
		path, _ := w.paying(name)
		return w.subscriptionOf(path), ""
	}},
	{"submitted", func(w *world, name string) (string, string) {
		path, secret := w.paying(name)
		return w.subscriptionOf(path), w.pending(path, secret)
	}},
	{"rejected", func(w *world, name string) (string, string) {
		path, secret := w.paying(name)
		id := w.pending(path, secret)
		w.call("POST", "/v1/admin/payments/"+id+"/reject", w.admin, reasonFor()).ok(200)
		return w.subscriptionOf(path), id
	}},
	{"canceled while paying", func(w *world, name string) (string, string) {
		path, secret := w.paying(name)
		id := w.pending(path, secret)
		w.call("POST", path+"/cancel", secret, nil).ok(200)
		return w.subscriptionOf(path), id
	}},
	{"trialing", func(w *world, name string) (string, string) {
		return w.signUp(name, "plan", "starter").text("subscription.id"), ""
	}},
	{"active", func(w *world, name string) (string, string) {
		path, secret := w.paying(name)
		id := w.pending(path, secret)
		w.call("POST", "/v1/admin/payments/"+id+"/approve", w.admin, nil).ok(200)
		return w.subscriptionOf(path), id
	}},
	{"late", func(w *world, name string) (string, string) {
		o := w.signUp(name, "plan", "starter")
		w.late(o.text("subscription.id"))
		secret := o.text("client_secret")
		url := w.call("GET", "/v1/account/billing", secret, nil).ok(200).text("next_action.data.url")
		w.call("POST", url, secret, map[string]any{"reference": "TX 1"}).ok(200)
		id := w.call("GET", "/v1/admin/payments?status=pending_approval", w.admin, nil).ok(200).rows()[0]["id"].(string)
		return o.text("subscription.id"), id
	}},
	{"ended", func(w *world, name string) (string, string) {
		sub := w.signUp(name, "plan", "starter").text("subscription.id")
		w.call("POST", "/v1/admin/subscriptions/"+sub+"/cancel", w.admin, reasonFor()).ok(200)
		return sub, ""
	}},
	{"buying", func(w *world, name string) (string, string) {
		o := w.signUp(name, "plan", "starter")
		secret := o.text("client_secret")
		bought := w.call("POST", "/v1/account/credit-packages", secret, map[string]any{"package": "credits-500"}).ok(201)
		w.call("POST", bought.text("next_action.url"), secret, map[string]any{"reference": "TX"}).ok(200)
		id := w.call("GET", "/v1/admin/payments?status=pending_approval", w.admin, nil).ok(200).rows()[0]["id"].(string)
		return o.text("subscription.id"), id
	}},
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
				if c == payments {
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
	assert.Equal(t, []any{"extend_trial", "trialing", "trialing"}, []any{done.at("action"), done.at("from"), done.at("to")})
	assert.NotEqual(t, before, done.text("subscription.trial_end"))
	rows := w.call("GET", "/v1/admin/subscriptions", w.admin, nil).ok(200).rows()
	assert.Contains(t, rows[0]["available_actions"], "extend_trial")

	bulk := "/v1/admin/subscriptions/bulk"
	ids := []string{sub}
	refusesField(t, w.call("POST", bulk, w.admin, reasonFor("action", "extend_trial", "ids", ids)), "body.days")
	r := w.call("POST", bulk, w.admin, reasonFor("action", "extend_trial", "days", 3, "ids", ids)).ok(200)
	assert.Nil(t, r.rows()[0]["problem"])
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
	for _, shown := range []string{r.raw, w.everything(), w.call("GET", "/v1/account/events", secret, nil).ok(200).raw, w.log.String()} {
		assert.NotContains(t, shown, "ticket 7")
	}
}
