package workflows_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"slipway/domain"
	"slipway/workflows"
)

// blockings are ways to wait for each thing, to the end of the workflow.
var blockings = map[domain.BlockedOn]map[string]func(t *testing.T) *flow{
	domain.BlockedOnWorker: {"a sign-up nobody has begun": func(t *testing.T) *flow {
		f := newFlow(t)
		begun := map[string]string{"BlockedOn": "worker"}
		f.upserts = append(f.upserts, begun)
		require.NoError(t, f.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(
			workflows.AttributeBlockedOn.ValueSet("worker"))))
		f.signup(plan("starter"))
		return f
	}},
	domain.BlockedOnPlan:          {"a sign-up": signupLeft(plan("gold"))},
	domain.BlockedOnPaymentMethod: {"a sign-up": signupLeft(plan("growth"), option("cheque"))},
	domain.BlockedOnCustomer: {
		"a sign-up": signupLeft(plan("growth")),
		"a purchase": func(t *testing.T) *flow {
			s := newShop(t)
			f := s.trial("")
			f.exec("UPDATE payment_methods SET is_default = true")
			s.purchase(f)
			return f
		},
	},
	domain.BlockedOnApproval: {"a sign-up": func(t *testing.T) *flow {
		f := newFlow(t)
		f.at(time.Minute, func() { f.give(domain.ActionSubmitPayment) })
		f.signup(plan("growth"))
		return f
	}},
	domain.BlockedOnCardPage: {
		"a sign-up's confirmation": func(t *testing.T) *flow {
			f := newShop(t).flow
			f.signup(plan("growth"), card("tok_3ds"))
			return f
		},
		"a sign-up's page": func(t *testing.T) *flow {
			f := newShop(t).flow
			f.signup(plan("growth"), card(""))
			return f
		},
		"a purchase": func(t *testing.T) *flow {
			s := newShop(t)
			f := s.trial("tok_3ds")
			f.at(time.Hour, func() { s.submit(f.payments()[0].ActionURL, url.Values{"decision": {"decline"}}) })
			s.purchase(f)
			return f
		},
		"a method's page": func(t *testing.T) *flow { return methodMade(t, newShop(t), "") },
		"a method's page, canceled by hand": func(t *testing.T) *flow {
			s := newShop(t)
			s.then = func(f *flow) { f.at(time.Hour, f.CancelWorkflow) }
			return methodMade(t, s, "")
		},
	},
	domain.BlockedOnProvider: {
		"a sign-up": func(t *testing.T) *flow {
			f := awayUntil(newShop(t), 4*time.Hour).flow
			f.signup(plan("growth"), card("tok_ok"))
			return f
		},
		"a renewal": func(t *testing.T) *flow {
			s := newShop(t)
			f := s.trial("tok_ok")
			awayUntil(s, after(15))
			f.at(after(16), func() { f.give(domain.ActionCancel) })
			s.live(f)
			return f
		},
		"a purchase": func(t *testing.T) *flow {
			s := newShop(t)
			f := s.trial("tok_ok")
			awayUntil(s, 24*time.Hour)
			s.purchase(f)
			return f
		},
		"a method": func(t *testing.T) *flow { return methodMade(t, awayUntil(newShop(t), 24*time.Hour), "tok_ok") },
	},
	domain.BlockedOnDatabase: {
		"a sign-up": func(t *testing.T) *flow {
			f := newFlow(t)
			f.before = func(string, int) error {
				if f.Now().Before(noon.Add(time.Minute)) {
					return domain.Unavailable("The database", time.Second)
				}
				return nil
			}
			f.signup(plan("growth"))
			return f
		},
		"a billing": func(t *testing.T) *flow {
			s := newShop(t)
			f := s.trial("tok_declined_stolen")
			f.before = func(activity string, _ int) error {
				if at := f.Now().Sub(noon); activity == "ProcessDue" && at > after(13) && at < after(14)+time.Minute {
					return domain.Unavailable("The database", time.Second)
				}
				return nil
			}
			s.live(f)
			return f
		},
	},
	domain.BlockedOnRenewal:     {"a billing": stolen},
	domain.BlockedOnLatePayment: {"a billing": stolen},
	domain.BlockedOnEndpoint: {"events": func(t *testing.T) *flow {
		q := newQueue(t, func(_ string, attempt int, w http.ResponseWriter) {
			if attempt < 3 {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		q.happen(2)
		q.run()
		return q.flow
	}},
}

// signupLeft signs up and does nothing more.
func signupLeft(wishes ...wish) func(t *testing.T) *flow {
	return func(t *testing.T) *flow {
		f := newFlow(t)
		f.signup(wishes...)
		return f
	}
}

// stolen lives through a renewal whose card is declined for good.
func stolen(t *testing.T) *flow {
	s := newShop(t)
	f := s.trial("tok_declined_stolen")
	s.live(f)
	return f
}

// awayUntil has the provider away from the start.
func awayUntil(s *shop, back time.Duration) *shop {
	s.away = func(now time.Time) bool { return now.Before(noon.Add(back)) }
	return s
}

// methodMade makes a method of the token, or of a page that nobody fills in.
func methodMade(_ *testing.T, s *shop, token string) *flow {
	away := s.away
	s.away = nil
	s.signedUp(plan("free"))
	f := s.next(noon)
	m := s.proposed(token)
	s.away = away
	if s.then != nil {
		s.then(f)
	}
	f.ExecuteWorkflow(workflows.PaymentMethod, workflows.PaymentMethodInput{AccountID: s.o.AccountID, MethodID: m.ID})
	return f
}

// Whatever a workflow waits for, it says so while it waits, and nothing when it has
// ended, however it ended.
func TestBlockedOn_NamesWhatIsWaitedForUntilTheWaitIsOver(t *testing.T) {
	t.Parallel()
	for on := range domain.BlockedOnTexts {
		require.NotEmpty(t, blockings[on], "%s needs a workflow that waits for it", on)
		for who, live := range blockings[on] {
			t.Run(string(on)+"/"+who, func(t *testing.T) {
				t.Parallel()
				f := live(t)
				require.True(t, f.IsWorkflowCompleted())
				seen, last, until := []string{}, "", ""
				for _, set := range f.upserts {
					if value, changed := set["BlockedOn"]; changed {
						seen, last = append(seen, value), value
					}
					if value, changed := set["WaitsUntil"]; changed {
						until = value
					}
				}
				assert.Contains(t, seen, string(on), "%v", f.upserts)
				assert.Empty(t, last, "%v", f.upserts)
				assert.Empty(t, until, "%v", f.upserts)
			})
		}
	}
}
