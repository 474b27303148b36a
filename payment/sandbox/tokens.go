package sandbox

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// testCard is a token and what is shown of it.
type testCard struct {
	Token       string
	Title       string
	Description string
	Brand       string
	Last4       string
}

// testCards are the tokens in the order of the setup page. A token that ends in
// a number is an example of its kind: any number from 1 does.
var testCards = []testCard{
	{"tok_ok", "Pays", "Every charge succeeds.", "visa", "4242"},
	{"tok_3ds", "Asks for confirmation",
		"You confirm each charge on a page; later ones without you go through once you did.", "visa", "3155"},
	{"tok_declined_funds", "No money", "Every charge is declined for now: insufficient_funds.", "visa", "9995"},
	{"tok_declined_expired", "Expired", "Every charge is declined for good: expired_card.", "visa", "0069"},
	{"tok_declined_stolen", "Stolen", "Every charge is declined for good: stolen_card.", "visa", "9979"},
	{"tok_declined_fraud", "Looks like fraud", "Every charge is declined for good: fraudulent.", "visa", "0019"},
	{"tok_fails_from_5", "Runs dry", "Four charges succeed; from the fifth on there is no money.", "mastercard", "0005"},
	{"tok_throttled_3", "Too many requests", "The first 3 requests of a charge are answered with 429 and a delay.",
		"mastercard", "4290"},
	{"tok_throttled_wait_300", "Come back later",
		"The first request of a charge is answered with 429: again in 300 seconds.", "mastercard", "4300"},
	{"tok_throttled_bare_3", "Too many requests, no delay given",
		"The first 3 requests of a charge are answered with a 429 that does not say for how long.", "mastercard", "4291"},
	{"tok_flaky_3", "Server errors", "The first 3 requests of a charge are answered with 500; nothing is charged by them.",
		"mastercard", "5000"},
	{"tok_reset", "Connection reset",
		"The first request of a charge finds its connection reset; nothing is charged by it.", "mastercard", "0104"},
	{"tok_slow", "Hangs", "The first request of a charge is never answered; nothing is charged by it.", "mastercard",
		"0030"},
	{"tok_lost_response", "Charges and does not say so", "The first request charges, and its answer is lost.", "amex",
		"0200"},
	{"tok_forgotten_key", "Charges, and forgets the key",
		"As before, and the key has expired: the same request again charges again.", "amex", "0240"},
	{"tok_stored_500", "Keeps failing",
		"The first charge fails with 500 as often as it is repeated; an attempt under another key succeeds.", "amex", "0500"},
	{"tok_webhook_chaos", "Webhooks out of order",
		"Every charge succeeds; its webhooks come late, twice, and in the wrong order.", "amex", "0409"},
}

// behaviour is what a token asks for.
type behaviour struct {
	kind string // the token without its number
	n    int    // its number, or 0
}

// numbered says which tokens end in a number, and how large it may be.
var numbered = map[string]int{
	"tok_throttled": 99, "tok_throttled_bare": 99, "tok_flaky": 99, "tok_fails_from": 99,
	"tok_throttled_wait": 24 * 60 * 60, // seconds
}

// parseToken reads a token; false for one the company never gave out.
func parseToken(token string) (behaviour, bool) {
	b := behaviour{kind: token}
	at := strings.LastIndexByte(token, '_')
	if at < 0 {
		return b, false
	}
	if highest := numbered[token[:at]]; highest > 0 {
		n, err := strconv.Atoi(token[at+1:])
		if err != nil || n < 1 || n > highest {
			return b, false
		}
		b = behaviour{kind: token[:at], n: n}
	}
	return b, b.card().Token != ""
}

// card is the test card of this kind, whichever number it has.
func (b behaviour) card() testCard {
	for _, c := range testCards {
		if c.Token == b.kind || (b.n > 0 && strings.TrimRight(c.Token, "0123456789") == b.kind+"_") {
			return c
		}
	}
	return testCard{}
}

// counts reports whether the behaviour depends on how often a charge was asked for.
func (b behaviour) counts() bool { return b.fault(1, true, time.Time{}) != nil }

// fault is what goes wrong with the nth request under a key, or nil. first says
// that the key is the first the method was charged with.
func (b behaviour) fault(n int, first bool, now time.Time) *problem {
	switch {
	case b.kind == "tok_throttled" && n <= b.n:
		return throttle(delays(n, now))
	case b.kind == "tok_throttled_bare" && n <= b.n:
		return throttle("")
	case b.kind == "tok_throttled_wait" && n == 1:
		return throttle(strconv.Itoa(b.n))
	case b.kind == "tok_flaky" && n <= b.n:
		return &problem{Status: 500, Code: "flaky", Detail: "Not this time."}
	case b.kind == "tok_reset" && n == 1:
		return &problem{Code: "reset", drop: true}
	case b.kind == "tok_slow" && n == 1:
		return &problem{Code: "slow", hang: true}
	case (b.kind == "tok_lost_response" || b.kind == "tok_forgotten_key") && n == 1:
		return &problem{Code: "lost_response", drop: true, made: true}
	case b.kind == "tok_stored_500" && first:
		return storedFailure(n)
	}
	return nil
}

// delays alternates between the two ways of saying Retry-After: seconds, and a
// date, whose precision makes it one to two seconds away.
func delays(n int, now time.Time) string {
	if n%2 == 1 {
		return "1"
	}
	return now.Add(2 * time.Second).UTC().Format(http.TimeFormat)
}

func throttle(after string) *problem {
	p := &problem{Status: 429, Code: "rate_limit", Detail: "Too many requests."}
	if after != "" {
		p.header = http.Header{"Retry-After": {after}}
	}
	return p
}

// storedFailure is a failure the company keeps under the key: whoever repeats
// the key is shown the answer the first one got.
func storedFailure(n int) *problem {
	p := &problem{Status: 500, Code: "stored_failure", Detail: "This failed, and stays so."}
	if n > 1 {
		p.header = http.Header{"Idempotent-Replayed": {"true"}}
	}
	return p
}

// decline is the code the behaviour declines with; empty when it does not.
func (b behaviour) decline(earlier int) string {
	if b.kind == "tok_fails_from" && earlier+1 >= b.n {
		return "insufficient_funds"
	}
	return map[string]string{
		"tok_declined_funds": "insufficient_funds", "tok_declined_expired": "expired_card",
		"tok_declined_stolen": "stolen_card", "tok_declined_fraud": "fraudulent",
	}[b.kind]
}
