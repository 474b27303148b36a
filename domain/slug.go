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

// reservedSlugs are words a product needs for itself, in hosts, paths and mailboxes
// (RFC 2142). A deployment adds its own, see store.Config.
var reservedSlugs = []string{
	"about", "abuse", "account", "accounts", "activate", "activation", "admin", "administrator", "admins",
	"affiliate", "affiliates", "analytics", "api", "api1", "api2", "app", "apps", "assets", "auth", "autoconfig",
	"autodiscover", "backup", "backups", "billing", "blog", "bounce", "bounces", "broadcasthost", "cache",
	"canary", "careers", "cart", "cdn", "cdn1", "cdn2", "checkout", "ci", "community", "compliance", "confirm",
	"console", "contact", "cookies", "copyright", "credit", "credit-package", "credit-packages", "credits",
	"daemon", "dashboard", "database", "db", "demo", "dev", "dmca", "dns", "dns1", "dns2", "docs", "download",
	"downloads", "edge", "email", "entitlement", "entitlements", "example", "faq", "feedback", "files", "forum",
	"ftp", "gateway", "gdpr", "git", "grafana", "graphql", "health", "healthz", "help", "helpdesk", "home",
	"host", "hosting", "hostmaster", "images", "imap", "img", "info", "internal", "intranet", "invite", "invites",
	"invoice", "invoices", "isatap", "jobs", "join", "ldap", "legal", "list", "list-request", "livez", "local",
	"localdomain", "localhost", "login", "logout", "logs", "mail", "mail1", "mail2", "mailer", "mailer-daemon",
	"marketing", "me", "media", "metrics", "moderator", "monitor", "monitoring", "mx", "mx1", "mx2", "my", "new",
	"news", "nil", "no-reply", "nobody", "noc", "none", "noreply", "ns", "ns1", "ns2", "ns3", "ns4", "null",
	"oauth", "oauth2", "official", "oidc", "onboarding", "onboardings", "openapi", "operator", "origin",
	"partners", "password", "pay", "payment", "payment-method", "payment-methods", "payment-option",
	"payment-options", "payments", "plan", "plans", "pop", "pop3", "portal", "postgres", "postmaster",
	"preferences", "press", "preview", "price", "prices", "pricing", "privacy", "prod", "production", "profile",
	"prometheus", "proxy", "qa", "queue", "readyz", "redis", "refund", "refunds", "register", "registration",
	"relay", "reset", "rest", "return", "root", "router", "rpc", "s3", "sales", "saml", "sandbox", "security",
	"session", "sessions", "settings", "sftp", "shop", "sign-in", "sign-out", "sign-up", "signin", "signout",
	"signup", "site", "sites", "slipway", "slug", "slugs", "smtp", "smtp1", "ssh", "ssl", "sso", "staff", "stage",
	"staging", "static", "stats", "status", "storage", "store", "subscribe", "subscription", "subscriptions",
	"superuser", "support", "swagger", "sys", "sysadmin", "system", "team", "temporal", "terms", "test",
	"test-clocks", "testing", "tls", "tos", "tracing", "trouble", "trust", "uat", "undefined", "upgrade",
	"upload", "uploads", "uptime", "usenet", "user", "users", "uucp", "v1", "v2", "verify", "vpn", "web", "web1",
	"web2", "webhook", "webhook-endpoints", "webhooks", "webmail", "webmaster", "websocket", "welcome", "wpad",
	"ws", "www", "www1", "www2",
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
