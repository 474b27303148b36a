package api

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"slipway/domain"
	"slipway/store"
)

// signUpRequest is what a visitor fills in.
type signUpRequest struct {
	Email         string `json:"email" example:"ada@example.com" doc:"A plain address; compared without regard to case."`
	Password      string `json:"password" format:"password" doc:"8 to 128 characters, hard to guess."`
	AccountName   string `json:"account_name" example:"Acme" doc:"1 to 120 visible characters of any script."`
	Slug          string `json:"slug,omitempty" doc:"@signUp.slug"`
	Plan          string `json:"plan,omitempty" doc:"Code of a plan; without one the catalogue's default."`
	Country       string `json:"country,omitempty" doc:"ISO 3166-1 alpha-2, upper case."`
	PaymentOption string `json:"payment_option,omitempty" doc:"@signUp.payment_option"`
	PaymentToken  string `json:"payment_token,omitempty" doc:"@signUp.payment_token"`
	TestClock     string `json:"test_clock,omitempty" doc:"@signUp.test_clock"`
}

type signUpInput struct {
	Idempotent
	Body signUpRequest
}

// receivedOnboarding is an onboarding in the one answer that has its
// credential, hence its own struct.
type receivedOnboarding struct {
	domain.Onboarding
	ClientSecret string `json:"client_secret" doc:"@receivedOnboarding.client_secret"`
}

type signUpOutput struct {
	Replayable
	Status     int
	Location   string `header:"Location" doc:"Where the onboarding is read."`
	RetryAfter string `header:"Retry-After" doc:"With 202: when to ask again, in seconds."`
	Body       receivedOnboarding
}

// signUp receives a sign-up and starts it. Requests that are equal and arrive
// together are one: they share the work and the answer.
func (a *API) signUp(ctx context.Context, in *signUpInput) (*signUpOutput, error) {
	key, err := a.key(in.Idempotent, "sign_up", "", in.Body)
	if err != nil {
		return nil, err
	}
	led := false
	shared, err, _ := a.flights.Do(flight(key, in.Body.Email), func() (any, error) {
		led = true
		// Those who wait for this answer must not lose it to one who hung up.
		return a.receive(context.WithoutCancel(ctx), key, in.Body)
	})
	if err != nil {
		return nil, err
	}
	r := shared.(reception)
	return a.received(r.onboarding, r.replayed || !led), nil
}

// flight names what equal requests have in common: key or person, and body.
func flight(k store.Key, email string) string {
	return k.Value + "\n" + strings.ToLower(email) + "\n" + base64.RawStdEncoding.EncodeToString(k.Fingerprint)
}

// reception is what became of a sign-up, shared by equal requests.
type reception struct {
	onboarding *domain.Onboarding
	replayed   bool
}

// receive is the story of one sign-up: a repeated one answers as before; a new
// one is counted, checked, stored, and started.
func (a *API) receive(ctx context.Context, k store.Key, req signUpRequest) (reception, error) {
	ctx, cancel := context.WithTimeout(ctx, patiently)
	defer cancel()
	id, err := a.store.FindKey(ctx, k)
	if err != nil {
		return reception{}, err
	}
	if id != "" {
		return a.again(ctx, id)
	}
	if err := a.countSignUp(ctx, req.Email); err != nil {
		return reception{}, err
	}
	o, err := a.checkSignUp(ctx, req)
	if err != nil {
		return reception{}, err
	}
	id, made, err := a.admit(ctx, k, o, req.Password)
	if err != nil {
		return reception{}, err
	}
	if made {
		return a.again(ctx, id)
	}
	o.Present()
	o, err = a.kickOff(ctx, o)
	return reception{onboarding: o}, err
}

// again answers with the onboarding an earlier request made, as it is now.
func (a *API) again(ctx context.Context, id string) (reception, error) {
	o, err := a.store.OnboardingByID(ctx, id)
	if err != nil {
		return reception{}, err
	}
	o, err = a.kickOff(ctx, o)
	return reception{onboarding: o, replayed: true}, err
}

// admit stores the sign-up of a new person, or finds the unfinished one of the
// same person, whom the password proves.
func (a *API) admit(
	ctx context.Context, k store.Key, o *domain.Onboarding, password string,
) (id string, made bool, err error) {
	unfinished, err := a.store.SignupByEmail(ctx, o.Email)
	switch {
	case err == nil:
		return a.resume(ctx, k, unfinished, password)
	case domain.CodeOf(err) != domain.CodeNotFound:
		return "", false, err
	}
	if o.PasswordHash, err = a.gate.hash(ctx, password); err != nil {
		return "", false, err
	}
	id, made, err = a.once(ctx, k, o.ID, unchecked, func(tx *store.Store) error { return storeSignUp(ctx, tx, o) })
	switch {
	case errors.Is(err, errPersonKnown): // signed up while this one was hashed
		if unfinished, err = a.store.SignupByEmail(ctx, o.Email); err != nil {
			return "", false, err
		}
		return a.resume(ctx, k, unfinished, password)
	case errors.Is(err, errSlugTaken):
		return "", false, a.slugTaken(ctx, o.WantedSlug)
	}
	return id, made, err
}

