// Package demo is a simulated month of customers who know only the public API:
// they sign up in every way there is, pay or do not, use what they bought, and
// live on by a test clock. It reads and writes nothing but HTTP.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"slipway/domain"
)

// Config says how many people sign up, and at which API.
type Config struct {
	URL                       string // of the API
	AdminEmail, AdminPassword string
	Count, Parallel           int    // how many sign up, and how many act at once; at least 1
	Months                    int    // how far the test clock is moved
	Seed                      uint64 // the same number brings the same people in the same order
	Out                       io.Writer
	Progress                  func(total int, doing string) Bar
}

// Bar shows how far something has come.
type Bar interface {
	Add(n int) error
	Finish() error
}

// demo is one run: the people, what they did, and the API they did it through.
type demo struct {
	Config
	*client
	admin    string // bearer
	key      string // secret of the API key that debits credits
	keyID    string
	run      string // distinguishes this run's people from those of earlier runs
	clock    *domain.TestClock
	visitors []*visitor

	mu    sync.Mutex
	deeds map[string]int // what was done after the sign-ups, and how often
}

// Run sends people through a running API, moves their clock, and prints what
// became of all of them. It returns what the API says of itself and what the
// demo could add up: not all of it is ok when something is not as it must be.
func Run(ctx context.Context, c Config) ([]domain.Check, error) {
	d := &demo{Config: c, client: newClient(c.URL, c.Parallel), deeds: map[string]int{},
		run: strconv.FormatInt(time.Now().UnixMilli(), 36)}
	d.visitors = people(c.Count, c.Seed, d.run)
	began := time.Now()
	for _, step := range []func(context.Context) error{d.prepare, d.signUps, d.useIt, d.liveOn, d.readAll} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	report{d, c.Out}.print(time.Since(began))
	return checks{d}.all(ctx, c.Out)
}

// prepare signs the admin in, and makes the clock that some live by and the key
// that credits are debited with.
func (d *demo) prepare(ctx context.Context) error {
	var err error
	if d.admin, err = d.signIn(ctx, d.AdminEmail, d.AdminPassword); err != nil {
		return fmt.Errorf("sign the admin in: %w", err)
	}
	var key struct{ ID, Secret string }
	if err := d.post(ctx, "/v1/admin/api-keys", d.admin, map[string]string{"name": "demo " + d.run}, &key); err != nil {
		return fmt.Errorf("make an API key: %w", err)
	}
	d.key, d.keyID = key.Secret, key.ID
	d.clock = new(domain.TestClock)
	now := map[string]any{"now": time.Now().UTC().Truncate(time.Second), "name": "demo " + d.run}
	err = d.post(ctx, "/v1/test-clocks", d.admin, now, d.clock)
	if refusedAs(err) == string(domain.CodeNotFound) {
		return errors.New("the API has no test clocks; `slipway dev` has, unless SLIPWAY_TEST_CLOCKS=false")
	}
	return err
}

// signUps lets everybody in. The first has an account, and the slug that others
// want, before anybody else comes.
func (d *demo) signUps(ctx context.Context) error {
	return d.each(ctx, "Sign-ups", func(ctx context.Context, v *visitor) error { return visit{d, v}.follow(ctx) })
}

// each does something for every visitor and shows how far it has come.
func (d *demo) each(ctx context.Context, doing string, do func(context.Context, *visitor) error) error {
	bar := d.Progress(len(d.visitors), doing)
	defer func() { _ = bar.Finish() }()
	return d.together(ctx, strings.ToLower(doing), func() { _ = bar.Add(1) }, do)
}

// together does something for every visitor, as many at once as was set. What
// goes wrong with one is noted there and stops nobody else.
func (d *demo) together(
	ctx context.Context, doing string, done func(), do func(context.Context, *visitor) error,
) error {
	one := func(v *visitor) error {
		if err := do(ctx, v); err != nil && ctx.Err() == nil && v.fault == nil {
			v.fault = fmt.Errorf("%s: %w", doing, err)
		}
		done()
		return ctx.Err()
	}
	first := d.visitors[0]
	if err := one(first); err != nil {
		return err
	}
	if first.onboarding == nil {
		return first.fault // the API lets nobody in
	}
	var group errgroup.Group
	group.SetLimit(d.Parallel)
	for _, v := range d.visitors[1:] {
		group.Go(func() error { return one(v) })
	}
	return group.Wait()
}

// did counts something that was done after the sign-ups.
func (d *demo) did(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deeds[what]++
}

// judge decides on every payment of the account that waits for it.
func (d *demo) judge(ctx context.Context, accountID, verdict string) error {
	path := "/v1/admin/payments?status=pending_approval&account_id=" + accountID
	pending, err := allOf[domain.Payment](ctx, d.client, path, d.admin)
	for i := range pending {
		if err == nil {
			err = d.post(ctx, "/v1/admin/payments/"+pending[i].ID+"/"+verdict, d.admin, map[string]string{"reason": "demo"}, nil)
		}
	}
	return err
}

// readAll reads every onboarding once more, as it is at the end, and takes the
// API key back.
func (d *demo) readAll(ctx context.Context) error {
	err := d.each(ctx, "Reading", func(ctx context.Context, v *visitor) error {
		if v.onboarding == nil {
			return nil
		}
		o := new(domain.Onboarding)
		if err := d.get(ctx, domain.OnboardingURL(v.onboarding.ID), d.admin, o); err != nil {
			return err
		}
		v.onboarding = o
		return nil
	})
	if err != nil {
		return err
	}
	_, err = d.call(ctx, http.MethodDelete, "/v1/admin/api-keys/"+d.keyID, d.admin, nil, nil)
	return err
}

// section prints a heading.
func section(w io.Writer, title string) { fmt.Fprintf(w, "\n%s\n\n", title) }
