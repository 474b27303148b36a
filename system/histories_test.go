//go:build !nodev

package system

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"slipway/app"
	"slipway/domain"
	"slipway/workflows"
)

var record = flag.Bool("record", false, "write the histories of paths that have none to workflows/testdata")

// recordedAs is the version whose paths are recorded now.
const recordedAs = "v0.3.0"

// The words of the people in these tests. None of them may turn up in Temporal.
const (
	ownWord     = "Zanzibar"
	emailWord   = "ottilie"
	secretWord  = "Quetzalcoatl"
	paperWord   = "bumblebee"
	reasonWord  = "marmalade"
	personEmail = emailWord + "@example.com"
)

// story drives one path and returns the ids of its workflows.
type story func(r *running) []string

// person signs somebody up whose every word can be recognized.
func (r *running) person(n int, plan string) kickedOff {
	r.t.Helper()
	return r.kickOffAtOnce(map[string]any{
		"email": fmt.Sprintf("%d-%s", n, personEmail), "password": secretWord + "-feathers-77",
		"account_name": fmt.Sprintf("%s Trading %d", ownWord, n), "plan": plan,
	})
}

func signup(o kickedOff) []string { return []string{"signup-" + o.ID} }

// stories are the paths whose histories are recorded; workflows/replay_test.go
// replays them with the code of the day.
var stories = map[string]story{
	"trial": func(r *running) []string { return signup(r.person(1, "starter")) },
	"free":  func(r *running) []string { return signup(r.person(2, "free")) },
	"growth_approved": func(r *running) []string {
		o := r.person(3, "growth")
		r.decide(r.submit(o, paperWord).ID, "approve", reasonWord)
		r.until(o, domain.OnboardingCompleted)
		return signup(o)
	},
	"growth_rejected_then_approved": func(r *running) []string {
		o := r.person(4, "growth")
		r.decide(r.submit(o, paperWord).ID, "reject", "no "+reasonWord)
		r.decide(r.submit(o, paperWord).ID, "approve", reasonWord)
		r.until(o, domain.OnboardingCompleted)
		return signup(o)
	},
	"canceled_while_waiting": func(r *running) []string {
		o := r.person(5, "growth")
		r.command("/v1/onboardings/"+o.ID+"/cancel", o.ClientSecret, map[string]any{})
		r.until(o, domain.OnboardingCanceled)
		return signup(o)
	},
	"waiting_for_plan_resumed": func(r *running) []string {
		plans := r.setPlans(r.admin(), false)
		o := r.person(6, "starter")
		require.Equal(r.t, domain.OnboardingWaitingForPlan, o.Status)
		require.NotEmpty(r.t, plans)
		r.setPlans(r.admin(), true)
		r.until(o, domain.OnboardingCompleted)
		return signup(o)
	},
	"waiting_for_payment_method_resumed": func(r *running) []string {
		r.setOptions(false)
		o := r.person(7, "growth")
		require.Equal(r.t, domain.OnboardingWaitingForPaymentMethod, o.Status)
		r.setOptions(true)
		r.until(o, domain.OnboardingAwaitingPayment)
		r.subscription(o, "cancel")
		r.until(o, domain.OnboardingCanceled)
		return signup(o)
	},
	"activated_by_admin": func(r *running) []string {
		o := r.person(8, "scale")
		r.subscription(o, "activate")
		r.until(o, domain.OnboardingCompleted)
		return signup(o)
	},
	"activated_by_signal": func(r *running) []string {
		o := r.person(9, "growth")
		r.signal("signup-"+o.ID, workflows.SignalActivate, nil)
		r.until(o, domain.OnboardingCompleted)
		return signup(o)
	},
	"canceled_by_signal": func(r *running) []string {
		o := r.person(10, "growth")
		r.signal("signup-"+o.ID, workflows.SignalCancel, map[string]string{"reason": "operator"})
		r.until(o, domain.OnboardingCanceled)
		return signup(o)
	},
	"canceled_by_temporal": func(r *running) []string {
		o := r.person(11, "growth")
		require.NoError(r.t, r.app.Temporal.CancelWorkflow(context.Background(), "signup-"+o.ID, ""))
		r.until(o, domain.OnboardingCanceled)
		return signup(o)
	},
	"plan_changed_while_waiting": func(r *running) []string {
		o := r.person(12, "growth")
		r.command("/v1/onboardings/"+o.ID+"/plan", o.ClientSecret, map[string]any{"plan": "scale"})
		r.command("/v1/onboardings/"+o.ID+"/payment-method", o.ClientSecret, map[string]any{"payment_option": "card"})
		r.command("/v1/onboardings/"+o.ID+"/plan", o.ClientSecret, map[string]any{"plan": "free"})
		r.until(o, domain.OnboardingCompleted)
		return signup(o)
	},
	"refreshed": func(r *running) []string {
		o := r.person(13, "growth")
		r.subscription(o, "refresh")
		r.subscription(o, "cancel")
		r.until(o, domain.OnboardingCanceled)
		return signup(o)
	},
	"activation_after_trial": func(r *running) []string {
		o := r.person(14, "starter")
		a := r.post("/v1/account/subscription", o.ClientSecret, map[string]any{"plan": "growth"})
		require.Equal(r.t, http.StatusCreated, a.status, string(a.body))
		var started struct{ Onboarding domain.Onboarding }
		a.into(r.t, &started)
		upgrade := kickedOff{Onboarding: started.Onboarding, ClientSecret: o.ClientSecret}
		r.decide(r.submit(upgrade, paperWord).ID, "approve", reasonWord)
		done := r.until(upgrade, domain.OnboardingCompleted)
		return []string{"activation-" + done.Subscription.ID}
	},
	"billing_cancel": func(r *running) []string {
		o := r.person(15, "starter")
		r.subscription(o, "cancel")
		return []string{"billing-" + r.onboardingRow(o).SubscriptionID}
	},
	"billing_late_payment": func(r *running) []string {
		o := r.person(16, "growth")
		payment := r.submit(o, paperWord)
		r.subscription(o, "cancel")
		r.until(o, domain.OnboardingCanceled)
		r.decide(payment.ID, "approve", reasonWord)
		return []string{"billing-" + r.onboardingRow(o).SubscriptionID}
	},
	"refresh": func(r *running) []string {
		o := r.person(17, "starter")
		r.subscription(o, "refresh")
		return []string{"refresh-" + o.ID}
	},
	"reconcile": func(r *running) []string { // as schedules of 0.1.0 start it
		const id = "reconcile-of-0.1.0"
		_, err := r.app.Temporal.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{
			ID: id, TaskQueue: workflows.TaskQueueOnboarding,
		}, workflows.Reconcile, workflows.ReconcileInput{StaleAfter: time.Second})
		require.NoError(r.t, err)
		return []string{id}
	},
	"refused_under_another_id": underAnotherID,
	"resume_served": func(r *running) []string {
		r.setPlans(r.admin(), true)
		return []string{workflows.ReconcileCatalogueID}
	},
}

