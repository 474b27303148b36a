package api

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"slipway/domain"
	"slipway/store"
)

// sessionFromSecret is how long a client_secret is its owner's session, counted
// from the sign-up: nobody signs in between signing up and using the product.
const sessionFromSecret = 24 * time.Hour

// access says which credentials a route takes.
type access string

const (
	// anyone: no credential is read.
	anyone access = "anyone"
	// participants: the client_secret of the onboarding, its owner's session, or an admin.
	participants access = "participants"
	// owners: a session of the account, or a client_secret that still is one.
	owners access = "owners"
	// signedIn: any session; what a sign-in made, a sign-out ends.
	signedIn access = "signed_in"
	// admins: an admin's session, or an API key.
	admins access = "admins"
	// signedInAdmins: an admin's session. A key that leaked must not make others.
	signedInAdmins access = "signed_in_admins"
)

// caller is who makes a request.
type caller struct {
	domain.Actor
	admin        bool
	accountID    string // of an owner
	onboardingID string // of a client_secret
	sessionID    string

	// still reports, by an error, that the credential has ended since.
	still func(context.Context) error
}

// credentials are the ids to watch for the credential's end (see store.Watch).
func (c caller) credentials() []string {
	switch {
	case c.sessionID != "":
		return []string{c.sessionID}
	case c.Type == domain.ActorAPIKey:
		return []string{c.ID}
	}
	return []string{c.onboardingID}
}

// scope names the caller in the scope of an idempotency key.
func (c caller) scope() string {
	if c.accountID != "" {
		return c.accountID
	}
	return c.onboardingID + c.ID
}

type callerKey struct{}

// callerOf is who makes the request, as authenticate found.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

var (
	errUnauthenticated = &domain.Error{Code: domain.CodeUnauthenticated, Detail: domain.Text(domain.TextUnauthenticated)}
	errSecretEnded     = domain.ErrorOf(domain.ReasonClientSecretEnded, domain.Text(domain.TextClientSecretEnded))
	errForbidden       = &domain.Error{Code: domain.CodeForbidden, Detail: domain.Text(domain.TextForbidden)}
)

// authentication finds out whose credential a request brings, and whether it
// opens the route.
type authentication struct {
	problems
	store   *store.Store
	secrets secrets
	metrics *metrics
	writes  *limiter // of one customer's calls that change something
}

// authenticate is the middleware of every route that asks who calls.
func (auth *authentication) authenticate(r *route) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		token := bearer(ctx.Header("Authorization"))
		who, err := auth.caller(ctx.Context(), token, r.who)
		if err != nil {
			auth.metrics.authFailed(err)
			auth.fail(humagin.Unwrap(ctx), r.refine(err))
			return
		}
		if err := auth.limitWrites(r, who); err != nil {
			auth.fail(humagin.Unwrap(ctx), err)
			return
		}
		who.still = func(ctx context.Context) error {
			_, err := auth.caller(ctx, token, r.who)
			return err
		}
		next(huma.WithValue(ctx, callerKey{}, who))
	}
}

// limitWrites counts a customer's call that changes something.
func (auth *authentication) limitWrites(r *route, who caller) error {
	if !r.limitsWrites() || who.admin {
		return nil
	}
	return auth.writes.takeAs(domain.TextTooManyWrites, "customer:"+who.scope())
}

func bearer(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// caller finds out whose the bearer is and whether it opens what was asked for.
func (auth *authentication) caller(ctx context.Context, bearer string, who access) (caller, error) {
	var c caller
	var err error
	switch id, ours := auth.secrets.onboardingOf(bearer); {
	case ours && who == participants:
		c = caller{Actor: domain.Actor{Type: domain.ActorCustomer}, onboardingID: id} // costs no query
	case ours:
		c, err = auth.ownerBySecret(ctx, id)
	case strings.HasPrefix(bearer, sessionPrefix):
		c, err = auth.sessionCaller(ctx, bearer)
	case strings.HasPrefix(bearer, apiKeyPrefix):
		c, err = auth.keyCaller(ctx, bearer)
	default:
		err = errUnauthenticated
	}
	if domain.CodeOf(err) == domain.CodeNotFound {
		err = errUnauthenticated
	}
	if err != nil {
		return caller{}, err
	}
	return c, c.opens(who)
}

func (c caller) opens(who access) error {
	switch {
	case (who == admins || who == signedInAdmins) && !c.admin,
		who == owners && c.accountID == "",
		(who == signedIn || who == signedInAdmins) && c.sessionID == "":
		return errForbidden
	}
	return nil
}

// ownerBySecret takes a client_secret as the session it is for its first day,
// unless the sign-up ended without an account in use.
func (auth *authentication) ownerBySecret(ctx context.Context, id string) (caller, error) {
	o, err := auth.store.OnboardingByID(ctx, id)
	if err != nil {
		return caller{}, err
	}
	if o.SecretRevokedAt != nil {
		return caller{}, errSecretEnded
	}
	gaveUp := o.Status.Ended() && o.Status != domain.OnboardingCompleted
	if gaveUp || auth.store.Now().Sub(o.CreatedAt) > sessionFromSecret {
		return caller{}, errUnauthenticated
	}
	return caller{
		Actor: domain.Actor{Type: domain.ActorCustomer, ID: o.OwnerID}, accountID: o.AccountID, onboardingID: o.ID,
	}, nil
}

func (auth *authentication) sessionCaller(ctx context.Context, token string) (caller, error) {
	s, err := auth.store.SessionByToken(ctx, hashed(token))
	if err != nil {
		return caller{}, err
	}
	c := caller{
		Actor: domain.Actor{Type: domain.ActorCustomer, ID: s.UserID}, accountID: s.AccountID, sessionID: s.ID,
	}
	if s.Role == domain.RoleAdmin {
		c.Type, c.admin = domain.ActorAdmin, true
	}
	return c, nil
}

func (auth *authentication) keyCaller(ctx context.Context, secret string) (caller, error) {
	id, err := auth.store.APIKeyID(ctx, hashed(secret))
	if err != nil {
		return caller{}, err
	}
	return caller{Actor: domain.Actor{Type: domain.ActorAPIKey, ID: id}, admin: true}, nil
}
