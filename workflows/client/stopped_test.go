package client

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"slipway/domain"
	"slipway/workflows"
)

func TestStoppedByID_SaysWhatAWorkflowIsAbout(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]domain.StoppedWorkflow{
		workflows.BillingID("sub_1"):            {SubscriptionID: "sub_1"},
		workflows.PurchaseID("in_1"):            {InvoiceID: "in_1"},
		workflows.ClockID("clock_1"):            {ClockID: "clock_1"},
		workflows.DeliveryID("evt_1", "we_1"):   {EventID: "evt_1", EndpointID: "we_1"},
		workflows.EndpointDeliveriesID("we_1"):  {EndpointID: "we_1"},
		workflows.SignupID("onb_1"):             {},
		"what an operator started under a name": {},
	} {
		want.ID = id
		assert.Equal(t, want, (&Client{}).StoppedByID(id))
	}
}
