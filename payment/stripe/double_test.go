package stripe_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"slipway/payment"
	"slipway/payment/paymenttest"
)

type object = map[string]any

// storedAnswer is what is kept under an idempotency key.
type storedAnswer struct {
	request string
	status  int
	body    []byte
}

// double is one Stripe account. Its search has not indexed anything yet,
// which is the hard case for a look-up.
type double struct {
	t       *testing.T
	mu      sync.Mutex
	stored  map[string]storedAnswer
	tries   map[string]int // charges by idempotency key and by method
	objects map[string]object
	intents []string // newest first
}

// doubleAnswer is an answer; cut is a connection that ends without it.
type doubleAnswer struct {
	status int
	body   object
	keep   bool // under the key, though it is a 5xx
	cut    bool
}

func good(body object) doubleAnswer { return doubleAnswer{status: 200, body: body} }

func refusal(status int, kind, code string, more object) doubleAnswer {
	fault := object{"type": kind, "code": code, "message": "No."}
	for name, value := range more {
		fault[name] = value
	}
	return doubleAnswer{status: status, body: object{"error": fault}}
}

func invalid(status int, code, param string) doubleAnswer {
	return refusal(status, "invalid_request_error", code, object{"param": param})
}

func (d *double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	assert.NoError(d.t, r.ParseForm())
	if r.Header.Get("Authorization") != "Bearer "+apiKey {
		d.send(w, 401, invalid(401, "", "").body, false)
		return
	}
	key, request := r.Header.Get("Idempotency-Key"), r.URL.Path+" "+r.Form.Encode()
	if kept, known := d.stored[key]; known {
		if kept.request != request {
			d.send(w, 400, refusal(400, "idempotency_error", "", nil).body, false)
			return
		}
		d.send(w, kept.status, json.RawMessage(kept.body), true)
		return
	}
	answer := d.answer(r, key)
	body, err := json.Marshal(answer.body)
	assert.NoError(d.t, err)
	if key != "" && (answer.status == 200 || answer.status == 402 || answer.keep) {
		d.stored[key] = storedAnswer{request: request, status: answer.status, body: body}
	}
	if answer.cut {
		conn, _, err := http.NewResponseController(w).Hijack()
		assert.NoError(d.t, err)
		assert.NoError(d.t, conn.(*net.TCPConn).SetLinger(0))
		assert.NoError(d.t, conn.Close())
		return
	}
	d.send(w, answer.status, json.RawMessage(body), false)
}

func (d *double) send(w http.ResponseWriter, status int, body any, replayed bool) {
	w.Header().Set("Content-Type", "application/json")
	if replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	assert.NoError(d.t, json.NewEncoder(w).Encode(body))
}

func (d *double) answer(r *http.Request, key string) doubleAnswer {
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	switch form := r.Form.Get; r.Method + " " + path[0] {
	case "POST customers":
		return good(d.add("cus", object{}))
	case "POST payment_methods":
		if len(path) == 3 {
			return d.attach(path[1], form("customer"))
		}
		if form("card[token]") == "tok_refused" {
			return invalid(400, "token_already_used", "card[token]")
		}
		return good(d.card(form("card[token]"), nil))
	case "POST checkout":
		return good(d.add("cs", object{
			"mode": "setup", "status": "open", "customer": form("customer"), "url": "https://checkout.example.com/1",
			"expires_at": time.Now().Add(time.Hour).Unix(), "metadata": object{"account_id": form("metadata[account_id]")},
		}))
	case "GET checkout":
		return d.get(path[2])
	case "POST payment_intents":
		if len(path) == 3 {
			return d.cancel(path[1])
		}
		return d.charge(r, key)
	case "GET payment_intents":
		return d.read(path)
	case "POST refunds":
		return d.refund(form("payment_intent"), form("amount"))
	}
	return invalid(404, "resource_missing", "")
}

func (d *double) add(prefix string, o object) object {
	o["id"] = fmt.Sprintf("%s_%d", prefix, len(d.objects)+1)
	d.objects[o["id"].(string)] = o
	return o
}

func (d *double) get(id string) doubleAnswer {
	if o, known := d.objects[id]; known {
		return good(o)
	}
	return invalid(404, "resource_missing", "id")
}

func (d *double) card(token string, customer any) object {
	return d.add("pm", object{
		"token": token, "customer": customer, "card": object{"brand": "visa", "last4": "4242", "exp_month": 12,
			"exp_year": 2031},
	})
}

func (d *double) attach(id, customer string) doubleAnswer {
	answer := d.get(id)
	if answer.status == 200 {
		answer.body["customer"] = customer
	}
	return answer
}

