package api

import (
	"context"
	"time"

	"slipway/domain"
	"slipway/store"
)

// How long a session lasts.
const (
	ownerSession = 30 * 24 * time.Hour
	adminSession = 12 * time.Hour
)

type signInInput struct {
	Body struct {
		Email    string `json:"email" format:"idn-email"`
		Password string `json:"password" format:"password" maxLength:"128"`
	}
}

// signedInSession is what signing in brings: the row in the store has neither
// the token nor where the customer continues, hence its own struct.
type signedInSession struct {
	Object       string             `json:"object" enum:"session"`
	Token        string             `json:"token" doc:"The bearer; opaque, stored only as a hash."`
	ExpiresAt    time.Time          `json:"expires_at"`
	Role         domain.Role        `json:"role" enum:"owner,admin"`
	Account      *domain.Account    `json:"account" doc:"Null for an admin."`
	OnboardingID string             `json:"onboarding_id,omitempty" doc:"The account's newest onboarding."`
	NextAction   *domain.NextAction `json:"next_action" doc:"Where the customer continues."`
}

type signInOutput struct {
	Body *signedInSession
}

var errWrongCredentials = &domain.Error{
	Code: domain.CodeUnauthenticated, Detail: domain.Text(domain.TextWrongCredentials),
}

// sessions are what signing in brings.
type sessions struct {
	*shared
	accounts accounts
	limit    *limiter
}

// signIn makes a session for an owner, in whatever state the account's billing
// is, or for an admin. An unknown e-mail and a wrong password answer alike, and
// as fast.
func (s sessions) signIn(ctx context.Context, in *signInInput) (*signInOutput, error) {
	if err := s.limit.take("address:"+addressOf(ctx), "email:"+in.Body.Email); err != nil {
		return nil, err
	}
	user, err := s.store.UserByEmail(ctx, in.Body.Email)
	if domain.CodeOf(err) == domain.CodeNotFound {
		user, err = &domain.User{}, nil
	}
	if err != nil {
		return nil, err
	}
	match, err := s.passwords.matches(ctx, in.Body.Password, user.PasswordHash)
	if err != nil {
		return nil, err
	}
	if !match {
		s.metrics.authFailed(errWrongCredentials)
		return nil, errWrongCredentials
	}
	session, err := s.open(ctx, user)
	return &signInOutput{Body: session}, err
}

// countRefused counts a sign-in that cannot be one.
func (s sessions) countRefused(ctx context.Context, _ *signInInput) error {
	return s.limit.take("address:" + addressOf(ctx))
}

// open opens a session for the user.
func (s sessions) open(ctx context.Context, user *domain.User) (*signedInSession, error) {
	token, now := newToken(), s.store.Now()
	session := &domain.Session{
		ID: store.NewID(domain.PrefixSession), TokenHash: hashed(token), UserID: user.ID,
		AccountID: user.AccountID, Role: user.Role, CreatedAt: now, ExpiresAt: now.Add(ownerSession),
	}
	if user.Role == domain.RoleAdmin {
		session.ExpiresAt = now.Add(adminSession)
	}
	answer := &signedInSession{Object: "session", Token: token, ExpiresAt: session.ExpiresAt, Role: session.Role}
	if user.AccountID != "" {
		account, o, next, err := s.accounts.withNextAction(ctx, user.AccountID)
		if err != nil {
			return nil, err
		}
		answer.Account, answer.OnboardingID, answer.NextAction = account, o.ID, next
	}
	err := s.store.OpenSession(ctx, session, user.PasswordHash, s.config.Limits.Sessions)
	if domain.CodeOf(err) == domain.CodeNotFound {
		err = errWrongCredentials // the password was right a moment ago
	}
	return answer, err
}

// signOut ends the session that signs the request.
func (s sessions) signOut(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, s.store.DeleteSession(ctx, callerOf(ctx).sessionID)
}
