//go:build !nodev

package system

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"slipway/domain"
)

// randomTokens are the cards people pay with. The slow ones are rare: they would
// only make the run longer.
var randomTokens = []string{
	"tok_ok", "tok_ok", "tok_ok", "tok_ok", "tok_3ds", "tok_3ds", "tok_declined_funds", "tok_declined_expired",
	"tok_fails_from_2",
	"tok_throttled_1", "tok_throttled_bare_1", "tok_flaky_1", "tok_flaky_2", "tok_reset", "tok_lost_response",
	"tok_lost_response", "tok_forgotten_key",
	"tok_stored_500", "tok_webhook_chaos", "tok_webhook_chaos",
}

// patience is how long a client tries again while nobody answers.
const patience = 30 * time.Second

// try makes a request that may fail in any way a client has to expect, of one API
// after the other.
func (m *mess) try(method, path, bearer string, body any, headers ...string) answer {
	deadline := time.Now().Add(patience)
	for i := m.asked.Add(1); time.Now().Before(deadline); i++ {
		a, err := try(method, m.urls[int(i)%len(m.urls)]+path, bearer, body, headers...)
		if err == nil && a.status != http.StatusServiceUnavailable {
			m.mu.Lock()
			m.answers[a.status]++
			m.mu.Unlock()
			if a.status >= 500 {
				m.t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
			}
			return a
		}
		time.Sleep(50 * time.Millisecond)
	}
	return answer{}
}

// everybody lives, some at a time, until all have or time is up.
func (m *mess) everybody() {
	deadline := time.Now().Add(m.limit)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range m.together {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= m.people && time.Now().Before(deadline); i = int(next.Add(1)) {
				m.somebody(i, rand.New(rand.NewPCG(m.seed, uint64(i))))
				if n := m.done.Add(1); n%200 == 0 {
					m.t.Logf("%d people, %d workers died", n, m.deaths)
				}
			}
		})
	}
	wg.Wait()
	if m.byTime {
		m.people = int(m.done.Load())
	}
}

func pick[T any](dice *rand.Rand, from []T) T { return from[dice.IntN(len(from))] }

// somebody signs up and does some things, each of which may be refused.
func (m *mess) somebody(i int, dice *rand.Rand) {
	request := person(fmt.Sprintf("p%d@example.com", i), fmt.Sprintf("Company %d", i%50),
		pick(dice, []string{"free", "starter", "growth", "growth", "scale"}))
	if dice.IntN(3) > 0 {
		request["payment_option"], request["payment_token"] = "card", pick(dice, randomTokens)
	}
	if dice.IntN(m.clockShare) == 0 {
		request["test_clock"] = pick(dice, m.clocks)
	}
	key := []string{"Idempotency-Key", fmt.Sprintf("k%d", i)}
	a := m.try(http.MethodPost, "/v1/onboardings", "", request, key...)
	if a.status != http.StatusCreated && a.status != http.StatusAccepted {
		m.t.Errorf("sign-up %d: %d %s", i, a.status, a.body)
		return
	}
	var o kickedOff
	if json.Unmarshal(a.body, &o) != nil {
		return
	}
	m.mu.Lock()
	m.ids = append(m.ids, o.ID)
	m.mu.Unlock()
	for range dice.IntN(4) {
		m.something(o, dice)
	}
}

// something is one thing a customer or an admin may do.
func (m *mess) something(o kickedOff, dice *rand.Rand) {
	path := "/v1/onboardings/" + o.ID
	subscription := "/v1/account/subscription"
	post := func(path string, body any) { m.try(http.MethodPost, path, o.ClientSecret, body) }
	token := map[string]any{"payment_option": "card", "payment_token": pick(dice, randomTokens)}
	plan := map[string]any{"plan": pick(dice, []string{"free", "starter", "growth", "scale"})}
	switch dice.IntN(14) {
	case 0:
		post(path+"/cancel", nil)
	case 1:
		post(path+"/plan", plan)
	case 2:
		post(path+"/payment-method", token)
	case 3:
		post(path+"/payment", map[string]any{})
	case 4, 5:
		post(path+"/payment", map[string]any{"reference": "transfer"})
		m.decide(o, dice)
	case 6, 7:
		m.confirm(o, dice)
	case 8:
		post(subscription+"/cancel", map[string]any{"at": pick(dice, []string{"now", "period_end"})})
	case 9:
		post(subscription+"/resume", nil)
	case 10:
		post(subscription+"/change", plan)
	case 11:
		post("/v1/account/payment-methods", token)
	case 12:
		post("/v1/account/credit-packages", map[string]any{"package": m.pack()})
	case 13:
		post(subscription, plan)
	}
}

// decide approves or rejects what the account submitted.
func (m *mess) decide(o kickedOff, dice *rand.Rand) {
	if o.Account == nil {
		return
	}
	a := m.try(http.MethodGet, "/v1/admin/payments?status=pending_approval&account_id="+o.Account.ID, m.admin, nil)
	var list struct{ Data []domain.Payment }
	if json.Unmarshal(a.body, &list) != nil {
		return
	}
	for _, p := range list.Data {
		m.try(http.MethodPost, "/v1/admin/payments/"+p.ID+"/"+pick(dice, []string{"approve", "approve", "reject"}), m.admin,
			map[string]any{"reason": "looked"})
	}
}

// confirm goes to the company's page, where one is to be gone to.
func (m *mess) confirm(o kickedOff, dice *rand.Rand) {
	for range 5 {
		a := m.try(http.MethodGet, "/v1/onboardings/"+o.ID, o.ClientSecret, nil)
		var now domain.Onboarding
		if json.Unmarshal(a.body, &now) != nil || now.Done {
			return
		}
		if now.NextAction != nil && now.NextAction.Type == domain.NextConfirmPayment {
			_ = m.r.confirm(now.NextAction.URL, pick(dice, []string{"confirm", "confirm", "decline"}))
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// pack is the code of a credit package on sale.
func (m *mess) pack() string {
	var code string
	_ = m.s.store.Stats()["read"].QueryRow("SELECT code FROM credit_packages ORDER BY sort LIMIT 1").Scan(&code)
	return code
}