// read is a search, a list or one intent.
func (d *double) read(path []string) doubleAnswer {
	if len(path) == 2 && path[1] != "search" {
		return d.get(path[1])
	}
	data := []object{}
	for _, id := range d.intents {
		if len(path) == 1 {
			data = append(data, d.objects[id])
		}
	}
	return good(object{"object": "list", "has_more": false, "data": data})
}

// charge behaves as the token of the method says.
func (d *double) charge(r *http.Request, key string) doubleAnswer {
	method, known := d.objects[r.Form.Get("payment_method")]
	switch {
	case r.Form.Get("currency") != "eur":
		return invalid(400, "parameter_invalid", "currency")
	case !known:
		return invalid(400, "resource_missing", "payment_method")
	}
	id := method["id"].(string)
	d.tries[key]++
	d.tries[id]++
	first, firstOfMethod := d.tries[key] == 1, d.tries[id] == 1
	switch token := method["token"]; {
	case token == "tok_throttled" && d.tries[key] < 3:
		return invalid(429, "rate_limit", "")
	case token == "tok_reset" && first:
		return doubleAnswer{status: 500, cut: true}
	case token == "tok_failing" && first, token == "tok_stored" && firstOfMethod:
		return doubleAnswer{status: 500, body: refusal(500, "api_error", "", nil).body, keep: token == "tok_stored"}
	default:
		answer := d.intent(r, fmt.Sprint(token))
		answer.cut = token == "tok_lost"
		return answer
	}
}

func (d *double) intent(r *http.Request, token string) doubleAnswer {
	amount, err := strconv.ParseInt(r.Form.Get("amount"), 10, 64)
	assert.NoError(d.t, err)
	o := d.add("pi", object{
		"amount": amount, "currency": "eur", "status": "succeeded", "created": time.Now().Unix(),
		"metadata": object{"key": r.Form.Get("metadata[key]")}, "latest_charge": object{"id": "ch_1",
			"amount_refunded": int64(0)},
	})
	d.intents = slices.Insert(d.intents, 0, o["id"].(string))
	decline := map[string]string{"tok_soft": "insufficient_funds", "tok_hard": "stolen_card"}[token]
	switch {
	case decline != "":
		fail(o, object{"type": "card_error", "code": "card_declined", "decline_code": decline})
		return refusal(402, "card_error", "card_declined", object{"decline_code": decline, "payment_intent": o})
	case token == "tok_action":
		o["status"] = "requires_action"
		o["next_action"] = object{"type": "redirect_to_url", "redirect_to_url": object{"url": "https://bank.example.com/3ds"}}
	}
	return good(o)
}

func fail(intent, why object) {
	intent["status"], intent["last_payment_error"], intent["next_action"] = "requires_payment_method", why, nil
}

func (d *double) cancel(id string) doubleAnswer {
	answer := d.get(id)
	if answer.status == 200 && answer.body["status"] != "requires_action" {
		return invalid(400, "payment_intent_unexpected_state", "intent")
	}
	answer.body["status"] = "canceled"
	return answer
}

func (d *double) refund(intent, amount string) doubleAnswer {
	charge := d.objects[intent]["latest_charge"].(object)
	left := d.objects[intent]["amount"].(int64) - charge["amount_refunded"].(int64)
	part, err := strconv.ParseInt(cmp.Or(amount, strconv.FormatInt(left, 10)), 10, 64)
	assert.NoError(d.t, err)
	switch {
	case left == 0:
		return invalid(400, "charge_already_refunded", "")
	case part > left:
		return invalid(400, "", "amount")
	}
	charge["amount_refunded"] = charge["amount_refunded"].(int64) + part
	return good(d.add("re", object{"status": "succeeded"}))
}

func (d *double) ledger() []paymenttest.Entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	var entries []paymenttest.Entry
	for _, id := range d.intents {
		o := d.objects[id]
		entries = append(entries, paymenttest.Entry{
			Key: o["metadata"].(object)["key"].(string), Amount: o["amount"].(int64), Currency: "eur",
			Status: payment.Status(o["status"].(string)), Refunded: o["latest_charge"].(object)["amount_refunded"].(int64),
		})
	}
	return entries
}

func (d *double) confirm(o payment.Outcome, yes bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if yes {
		d.objects[o.Ref]["status"], d.objects[o.Ref]["next_action"] = "succeeded", nil
		return
	}
	fail(d.objects[o.Ref], object{"type": "card_error", "code": "payment_intent_authentication_failure"})
}

func (d *double) finish(p payment.Page) {
	d.mu.Lock()
	defer d.mu.Unlock()
	page := d.objects[p.Ref]
	page["status"], page["setup_intent"] = "complete", object{"id": "seti_1",
		"payment_method": d.card("tok_ok", page["customer"])}
}
