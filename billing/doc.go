// Package billing is what happens to money: invoices, payments, methods,
// credits, subscriptions and purchases, each change in one transaction.
//
// A noun is a small type over the change under way (store.Change), in the file
// of its name. Subscriptions, Purchases and AccountMethods open those changes for
// the activities; Charger calls payment providers between them.
package billing
