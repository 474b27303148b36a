// Package webhook sends events to the product's backends as signed webhooks.
package webhook
