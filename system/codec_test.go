//go:build !nodev

package system

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"slipway/app"
	"slipway/domain"
	"slipway/workflows"
	flows "slipway/workflows/client"
)

const (
	codecKey    = "2026:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	newCodecKey = "2027:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="
)

func withKeys(keys ...string) func(*app.App) { return func(a *app.App) { a.CodecKeys = keys } }

// messages calls visit for each message within m, but for those in search attributes,
// which the server reads.
func messages(m protoreflect.Message, visit func(proto.Message)) {
	visit(m.Interface())
	if _, attributes := m.Interface().(*commonpb.SearchAttributes); attributes {
		return
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap() && field.MapValue().Message() != nil:
			value.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				messages(v.Message(), visit)
				return true
			})
		case field.IsList() && field.Message() != nil:
			for i := range value.List().Len() {
				messages(value.List().Get(i).Message(), visit)
			}
		case field.Message() != nil && !field.IsMap():
			messages(value.Message(), visit)
		}
		return true
	})
}

// A sign-up of each kind, its commands, its failures and its webhooks: every payload in
// every event of every history is encrypted, and so is what failures say.
func TestCodec_NothingIsReadInAnyHistory(t *testing.T) {
	r := startApp(t, withKeys(codecKey), func(a *app.App) { a.WebhookPrivate = true })
	r.endpointOf(newBackend(t, 0).url)
	byCard := r.pay("growth", "tok_ok", "")
	r.until(byCard, domain.OnboardingCompleted)
	byHand := r.signUp("bob@example.com", "Bolt", "growth")
	require.Equal(t, 200, r.approve(r.submit(byHand, "reference-of-bob")).status)
	r.until(byHand, domain.OnboardingCompleted)
	canceled := r.signUp("eve@example.com", "Evil", "growth")
	r.signal("signup-"+canceled.ID, "cancel", map[string]string{"reason": "typed by hand"})
	r.until(canceled, domain.OnboardingCanceled)
	require.NoError(t, r.app.Workflows.StartBilling(context.Background(), r.opened(byCard)))

	run, err := r.app.Temporal.ExecuteWorkflow(context.Background(),
		client.StartWorkflowOptions{ID: "mine", TaskQueue: workflows.TaskQueueOnboarding}, workflows.Signup,
		workflows.OnboardingInput{OnboardingID: byHand.ID})
	require.NoError(t, err)
	require.Error(t, run.Get(context.Background(), nil), "under an id that is not its own")

	payloads, failures := 0, 0
	for _, id := range r.executions("WorkflowType != 'x'", 5) {
		for _, event := range r.history(id).GetEvents() {
			messages(event.ProtoReflect(), func(m proto.Message) {
				switch m := m.(type) {
				case *commonpb.Payload:
					payloads++
					assert.Equal(t, "binary/encrypted", string(m.GetMetadata()["encoding"]), "%s: %s: %s", id,
						event.GetEventType(), m.GetData())
				case *failurepb.Failure:
					failures++
					assert.Equal(t, "Encoded failure", m.GetMessage(), "%s: %s", id, event.GetEventType())
					assert.Empty(t, m.GetStackTrace())
				}
			})
		}
	}
	assert.Greater(t, payloads, 50)
	assert.Positive(t, failures)
}

// The codec is switched on, its key rotated, and switched off while people wait: what was
// begun before goes on. A worker without the key does not start.
func TestCodec_SwitchedOnRotatedAndOffWhilePeopleWait(t *testing.T) {
	dir := t.TempDir()
	var waiting []kickedOff
	for i, keys := range [][]string{nil, {codecKey}, {newCodecKey, codecKey}, {flows.KeyNone, newCodecKey, codecKey}} {
		settings := func(a *app.App) { a.DataDir, a.CodecKeys = dir, keys }
		r := startApp(t, settings)
		if i > 0 {
			require.Equal(t, 200, r.approve(r.submit(waiting[i-1], "x")).status)
			r.until(waiting[i-1], domain.OnboardingCompleted)
		}
		company := "Company" + string(rune('A'+i))
		waiting = append(waiting, r.signUp(strings.ToLower(company)+"@example.com", company, "growth"))
		check := codecCheck(t, r)
		assert.Equal(t, len(keys) > 0, check.Status == domain.CheckOK, "%+v", check)
		r.stop()
		if i != 1 && i != 2 {
			continue
		}
		for _, without := range [][]string{nil, {"2028:" + codecKey[5:]}, {keys[0][:5] + "CCCC" + keys[0][9:]}} {
			a := app.New(testSettings(dir), io.Discard, testLog{t})
			a.CodecKeys = without
			_, err := app.StartDev(context.Background(), a)
			require.ErrorContains(t, err, domain.Text(domain.TextCodecFix))
			check := a.Workflows.Checks(context.Background())
			assert.Equal(t, domain.CheckWarn, named(check, "temporal_codec").Status)
			assert.Contains(t, named(check, "temporal_codec").Message, keys[0][:4])
			assert.Equal(t, domain.CheckOK, named(check, "reconcile").Status, "it is scheduled")
			a.Close()
		}
	}
}

func codecCheck(t *testing.T, r *running) domain.Check {
	t.Helper()
	return named(r.app.Workflows.Checks(context.Background()), "temporal_codec")
}

func named(checks []domain.Check, name string) domain.Check {
	for _, c := range checks {
		if c.Name == name {
			return c
		}
	}
	return domain.Check{}
}

// A worker that runs while keys are given out lacks one: what is encrypted waits for a
// worker that has it, and ends as it would have.
func TestCodec_AWorkerWithoutTheKeyEndsNothing(t *testing.T) {
	dir := t.TempDir()
	r := startApp(t, func(a *app.App) { a.DataDir = dir })
	o := r.signUp("ada@example.com", "Acme", "growth")
	codec, err := flows.NewCodec([]string{codecKey})
	require.NoError(t, err)
	options := client.Options{
		HostPort: r.dev.Temporal, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	}
	codec.Use(&options)
	with, err := client.Dial(options)
	require.NoError(t, err)
	defer with.Close()
	require.NoError(t, with.SignalWorkflow(context.Background(), "signup-"+o.ID, "", "cancel",
		map[string]string{"reason": "encrypted"}))
	why := domain.Text(domain.TextCodecFix)
	eventually(t, func() bool {
		for _, event := range r.history("signup-" + o.ID).GetEvents() {
			if strings.Contains(event.GetWorkflowTaskFailedEventAttributes().GetFailure().GetMessage(), why) {
				return true
			}
		}
		return false
	}, "its task fails and says why")
	description, err := r.app.Temporal.DescribeWorkflowExecution(context.Background(), "signup-"+o.ID, "")
	require.NoError(t, err)
	assert.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, description.GetWorkflowExecutionInfo().GetStatus())
	r.stop()
	r = startApp(t, withKeys(codecKey), func(a *app.App) { a.DataDir = dir })
	r.until(o, domain.OnboardingCanceled)
	assert.Equal(t, 1, r.count("SELECT count(*) FROM events WHERE type = 'onboarding.canceled' AND reason = 'encrypted'"))
}
