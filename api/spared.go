package api

import (
	"context"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// sparesAdmins lifts the limit by address for admins and API keys: it is there
// for strangers. The route asks nobody who calls, so a bearer that opens nothing
// is a stranger's, not an error.
func sparesAdmins(r *route) { r.spares = true }

type sparedKey struct{}

// spareAdmins is the middleware of sparesAdmins.
func (a *API) spareAdmins(ctx huma.Context, next func(huma.Context)) {
	token := bearer(ctx.Header("Authorization"))
	if strings.HasPrefix(token, sessionPrefix) || strings.HasPrefix(token, apiKeyPrefix) {
		if _, err := a.caller(ctx.Context(), token, admins); err == nil {
			ctx = huma.WithValue(ctx, sparedKey{}, true)
		}
	}
	next(ctx)
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
