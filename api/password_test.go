package api

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestGate_HashesOnePerCoreAtATime(t *testing.T) {
	t.Parallel()
	g, err := newGate(hashCost(cheap))
	require.NoError(t, err)
	var inside, most atomic.Int64
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			assert.NoError(t, g.through(context.Background(), func() error {
				now := inside.Add(1)
				for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
				}
				runtime.Gosched()
				inside.Add(-1)
				return nil
			}))
		})
	}
	wg.Wait()
	assert.LessOrEqual(t, most.Load(), int64(runtime.GOMAXPROCS(0)))
	assert.Zero(t, g.inFlight.Load()+g.waiting.Load())
}

func TestGate_TooLongALineIs503(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.passwords.wait = time.Minute
	release := make(chan struct{})
	var held sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		held.Go(func() {
			assert.NoError(t, w.api.passwords.through(context.Background(), func() error { <-release; return nil }))
		})
	}
	eventually(t, func() bool { return w.api.passwords.inFlight.Load() == int64(runtime.GOMAXPROCS(0)) })
	w.api.passwords.wait = time.Millisecond // now that the line is full
	w.call("POST", "/v1/onboardings", "", person("acme")).problem(503, "unavailable")
	w.call("POST", "/v1/sessions", "", map[string]any{"email": "a@b.co", "password": "x"}).problem(503, "unavailable")
	close(release)
	held.Wait()
	w.api.passwords.wait = time.Minute
	w.signUp("acme")
}

func TestPassword_MustBeHardToGuessForWhoKnowsThePerson(t *testing.T) {
	t.Parallel()
	const email, name = "ada.lovelace@example.com", "Analytical Engines"
	for _, weak := range []string{
		"", "short7!", "password1", "12345678", "aaaaaaaa", "qwertyuiop", "letmein123", "ada.lovelace@example.com",
		"lovelace1",
		"Analytical Engines", strings.Repeat("xK3-", 33), "iloveyou2",
	} {
		err := checkPassword(weak, email, name)
		assert.Equal(t, domain.ReasonWeakPassword, domain.ReasonOf(err), weak)
		if weak != "" {
			assert.NotContains(t, err.Error(), weak)
		}
	}
	for _, strong := range []string{
		goodPassword, "tr0ub4dor&3zebra", "日本語のパスワードです", "vK9$mQ2w", strings.Repeat("xK3-", 32),
	} {
		assert.NoError(t, checkPassword(strong, email, name), strong)
	}
}

func TestPassword_MeasuringALongOneIsQuick(t *testing.T) {
	t.Parallel()
	for _, long := range []string{
		strings.Repeat("a", 64<<10), strings.Repeat("p@$$w0rd", 16), strings.Repeat("qwerty12", 16),
		strings.Repeat("a4@8({[<6", 14), strings.Repeat("1!|l", 32),
	} {
		start := time.Now()
		_ = checkPassword(long, "ada@example.com", strings.Repeat("name ", 24))
		assert.Less(t, time.Since(start), 2*time.Second)
		t.Logf("%.12s…: %v", long, time.Since(start))
	}
}

func TestLimiter_SaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	l := newLimiter(2)
	require.NoError(t, l.take("address:a"))
	require.NoError(t, l.take("address:a"))
	err := l.take("address:a")
	require.Equal(t, domain.CodeThrottled, domain.CodeOf(err))
	wait := problemOf(err).retryAfter
	assert.Greater(t, wait, time.Duration(0))
	assert.LessOrEqual(t, wait, limitWindow+limitWindow/2)
	assert.NoError(t, l.take("address:b"))
	assert.NoError(t, newLimiter(0).take("address:a"), "no rate is no limit")
}
