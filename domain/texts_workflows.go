package domain

// What Temporal's UI shows: summaries of workflows, activities and timers.
const (
	SummarySignup            TextCode = "summary_signup"
	SummaryActivation        TextCode = "summary_activation"
	SummaryBilling           TextCode = "summary_billing"
	SummaryMethod            TextCode = "summary_method"
	SummaryPurchase          TextCode = "summary_purchase"
	SummaryDeliveries        TextCode = "summary_deliveries"
	SummaryAdvance           TextCode = "summary_advance"
	SummaryRefreshOf         TextCode = "summary_refresh_of"
	SummaryReconcile         TextCode = "summary_reconcile"
	SummaryCatalogueChanged  TextCode = "summary_catalogue_changed"
	SummaryResumeServed      TextCode = "summary_resume_served"
	SummaryCommand           TextCode = "summary_command"
	SummaryRefresh           TextCode = "summary_refresh"
	SummaryReadOnboarding    TextCode = "summary_read_onboarding"
	SummaryRemind            TextCode = "summary_remind"
	SummaryWindowEnds        TextCode = "summary_window_ends"
	SummaryEnd               TextCode = "summary_end"
	SummaryExpires           TextCode = "summary_expires"
	SummaryGiveBack          TextCode = "summary_give_back"
	SummaryAskProvider       TextCode = "summary_ask_provider"
	SummaryLookUp            TextCode = "summary_look_up"
	SummaryLookUpUndecided   TextCode = "summary_look_up_undecided"
	SummaryMakeMethod        TextCode = "summary_make_method"
	SummaryNextDue           TextCode = "summary_next_due"
	SummaryDue               TextCode = "summary_due"
	SummaryUntilNotice       TextCode = "summary_until_notice"
	SummaryUntilReminder     TextCode = "summary_until_reminder"
	SummaryUntilPeriodEnd    TextCode = "summary_until_period_end"
	SummaryUntilRetry        TextCode = "summary_until_retry"
	SummaryUntilGiveUp       TextCode = "summary_until_give_up"
	SummaryReadInvoice       TextCode = "summary_read_invoice"
	SummaryOpenInvoice       TextCode = "summary_open_invoice"
	SummaryPostEvent         TextCode = "summary_post_event"
	SummaryGiveUpDelivery    TextCode = "summary_give_up_delivery"
	SummaryPostEvents        TextCode = "summary_post_events"
	SummaryUntilAttempt      TextCode = "summary_until_attempt"
	SummaryMoveClock         TextCode = "summary_move_clock"
	SummarySleepOnClock      TextCode = "summary_sleep_on_clock"
	SummaryLeaveClock        TextCode = "summary_leave_clock"
	SummaryCompareRows       TextCode = "summary_compare_rows"
	SummaryCompareOnboarding TextCode = "summary_compare_onboarding"
)

var summaryTexts = map[TextCode]string{
	SummarySignup:            "Sign-up to {account}",
	SummaryActivation:        "A plan for {account}",
	SummaryBilling:           "Billing of {subscription}",
	SummaryMethod:            "A payment method for {account}",
	SummaryPurchase:          "Credits for {account}",
	SummaryDeliveries:        "Events to {endpoint}",
	SummaryAdvance:           "Advance of test clock {clock}",
	SummaryRefreshOf:         "Refresh of {onboarding}",
	SummaryReconcile:         "Keep rows and workflows in step",
	SummaryCatalogueChanged:  "The catalogue changed",
	SummaryResumeServed:      "Resume what the catalogue serves now",
	SummaryCommand:           "Command: {command}",
	SummaryRefresh:           "Refresh",
	SummaryReadOnboarding:    "Where the onboarding is",
	SummaryRemind:            "Remind the customer",
	SummaryWindowEnds:        "End of the payment window",
	SummaryExpires:           "Expires unless somebody acts",
	SummaryEnd:               "End the onboarding and release what it reserved",
	SummaryGiveBack:          "Refund what was charged",
	SummaryAskProvider:       "Ask the payment provider",
	SummaryLookUp:            "Look up a payment",
	SummaryLookUpUndecided:   "Look up undecided payments",
	SummaryMakeMethod:        "Make a payment method",
	SummaryNextDue:           "What is due next",
	SummaryDue:               "Due: {due}",
	SummaryUntilNotice:       "Before the period ends",
	SummaryUntilReminder:     "Remind of the invoice",
	SummaryUntilPeriodEnd:    "End of the period",
	SummaryUntilRetry:        "Try the payment again",
	SummaryUntilGiveUp:       "End of recovery",
	SummaryReadInvoice:       "Read the invoice",
	SummaryOpenInvoice:       "Open the invoice",
	SummaryPostEvent:         "Post the event",
	SummaryGiveUpDelivery:    "Give the delivery up",
	SummaryPostEvents:        "Post what is due",
	SummaryUntilAttempt:      "Until the next attempt",
	SummaryMoveClock:         "Move the test clock",
	SummarySleepOnClock:      "Sleep on the test clock",
	SummaryLeaveClock:        "Leave the test clock",
	SummaryCompareRows:       "Compare rows and workflows",
	SummaryCompareOnboarding: "Compare row and workflow",
}

