package api

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"github.com/ccojocar/zxcvbn-go"
	"golang.org/x/sync/semaphore"

	"slipway/domain"
)

// Bounds of a password, in characters. Of a long one only the beginning is
// measured: the time that takes grows faster than the length.
const (
	passwordMin      = 8
	passwordMax      = 128
	passwordMeasured = 72
	passwordScore    = 2 // of 0 to 4; 2 withstands online guessing
)

// gateWait is how long a request waits in line to have a password hashed.
const gateWait = 10 * time.Second

// gate bounds password hashing: one per core at a time, the rest wait in line.
// Each hash takes its memory only once it is through; without the gate, fifty
// sign-ups at once take well over a gigabyte.
type gate struct {
	params    argon2id.Params
	slots     *semaphore.Weighted
	wait      time.Duration
	inFlight  atomic.Int64
	waiting   atomic.Int64
	hashed    atomic.Int64 // passwords hashed for storing, ever
	compared  atomic.Int64 // passwords compared with a hash, ever
	unmatched string       // the hash that unknown e-mails are compared with
}

func newGate(params argon2id.Params) (*gate, error) {
	g := &gate{params: params, slots: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))), wait: gateWait}
	var err error
	g.unmatched, err = argon2id.CreateHash("a password nobody has", &g.params)
	return g, err
}

// hash returns the hash to store. It returns unavailable when the line is too long.
func (g *gate) hash(ctx context.Context, password string) (hash string, err error) {
	err = g.through(ctx, func() error {
		g.hashed.Add(1)
		hash, err = argon2id.CreateHash(domain.NormalPassword(password), &g.params)
		return err
	})
	return hash, err
}

// matches reports whether the hash is the password's. Without a hash (an
// unknown e-mail) it takes as long and is false. A hash that was imported may be
// of the password as it is typed, in whatever form.
func (g *gate) matches(ctx context.Context, password, hash string) (match bool, err error) {
	known := hash != ""
	if !known {
		hash = g.unmatched
	}
	err = g.through(ctx, func() error {
		g.compared.Add(1)
		match, err = argon2id.ComparePasswordAndHash(domain.NormalPassword(password), hash)
		if err == nil && !match && password != domain.NormalPassword(password) {
			match, err = argon2id.ComparePasswordAndHash(password, hash)
		}
		return err
	})
	return match && known, err
}

func (g *gate) through(ctx context.Context, work func() error) error {
	waiting, cancel := context.WithTimeout(ctx, g.wait)
	defer cancel()
	g.waiting.Add(1)
	err := g.slots.Acquire(waiting, 1)
	g.waiting.Add(-1)
	if err != nil {
		return errors.Join(domain.Unavailable(domain.Text(domain.LabelPasswords), defaultRetryAfter), err)
	}
	defer g.slots.Release(1)
	g.inFlight.Add(1)
	defer g.inFlight.Add(-1)
	return work()
}

// checkPassword returns weak_password for one that is too short, too long or
// too easy to guess for somebody who knows the e-mail and the account's name.
func checkPassword(password, email, name string) error {
	password = domain.NormalPassword(password)
	n := utf8.RuneCountInString(password)
	if n >= passwordMin && n <= passwordMax && guessable(password, email, name) >= passwordScore {
		return nil
	}
	e := domain.Invalid("body.password", domain.Text(domain.TextEasyPassword), domain.Text(domain.AcceptPassword))
	e.Reason, e.Detail = domain.ReasonWeakPassword, domain.Text(domain.TextWeakPassword)
	return e
}

func guessable(password, email, name string) int {
	known := append(strings.FieldsFunc(email, func(r rune) bool { return strings.ContainsRune("@.-_+", r) }), email)
	known = append(append(known, strings.Fields(name)...), name)
	return zxcvbn.PasswordStrength(firstRunes(password, passwordMeasured), known).Score
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}
