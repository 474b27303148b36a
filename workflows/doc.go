// Package workflows tells the story of an onboarding as Temporal workflows that
// an operator can read from top to bottom, and holds the client that is the
// only door to running ones.
//
// Workflow code decides and waits; everything it learns or changes goes through
// activities. Histories carry ids, codes, statuses, amounts and times, never
// people.
package workflows