// expired is a story of its own: its payment window is short.
func expired(r *running) []string {
	o := r.person(18, "growth")
	r.until(o, domain.OnboardingExpired)
	return signup(o)
}

// TestHistories_HoldNoPersonalWord plays every story and reads everything that
// Temporal keeps of it: inputs, results, failures, summaries, search attributes.
// With -record it also writes the histories that the replay test replays.
func TestHistories_HoldNoPersonalWord(t *testing.T) {
	r := startApp(t)
	histories := map[string]*historypb.History{}
	for name, play := range stories {
		for _, id := range play(r) {
			histories[name] = r.closedHistory(id)
		}
	}
	short := startApp(t, func(a *app.App) { a.PaymentWindow, a.Reminders = 3*time.Second, []string{"1s", "2s"} })
	histories["growth_expired"] = short.closedHistory(expired(short)[0])

	require.Len(t, histories, len(stories)+1)
	again(histories, "growth_approved", "waiting_for_plan_resumed")
	keepAndRead(t, histories)
}

// again names the histories that show more of what they wait for since they were first
// recorded, so that they are recorded once more.
func again(histories map[string]*historypb.History, names ...string) {
	for _, name := range names {
		histories[name+"_showing_its_wait"] = histories[name]
	}
}

// keepAndRead writes the histories that are not recorded yet, when asked to, and
// looks for every personal word in all of them. What is recorded stays: it is
// what workflows that run today have behind them.
func keepAndRead(t *testing.T, histories map[string]*historypb.History) {
	t.Helper()
	for name, h := range histories {
		text, err := protojson.Marshal(h)
		require.NoError(t, err)
		recorded, err := filepath.Glob(filepath.Join("..", "workflows", "testdata", "*", name+".json"))
		require.NoError(t, err)
		if *record && len(recorded) == 0 {
			file := filepath.Join("..", "workflows", "testdata", recordedAs, name+".json")
			require.NoError(t, os.WriteFile(file, indented(t, text), 0o644))
		}
		readable := decodePayloads(string(text))
		for _, word := range []string{ownWord, emailWord, secretWord, paperWord, reasonWord, "$argon2id", "tok_"} {
			assert.NotContains(t, strings.ToLower(readable), strings.ToLower(word), "history of %s", name)
		}
	}
}

func indented(t *testing.T, text []byte) []byte {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(text, &v))
	pretty, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	return append(pretty, '\n')
}

var payloadData = regexp.MustCompile(`"data":\s*"([A-Za-z0-9+/=]+)"`)

// decodePayloads appends the decoded payloads of a history to its text.
func decodePayloads(text string) string {
	var b strings.Builder
	b.WriteString(text)
	for _, m := range payloadData.FindAllStringSubmatch(text, -1) {
		if raw, err := base64.StdEncoding.DecodeString(m[1]); err == nil {
			b.Write(raw)
			b.WriteByte('\n')
		}
	}
	return b.String()
}
