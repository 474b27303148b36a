//go:build !nodev

package system

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/devserver"
	"slipway/domain"
	"slipway/store/storetest"
	"slipway/workflows"
)

// farAway passes connections on to the address and back, each way late by the
// delay; it returns where to connect to.
func farAway(t *testing.T, address string, delay time.Duration) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", address)
			if err != nil {
				_ = from.Close()
				continue
			}
			go passOn(from, to, delay)
			go passOn(to, from, delay)
		}
	}()
	return listener.Addr().String()
}

// passOn copies what it reads, each piece after the delay, as a long wire would:
// pieces under way do not wait for each other.
func passOn(to, from net.Conn, delay time.Duration) {
	type piece struct {
		at   time.Time
		data []byte
	}
	wire := make(chan piece, 4096)
	go func() {
		defer close(wire)
		for {
			data := make([]byte, 32<<10)
			n, err := from.Read(data)
			if n > 0 {
				wire <- piece{time.Now().Add(delay), data[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range wire {
		time.Sleep(time.Until(p.at))
		if _, err := to.Write(p.data); err != nil {
			_, _ = io.Copy(io.Discard, from)
			break
		}
	}
	_ = to.Close()
}

// 7. Database and Temporal are 300 ms away, there and back: every sign-up is
// started once and completes.
func TestFault7_DatabaseAndTemporalFarAway(t *testing.T) {
	t.Parallel()
	const there = 150 * time.Millisecond
	database := storetest.StartCluster(t).Database(t)
	s := newSite(t, database)
	u, err := url.Parse(database)
	require.NoError(t, err)
	u.Host = farAway(t, u.Host, there)
	env := "TEMPORAL_ADDRESS=" + farAway(t, fmt.Sprintf("127.0.0.1:%d", s.port), there)
	far := childConfig{
		Listen: s.listen, DataDir: s.dir, Database: u.String(), SecretKey: siteKey, SandboxURL: "http://" + s.sandboxAddress,
	}
	api := startChild(t, "api", far, env)
	startChild(t, "worker", far, env)
	r := &running{t: t, url: api.url}
	began := time.Now()
	var wg sync.WaitGroup
	const people = 20
	for i := range people {
		wg.Go(func() {
			request := byCard(fmt.Sprintf("p%d@example.com", i), "growth", "tok_ok")
			if i%2 == 0 {
				request = person(fmt.Sprintf("p%d@example.com", i), "Acme", "starter")
			}
			request["account_name"] = fmt.Sprintf("Company %d", i/4) // some share a name, and wait for its slug
			var o kickedOff
			eventually(t, func() bool { // a client tries again with the same key
				a, err := try(http.MethodPost, r.url+"/v1/onboardings", "", request, "Idempotency-Key", fmt.Sprint(i))
				if err != nil || (a.status != http.StatusCreated && a.status != http.StatusAccepted) {
					return false
				}
				a.into(t, &o)
				return true
			}, "it is accepted")
			r.until(o, domain.OnboardingCompleted)
		})
	}
	wg.Wait()
	t.Logf("%d sign-ups in %s", people, time.Since(began).Round(time.Second))
	s.sound()
	s.requireOneOfEach(people)
	sum, n := s.kept()
	assert.Equal(t, people/2, n)
	assert.EqualValues(t, people/2*13900, sum)
}

// 21. One in twenty of Temporal's writes happens and is reported to have timed
// out: fifty sign-ups by card all end right.
func TestFault21_TemporalsWritesTimeOutAfterTheyHappened(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	require.NoError(t, s.temporal.Stop())
	server, err := devserver.Start(t.Context(), devserver.Config{
		DatabaseFile: devserver.Path(s.dir), FrontendPort: s.port, UIPort: devserver.NoUI,
		SearchAttributes: workflows.SearchAttributes(), LostWrites: 0.05,
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	_, r := s.api()
	s.worker()
	began := time.Now()
	var wg sync.WaitGroup
	const people = 50
	for i := range people {
		wg.Go(func() {
			o := r.pays(fmt.Sprintf("p%d@example.com", i), "growth", "tok_ok", "Idempotency-Key", fmt.Sprint(i))
			r.until(o, domain.OnboardingCompleted)
		})
	}
	wg.Wait()
	t.Logf("%d sign-ups in %s", people, time.Since(began).Round(time.Second))
	s.sound()
	s.requireOneOfEach(people)
	sum, n := s.kept()
	assert.Equal(t, people, n)
	assert.EqualValues(t, people*13900, sum)
}
