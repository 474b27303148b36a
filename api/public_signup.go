package api

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"

	"golang.org/x/sync/singleflight"

	"slipway/domain"
	"slipway/store"
)

// signUpRequest is what a visitor fills in.
type signUpRequest struct {
	Email         string `json:"email" format:"idn-email" minLength:"1" example:"ada@example.com" doc:"@signUp.email"`
	Password      string `json:"password" format:"password" doc:"8 to 128 characters, hard to guess."`
	AccountName   string `json:"account_name" format:"name" minLength:"1" example:"Acme" doc:"@signUp.account_name"`
	Slug          string `json:"slug,omitempty" format:"slug" doc:"@signUp.slug"`
	Plan          string `json:"plan,omitempty" format:"code" maxLength:"100" doc:"@signUp.plan"`
	Country       string `json:"country,omitempty" format:"country" doc:"ISO 3166-1 alpha-2, upper case."`
	PaymentOption string `json:"payment_option,omitempty" format:"code" maxLength:"100" doc:"@signUp.payment_option"`
	PaymentToken  string `json:"payment_token,omitempty" format:"token" doc:"@signUp.payment_token"`
	TestClock     string `json:"test_clock,omitempty" format:"code" maxLength:"60" doc:"@signUp.test_clock"`
}

type signUpInput struct {
	Idempotent
	Body signUpRequest
}

// receivedOnboarding is an onboarding in the one answer that has its
// credential, hence its own struct.
type receivedOnboarding struct {
	domain.Onboarding
	ClientSecret   string          `json:"client_secret" doc:"@receivedOnboarding.client_secret"`
	AlreadyStarted *alreadyStarted `json:"already_started,omitempty" doc:"@receivedOnboarding.already_started"`
}

type signUpOutput struct {
	Replayable
	Status     int
	Location   string `header:"Location" doc:"Where the onboarding is read."`
	RetryAfter string `header:"Retry-After" doc:"With 202: when to ask again, in seconds."`
	Body       receivedOnboarding
}

// signups are requests of visitors; what becomes of one is an onboarding.
type signups struct {
	*shared
	onboardings onboardings
	options     paymentOptions
	clocks      testClocks
	limit       *limiter
	flights     singleflight.Group // under way, by person or key
}

func newSignups(s *shared, o onboardings, options paymentOptions, clocks testClocks) *signups {
	return &signups{
		shared: s, onboardings: o, options: options, clocks: clocks, limit: newLimiter(s.config.SignupRate),
	}
}

// create receives a sign-up and starts it. Requests that are equal and arrive
// together are one: they share the work and the answer.
func (s *signups) create(ctx context.Context, in *signUpInput) (*signUpOutput, error) {
	key, err := s.key(in.Idempotent, "sign_up", "", in.Body)
	if err != nil {
		return nil, err
	}
	led := false
	shared, err, _ := s.flights.Do(flight(key, in.Body.Email), func() (any, error) {
		led = true
		// Those who wait for this answer must not lose it to one who hung up.
		return s.receive(context.WithoutCancel(ctx), key, in.Body)
	})
	if err != nil {
		return nil, err
	}
	r := shared.(reception)
	out := s.answer(r.onboarding, r.replayed || !led)
	out.Body.AlreadyStarted = r.already
	return out, nil
}

// flight names what equal requests have in common: key or person, and body.
func flight(k store.Key, email string) string {
	return k.Value + "\n" + email + "\n" + base64.RawStdEncoding.EncodeToString(k.Fingerprint)
}

// reception is the outcome of a sign-up, shared by equal requests.
type reception struct {
	onboarding *domain.Onboarding
	replayed   bool
	already    *alreadyStarted
}

// receive is the story of one sign-up: a repeated one answers as before; a new
// one is counted, checked, stored, and started.
func (s *signups) receive(ctx context.Context, k store.Key, req signUpRequest) (reception, error) {
	ctx, cancel := context.WithTimeout(ctx, patiently)
	defer cancel()
	id, err := s.store.FindKey(ctx, k)
	if err != nil {
		return reception{}, err
	}
	if id != "" {
		return s.again(ctx, id)
	}
	if err := s.count(ctx, req.Email); err != nil {
		return reception{}, err
	}
	o, err := s.check(ctx, req)
	if err != nil {
		return reception{}, err
	}
	id, made, err := s.admit(ctx, k, o, req.Password)
	if err != nil {
		return reception{}, err
	}
	if made {
		r, err := s.again(ctx, id)
		if err == nil && id != o.ID {
			r.already = startedAs(r.onboarding, o)
		}
		return r, err
	}
	o.Present()
	o, err = s.onboardings.start(ctx, o)
	return reception{onboarding: o}, err
}

