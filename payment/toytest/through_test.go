package toytest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"slipway/activities"
	"slipway/api"
	"slipway/domain"
	"slipway/payment"
	"slipway/payment/manual"
	"slipway/payment/toytest"
	"slipway/store"
	"slipway/store/storetest"
	"slipway/workflows"
)

// installation is the API, the activities and one workflow in the SDK's test
// environment, over a database of their own. What it knows of wallets is their
// registration.
type installation struct {
	t       *testing.T
	env     *testsuite.TestWorkflowEnvironment
	store   *store.Store
	handler http.Handler
	wallets *toytest.Wallets
}

// cheap makes a password hash cost next to nothing.
var cheap = argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

func install(t *testing.T) *installation {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	i := &installation{t: t, env: suite.NewTestWorkflowEnvironment(), wallets: toytest.New("a secret")}
	i.env.SetStartTime(storetest.Noon)
	i.env.SetTestTimeout(2 * time.Minute)
	i.env.SetWorkerOptions(worker.Options{
		Interceptors:             []interceptor.WorkerInterceptor{&activities.Errors{}},
		DeadlockDetectionTimeout: time.Minute, // a busy machine is no deadlock
	})
	i.env.OnUpsertTypedSearchAttributes(mock.Anything).Return(nil).Maybe()
	i.store = storetest.Seeded(t, i.env.Now)

	registry, err := payment.NewRegistry(manual.New().Registration(), i.wallets.Registration())
	require.NoError(t, err)
	i.env.RegisterActivity(activities.New(activities.Config{
		Store: i.store, Providers: registry.Providers(),
		Policy: domain.Policy{PaymentWindow: 23 * time.Hour, Billing: domain.DefaultBillingPolicy()},
	}))
	a, err := api.New(api.Config{
		Store: i.store, Workflows: door{env: i.env}, Providers: registry, SecretKey: bytes.Repeat([]byte{7}, 32),
		PasswordHash: cheap, KickoffWait: time.Millisecond, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	i.handler = a.Handler()
	return i
}

// door is the API's way to the one workflow that runs.
type door struct {
	api.Workflows
	env *testsuite.TestWorkflowEnvironment
}

func (d door) Begin(context.Context, *domain.Onboarding) error { return nil } // the test runs it itself

func (d door) CatalogueChanged(context.Context) error { return nil }

func (d door) ProviderEvent(_ context.Context, owner *domain.PaymentOwner) error {
	d.env.SignalWorkflow(workflows.SignalProviderEvent, workflows.ProviderEventInput{PaymentID: owner.PaymentID})
	return nil
}

func (d door) Command(_ context.Context, _ domain.Recipient, cmd *domain.Command) error {
	d.env.UpdateWorkflow(string(cmd.Action), cmd.ID, unanswered{}, workflows.CommandInput{CommandID: cmd.ID})
	return nil
}

// unanswered waits for no answer: the test looks at what came of it.
type unanswered struct{}

func (unanswered) Accept()             {}
func (unanswered) Reject(error)        {}
func (unanswered) Complete(any, error) {}

// call makes a request and returns the answer's fields.
func (i *installation) call(method, path, bearer string, body any, status int) map[string]any {
	i.t.Helper()
	content, err := json.Marshal(body)
	require.NoError(i.t, err)
	return i.send(method, path, http.Header{"Authorization": {"Bearer " + bearer}}, content, status)
}

func (i *installation) send(method, path string, header http.Header, body []byte, status int) map[string]any {
	i.t.Helper()
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Header = header.Clone()
	r.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	i.handler.ServeHTTP(answer, r)
	require.Equal(i.t, status, answer.Code, answer.Body.String())
	var fields map[string]any
	_ = json.Unmarshal(answer.Body.Bytes(), &fields) // 204 has none
	return fields
}

// offer has an admin add an option that is charged through the wallets.
func (i *installation) offer() {
	i.t.Helper()
	const email, password = "admin@slipway.test", "correct horse battery staple"
	hash, err := argon2id.CreateHash(password, &cheap)
	require.NoError(i.t, err)
	_, err = i.store.EnsureAdmin(i.t.Context(), email, hash)
	require.NoError(i.t, err)
	session := i.call("POST", "/v1/sessions", "", map[string]any{"email": email, "password": password}, http.StatusCreated)
	option := i.call("POST", "/v1/admin/payment-options", session["token"].(string),
		map[string]any{"key": "e_wallet", "name": "E-wallet", "type": "wallet", "provider": toytest.Name}, http.StatusCreated)
	require.Equal(i.t, "charge_automatically", option["collection_method"])
}

// signUp has a customer sign up who pays with a wallet, and returns the id and
// the secret of the onboarding.
func (i *installation) signUp(token string) (id, secret string) {
	i.t.Helper()
	o := i.call("POST", "/v1/onboardings", "", map[string]any{
		"email": "ada@example.com", "password": "correct horse battery staple", "account_name": "Ada",
		"plan": "growth", "payment_option": "e_wallet", "payment_token": token,
	}, http.StatusAccepted)
	return o["id"].(string), o["client_secret"].(string)
}

// run runs the onboarding's workflow to its end.
func (i *installation) run(id string) {
	i.t.Helper()
	i.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflows.SignupID(id)})
	i.env.ExecuteWorkflow(workflows.Signup, workflows.OnboardingInput{OnboardingID: id})
	require.True(i.t, i.env.IsWorkflowCompleted())
}

