//go:build bench && !nodev

package main

import ("testing";"time";"fmt";"context";"slipway/domain";"slipway/store";"slipway/activities")

func TestZZ(t *testing.T) {
	b := &bench{running: startApp(t, func(a *app) { a.reconcileEvery = time.Hour }), t: t}
	b.startFloors()
	b.load(50, 10, b.empty); b.load(50, 10, b.trial)
	s := b.app.store
	mk := func() *domain.Onboarding {
		n := people.Add(1)
		o := domain.NewOnboarding(store.NewID("onb"), domain.KindSignup, s.Now())
		o.Email, o.AccountName, o.WantedPlan = fmt.Sprintf("p%d@example.com", n), fmt.Sprintf("Company %d", n), "starter"
		o.AccountID, o.OwnerID, o.SubscriptionID = store.NewID("acct"), store.NewID("usr"), store.NewID("sub")
		return o
	}
	ch := make(chan *domain.Onboarding, 1000)
	ins := func(ctx context.Context) error { o := mk(); _, err := s.InsertOnboarding(ctx, o); ch <- o; return err }
	begin := func(ctx context.Context) error { return b.app.workflows.Begin(ctx, <-ch) }
	act := &activities.Activities{Store: s, Policy: activities.Policy{PaymentWindow: time.Hour}}
	direct := func(ctx context.Context) error { o := <-ch; _, err := act.CreateAccount(ctx, activities.CreateAccountInput{OnboardingID: o.ID}); if err == nil { _, err = act.OpenSubscription(ctx, activities.OpenSubscriptionInput{OnboardingID: o.ID}) }; return err }
	for range 2 {
	e := b.load(100, 1, b.empty)
	i := b.load(100, 1, ins)
	g := b.load(100, 1, begin)
	b.load(100,1,ins)
	d := b.load(100, 1, direct)
	x := b.load(100, 1, b.trial)
	fmt.Printf("alone empty %v insert %v begin %v directactivities %v trial %v\n", e.p50, i.p50, g.p50, d.p50, x.p50)
	}
}
