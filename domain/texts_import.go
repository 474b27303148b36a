package domain

// What is wrong with a field of a row to be imported. What begins with "accept_"
// says what would be accepted instead.
const (
	TextImportOptionMissing   TextCode = "import_option_missing"
	TextImportOptionUnknown   TextCode = "import_option_unknown"
	TextImportOptionNeeded    TextCode = "import_option_needed"
	TextImportOptionElsewhere TextCode = "import_option_elsewhere"
	TextImportMethodUnfit     TextCode = "import_method_unfit"
	TextImportPlanUnknown     TextCode = "import_plan_unknown"
	TextImportEmailTaken      TextCode = "import_email_taken"
	TextImportSlugTaken       TextCode = "import_slug_taken"
	TextImportCreditsEnded    TextCode = "import_credits_ended"
	TextImportStatusOfFree    TextCode = "import_status_of_free"
	TextImportStatus          TextCode = "import_status"
	TextImportLongOver        TextCode = "import_long_over"
	TextImportNotPastDue      TextCode = "import_not_past_due"
	TextImportTrialEnd        TextCode = "import_trial_end"
	TextImportTrialPeriod     TextCode = "import_trial_period"
	TextImportTrialStart      TextCode = "import_trial_start"
	TextImportTrialTooLong    TextCode = "import_trial_too_long"
	TextImportNotBegun        TextCode = "import_not_begun"
	TextImportPeriodLength    TextCode = "import_period_length"
	TextImportEndMissing      TextCode = "import_end_missing"
	TextImportNotEnded        TextCode = "import_not_ended"
	TextImportStartAfterEnd   TextCode = "import_start_after_end"
	TextImportTrialAfterEnd   TextCode = "import_trial_after_end"
	TextImportNotAHash        TextCode = "import_not_a_hash"
	TextImportNotCredits      TextCode = "import_not_credits"
	TextImportNotATime        TextCode = "import_not_a_time"
	TextImportTwice           TextCode = "import_twice"

	AcceptOptionKey      TextCode = "accept_option_key"
	AcceptOptionHere     TextCode = "accept_option_here"
	AcceptMethod         TextCode = "accept_method"
	AcceptPlanCode       TextCode = "accept_plan_code"
	AcceptNewEmail       TextCode = "accept_new_email"
	AcceptNewSlug        TextCode = "accept_new_slug"
	AcceptNoCredits      TextCode = "accept_no_credits"
	AcceptFreeStatus     TextCode = "accept_free_status"
	AcceptStatus         TextCode = "accept_status"
	AcceptWithinInterval TextCode = "accept_within_interval"
	AcceptTime           TextCode = "accept_time"
	AcceptPast           TextCode = "accept_past"
	AcceptPastOfTrial    TextCode = "accept_past_of_trial"
	AcceptPastEnd        TextCode = "accept_past_end"
	AcceptTrialEnd       TextCode = "accept_trial_end"
	AcceptUpToStart      TextCode = "accept_up_to_start"
	AcceptSameDay        TextCode = "accept_same_day"
	AcceptEarlier        TextCode = "accept_earlier"
	AcceptUpToEnd        TextCode = "accept_up_to_end"
	AcceptOnce           TextCode = "accept_once"
	AcceptDate           TextCode = "accept_date"
	AcceptCredits        TextCode = "accept_credits"
	AcceptHash           TextCode = "accept_hash"
	AcceptImportEmail    TextCode = "accept_import_email"
	AcceptAnother        TextCode = "accept_another"
)

var importTexts = map[TextCode]string{
	TextImportOptionMissing:   "It is required with a method.",
	TextImportOptionUnknown:   "There is none with this key.",
	TextImportOptionNeeded:    "A payment comes next.",
	TextImportOptionElsewhere: "It does not serve this country and the plan's currency.",
	TextImportMethodUnfit:     "It does not fit the payment option.",
	TextImportPlanUnknown:     "There is none with this code.",
	TextImportEmailTaken:      "It is registered already.",
	TextImportSlugTaken:       "It is taken.",
	TextImportCreditsEnded:    "The plan's credits ended with it.",
	TextImportStatusOfFree:    "A free plan cannot have it.",
	TextImportStatus:          "It cannot be imported.",
	TextImportLongOver:        "The period after it would be over, too.",
	TextImportNotPastDue:      "A period that is not over is not past due.",
	TextImportTrialEnd:        "It is required of a trial.",
	TextImportTrialPeriod:     "A trial's period ends with it.",
	TextImportTrialStart:      "It is not before the end, or not yet.",
	TextImportTrialTooLong:    "The trial ended before what is paid for began.",
	TextImportNotBegun:        "The period has not begun.",
	TextImportPeriodLength:    "It is not one {interval} after current_period_start.",
	TextImportEndMissing:      "It is required: when it ended.",
	TextImportNotEnded:        "It has not ended.",
	TextImportStartAfterEnd:   "It is not before current_period_end.",
	TextImportTrialAfterEnd:   "It is after the end.",
	TextImportNotAHash:        "It is not an argon2id hash.",
	TextImportNotCredits:      "It is not a number of credits.",
	TextImportNotATime:        "It is not a time.",
	TextImportTwice:           "An earlier row has the same.",

	AcceptOptionKey:  "key of a payment option",
	AcceptOptionHere: "key of one that does",
	AcceptMethod: "with external_customer, the provider's ids for an option that is charged; " +
		"nothing for one that is paid by hand",
	AcceptPlanCode:       "code of a plan",
	AcceptNewEmail:       "an e-mail that no account here has",
	AcceptNewSlug:        "another, or nothing for one made from the name",
	AcceptNoCredits:      "0 or nothing; bonus_credits stay",
	AcceptFreeStatus:     "active or canceled",
	AcceptStatus:         "trialing, active, past_due or canceled",
	AcceptWithinInterval: "a time at most one {interval} ago",
	AcceptTime:           "a time",
	AcceptPast:           "a time before now",
	AcceptPastOfTrial:    "a time before now and before trial_end",
	AcceptPastEnd:        "a time before now; what is canceled for later is active until then",
	AcceptTrialEnd:       "the trial_end, or nothing",
	AcceptUpToStart:      "a time up to current_period_start, or nothing",
	AcceptSameDay:        "the same day and time, or the last day of a shorter month",
	AcceptEarlier:        "an earlier time, or nothing",
	AcceptImportEmail:    "a plain address, at most 254 bytes",
	AcceptAnother:        "another one",
	AcceptHash:           "$argon2id$v=19$m=…,t=…,p=…$salt$key, or nothing",
	AcceptCredits:        "0 to 1000000000000, or nothing",
	AcceptDate:           "such as 2026-01-31T10:00:00Z or 2026-01-31, between 2000 and 2100",
	AcceptOnce:           "each once",
	AcceptUpToEnd:        "a time up to current_period_end, or nothing",
}
