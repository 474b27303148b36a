package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

var accountPromises = []promise{
	{"ReleaseUsers_FreesTheEmailAndEndsSessions", false, releaseUsers},
	{"EnsureAdmin_CreatesOnceThenChangesThePassword", false, ensureAdmin},
	{"Sessions_EndWhenTheyExpire", false, sessions},
	{"APIKeys_EndWhenRevoked", false, apiKeys},
	{"IdempotencyKeys_AnswerWithTheFirstResource", false, idempotencyKeys},
	{"IdempotencyKeys_OneWinnerAmongFifty", false, idempotencyRace},
	{"Prune_TakesSessionsAndKeysThatAreOver", false, deleteExpired},
}

// newSession is a session of the user with an hour left and a token of its own.
func newSession(u *domain.User, token byte) *domain.Session {
	return &domain.Session{
		ID:        store.NewID(domain.PrefixSession),
		TokenHash: []byte{token, 0, 255},
		UserID:    u.ID,
		AccountID: u.AccountID,
		Role:      u.Role,
		CreatedAt: moment,
		ExpiresAt: time.Now().UTC().Truncate(time.Millisecond).Add(time.Hour),
	}
}

func releaseUsers(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a, b := newAccount(), newAccount()
	owner := newOwner(a.ID, "ada@example.com")
	require.NoError(t, s.InsertAccount(ctx, a, owner))
	require.NoError(t, s.InsertSession(ctx, newSession(owner, 1)))
	again := func() error {
		return s.Within(ctx,
			func(tx *store.Store) error { return tx.InsertAccount(ctx, b, newOwner(b.ID, "ada@example.com")) })
	}
	require.Error(t, again(), "one user per e-mail")
	found, err := s.UserByEmail(ctx, "ada@example.com")
	require.NoError(t, err)
	assert.Equal(t, owner, found)

	require.NoError(t, s.ReleaseUsers(ctx, a.ID))
	_, err = s.UserByEmail(ctx, "ada@example.com")
	assertCode(t, domain.CodeNotFound, err)
	_, err = s.SessionByToken(ctx, newSession(owner, 1).TokenHash)
	assertCode(t, domain.CodeNotFound, err)
	require.NoError(t, again(), "the e-mail is free")
	require.NoError(t, s.ReleaseUsers(ctx, a.ID), "again changes nothing")
	found, err = s.UserByEmail(ctx, "ada@example.com")
	require.NoError(t, err)
	assert.Equal(t, b.ID, found.AccountID)
}

func ensureAdmin(t *testing.T, s *store.Store) {
	ctx := t.Context()
	created, err := s.EnsureAdmin(ctx, "admin@example.com", "one")
	require.NoError(t, err)
	assert.True(t, created)
	admin, err := s.UserByEmail(ctx, "admin@example.com")
	require.NoError(t, err)
	require.NoError(t, s.OpenSession(ctx, newSession(admin, 1), "one", 0))
	_, err = s.EnsureAdmin(ctx, "admin@example.com", "one")
	require.NoError(t, err)
	_, err = s.SessionByToken(ctx, newSession(admin, 1).TokenHash)
	require.NoError(t, err, "the same password ends nothing")
	created, err = s.EnsureAdmin(ctx, "admin@example.com", "two")
	require.NoError(t, err)
	assert.False(t, created)
	_, err = s.SessionByToken(ctx, newSession(admin, 1).TokenHash)
	assertCode(t, domain.CodeNotFound, err)
	assertCode(t, domain.CodeNotFound, s.OpenSession(ctx, newSession(admin, 2), "one", 0))
	admin, err = s.UserByEmail(ctx, "admin@example.com")
	require.NoError(t, err)
	assert.Equal(t, "two", admin.PasswordHash)
	assert.Equal(t, domain.RoleAdmin, admin.Role)

	a := newAccount()
	require.NoError(t, s.InsertAccount(ctx, a, newOwner(a.ID, "ada@example.com")))
	_, err = s.EnsureAdmin(ctx, "ada@example.com", "three")
	assert.Equal(t, domain.ReasonEmailTaken, domain.ReasonOf(err))
	owner, err := s.UserByEmail(ctx, "ada@example.com")
	require.NoError(t, err)
	assert.Equal(t, "hash", owner.PasswordHash, "a customer's password is not ours to change")
}

func sessions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := newAccount()
	owner := newOwner(a.ID, "ada@example.com")
	require.NoError(t, s.InsertAccount(ctx, a, owner))
	good, old := newSession(owner, 1), newSession(owner, 2)
	old.ExpiresAt = s.Now().Add(-time.Millisecond)
	require.NoError(t, s.InsertSession(ctx, good))
	require.NoError(t, s.InsertSession(ctx, old))
	found, err := s.SessionByToken(ctx, good.TokenHash)
	require.NoError(t, err)
	assert.Equal(t, good, found)
	_, err = s.SessionByToken(ctx, old.TokenHash)
	assertCode(t, domain.CodeNotFound, err)
	require.NoError(t, s.DeleteSession(ctx, good.ID))
	require.NoError(t, s.DeleteSession(ctx, good.ID))
	_, err = s.SessionByToken(ctx, good.TokenHash)
	assertCode(t, domain.CodeNotFound, err)
}

