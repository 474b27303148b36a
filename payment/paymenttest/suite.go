// Package paymenttest is what every payment provider promises, as one suite of
// tests: a provider passes it, or lists what it cannot show and why.
package paymenttest

import (
	"crypto/rand"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
)

// Subject is a provider and what the suite needs to try it: tokens that make it
// behave in a known way, and hands to act as the customer with. The suite asks
// for a new one per promise; it uses keys of its own, so that subjects may share
// an account.
type Subject struct {
	// Provider is what is tried.
	Provider payment.Provider
	// Lacks lists what this subject cannot show, each with the reason. The
	// promises that need it are passed over, and the log says so. Whatever is not
	// listed has to be there.
	Lacks map[Capability]string
	// Tokens bring about the behaviours.
	Tokens Tokens
	// Refused is the same provider with an API key that is not valid (CanRefuseKeys).
	Refused payment.Provider
	// Ledger is what the other side has on its books (CanShowLedger). It may hold
	// charges of other promises.
	Ledger func() []Entry
	// Event is the body of an event of the provider's about the key: of a charge
	// that succeeded or a setup page that was finished (CanSignEvents).
	Event func(kind payment.EventType, key string) []byte
	// Sign returns the headers that carry the provider's signature of the body, and
	// no others, as of the time (CanSignEvents).
	Sign func(body []byte, at time.Time) http.Header
	// Confirm is the customer on the outcome's ActionURL, who confirms or, when yes
	// is false, declines (CanConfirm).
	Confirm func(o payment.Outcome, yes bool)
	// Finish is the customer who enters a method that pays on the page (CanSetup).
	Finish func(p payment.Page)
}

// Tokens name, for each behaviour, the one-time token whose method shows it.
// "First" is the first request under each charge key.
type Tokens struct {
	OK             string // pays (CanCharge)
	DeclinedSoft   string // declined for now (CanDecline)
	DeclinedHard   string // declined for good (CanDecline)
	RequiresAction string // the customer has to confirm (CanAskForAction)
	Refused        string // no method can be made of it (CanRefuseTokens)
	Throttled      string // the first few charges are 429 and say for how long, at most 5 s (CanThrottle)
	LostResponse   string // the first charge is made, its answer lost (CanLoseResponses)
	// StoredFailure: the method's first charge fails with every repetition of its key,
	// others succeed (CanStoreFailures).
	StoredFailure string
	Reset         string // the first charge finds its connection reset, and is not made (CanReset)
	Failing       string // the first charge is answered with a 5xx, and not made (CanFail)
}

// Entry is one charge on the other side's books.
type Entry struct {
	Key      string
	Amount   int64
	Currency string
	Status   payment.Status
	Refunded int64
}

// Capability is something a subject can show; promises name what they need.
type Capability string

// The capabilities. Each says which promises it is for.
const (
	// CanCharge: a charge of Tokens.OK brings the money at once.
	CanCharge Capability = "charge"
	// CanRemember: it keeps what it did: keys, look-ups, one effect.
	CanRemember Capability = "remember"
	// CanShowLedger: what is on the other side's books can be counted.
	CanShowLedger Capability = "show its ledger"
	// CanDecline: it can be made to decline, softly and hard.
	CanDecline Capability = "decline"
	// CanAskForAction: it can be made to ask the customer.
	CanAskForAction Capability = "ask for action"
	// CanConfirm: the suite can act as that customer.
	CanConfirm Capability = "confirm"
	// CanRefuseTokens: it knows a bad token when it sees one.
	CanRefuseTokens Capability = "refuse tokens"
	// CanRefuseKeys: it knows a bad API key when it sees one.
	CanRefuseKeys Capability = "refuse API keys"
	// CanRefund: money can be refunded.
	CanRefund Capability = "refund"
	// CanSetup: it has pages to enter a method on.
	CanSetup Capability = "set up"
	// CanSignEvents: it sends webhooks, and the suite can sign like it.
	CanSignEvents Capability = "sign events"
	// CanThrottle: it can be made to answer 429.
	CanThrottle Capability = "throttle"
	// CanLoseResponses: it can be made to charge and not say so.
	CanLoseResponses Capability = "lose responses"
	// CanStoreFailures: it can be made to keep a failure under a key.
	CanStoreFailures Capability = "store failures"
	// CanReset: it can be made to reset the connection.
	CanReset Capability = "reset"
	// CanFail: it can be made to answer 5xx.
	CanFail Capability = "fail"
)

// promise is one thing every provider keeps.
type promise struct {
	name  string
	needs []Capability
	check func(t *testing.T, s Subject)
}