// again answers with the onboarding an earlier request made, as it is now. A
// client_secret that was revoked does not come back: its owner signs in.
func (s *signups) again(ctx context.Context, id string) (reception, error) {
	o, err := s.store.OnboardingByID(ctx, id)
	if err == nil && o.SecretRevokedAt != nil {
		err = errEmailTaken
	}
	if err != nil {
		return reception{}, err
	}
	o, err = s.onboardings.start(ctx, o)
	return reception{onboarding: o, replayed: true}, err
}

// admit stores the sign-up of a new person, or finds the unfinished one of the
// same person, as the password proves.
func (s *signups) admit(
	ctx context.Context, k store.Key, o *domain.Onboarding, password string,
) (id string, made bool, err error) {
	unfinished, err := s.store.SignupByEmail(ctx, o.Email)
	switch {
	case err == nil:
		return s.resume(ctx, k, unfinished, password)
	case domain.CodeOf(err) != domain.CodeNotFound:
		return "", false, err
	}
	if o.PasswordHash, err = s.passwords.hash(ctx, password); err != nil {
		return "", false, err
	}
	save := func(tx *store.Store) error { return saveSignUp(ctx, tx, o) }
	id, made, err = s.once(ctx, k, creation{id: o.ID, save: save})
	switch {
	case errors.Is(err, errPersonKnown): // signed up while this one was hashed
		if unfinished, err = s.store.SignupByEmail(ctx, o.Email); err != nil {
			return "", false, err
		}
		return s.resume(ctx, k, unfinished, password)
	case errors.Is(err, errSlugTaken):
		return "", false, s.slugTaken(ctx, o.WantedSlug)
	}
	return id, made, err
}

var (
	errPersonKnown = errors.New("the person has a sign-up that runs or succeeded")
	errSlugTaken   = errors.New("the slug is taken")
	errEmailTaken  = &domain.Error{Code: domain.CodeConflict, Reason: domain.ReasonEmailTaken,
		Detail: domain.Text(domain.TextEmailTaken)}
)

// saveSignUp writes what was received: the onboarding, the chosen slug under
// the account's future id, and the event.
func saveSignUp(ctx context.Context, tx *store.Store, o *domain.Onboarding) error {
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

// resume continues a person's sign-up from another tab or device; for a moment after
// it has completed, too: equal requests, of which one was faster, get one answer.
// Whoever does not know its password learns only that the e-mail is taken.
func (s *signups) resume(
	ctx context.Context, k store.Key, o *domain.Onboarding, password string,
) (id string, made bool, err error) {
	switch open, err := s.resumable(ctx, o); {
	case err != nil:
		return "", false, err
	case !open:
		return "", false, errEmailTaken
	}
	hash := o.PasswordHash
	if hash == "" { // the owner has it since the account exists
		owner, err := s.store.UserByID(ctx, o.OwnerID)
		if err != nil {
			return "", false, err
		}
		hash = owner.PasswordHash
	}
	match, err := s.passwords.matches(ctx, password, hash)
	if err != nil {
		return "", false, err
	}
	if !match {
		return "", false, errEmailTaken
	}
	id, _, err = s.once(ctx, k, creation{id: o.ID})
	return id, true, err
}

func (s *signups) slugTaken(ctx context.Context, slug string) error {
	free, err := s.store.SuggestSlugs(ctx, slug)
	if err != nil {
		return err
	}
	return &domain.Error{Code: domain.CodeConflict, Reason: domain.ReasonSlugTaken,
		Detail: domain.Text(domain.TextSlugTaken), Suggestions: free}
}

// count counts one sign-up against the limits, or returns throttled. The one by
// e-mail is for everybody.
func (s *signups) count(ctx context.Context, email string) error {
	var keys []string
	if spared, _ := ctx.Value(sparedKey{}).(bool); !spared {
		keys = append(keys, "address:"+addressOf(ctx))
	}
	if email != "" { // of a request that is refused
		keys = append(keys, "email:"+email)
	}
	return s.limit.take(keys...)
}

// countRefused counts a sign-up that cannot be one.
func (s *signups) countRefused(ctx context.Context, in *signUpInput) error {
	return s.count(ctx, in.Body.Email)
}

// answer renders the answer to a sign-up: 201 with its account, 202 without.
func (s *signups) answer(o *domain.Onboarding, again bool) *signUpOutput {
	out := &signUpOutput{
		Replayable: replayed(again), Status: http.StatusCreated, Location: domain.OnboardingURL(o.ID),
		Body: receivedOnboarding{Onboarding: *o, ClientSecret: s.secrets.clientSecret(o.ID)},
	}
	if o.Status == domain.OnboardingReceived {
		out.Status, out.RetryAfter = http.StatusAccepted, "1"
	}
	return out
}