func apiKeys(t *testing.T, s *store.Store) {
	ctx := t.Context()
	key := &domain.APIKey{ID: "key_1", Name: "CI", SecretHash: []byte{1}, CreatedBy: "usr_1", CreatedAt: moment}
	require.NoError(t, s.InsertAPIKey(ctx, key))
	id, err := s.APIKeyID(ctx, []byte{1})
	require.NoError(t, err)
	assert.Equal(t, "key_1", id)
	key.RevokedAt = later(1)
	require.NoError(t, s.SaveAPIKey(ctx, key))
	_, err = s.APIKeyID(ctx, []byte{1})
	assertCode(t, domain.CodeNotFound, err)
	found, err := s.APIKeyByID(ctx, "key_1")
	require.NoError(t, err)
	assert.Equal(t, later(1), found.RevokedAt)
}

func idempotencyKeys(t *testing.T, s *store.Store) {
	ctx := t.Context()
	key := store.Key{Scope: "POST /v1/onboardings", Value: "k1", Fingerprint: []byte("body")}
	find := func(k store.Key) string {
		t.Helper()
		id, err := s.FindKey(ctx, k)
		require.NoError(t, err)
		return id
	}
	assert.Empty(t, find(key))
	for i, want := range []string{"", "onb_1"} {
		existing, err := s.ClaimKey(ctx, key, fmt.Sprintf("onb_%d", i+1))
		require.NoError(t, err)
		assert.Equal(t, want, existing)
	}
	assert.Equal(t, "onb_1", find(key))

	reused := key
	reused.Fingerprint = []byte("another body")
	_, err := s.FindKey(ctx, reused)
	assert.Equal(t, domain.ReasonIdempotencyKeyReused, domain.ReasonOf(err))
	assertCode(t, domain.CodeInvalid, err)
	_, err = s.ClaimKey(ctx, reused, "onb_3")
	assert.Equal(t, domain.ReasonIdempotencyKeyReused, domain.ReasonOf(err))

	elsewhere := key
	elsewhere.Scope = "POST /v1/account/subscription usr_1"
	assert.Empty(t, find(elsewhere), "another call's keys are its own")
	none := store.Key{Scope: key.Scope}
	existing, err := s.ClaimKey(ctx, none, "onb_4")
	require.NoError(t, err)
	assert.Empty(t, existing)
	assert.Empty(t, find(none), "no key is no key")
	assert.Equal(t, 1, count(t, s, "idempotency_keys"))

	err = s.Within(ctx, func(tx *store.Store) error {
		if _, err := tx.ClaimKey(ctx, elsewhere, "onb_5"); err != nil {
			return err
		}
		return domain.NotFound("plan")
	})
	assertCode(t, domain.CodeNotFound, err)
	assert.Empty(t, find(elsewhere), "a request that made nothing may be sent again")
}

func idempotencyRace(t *testing.T, s *store.Store) {
	ctx := t.Context()
	key := store.Key{Scope: "POST /v1/onboardings", Value: "k1", Fingerprint: []byte("body")}
	answers := make([]string, 50)
	errs := Together(len(answers), func(i int) error {
		return s.Within(ctx, func(tx *store.Store) error {
			mine := fmt.Sprintf("onb_%d", i)
			existing, err := tx.ClaimKey(ctx, key, mine)
			if answers[i] = existing; existing == "" {
				answers[i] = mine
			}
			return err
		})
	})
	require.Empty(t, errs)
	slices.Sort(answers)
	assert.Len(t, slices.Compact(answers), 1, "everybody gets the same resource")
}

func deleteExpired(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := newAccount()
	owner := newOwner(a.ID, "ada@example.com")
	require.NoError(t, s.InsertAccount(ctx, a, owner))
	for i := range 5 {
		old := newSession(owner, byte(i))
		old.ExpiresAt = s.Now().Add(-time.Minute)
		require.NoError(t, s.InsertSession(ctx, old))
	}
	require.NoError(t, s.InsertSession(ctx, newSession(owner, 100)))
	for i := range 3 {
		_, err := s.ClaimKey(ctx, store.Key{Scope: "s", Value: fmt.Sprint(i), Fingerprint: []byte{1}}, "x")
		require.NoError(t, err)
	}
	remove := func(after time.Duration, limit int) int64 {
		pruned, err := s.At(s.Now().Add(after)).Prune(ctx, domain.Retention{}, limit)
		require.NoError(t, err)
		return pruned.Total()
	}
	assert.Equal(t, int64(4), remove(0, 4), "at most the limit")
	assert.Equal(t, int64(1), remove(0, 4))
	assert.Zero(t, remove(0, 4), "keys have their time")
	assert.Equal(t, 3, count(t, s, "idempotency_keys"))
	assert.Equal(t, 1, count(t, s, "sessions"))
	assert.Equal(t, int64(1), remove(2*time.Hour, 2), "the session")
	assert.Equal(t, int64(2), remove(73*time.Hour, 2))
	assert.Equal(t, int64(1), remove(73*time.Hour, 2))
	assert.Zero(t, count(t, s, "idempotency_keys"))
}
