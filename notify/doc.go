// Package notify tells the world outside what happened: signed webhooks to the
// product's backends.
package notify
