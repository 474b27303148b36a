package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"slipway/domain"
	"slipway/store"
)

// What a bearer begins with, or holds, says what it is.
const (
	secretMark    = "_secret_" // onb_…_secret_…, a client_secret
	sessionPrefix = "tok_"     // a session's token
	apiKeyPrefix  = domain.PrefixAPIKey + "_"
)

// secrets makes every secret of ours from the server's key.
type secrets []byte

// derive returns a secret that is made again from its name whenever needed, and
// so is stored nowhere.
func (s secrets) derive(name string) []byte {
	mac := hmac.New(sha256.New, s)
	mac.Write([]byte(name))
	return mac.Sum(nil)
}

// clientSecret is the credential for an onboarding.
func (s secrets) clientSecret(onboardingID string) string {
	return onboardingID + secretMark + base64.RawURLEncoding.EncodeToString(s.derive("client_secret:"+onboardingID))
}

// onboardingOf returns whose client_secret the bearer is; false when it is none
// of ours. It asks no database and takes the same time for any guess.
func (s secrets) onboardingOf(bearer string) (string, bool) {
	id, _, found := strings.Cut(bearer, secretMark)
	if !found || !store.ValidID(domain.PrefixOnboarding, id) {
		return "", false
	}
	return id, hmac.Equal([]byte(bearer), []byte(s.clientSecret(id)))
}

// apiKeySecret is the secret of an API key, the same each time it is asked for.
func (s secrets) apiKeySecret(id string) string {
	return id + "_" + base64.RawURLEncoding.EncodeToString(s.derive("api_key:"+id))
}

// newToken returns a session's token.
func newToken() string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	return sessionPrefix + base64.RawURLEncoding.EncodeToString(random)
}

// hashed is the form in which tokens and API keys are stored.
func hashed(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
