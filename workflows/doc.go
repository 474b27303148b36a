// Package workflows is the story of an onboarding, and of what comes after it, in
// Temporal workflows that an operator can read from top to bottom. Package client,
// below it, is the only door to running ones.
//
// Workflow code decides and waits; everything it learns or changes goes through
// activities. Histories carry ids, codes, statuses, amounts and times, never
// people.
package workflows
