package workflows

import "go.temporal.io/sdk/workflow"

// Kind is one of the engine's workflows, as workers register it.
type Kind struct {
	Run       any    // its function
	TaskQueue string // where it is started
	// Versioning says what becomes of a run when another version of the workers is made
	// current. It counts where workers have versions (SLIPWAY_WORKER_DEPLOYMENT).
	Versioning workflow.VersioningBehavior
}

// Kinds are all of them. What may wait for people, or for the calendar, goes on with
// the version that is current, whichever it began with: its changes need
// workflow.GetVersion, and no old version has to run for long. What ends within minutes
// ends with the version that it began with. A run that is continued as new goes on, too:
// none of those is pinned.
func Kinds() []Kind {
	const goesOn, pinned = workflow.VersioningBehaviorAutoUpgrade, workflow.VersioningBehaviorPinned
	return []Kind{
		{Signup, TaskQueueOnboarding, goesOn},
		{Activation, TaskQueueOnboarding, goesOn},
		{Refresh, TaskQueueOnboarding, pinned},
		{ReconcileLoop, TaskQueueOnboarding, goesOn},
		{ResumeServed, TaskQueueOnboarding, pinned},
		{Reconcile, TaskQueueOnboarding, pinned},
		{Billing, TaskQueueBilling, goesOn},
		{Purchase, TaskQueueBilling, goesOn},
		{PaymentMethod, TaskQueueBilling, goesOn},
		{Delivery, TaskQueueBilling, goesOn},
		{Advance, TaskQueueBilling, pinned},
		{EndpointDeliveries, TaskQueueWebhooks, goesOn},
	}
}