// What Temporal's UI shows of where a workflow is, and why one failed.
const (
	TextOnboardingIDs          TextCode = "onboarding_ids"
	TextWaitsAtPlan            TextCode = "onboarding_waits_for_plan"
	TextWaitsAtMethod          TextCode = "onboarding_waits_for_method"
	TextWaitsAtPayment         TextCode = "onboarding_waits_for_payment"
	TextWaitsAtPaymentUntil    TextCode = "onboarding_waits_for_payment_until"
	TextWaitsAtApproval        TextCode = "onboarding_waits_for_approval"
	TextOnboardingDone         TextCode = "onboarding_done"
	TextOnboardingIs           TextCode = "onboarding_is"
	TextEndedBeforeActive      TextCode = "onboarding_ended_before_active"
	TextSubscriptionIs         TextCode = "subscription_is"
	TextProviderAsked          TextCode = "provider_asked"
	TextDueNext                TextCode = "due_next"
	TextOtherID                TextCode = "other_id"
	TextRunEnds                TextCode = "run_ends"
	TextCommandUpdate          TextCode = "command_update"
	TextDelivering             TextCode = "delivering"
	TextDelivered              TextCode = "delivered"
	TextEndpointDeliveries     TextCode = "endpoint_deliveries"
	TextNotDelivered           TextCode = "not_delivered"
	TextNotDeliveredWithStatus TextCode = "not_delivered_with_status"

	TextBlockedOnWorker        TextCode = "blocked_on_worker"
	TextBlockedOnPlan          TextCode = "blocked_on_plan"
	TextBlockedOnPaymentMethod TextCode = "blocked_on_payment_method"
	TextBlockedOnCardPage      TextCode = "blocked_on_card_page"
	TextBlockedOnCustomer      TextCode = "blocked_on_customer"
	TextBlockedOnApproval      TextCode = "blocked_on_approval"
	TextBlockedOnProvider      TextCode = "blocked_on_payment_provider"
	TextBlockedOnDatabase      TextCode = "blocked_on_database"
	TextBlockedOnRenewal       TextCode = "blocked_on_renewal"
	TextBlockedOnLatePayment   TextCode = "blocked_on_late_payment"
	TextBlockedOnEndpoint      TextCode = "blocked_on_endpoint"

	LabelDueNotice    TextCode = "label_due_notice"
	LabelDueReminder  TextCode = "label_due_reminder"
	LabelDuePeriodEnd TextCode = "label_due_period_end"
	LabelDueRetry     TextCode = "label_due_retry"
	LabelDueGiveUp    TextCode = "label_due_give_up"

	LabelOnboardingProcess TextCode = "label_onboarding_process"
)