// charge is the only charge on the wallets' books.
func (i *installation) charge() payment.Outcome {
	i.t.Helper()
	charges := i.wallets.Charges()
	require.Len(i.t, charges, 1)
	assert.EqualValues(i.t, 13900, charges[0].Amount)
	return charges[0]
}

func TestWallets_ChargeWhoSignsUp(t *testing.T) {
	t.Parallel()
	i := install(t)
	i.offer()
	id, secret := i.signUp(toytest.TokenPays)
	i.run(id)
	require.NoError(t, i.env.GetWorkflowError())
	o := i.call("GET", "/v1/onboardings/"+id, secret, nil, http.StatusOK)
	assert.Equal(t, "completed", o["status"])
	assert.Equal(t, payment.StatusSucceeded, i.charge().Status)
}

func TestWallets_EventSaysThatTheCustomerConfirmed(t *testing.T) {
	t.Parallel()
	i := install(t)
	i.offer()
	id, secret := i.signUp(toytest.TokenConfirms)
	i.env.RegisterDelayedCallback(func() {
		o := i.call("GET", "/v1/onboardings/"+id, secret, nil, http.StatusOK)
		assert.Equal(t, "awaiting_payment", o["status"])
		assert.Equal(t, i.charge().ActionURL, o["next_action"].(map[string]any)["url"])
		i.wallets.Confirm(i.charge(), true)
		body := toytest.EventAbout(payment.EventCharge, i.charge().Key)
		i.send("POST", "/webhooks/toy", i.wallets.Sign(body, i.env.Now()), body, http.StatusNoContent)
	}, time.Minute)
	i.run(id)
	require.NoError(t, i.env.GetWorkflowError())
	o := i.call("GET", "/v1/onboardings/"+id, secret, nil, http.StatusOK)
	assert.Equal(t, "completed", o["status"])
	assert.Equal(t, payment.StatusSucceeded, i.charge().Status)
	assert.Zero(t, i.charge().Refunded)
}

func TestWallets_GiveBackWhatNobodyWantsAnyMore(t *testing.T) {
	t.Parallel()
	i := install(t)
	i.offer()
	id, secret := i.signUp(toytest.TokenConfirms)
	i.env.RegisterDelayedCallback(func() {
		i.wallets.Confirm(i.charge(), true) // and gives up before anybody notices
		i.call("POST", "/v1/onboardings/"+id+"/cancel", secret, map[string]any{}, http.StatusOK)
	}, time.Minute)
	i.run(id)
	o := i.call("GET", "/v1/onboardings/"+id, secret, nil, http.StatusOK)
	assert.Equal(t, "canceled", o["status"])
	assert.EqualValues(t, 13900, i.charge().Refunded)
}
