package paymenttest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
)

var methodPromises = []promise{
	{"Attach_SameKeySameMethod", []Capability{CanCharge, CanRemember}, attachSameKey},
	{"Attach_KeepsTheCustomer", []Capability{CanCharge, CanRemember}, attachKeepsTheCustomer},
	{"Attach_RefusedTokenIsADecline", []Capability{CanRefuseTokens}, refusedToken},
	{"Setup_FinishedPageIsAMethod", []Capability{CanSetup, CanRemember, CanCharge}, setupFinished},
	{"Setup_UnfinishedPageRequiresAction", []Capability{CanSetup, CanRemember}, setupUnfinished},
	{"Setup_SameKeySamePage", []Capability{CanSetup, CanRemember}, setupSameKey},
}

func attachSameKey(t *testing.T, s Subject) {
	in := payment.Attach{Key: newKey(), AccountID: "acct_1", Token: s.Tokens.OK}
	first, err := s.Provider.Attach(t.Context(), in)
	require.NoError(t, err)
	again, err := s.Provider.Attach(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, first, again)
}

func attachKeepsTheCustomer(t *testing.T, s Subject) {
	first := attach(t, s, s.Tokens.OK)
	require.NotEmpty(t, first.Customer)
	second, err := s.Provider.Attach(t.Context(), payment.Attach{
		Key: newKey(), AccountID: "acct_1", Customer: first.Customer, Token: s.Tokens.OK,
	})
	require.NoError(t, err)
	assert.Equal(t, first.Customer, second.Customer)
	assert.NotEqual(t, first.Ref, second.Ref, "another key, another method")
}

func refusedToken(t *testing.T, s Subject) {
	_, err := s.Provider.Attach(t.Context(), payment.Attach{Key: newKey(), AccountID: "acct_1", Token: s.Tokens.Refused})
	e := requireClass(t, err, payment.ClassHardDecline)
	assert.NotEmpty(t, e.Code)
	assert.NotContains(t, e.Error(), s.Tokens.Refused, "a token is a secret")
}

// newPage makes a page to enter a method on.
func newPage(t *testing.T, s Subject, key string) payment.Page {
	t.Helper()
	p, err := s.Provider.Setup(t.Context(), payment.Setup{Key: key, AccountID: "acct_1",
		ReturnURL: "http://127.0.0.1:1/done"})
	require.NoError(t, err)
	require.NotEmpty(t, p.Ref)
	require.Regexp(t, `^https?://`, p.URL)
	assert.True(t, p.ExpiresAt.After(time.Now()))
	return p
}

func setupFinished(t *testing.T, s Subject) {
	p := newPage(t, s, newKey())
	s.Finish(p)
	first := attach(t, s, p.Ref)
	assert.NotEmpty(t, first.Customer)
	assert.Equal(t, first, attach(t, s, p.Ref), "a page makes one method")
	assert.Equal(t, payment.StatusSucceeded, charged(t, s, chargeOf(first)).Status)
}

func setupUnfinished(t *testing.T, s Subject) {
	p := newPage(t, s, newKey())
	_, err := s.Provider.Attach(t.Context(), payment.Attach{Key: newKey(), AccountID: "acct_1", Token: p.Ref})
	requireClass(t, err, payment.ClassRequiresAction)
}

func setupSameKey(t *testing.T, s Subject) {
	key := newKey()
	assert.Equal(t, newPage(t, s, key), newPage(t, s, key))
}
