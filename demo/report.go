package demo

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"slipway/domain"
)

// report is what a demo prints at its end.
type report struct {
	*demo
	w io.Writer
}

// print prints the funnel, how long it took, and what everything became.
func (r report) print(took time.Duration) {
	fmt.Fprintf(r.w, "%d sign-ups of %d kinds in %s; the clock went from %s to %s.\n", len(r.visitors), len(r.kinds()),
		took.Round(time.Second), r.clock.CreatedAt.Format(time.DateOnly), r.clock.Now.Format(time.DateOnly))
	r.funnel()
	r.durations()
	r.kindTable()
	section(r.w, "After the sign-ups")
	counts(r.w, r.deeds)
}

// stages are the funnel: how far a sign-up came.
var stages = []struct {
	name    string
	reached func(*domain.Onboarding) bool
}{
	{"received", func(*domain.Onboarding) bool { return true }},
	{"account", passed(domain.StepAccount)},
	{"plan", passed(domain.StepPlan)},
	{"method", passed(domain.StepPaymentMethod)},
	{"paid", passed(domain.StepPayment)},
	{"active", func(o *domain.Onboarding) bool { return o.Status == domain.OnboardingCompleted }},
}

// passed reports whether the step is behind the onboarding.
func passed(key domain.StepKey) func(*domain.Onboarding) bool {
	return func(o *domain.Onboarding) bool {
		status := o.Step(key).Status
		return status == domain.StepDone || status == domain.StepSkipped
	}
}

func (r report) funnel() {
	section(r.w, "Funnel")
	out := tabwriter.NewWriter(r.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, stage := range stages {
		n := 0
		for _, v := range r.visitors {
			if v.onboarding != nil && stage.reached(v.onboarding) {
				n++
			}
		}
		share := float64(n) / float64(len(r.visitors))
		fmt.Fprintf(out, "%s\t%d\t%.0f %%\t\n", stage.name, n, 100*share)
	}
	_ = out.Flush()
}

func (r report) durations() {
	section(r.w, "Durations")
	var first, whole []time.Duration
	for _, v := range r.visitors {
		if v.onboarding != nil {
			first = append(first, v.first)
		}
		if v.completed > 0 {
			whole = append(whole, v.completed)
		}
	}
	out := tabwriter.NewWriter(r.w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "  first answer\tp50 %s\tp95 %s\n", percentile(first, 50), percentile(first, 95))
	fmt.Fprintf(out, "  to an account in use\tp50 %s\tp95 %s\n", percentile(whole, 50), percentile(whole, 95))
	_ = out.Flush()
	fmt.Fprintf(r.w, "  answers that asked to come back later: %d\n", r.paused.Load())
}

// percentile is the smallest value that p of a hundred do not exceed.
func percentile(values []time.Duration, p int) time.Duration {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[(len(values)-1)*p/100].Round(time.Millisecond)
}

// kindTable says of each kind how many came and their outcome.
func (r report) kindTable() {
	section(r.w, "What every kind became")
	became := map[string]map[string]int{}
	for _, v := range r.visitors {
		if became[v.kind] == nil {
			became[v.kind] = map[string]int{}
		}
		became[v.kind][v.outcome()]++
	}
	out := tabwriter.NewWriter(r.w, 0, 0, 2, ' ', 0)
	for _, kind := range r.kinds() {
		total := 0
		for _, n := range became[kind] {
			total += n
		}
		for i, outcome := range frequent(became[kind]) {
			if i > 0 {
				fmt.Fprintf(out, "  \t\t%d %s\n", became[kind][outcome], outcome)
				continue
			}
			fmt.Fprintf(out, "  %s\t%d\t%d %s\n", kind, total, became[kind][outcome], outcome)
		}
	}
	_ = out.Flush()
}

// kinds are the kinds that came, in the order they are declared.
func (r report) kinds() []string {
	came := map[string]bool{}
	for _, v := range r.visitors {
		came[v.kind] = true
	}
	var kinds []string
	for _, s := range scenarios {
		if came[s.kind] {
			kinds = append(kinds, s.kind)
		}
	}
	return kinds
}

// outcome describes how a sign-up ended.
func (v *visitor) outcome() string {
	if v.onboarding == nil {
		return "turned away"
	}
	words := []string{string(v.onboarding.Status)}
	if blocked := v.onboarding.Status.BlockedOn(); blocked != domain.BlockedOnNothing {
		words = []string{waits(v.onboarding)}
	}
	words = append(words, v.notes...)
	if n := v.onboarding.Step(domain.StepPayment).Attempts; n > 1 && v.inUse() {
		words = append(words, fmt.Sprintf("on attempt %d", n))
	}
	return strings.Join(words, ", ")
}

// waits names what an onboarding waits for; empty when it is nothing that has a
// name.
func waits(o *domain.Onboarding) string {
	for i := range o.Steps {
		if o.Steps[i].Status == domain.StepRetrying {
			return "waits for the payment provider"
		}
	}
	if o.NextAction == nil {
		return ""
	}
	return map[domain.NextActionType]string{
		domain.NextChoosePlan: "waits for a plan", domain.NextAddPaymentMethod: "waits for another card",
		domain.NextConfirmPayment: "waits for the bank's page", domain.NextSubmitPayment: "waits for the transfer",
		domain.NextAwaitApproval: "waits for an admin",
	}[o.NextAction.Type]
}

// counts prints what happened how often, in alphabetical order.
func counts(w io.Writer, of map[string]int) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, what := range slices.Sorted(maps.Keys(of)) {
		fmt.Fprintf(out, "  %s\t%d\n", what, of[what])
	}
	_ = out.Flush()
}

// frequent are the keys, the most frequent first.
func frequent(of map[string]int) []string {
	return slices.SortedFunc(maps.Keys(of), func(a, b string) int {
		return cmp.Or(cmp.Compare(of[b], of[a]), cmp.Compare(a, b))
	})
}
