//go:build bench && !nodev

package system

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/domain"
)

const (
	signupsPerRound = 600
	rounds          = 3
	inFlight        = 50
)

// timing is what a load saw.
type timing struct {
	rate     float64
	p50, p99 time.Duration
}

// load runs do n times, with a number in flight.
func (b *bench) load(n, concurrency int, do func(context.Context) error) timing {
	var wg sync.WaitGroup
	var next atomic.Int64
	took := make([]time.Duration, n)
	begin := time.Now()
	for range concurrency {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				started := time.Now()
				if err := do(b.t.Context()); err != nil {
					b.t.Error(err)
					return
				}
				took[i] = time.Since(started)
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(begin)
	require.False(b.t, b.t.Failed())
	slices.Sort(took)
	return timing{float64(n) / elapsed.Seconds(), took[n/2], took[n*99/100]}
}

// median runs several loads in turn, so that a slow moment of the machine hits
// all of them, and returns the median of each by rate.
func (b *bench) median(n, concurrency int, loads ...func(context.Context) error) []timing {
	all := make([][]timing, len(loads))
	for range rounds {
		for i, do := range loads {
			all[i] = append(all[i], b.load(n, concurrency, do))
		}
	}
	medians := make([]timing, len(loads))
	for i := range all {
		slices.SortFunc(all[i], func(x, y timing) int { return int(x.rate*1000 - y.rate*1000) })
		medians[i] = all[i][rounds/2]
	}
	return medians
}

// empty asks a plain Gin handler for an empty workflow.
func (b *bench) empty(context.Context) error {
	a, err := try(http.MethodPost, b.urls.empty, "", map[string]any{})
	if err == nil && a.status != http.StatusCreated {
		err = fmt.Errorf("%d %s", a.status, a.body)
	}
	return err
}

var benchPeople atomic.Int64

// trial signs somebody up over HTTP and returns when the status is completed,
// which it is in the first answer unless that took longer than the API waits.
func (b *bench) trial(context.Context) error {
	n := benchPeople.Add(1)
	a, err := try(http.MethodPost, b.url+"/v1/onboardings", "",
		person(fmt.Sprintf("p%d@example.com", n), fmt.Sprintf("Company %d", n), "starter"))
	var o kickedOff
	for err == nil && a.status < 300 {
		secret := o.ClientSecret
		if err = json.Unmarshal(a.body, &o); err != nil || o.Status == domain.OnboardingCompleted {
			return err
		}
		if o.ClientSecret == "" {
			o.ClientSecret = secret
		}
		a, err = try(http.MethodGet, b.url+"/v1/onboardings/"+o.ID, o.ClientSecret, nil, "Prefer", "wait=20")
	}
	return fmt.Errorf("%d %s %w", a.status, a.body, err)
}

func (b *bench) signups() {
	b.median(100, inFlight, b.empty, b.trial) // warm up
	m := b.median(signupsPerRound, inFlight, b.empty, b.trial)
	empty, trial := m[0], m[1]
	obvious := b.load(300, inFlight, b.obvious)
	b.atLeast("trial sign-ups/s to completed, 50 at once, vs an empty workflow kicked off the same way", trial.rate,
		empty.rate, 0.45)
	b.atLeast("trial sign-ups/s, 50 at once, vs the obvious design", trial.rate, obvious.rate, 2.5)
	b.spread("trial sign-up, 50 at once: p99 vs p50", trial)
	b.rows = append(b.rows, row{what: "empty workflow, 50 at once: p99 vs p50", ours: ms(empty.p99), floor: ms(empty.p50),
		ratio: fmt.Sprintf("%.1f", float64(empty.p99)/float64(empty.p50)), met: true})
}

func (b *bench) firstAnswer() {
	m := b.median(150, 1, b.empty, b.trial)
	b.atMost("first answer of POST /v1/onboardings, one at a time, p50, vs an empty workflow", m[1].p50, m[0].p50, 2.5)
}

// reads compares the two hot reads with plain handlers on a server of their own.
func (b *bench) reads() {
	o := b.signUp("reader@example.com", "Reader", "growth")
	read := b.median(6000, 8, b.reader(b.urls.read+o.ID, ""), b.reader(b.url+"/v1/onboardings/"+o.ID, o.ClientSecret))
	b.atLeast("GET /v1/onboardings/{id} per second, vs a plain Gin handler with one indexed GORM read", read[1].rate,
		read[0].rate, 0.7)
	plans := b.median(10000, 8, b.reader(b.urls.json, ""), b.reader(b.url+"/v1/plans", ""))
	b.atLeast("GET /v1/plans per second, vs a plain Gin JSON answer", plans[1].rate, plans[0].rate, 0.8)
}

func (b *bench) reader(url, bearer string) func(context.Context) error {
	return func(context.Context) error {
		a, err := try(http.MethodGet, url, bearer, nil)
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("%d %s", a.status, a.body)
		}
		return err
	}
}
