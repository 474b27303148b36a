//go:build !nodev

package system

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"time"

	"slipway/domain"
)

// crashes are the moments at which a worker may die.
var crashes = append(crashesOfSteps(), []childConfig{
	{}, {}, {KillAfter: "ApplyCommand"}, {KillBefore: "ChargeSubscription"}, {KillAfter: "ChargeSubscription"},
	{KillAfter: "ProcessDue"}, {KillAfter: "RefundPayment"}, {KillBefore: "RunReconcileJobs"},
}...)

// crashesOfSteps are the moments around the activities of every step.
func crashesOfSteps() []childConfig {
	var all []childConfig
	for _, step := range domain.Steps {
		all = append(all, childConfig{KillBefore: step.Activity}, childConfig{KillAfter: step.Activity})
		if step.ProviderActivity != "" {
			all = append(all, childConfig{KillBefore: step.ProviderActivity}, childConfig{KillAfter: step.ProviderActivity})
		}
	}
	return all
}

// workers has a worker die every few seconds, by our hand or at a moment of its
// own, and another take its place.
func (m *mess) workers(stop <-chan struct{}) {
	dice := rand.New(rand.NewPCG(m.seed, 1<<32))
	for {
		select {
		case <-stop:
			return
		case err := <-m.worker.gone: // it came to its moment
			m.worker.gone <- err
		case <-time.After(time.Duration(5+dice.IntN(10)) * time.Second):
		}
		m.worker.kill()
		m.deaths++
		m.worker = m.s.child("worker", pick(dice, crashes))
	}
}

// companies has the payment company stop now and then.
func (m *mess) companies(stop <-chan struct{}) {
	dice := rand.New(rand.NewPCG(m.seed, 1<<33))
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(8+dice.IntN(15)) * time.Second):
		}
		m.s.stopCompany()
		time.Sleep(time.Duration(dice.IntN(1500)) * time.Millisecond)
		m.s.startCompany()
	}
}

// timePasses has a test clock move on every few seconds, so that trials end,
// periods renew and payments are recovered while things go wrong. A clock that is
// still on its way refuses to go elsewhere, which is an answer as well.
func (m *mess) timePasses(stop <-chan struct{}) {
	dice := rand.New(rand.NewPCG(m.seed, 1<<34))
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(2+dice.IntN(4)) * time.Second):
		}
		path, days := "/v1/test-clocks/"+pick(dice, m.clocks), 3+dice.IntN(18)
		var clock domain.TestClock
		if json.Unmarshal(m.try(http.MethodGet, path, m.admin, nil).body, &clock) != nil || !clock.Now.Before(clocksEnd) {
			continue
		}
		to := clock.Now.AddDate(0, 0, days)
		if to.After(clocksEnd) {
			to = clocksEnd
		}
		if m.try(http.MethodPost, path+"/advance", m.admin, map[string]any{"to": to}).status == http.StatusOK {
			m.advances++
		}
	}
}