var detailTexts = map[TextCode]string{
	TextOnboardingIDs: "Onboarding {onboarding}, subscription {subscription}.",
	TextWaitsAtPlan: "Waiting for a plan. It continues when the customer chooses one, or when the plan they want " +
		"is activated.",
	TextWaitsAtMethod: "Waiting for a way to pay. It continues when the customer adds one, when an option that " +
		"serves them is enabled, or when an admin activates.",
	TextWaitsAtPayment: "Waiting for the customer to pay {amount} for plan {plan} and submit the reference. " +
		"An admin may activate or cancel.",
	TextWaitsAtPaymentUntil: "Waiting for the customer to pay {amount} for plan {plan} and submit the reference " +
		"until {date}, then it expires. An admin may activate or cancel.",
	TextWaitsAtApproval:        "The customer submitted a payment reference. An admin approves or rejects the payment.",
	TextOnboardingDone:         "Done: plan {plan} is {status}.",
	TextOnboardingIs:           "The onboarding is {status}.",
	TextEndedBeforeActive:      "The onboarding ended before the account was active.",
	TextSubscriptionIs:         "The subscription to {plan} is {status}.",
	TextProviderAsked:          "A payment provider is being asked.",
	TextDueNext:                "Next, on {date}: {what}.",
	TextOtherID:                "This workflow must have the id {id}: under another one, no message reaches it.",
	TextRunEnds:                "The run is being continued; send it again.",
	TextCommandUpdate:          "A command stored by the API; send it through the API, which stores who gave it and why.",
	TextDelivering:             "Posting the event until the endpoint answers 2xx, for three days at most.",
	TextEndpointDeliveries:     "The last run posted {posted} events; the endpoint took {delivered}.",
	TextDelivered:              "Delivered at attempt {attempts}.",
	TextNotDelivered:           "Not delivered in {attempts} attempts: {why}.",
	TextNotDeliveredWithStatus: "Not delivered in {attempts} attempts: {why}, the last answer was {status}.",

	TextBlockedOnWorker:        "A worker that begins it: it was received, and nobody has taken it yet.",
	TextBlockedOnPlan:          "A plan: the customer chooses one, or the one they want is activated.",
	TextBlockedOnPaymentMethod: "A way to pay: the customer adds one, or an option that serves them is enabled.",
	TextBlockedOnCardPage: "The customer, on a page of the payment provider's: to enter a card, or to " +
		"confirm a payment.",
	TextBlockedOnCustomer: "The customer, who pays by hand and says so.",
	TextBlockedOnApproval: "Staff, who approve or reject a payment.",
	TextBlockedOnProvider: "A payment provider: it is asked now, or again later while it throttles or is away. " +
		"The pending activity says which.",
	TextBlockedOnDatabase:    "Slipway's database: a transaction is tried until it answers.",
	TextBlockedOnRenewal:     "The calendar: the subscription is in use, and its timer says what is next.",
	TextBlockedOnLatePayment: "Money of a renewal that failed: it is tried again, or given up, at the time shown.",
	TextBlockedOnEndpoint:    "A webhook endpoint that did not take an event: the next attempt is at the time shown.",

	LabelDueNotice:    "the end of the period is announced, and customers who pay by hand get an invoice",
	LabelDueReminder:  "who has not paid the invoice is reminded",
	LabelDuePeriodEnd: "the period ends; it renews, or the subscription ends",
	LabelDueRetry:     "the late payment is tried again",
	LabelDueGiveUp:    "recovery ends, and with it the use of the account",

	LabelOnboardingProcess: "The onboarding process",
}

// What the doctor says of Temporal.
const (
	TextTemporalAway            TextCode = "temporal_away"
	TextTemporalAwayFix         TextCode = "temporal_away_fix"
	TextNamespaceAnswers        TextCode = "namespace_answers"
	TextAttributesUnreadable    TextCode = "search_attributes_unreadable"
	TextAttributesUnreadableFix TextCode = "search_attributes_unreadable_fix"
	TextAttributesWrong         TextCode = "search_attributes_wrong"
	TextAttributesWrongFix      TextCode = "search_attributes_wrong_fix"
	TextAttributesMissing       TextCode = "search_attributes_missing"
	TextAttributesMissingFix    TextCode = "search_attributes_missing_fix"
	TextAttributesRegistered    TextCode = "search_attributes_registered"
	TextQueueUnreadable         TextCode = "task_queue_unreadable"
	TextQueueUnreadableFix      TextCode = "task_queue_unreadable_fix"
	TextQueueNotPolled          TextCode = "task_queue_not_polled"
	TextQueueNotPolledFix       TextCode = "task_queue_not_polled_fix"
	TextQueuePolled             TextCode = "task_queue_polled"
	TextQueueBehind             TextCode = "task_queue_behind"
	TextQueueBehindFix          TextCode = "task_queue_behind_fix"
	TextQueueOtherVersion       TextCode = "task_queue_other_version"
	TextQueueOtherVersionFix    TextCode = "task_queue_other_version_fix"
	TextVersionCurrent          TextCode = "worker_version_current"
	TextVersionNotCurrent       TextCode = "worker_version_not_current"
	TextVersionNotCurrentFix    TextCode = "worker_version_not_current_fix"
	TextVersionsPolled          TextCode = "worker_versions_polled"
	TextVersionsUnreadable      TextCode = "worker_versions_unreadable"
	TextVersionLeft             TextCode = "worker_version_left"
	TextVersionLeftFix          TextCode = "worker_version_left_fix"
	LabelNoVersion              TextCode = "label_no_version"
	LabelMakeCurrent            TextCode = "label_make_current"
	LabelMakeUnversioned        TextCode = "label_make_unversioned"
	TextReconcileScheduled      TextCode = "reconcile_scheduled"
	TextReconcileMissing        TextCode = "reconcile_missing"
	TextReconcileMissingFix     TextCode = "reconcile_missing_fix"
	TextReconcilePaused         TextCode = "reconcile_paused"
	TextReconcilePausedFix      TextCode = "reconcile_paused_fix"
	TextCodecKeyMissing         TextCode = "codec_key_missing"
	TextCodecKeyWrong           TextCode = "codec_key_wrong"
	TextCodecFix                TextCode = "codec_fix"
	TextCodecReads              TextCode = "codec_reads"
	TextCodecEncrypts           TextCode = "codec_encrypts"
)

