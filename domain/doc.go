// Package domain holds the nouns of onboarding and billing and the tables that
// say how they may change. It imports the standard library and the tables of
// Unicode only: every rule here can be read, and tested, without a database or a
// workflow.
//
// One noun is one struct: the row in the database and the object in an API
// answer are the same type, so the tags of both are side by side. Fields
// tagged json:"-" never leave the process.
package domain
