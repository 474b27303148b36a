package domain

import (
	"regexp"
	"slices"
)

// SlugMin and SlugMax bound the length of a slug; SlugSuffixRoom is what a base
// leaves free for "-" and a number.
const (
	SlugMin        = 3
	SlugMax        = 48
	SlugSuffixRoom = 7
)

var slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// reservedSlugs are words a product needs for itself, in hosts and paths.
var reservedSlugs = []string{
	"about", "abuse", "account", "accounts", "admin", "administrator", "api", "app", "apps", "assets",
	"auth", "billing", "blog", "cdn", "checkout", "console", "contact", "dashboard", "demo", "dev",
	"docs", "download", "email", "example", "files", "ftp", "help", "home", "host", "hostmaster",
	"imap", "info", "internal", "invite", "legal", "livez", "localhost", "login", "logout", "mail",
	"me", "metrics", "mx", "new", "news", "noreply", "null", "oauth", "onboarding", "openapi", "plans",
	"pop", "postmaster", "pricing", "privacy", "readyz", "register", "root", "security", "settings",
	"shop", "sign-in", "sign-up", "signin", "signup", "slipway", "smtp", "sso", "staging", "static",
	"stats", "status", "store", "support", "sys", "system", "team", "terms", "test", "undefined",
	"user", "users", "webhook", "webhooks", "webmaster", "www",
}

// SlugReserved reports whether the product keeps the word for itself.
func SlugReserved(slug string) bool {
	_, found := slices.BinarySearch(reservedSlugs, slug)
	return found
}

// ValidSlug reports whether slug has the form of one: 3 to 48 lower-case
// letters, digits and single hyphens, neither first nor last a hyphen.
func ValidSlug(slug string) bool {
	return len(slug) >= SlugMin && len(slug) <= SlugMax && slugPattern.MatchString(slug)
}