// Run checks every promise, each in a test of its own on a subject from open.
func Run(t *testing.T, open func(t testing.TB) Subject) {
	t.Helper()
	for _, promises := range [][]promise{chargePromises, failurePromises, refundPromises, methodPromises, eventPromises} {
		for _, p := range promises {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				s := open(t)
				requireEquipped(t, s)
				for _, need := range p.needs {
					if why, lacks := s.Lacks[need]; lacks {
						t.Logf("passed over: the subject cannot %s: %s", need, why)
						return
					}
				}
				p.check(t, s)
			})
		}
	}
}

// requireEquipped makes sure that nothing is passed over because somebody forgot
// to give the suite a token.
func requireEquipped(t *testing.T, s Subject) {
	t.Helper()
	require.NotNil(t, s.Provider)
	for capability, there := range map[Capability]bool{
		CanCharge:        s.Tokens.OK != "",
		CanShowLedger:    s.Ledger != nil,
		CanDecline:       s.Tokens.DeclinedSoft != "" && s.Tokens.DeclinedHard != "",
		CanAskForAction:  s.Tokens.RequiresAction != "",
		CanConfirm:       s.Confirm != nil,
		CanRefuseTokens:  s.Tokens.Refused != "",
		CanRefuseKeys:    s.Refused != nil,
		CanSetup:         s.Finish != nil,
		CanSignEvents:    s.Event != nil && s.Sign != nil,
		CanThrottle:      s.Tokens.Throttled != "",
		CanLoseResponses: s.Tokens.LostResponse != "",
		CanStoreFailures: s.Tokens.StoredFailure != "",
		CanReset:         s.Tokens.Reset != "",
		CanFail:          s.Tokens.Failing != "",
	} {
		if _, lacks := s.Lacks[capability]; !lacks {
			require.True(t, there, "the subject does not lack %q, and has not brought what it takes", capability)
		}
	}
	for capability, why := range s.Lacks {
		require.NotEmpty(t, why, "why does the subject lack %q?", capability)
	}
}

const (
	amount   = 4900
	currency = "eur"
)

// newKey is a business key nobody used before.
func newKey() string { return "in_" + rand.Text() + "/1" }

// attach makes a method of the token.
func attach(t testing.TB, s Subject, token string) payment.Method {
	t.Helper()
	m, err := s.Provider.Attach(t.Context(), payment.Attach{Key: "pm_" + rand.Text(), AccountID: "acct_1", Token: token})
	require.NoError(t, err)
	require.NotEmpty(t, m.Ref)
	return m
}

// chargeOf is a charge of the method under a key of its own.
func chargeOf(m payment.Method) payment.Charge {
	return payment.Charge{
		Key: newKey(), Customer: m.Customer, Method: m.Ref, Amount: amount, Currency: currency,
		InvoiceID: "in_1", AccountID: "acct_1", ReturnURL: "http://127.0.0.1:1/done",
	}
}

// charged makes a charge and returns its outcome.
func charged(t testing.TB, s Subject, c payment.Charge) payment.Outcome {
	t.Helper()
	o, err := s.Provider.Charge(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, c.Key, o.Key)
	return o
}

// lookedUp asks for the outcome of the key.
func lookedUp(t testing.TB, s Subject, key string) payment.Outcome {
	t.Helper()
	o, err := s.Provider.Lookup(t.Context(), key)
	require.NoError(t, err)
	assert.Equal(t, key, o.Key)
	return o
}

// onTheBooks returns the ledger's entries of the keys, or nothing when the
// subject cannot show its ledger.
func onTheBooks(s Subject, keys ...string) (entries []Entry, shown bool) {
	if _, lacks := s.Lacks[CanShowLedger]; lacks {
		return nil, false
	}
	for _, e := range s.Ledger() {
		if slices.Contains(keys, e.Key) {
			entries = append(entries, e)
		}
	}
	return entries, true
}

// requireOnTheBooks makes sure that the ledger has n entries of the keys.
func requireOnTheBooks(t testing.TB, n int, s Subject, keys ...string) {
	t.Helper()
	if entries, shown := onTheBooks(s, keys...); shown {
		require.Len(t, entries, n, "what is on the books")
	}
}

// requireClass makes sure that err is an *Error of one of the classes.
func requireClass(t testing.TB, err error, classes ...payment.Class) *payment.Error {
	t.Helper()
	var e *payment.Error
	require.ErrorAs(t, err, &e)
	require.Contains(t, classes, e.Class, err)
	return e
}
