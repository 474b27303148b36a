package domain

import "time"

// Interval is how often a plan is paid.
type Interval string

// The billing intervals.
const (
	IntervalMonth Interval = "month"
	IntervalYear  Interval = "year"
)

// PaymentMethodCollection says when signing up to a plan needs a payment
// method. The words are Stripe's.
type PaymentMethodCollection string

const (
	// CollectIfRequired asks only when something is owed now: free plans and
	// trials start without. The default.
	CollectIfRequired PaymentMethodCollection = "if_required"
	// CollectAlways asks even for a free plan or a trial.
	CollectAlways PaymentMethodCollection = "always"
)

// LimitSites is the limit on how many sites an account may have.
const LimitSites = "sites"

// Plan is an offer of the catalogue. Visibility and order are data: the server
// returns every plan that is active and public, clients never filter.
type Plan struct {
	ID                      string                  `json:"id" gorm:"primaryKey" doc:"Prefixed ULID."`
	Object                  string                  `json:"object" gorm:"-" enum:"plan"`
	Code                    string                  `json:"code" doc:"Stable key, such as starter."`
	Name                    string                  `json:"name"`
	Description             string                  `json:"description"`
	Amount                  int64                   `json:"amount" doc:"Price per interval in minor units; 0 is free."`
	Currency                string                  `json:"currency" doc:"ISO 4217, lower case."`
	Interval                Interval                `json:"interval" enum:"month,year"`
	TrialDays               int                     `json:"trial_days" doc:"@plan.trial_days"`
	PaymentMethodCollection PaymentMethodCollection `json:"payment_method_collection" enum:"if_required,always"`
	Credits                 int64                   `json:"credits" doc:"Granted at the start of each period."`
	Features                []string                `json:"features" gorm:"serializer:json" nullable:"false"`
	Limits                  map[string]int64        `json:"limits" gorm:"serializer:json" doc:"Such as sites."`
	Public                  bool                    `json:"public" doc:"Listed by GET /v1/plans and open to customers."`
	Active                  bool                    `json:"active" doc:"Can be had at all."`
	Default                 bool                    `json:"default" gorm:"column:is_default" doc:"@plan.default"`
	Sort                    int                     `json:"sort" doc:"Order in lists, ascending."`
	CreatedAt               time.Time               `json:"created_at"`
	UpdatedAt               time.Time               `json:"updated_at"`
}

// Present fills the computed fields.
func (p *Plan) Present() {
	p.Object = "plan"
	if p.Features == nil {
		p.Features = []string{}
	}
	if p.Limits == nil {
		p.Limits = map[string]int64{}
	}
}

// PlanRef is the snapshot of a plan that an onboarding and a subscription keep:
// a later change of the catalogue does not reach what was agreed. It has no
// catalogue fields (visibility, order, texts), hence its own struct.
type PlanRef struct {
	ID        string           `json:"id"`
	Code      string           `json:"code"`
	Name      string           `json:"name"`
	Amount    int64            `json:"amount" doc:"Price per interval in minor units."`
	Currency  string           `json:"currency"`
	Interval  Interval         `json:"interval" enum:"month,year"`
	TrialDays int              `json:"trial_days"`
	Credits   int64            `json:"credits"`
	Features  []string         `json:"features" nullable:"false"`
	Limits    map[string]int64 `json:"limits"`

	PaymentMethodCollection PaymentMethodCollection `json:"payment_method_collection,omitempty" enum:"if_required,always"`
}

// Ref is the snapshot of the plan as it is now.
func (p *Plan) Ref() *PlanRef {
	p.Present()
	return &PlanRef{
		ID: p.ID, Code: p.Code, Name: p.Name, Amount: p.Amount, Currency: p.Currency,
		Interval: p.Interval, TrialDays: p.TrialDays, Credits: p.Credits,
		Features: p.Features, Limits: p.Limits, PaymentMethodCollection: p.PaymentMethodCollection,
	}
}

// AddInterval is t plus n intervals, anchored to t's day: a month after
// 31 January is the last day of February, and two months after is 31 March.
func (i Interval) AddInterval(t time.Time, n int) time.Time {
	months := n
	if i == IntervalYear {
		months = 12 * n
	}
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1,
		t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	lastDay := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), lastDay)-1)
}