var (
	errPersonKnown = errors.New("the person has a sign-up that runs or succeeded")
	errSlugTaken   = errors.New("the slug is taken")
	errEmailTaken  = &domain.Error{Code: domain.CodeConflict, Reason: domain.ReasonEmailTaken,
		Detail: domain.Text(domain.TextEmailTaken)}
)

// storeSignUp writes what was received: the onboarding, the chosen slug under
// the account's future id, and the event.
func storeSignUp(ctx context.Context, tx *store.Store, o *domain.Onboarding) error {
	isNew, err := tx.InsertOnboarding(ctx, o)
	if err != nil {
		return err
	}
	if !isNew {
		return errPersonKnown
	}
	if _, err := tx.UserByEmail(ctx, o.Email); domain.CodeOf(err) != domain.CodeNotFound {
		if err == nil { // an admin's
			err = errEmailTaken
		}
		return err
	}
	if o.WantedSlug != "" {
		free, err := tx.ClaimSlug(ctx, o.WantedSlug, o.AccountID)
		if err != nil {
			return err
		}
		if !free {
			return errSlugTaken
		}
	}
	now, err := tx.NowOn(ctx, o.TestClockID)
	if err != nil {
		return err
	}
	return tx.At(now).InsertEvents(ctx, receivedEvent(o))
}

func receivedEvent(o *domain.Onboarding) domain.Event {
	return domain.Event{
		Type: domain.EventOnboardingReceived, AccountID: o.AccountID, OnboardingID: o.ID,
		SubscriptionID: o.SubscriptionID, ActorType: domain.ActorCustomer, ActorID: o.OwnerID,
	}
}

// resume continues a person's unfinished sign-up from another tab or device.
// Whoever does not know its password learns only that the e-mail is taken.
func (a *API) resume(ctx context.Context, k store.Key, o *domain.Onboarding, password string) (string, bool, error) {
	if o.Status.Ended() {
		return "", false, errEmailTaken
	}
	hash := o.PasswordHash
	if hash == "" { // the owner has it since the account exists
		owner, err := a.store.UserByID(ctx, o.OwnerID)
		if err != nil {
			return "", false, err
		}
		hash = owner.PasswordHash
	}
	match, err := a.gate.matches(ctx, password, hash)
	if err != nil {
		return "", false, err
	}
	if !match {
		return "", false, errEmailTaken
	}
	id, _, err := a.once(ctx, k, o.ID, unchecked, func(*store.Store) error { return nil })
	return id, true, err
}

func (a *API) slugTaken(ctx context.Context, slug string) error {
	free, err := a.store.SuggestSlugs(ctx, slug)
	if err != nil {
		return err
	}
	return &domain.Error{Code: domain.CodeConflict, Reason: domain.ReasonSlugTaken,
		Detail: domain.Text(domain.TextSlugTaken), Suggestions: free}
}

// countSignUp counts one sign-up against the limits, or returns throttled. The
// one by e-mail is for everybody.
func (a *API) countSignUp(ctx context.Context, email string) error {
	keys := []string{"address:" + addressOf(ctx), "email:" + strings.ToLower(email)}
	if spared, _ := ctx.Value(sparedKey{}).(bool); spared {
		keys = keys[1:]
	}
	return a.signups.take(keys...)
}

// kickOff starts what is not started yet, waits a moment for the account, and
// reads how far it came. With Temporal away the onboarding stays received; it
// is started later.
func (a *API) kickOff(ctx context.Context, o *domain.Onboarding) (*domain.Onboarding, error) {
	if o.Status != domain.OnboardingReceived {
		return o, nil
	}
	waiting, cancel := context.WithTimeout(ctx, a.KickoffWait)
	defer cancel()
	if err := a.flows.Begin(waiting, o); err != nil {
		if domain.CodeOf(err) != domain.CodeUnavailable {
			a.log.ErrorContext(ctx, "begin onboarding", "onboarding", o.ID, "error", err)
		}
		return o, nil
	}
	return a.store.OnboardingByID(ctx, o.ID)
}

// received renders the answer to a sign-up: 201 with its account, 202 without.
func (a *API) received(o *domain.Onboarding, again bool) *signUpOutput {
	out := &signUpOutput{
		Replayable: replayed(again), Status: http.StatusCreated, Location: domain.OnboardingURL(o.ID),
		Body: receivedOnboarding{Onboarding: *o, ClientSecret: a.clientSecret(o.ID)},
	}
	if o.Status == domain.OnboardingReceived {
		out.Status, out.RetryAfter = http.StatusAccepted, "1"
	}
	return out
}
