package workflows_test

import (
	"errors"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
	"slipway/workflows"
)

// answer is the outcome of an update.
type answer struct {
	rejected error
	accepted bool
	done     bool
	at       time.Time
	err      error
	state    onboarding.State
	refresh  onboarding.Repaired
}

// refusal is the type of the update's failure, rejected or later.
func (a *answer) refusal() string {
	var failure *temporal.ApplicationError
	if errors.As(errors.Join(a.rejected, a.err), &failure) {
		return failure.Type()
	}
	return ""
}

func (f *flow) send(name, id string, args ...any) *answer {
	a := &answer{}
	f.UpdateWorkflow(name, id, &testsuite.TestUpdateCallback{
		OnAccept: func() { a.accepted = true },
		OnReject: func(err error) { a.rejected = err },
		OnComplete: func(result any, err error) {
			a.done, a.err, a.at = true, err, f.Now()
			switch r := result.(type) {
			case onboarding.State:
				a.state = r
			case activities.ApplyCommandResult:
				if r.Onboarding != nil {
					a.state = *r.Onboarding
				}
			case onboarding.Repaired:
				a.refresh = r
			}
			if result != nil {
				f.seen.see(result)
			}
			if err != nil {
				f.seen.see(err.Error())
			}
		},
	}, args...)
	return a
}

// give stores a command and sends it, the way the API does.
func (f *flow) give(action domain.Action, fill ...func(*domain.Command)) *answer {
	f.t.Helper()
	c := f.command(action, fill...)
	return f.send(string(action), c.ID, workflows.CommandInput{CommandID: c.ID})
}

func (f *flow) command(action domain.Action, fill ...func(*domain.Command)) *domain.Command {
	f.t.Helper()
	c := &domain.Command{
		ID: store.NewID(domain.PrefixCommand), Action: action, OnboardingID: f.o.ID, SubscriptionID: f.o.SubscriptionID,
		ActorType: domain.ActorAdmin, ActorID: "usr_admin", Reason: personReason, CreatedAt: f.store.Now(),
	}
	switch action {
	case domain.ActionSubmitPayment:
		c.PaymentID, c.Reference = store.NewID(domain.PrefixPayment), personReference
	case domain.ActionApprovePayment, domain.ActionRejectPayment:
		if payments := f.payments(); len(payments) > 0 {
			c.PaymentID = payments[len(payments)-1].ID
		}
	}
	if invoice, err := f.store.OpenInvoice(f.t.Context(), f.o.SubscriptionID); err == nil {
		c.InvoiceID = invoice.ID
	}
	for _, change := range fill {
		change(c)
	}
	require.NoError(f.t, f.store.InsertCommand(f.t.Context(), c))
	return c
}

const (
	personReason    = "she asked for it on the phone"
	personReference = "RF18 LOVELACE"
)

func toPlan(code string) func(*domain.Command)  { return func(c *domain.Command) { c.Plan = code } }
func byOption(key string) func(*domain.Command) { return func(c *domain.Command) { c.Option = key } }
