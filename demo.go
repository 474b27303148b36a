package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"slipway/domain"
)

// demo is one run of `slipway demo`: the people, what they did, and the API they
// did it through. It reads and writes nothing else.
type demo struct {
	*demoClient
	app      *app
	admin    string // bearer
	key      string // secret of the API key that debits credits
	keyID    string
	run      string // tells this run's people from earlier ones'
	clock    *domain.TestClock
	visitors []*visitor

	mu    sync.Mutex
	deeds map[string]int // what was done after the sign-ups, and how often
}

// runDemo sends people through the running API, moves their clock, and tells
// what became of all of them; exit code 1 when something is not as it must be.
func runDemo(ctx context.Context, a *app) error {
	if a.demo.count < 1 || a.demo.parallel < 1 || a.demo.months < 0 {
		return errors.New("--count and --parallel must be at least 1, --months at least 0")
	}
	d := &demo{app: a, demoClient: newDemoClient(a.demoURL(), a.demo.parallel), deeds: map[string]int{},
		run: strconv.FormatInt(time.Now().UnixMilli(), 36)}
	d.visitors = people(a.demo.count, a.demo.seed, d.run)
	began := time.Now()
	for _, step := range []func(context.Context) error{d.prepare, d.signUps, d.useIt, d.liveOn, d.readAll} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	d.report(a.stdout, time.Since(began))
	good, err := d.checkAll(ctx, a.stdout)
	if err == nil && !good {
		return errSilent
	}
	return err
}

// demoURL is where the API is: as told, else where this machine's listens.
func (s *settings) demoURL() string {
	if s.demo.url != "" {
		return s.demo.url
	}
	host := s.listen
	if strings.HasPrefix(host, ":") {
		host = "127.0.0.1" + host
	}
	return "http://" + strings.Replace(host, "0.0.0.0:", "127.0.0.1:", 1)
}

// prepare signs the admin in, and makes the clock that some live by and the key
// that credits are debited with.
func (d *demo) prepare(ctx context.Context) error {
	password, err := d.app.knownAdminPassword()
	if err != nil {
		return err
	}
	if d.admin, err = d.signIn(ctx, d.app.adminEmail, password); err != nil {
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

// knownAdminPassword is the one that was set, else the one dev remembers.
func (s *settings) knownAdminPassword() (string, error) {
	if s.adminPassword != "" {
		return s.adminPassword, nil
	}
	text, err := os.ReadFile(filepath.Join(s.dataDir, "admin-password"))
	if err != nil {
		return "", errors.New("the admin's password is not known: set SLIPWAY_ADMIN_PASSWORD, or --data-dir to the one of the running `slipway dev`")
	}
	return strings.TrimSpace(string(text)), nil
}

// signUps lets everybody in. The first has an account, and the slug that others
// want, before anybody else comes.
func (d *demo) signUps(ctx context.Context) error {
	return d.each(ctx, "Sign-ups", d.visit)
}

// each does something for every visitor and shows how far it has come.
func (d *demo) each(ctx context.Context, doing string, do func(context.Context, *visitor) error) error {
	bar := d.app.progress(len(d.visitors), doing)
	defer func() { _ = bar.Finish() }()
	return d.together(ctx, strings.ToLower(doing), func() { _ = bar.Add(1) }, do)
}

// together does something for every visitor, as many at once as was set. What
// goes wrong with one is noted there and stops nobody else.
func (d *demo) together(ctx context.Context, doing string, done func(), do func(context.Context, *visitor) error) error {
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
	group.SetLimit(d.app.demo.parallel)
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
