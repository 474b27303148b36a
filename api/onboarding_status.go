package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"slipway/domain"
)

// maxWait is the longest that one long poll waits.
const maxWait = 30 * time.Second

type statusInput struct {
	ID          string `path:"id" doc:"Id of the onboarding."`
	IfNoneMatch string `header:"If-None-Match" format:"line" doc:"@status.if_none_match"`
	Prefer      string `header:"Prefer" format:"line" doc:"@status.prefer"`
}

type onboardingOutput struct {
	Status       int
	ETag         string `header:"ETag" doc:"The version, in quotes."`
	CacheControl string `header:"Cache-Control" doc:"private, no-cache: keep it, and ask whether it is current."`
	Applied      string `header:"Preference-Applied" doc:"The wait that was kept to."`
	Body         *domain.Onboarding
}

// get answers how far an onboarding has come: one row, and never Temporal.
func (onb onboardings) get(ctx context.Context, in *statusInput) (*onboardingOutput, error) {
	wait := waitOf(in.Prefer)
	o, err := onb.await(ctx, in.ID, wait, func(o *domain.Onboarding) bool {
		if in.IfNoneMatch == "" {
			return o.AtRest()
		}
		return !matchesETag(in.IfNoneMatch, etagOf(o))
	})
	if err != nil {
		return nil, err
	}
	out := showOnboarding(o)
	if matchesETag(in.IfNoneMatch, out.ETag) {
		out.Status = http.StatusNotModified
	}
	if wait > 0 {
		out.Applied = "wait=" + strconv.Itoa(int(wait.Seconds()))
	}
	return out, nil
}

func showOnboarding(o *domain.Onboarding) *onboardingOutput {
	return &onboardingOutput{
		Status: http.StatusOK, ETag: etagOf(o), CacheControl: "private, no-cache", Body: o,
	}
}

// await reads the onboarding, and again after each change, until it is as
// wanted or the wait is over. Without a wait it reads once.
func (onb onboardings) await(
	ctx context.Context, id string, wait time.Duration, wanted func(*domain.Onboarding) bool,
) (*domain.Onboarding, error) {
	if wait == 0 {
		return onb.read(ctx, id)
	}
	leave, err := onb.streams.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	changed, stop := onb.store.Watch(id, callerOf(ctx).credentials()...) // before reading, so that no change is missed
	defer stop()
	over := time.NewTimer(wait)
	defer over.Stop()
	for {
		o, err := onb.read(ctx, id)
		if err != nil || wanted(o) {
			return o, err
		}
		select {
		case <-changed:
			if err := stillMay(ctx); err != nil {
				return nil, err
			}
		case <-over.C:
			return o, nil
		case <-ctx.Done():
			return o, nil
		}
	}
}

// read reads it for a caller who may see it, within the time one question has.
// A server that ends meanwhile lets it read to the end, so that a long poll is
// answered and not refused.
func (onb onboardings) read(ctx context.Context, id string) (*domain.Onboarding, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quickly)
	defer cancel()
	o, err := onb.visible(ctx, id)
	if err == nil && o.Status == domain.OnboardingCompleted {
		o.NextAction, err = onb.next.ofCompleted(ctx, o)
	}
	return o, err
}

// stillMay returns the error of a credential that has ended while its caller waited.
func stillMay(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quickly)
	defer cancel()
	return callerOf(ctx).still(ctx)
}
