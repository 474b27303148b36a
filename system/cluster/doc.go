// Package cluster runs a whole installation of real processes on this machine:
// Debian's PostgreSQL, a Temporal server of four processes built from its own
// module and configured by docker-compose.yml, APIs and workers. Tests kill its
// parts; `make cluster` leaves it running to be looked at.
package cluster
