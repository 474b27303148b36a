package api

import "github.com/danielgtaylor/huma/v2"

// fieldDocs describes fields that mean the same wherever they are; a field
// with a text of its own keeps it.
var fieldDocs = map[string]string{
	"account":                   "The account it is about.",
	"account_id":                "The account it belongs to.",
	"action":                    "What was commanded.",
	"active":                    "Can be had at all.",
	"actor_id":                  "Id of who acted, where known.",
	"actor_type":                "Who acted.",
	"cancel_at":                 "When it will end.",
	"cancel_at_period_end":      "Whether it ends with the current period.",
	"closed_at":                 "When it was closed.",
	"code":                      "Stable key.",
	"collection_method":         "charge_automatically: charged by the provider. send_invoice: paid by the instructions.",
	"created_at":                "When it was made, in UTC.",
	"created_by":                "Id of the admin or key that made it.",
	"credits":                   "Granted at the start of each period.",
	"currency":                  "ISO 4217, lower case.",
	"current_period_end":        "When the current period ends.",
	"current_period_start":      "When the current period began.",
	"default":                   "Used when none is named.",
	"description":               "For customers to read.",
	"dry_run":                   "Whether it was a preview.",
	"email":                     "E-mail address.",
	"enabled":                   "Can be used at all.",
	"ended_at":                  "When it ended.",
	"error":                     "What went wrong; null when nothing did.",
	"expires_at":                "When it ends.",
	"features":                  "What the plan opens.",
	"finished_at":               "When it was done, skipped or failed.",
	"has_more":                  "Whether there is a next page.",
	"id":                        "Prefixed ULID.",
	"interval":                  "How often it is paid.",
	"invoice_id":                "The invoice it is about.",
	"is":                        "What it says now.",
	"key":                       "Which one.",
	"kind":                      "signup: a visitor. activation: an existing account chooses a plan.",
	"limits":                    "How much of each the plan has, such as sites.",
	"managed_by":                "Who decides about renewals.",
	"name":                      "Name to show.",
	"object":                    "What kind of object this is.",
	"onboarding":                "The onboarding it belongs to.",
	"onboarding_id":             "The onboarding it belongs to.",
	"paid_at":                   "When it was paid.",
	"password":                  "The password.",
	"payment_method_collection": "When choosing the plan needs a payment method: if_required, or always.",
	"payment_option":            "Key of the payment option.",
	"plan_code":                 "Code of the plan.",
	"problem":                   "Why not; null when it was done.",
	"provider":                  "Name of the payment provider.",
	"public":                    "Listed by GET /v1/plans and open to customers.",
	"result":                    "What it did; null when it was not done.",
	"revoked_at":                "Since when it is no longer accepted.",
	"role":                      "What the user may do.",
	"slug":                      "Unique, lower case, 3 to 48 characters.",
	"sort":                      "Order in lists, ascending.",
	"started_at":                "When it began.",
	"status":                    "The state it is in.",
	"steps":                     "The five steps, in the order to show them.",
	"subscription_status":       "Status of the subscription.",
	"subscription":              "The subscription it leads to; null until it is opened.",
	"subscription_id":           "The subscription it belongs to.",
	"trial_days":                "Free days before the first charge.",
	"trial_end":                 "When the trial ends.",
	"type":                      "Which type it is.",
	"updated_at":                "When it last changed, in UTC.",
	"was":                       "What it said before.",
	"waive":                     "Ask for no money.",
}

// documentFields gives every field without a text the one its name has.
func documentFields(s *huma.Schema) {
	for name, property := range s.Properties {
		limitText(property)
		property.Description, property.Enum = longDoc(property.Description), longEnum(property.Enum)
		if property.Description == "" && property.Ref == "" {
			property.Description = fieldDocs[name]
		}
	}
}

// limitText gives a text the limit of its kind, where the field sets no other.
func limitText(s *huma.Schema) {
	if kind, known := textKinds[s.Format]; known && s.Type == huma.TypeString && s.MaxLength == nil {
		s.MaxLength = &kind.Max
		s.PrecomputeMessages()
	}
}
