package api

import (
	"context"
	"unicode/utf8"

	"slipway/domain"
	"slipway/store"
)

// PlanChange is what may change of a plan: what is absent stays. Every running
// onboarding and subscription keeps its snapshot.
type PlanChange struct {
	Name                    *string           `json:"name,omitempty" format:"name" minLength:"1"`
	Description             *string           `json:"description,omitempty" format:"paragraph" maxLength:"2000"`
	Amount                  *int64            `json:"amount,omitempty" minimum:"0" maximum:"1000000000000" doc:"@amount"`
	Currency                *currencyCode     `json:"currency,omitempty" doc:"ISO 4217, lower case."`
	Interval                *string           `json:"interval,omitempty" enum:"month,year"`
	TrialDays               *int              `json:"trial_days,omitempty" minimum:"0" maximum:"730"`
	PaymentMethodCollection *string           `json:"payment_method_collection,omitempty" enum:"if_required,always"`
	Credits                 *int64            `json:"credits,omitempty" minimum:"0" maximum:"1000000000000"`
	Features                *[]feature        `json:"features,omitempty" nullable:"false" maxItems:"100"`
	Limits                  *map[string]count `json:"limits,omitempty" doc:"Such as sites."`
	Public                  *bool             `json:"public,omitempty"`
	Active                  *bool             `json:"active,omitempty"`
	Default                 *bool             `json:"default,omitempty" doc:"@planChange.default"`
	Sort                    *sortOrder        `json:"sort,omitempty"`
}

// apply changes the plan, or says which fields cannot be accepted.
func (c PlanChange) apply(p *domain.Plan) error {
	set(&p.Name, c.Name)
	set(&p.Description, c.Description)
	set(&p.Amount, c.Amount)
	set(&p.Currency, (*string)(c.Currency))
	set((*string)(&p.Interval), c.Interval)
	set(&p.TrialDays, c.TrialDays)
	set((*string)(&p.PaymentMethodCollection), c.PaymentMethodCollection)
	set(&p.Credits, c.Credits)
	setAll(&p.Features, c.Features)
	if c.Limits != nil {
		p.Limits = map[string]int64{}
		for key, most := range *c.Limits {
			p.Limits[key] = int64(most)
		}
	}
	set(&p.Public, c.Public)
	set(&p.Active, c.Active)
	set(&p.Default, c.Default)
	set(&p.Sort, (*int)(c.Sort))

	var wrong fieldErrors
	wrong.name(p.Name, "name")
	wrong.currency(p.Currency)
	for key := range p.Limits {
		short := key != "" && utf8.RuneCountInString(key) <= 60
		wrong.require(short, "limits", domain.TextNotLimits, domain.AcceptLimit)
	}
	return wrong.err()
}

type createPlanInput struct {
	Idempotent
	Body struct {
		Code catalogueKey `json:"code" doc:"Stable; it can never change."`
		PlanChange
	}
}

func (in *createPlanInput) check(wrong *fieldErrors) { wrong.join(in.Body.apply(&domain.Plan{})) }

type changePlanInput struct {
	ID   string `path:"id" doc:"Id of the plan."`
	Body PlanChange
}

type planOutput struct {
	Replayable
	Body *domain.Plan
}

// list lists every plan, on offer or not, in catalogue order.
func (p plans) list(ctx context.Context, _ *struct{}) (*listOutput[domain.Plan], error) {
	all, err := p.store.Plans(ctx)
	return listed(store.List[domain.Plan]{Data: all}, err)
}

// create adds a plan to the catalogue; without other wishes it is active,
// public and monthly.
func (p plans) create(ctx context.Context, in *createPlanInput) (*planOutput, error) {
	now := p.store.Now()
	plan := &domain.Plan{
		ID: store.NewID(domain.PrefixPlan), Code: string(in.Body.Code), Interval: domain.IntervalMonth,
		PaymentMethodCollection: domain.CollectIfRequired, Public: true, Active: true, CreatedAt: now, UpdatedAt: now,
	}
	id, again, err := p.makeOnce(ctx, in.Idempotent, "create_plan", in.Body, creation{
		id:    plan.ID,
		check: func() error { return in.Body.apply(plan) },
		save:  func(tx *store.Store) error { return savePlan(ctx, tx, callerOf(ctx), plan) },
	})
	if err != nil {
		return nil, err
	}
	p.catalogueChanged(ctx)
	plan, err = p.store.PlanByID(ctx, id)
	return &planOutput{Replayable: replayed(again), Body: plan}, err
}

var planKind = kind[domain.Plan]{prefix: domain.PrefixPlan, noun: "plan", read: (*store.Store).PlanByID,
	lock: (*store.Store).LockPlan}

// change changes what is named of a plan.
func (p plans) change(ctx context.Context, in *changePlanInput) (*planOutput, error) {
	plan, err := planKind.change(ctx, p.store, in.ID, func(tx *store.Store, plan *domain.Plan) error {
		if err := in.Body.apply(plan); err != nil {
			return err
		}
		plan.UpdatedAt = tx.Now()
		return savePlan(ctx, tx, callerOf(ctx), plan)
	})
	if err != nil {
		return nil, err
	}
	p.catalogueChanged(ctx)
	return &planOutput{Body: plan}, nil
}

func savePlan(ctx context.Context, tx *store.Store, who caller, p *domain.Plan) error {
	saved, err := tx.SavePlan(ctx, p)
	if err != nil {
		return err
	}
	if !saved {
		return domain.Conflict(domain.TextPlanCodeTaken)
	}
	data := map[string]any{"plan": p.ID, "code": p.Code, "active": p.Active, "public": p.Public}
	return tx.InsertEvents(ctx, adminEvent(domain.EventPlanSaved, who, data))
}
