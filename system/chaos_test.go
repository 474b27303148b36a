//go:build chaos && !nodev

package system

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/store/storetest"
	"slipway/system/cluster"
)

// chaosPeople is how many sign up when SLIPWAY_TEST_MINUTES does not say how long, and
// chaosTogether how many do at the same time: with every part dying, what is left
// under way is what is looked at, not how much of it there is.
const (
	chaosPeople   = 100
	chaosTogether = 12
)

// `make chaos` kills whatever an installation is made of, at random, while people
// sign up, renew, change their minds and pay: PostgreSQL, each of Temporal's four
// services, both APIs, both workers, and the payment company. In the end it looks
// from outside, at the company's books, the database and Temporal: nothing that was
// answered is lost, nothing is doubled, nothing is stuck.
func TestChaos_NothingIsLostDoubledOrStuck(t *testing.T) {
	postgres := storetest.StartCluster(t)
	m := newMess(t, postgres.Database(t), chaosPeople, func(s *site) {
		var err error
		s.apart, err = cluster.NewTemporal(t.Context(), t.ArtifactDir(), "../docker-compose.yml", postgres.Address(), true)
		require.NoError(t, err)
		_, port, err := net.SplitHostPort(s.apart.Address)
		require.NoError(t, err)
		s.port, err = strconv.Atoi(port)
		require.NoError(t, err)
	})
	m.together = chaosTogether
	c := newChaos(m, postgres)
	t.Cleanup(c.explain)
	m.live(c.kills, m.companies, m.timePasses)
	c.report()
}

// part is something that dies and comes back.
type part struct {
	name        string
	kill, start func()
	deaths      int
	away        time.Duration // all its times together, from the kill until it answered again
}

type chaos struct {
	*mess
	parts []*part
}

func newChaos(m *mess, postgres *storetest.Cluster) *chaos {
	c := &chaos{mess: m, parts: []*part{{name: "postgresql",
		kill: func() { postgres.Kill(m.t) }, start: func() { postgres.Start(m.t) }}}}
	for _, p := range m.s.apart.Services {
		c.parts = append(c.parts, &part{name: "temporal-" + p.Name, kill: p.Kill,
			start: func() { require.NoError(m.t, p.Start(context.Background())) }})
	}
	second := childConfig{Listen: fmt.Sprintf("127.0.0.1:%d", freePort(m.t))}
	other := m.s.child("api", second)
	m.urls = append(m.urls, other.url)
	worker := m.s.worker()
	dice := rand.New(rand.NewPCG(m.seed, 1<<35))
	for _, p := range []struct {
		name   string
		child  **child
		revive func() *child
	}{
		{"api-1", &m.api, func() *child { return m.s.child("api", childConfig{}) }},
		{"api-2", &other, func() *child { return m.s.child("api", second) }},
		{"worker-1", &m.worker, func() *child { return m.s.child("worker", pick(dice, crashes)) }}, // or at its moment
		{"worker-2", &worker, m.s.worker},
	} {
		c.parts = append(
			c.parts,
			&part{name: p.name, kill: func() { (*p.child).kill() }, start: func() { *p.child = p.revive() }},
		)
	}
	return c
}

// kills has one or two parts die every few seconds and come back a moment later, in
// the order in which an installation starts.
func (c *chaos) kills(stop <-chan struct{}) {
	dice := rand.New(rand.NewPCG(c.seed, 1<<36))
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(4000+dice.IntN(8000)) * time.Millisecond):
		}
		a, b := dice.IntN(len(c.parts)), dice.IntN(len(c.parts))
		died := c.parts[min(a, b) : min(a, b)+1]
		if a != b && dice.IntN(3) == 0 {
			died = []*part{c.parts[min(a, b)], c.parts[max(a, b)]}
		}
		began := time.Now()
		for _, p := range died {
			p.kill()
			p.deaths++
		}
		time.Sleep(time.Duration(dice.IntN(2000)) * time.Millisecond)
		for _, p := range died {
			p.start()
			p.away += time.Since(began)
		}
	}
}

// report prints what died, and what an outsider finds.
func (c *chaos) report() {
	deaths := 0
	for _, p := range c.parts {
		deaths += p.deaths
		c.t.Logf("%-18s died %3d times, away for %s", p.name, p.deaths, p.away.Round(time.Second))
	}
	lost := 0
	for _, id := range c.accepted() {
		lost += 1 - c.s.count("SELECT count(*) FROM onboardings WHERE id = $1", id)
	}
	doubled := c.s.count(`SELECT (SELECT count(*) FROM (SELECT 1 FROM onboardings WHERE email <> '' GROUP BY email
			HAVING count(*) > 1) AS people)
		+ (SELECT count(*) FROM (SELECT 1 FROM payments WHERE status = 'succeeded' GROUP BY invoice_id
			HAVING count(*) > 1) AS paid)
		+ (SELECT count(*) FROM (SELECT 1 FROM accounts WHERE status <> 'closed' GROUP BY slug
			HAVING count(*) > 1) AS slugs)`)
	stuck := c.s.count(`SELECT count(*) FROM onboardings
		WHERE status IN ('received', 'creating_account', 'activating', 'compensating')`)
	c.t.Logf(
		"%d deaths; %d sign-ups accepted: %d lost, %d doubled, %d stuck",
		deaths,
		len(c.accepted()),
		lost,
		doubled,
		stuck,
	)
	require.Zero(c.t, lost+doubled+stuck)
}

// explain prints, after a failure, what the rounds of reconcile were about.
func (c *chaos) explain() {
	if !c.t.Failed() {
		return
	}
	rounds, err := c.s.store.JobRounds(context.Background())
	for job, r := range rounds {
		c.t.Logf("%s: last round %s to %s, due %s", job, r.StartedAt, r.CompletedAt, r.NextDueAt)
	}
	c.t.Log("now it is", time.Now().UTC(), err)
}

// accepted are the onboardings whose kick-off was answered.
func (m *mess) accepted() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ids
}