var checkTexts = map[TextCode]string{
	TextTemporalAway: "Temporal or its namespace {namespace} does not answer; sign-ups are accepted and " +
		"started later.",
	TextTemporalAwayFix:         "Start Temporal, or set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE to where it runs.",
	TextNamespaceAnswers:        "Namespace {namespace} answers.",
	TextAttributesUnreadable:    "The search attributes could not be read.",
	TextAttributesUnreadableFix: "Give this process access to Temporal's operator service.",
	TextAttributesWrong:         "Of another type than Slipway needs: {names}.",
	TextAttributesWrongFix:      "Remove them from the namespace; a worker registers them again when it starts.",
	TextAttributesMissing:       "Not registered: {names}. Workflows hang without them.",
	TextAttributesMissingFix:    "Start a worker, which registers them.",
	TextAttributesRegistered:    "All are registered.",
	TextQueueUnreadable:         "The task queue could not be read.",
	TextQueueUnreadableFix:      "Look at Temporal's log.",
	TextQueueNotPolled:          "No worker polls the task queue {queue}; what was accepted waits.",
	TextQueueNotPolledFix:       "Start `slipway worker`.",
	TextQueuePolled:             "Workers poll the task queue {queue}.",
	TextQueueBehind:             "{tasks} tasks wait on the task queue {queue}, the oldest for {age}.",
	TextQueueBehindFix:          "Look whether the workers live, and start more of them when they are busy.",
	TextQueueOtherVersion: "New work of the task queue {queue} goes to workers of {current}, and none polls it: " +
		"what was accepted waits. Those that poll it are of {polling}.",
	TextQueueOtherVersionFix: "Start workers of {current}, or let others take over: `{command}`.",
	TextVersionCurrent:       "New work goes to {version}.",
	TextVersionNotCurrent:    "New work goes to workers of {current}, and not to those of this one's version, {version}.",
	TextVersionNotCurrentFix: "When it is to take over: `{command}`.",
	TextVersionsPolled:       "Every version that workflows are pinned to has its workers.",
	TextVersionsUnreadable:   "The worker deployment could not be read.",
	TextVersionLeft: "No worker of {version} runs, and " +
		"{count} of the workflows that run are pinned to it: they hang.",
	TextVersionLeftFix: "Start workers of {version} until they have ended; or let the current version go on with them: " +
		"`temporal workflow update-options --versioning-override-behavior auto_upgrade --query '{query}'`.",
	LabelNoVersion: "no version",
	LabelMakeCurrent: "temporal worker deployment set-current-version " +
		"--deployment-name {deployment} --build-id {build}",
	LabelMakeUnversioned: "temporal worker deployment set-current-version " +
		"--deployment-name {deployment} --unversioned",
	TextReconcileScheduled:  "Reconcile is scheduled.",
	TextReconcileMissing:    "The reconcile schedule is missing.",
	TextReconcileMissingFix: "Start `slipway worker`, which creates it.",
	TextReconcilePaused:     "The reconcile schedule is paused.",
	TextReconcilePausedFix:  "Unpause it in Temporal's UI.",
	TextCodecKeyMissing: "Payloads in Temporal are encrypted with the key {key}, which SLIPWAY_TEMPORAL_CODEC_KEYS " +
		"does not have.",
	TextCodecKeyWrong: "Payloads in Temporal are encrypted with another key than the {key} of " +
		"SLIPWAY_TEMPORAL_CODEC_KEYS.",
	TextCodecFix: "Give this process the keys that the other processes have; a key stays in the list for as long " +
		"as Temporal keeps what was encrypted with it.",
	TextCodecReads:    "Payloads are not encrypted; those that are can be read.",
	TextCodecEncrypts: "Payloads are encrypted with the key {key}.",
}
