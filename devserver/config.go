// Package devserver runs a whole Temporal inside this process: the server on
// SQLite and its web UI, with no other program to install. It serves
// development, tests, demos and small single-machine installations; several
// machines need a Temporal cluster instead.
package devserver

import (
	"log/slog"
	"path/filepath"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/headers"
)

const (
	// DefaultNamespace is created when Config names none.
	DefaultNamespace = "default"
	// DefaultRetention is how long closed workflows stay readable when Config
	// does not say. Temporal's own default, one day, loses a Friday's failures
	// before Monday.
	DefaultRetention = 90 * 24 * time.Hour
	// NoUI as Config.UIPort leaves the web UI out.
	NoUI = -1

	loopback = "127.0.0.1"
)

// Config says where the server keeps its data and where it listens. The zero
// value is a server in memory on free loopback ports, with the UI.
type Config struct {
	// DatabaseFile is the SQLite file, created with its folder when missing;
	// empty keeps everything in memory. Use Path: Temporal cannot migrate a
	// SQLite database to another server version.
	DatabaseFile string
	// IP is the IPv4 address the frontend and the UI bind, 127.0.0.1 by default. The
	// internal services always stay on loopback. There is no authentication:
	// another address opens the server to everyone who can reach it.
	IP string
	// FrontendPort is the gRPC port clients and workers use; 0 picks a free one.
	FrontendPort int
	// UIPort is the web UI's port; 0 picks a free one, NoUI leaves it out.
	UIPort int
	// Namespace is created if missing; DefaultNamespace when empty.
	Namespace string
	// Retention is how long a closed workflow stays readable, DefaultRetention
	// when zero. It applies when the namespace is created, so that a later
	// change by hand is kept.
	Retention time.Duration
	// SearchAttributes are registered before the server answers, since a
	// workflow that uses an unregistered one hangs. Ones added later are
	// registered at the next start; one that changed its type is an error. SQL
	// visibility has room for ten keywords and three of each other type.
	SearchAttributes map[string]enumspb.IndexedValueType
	// Logger receives Temporal's warnings and errors while it serves; nil drops
	// them. What it says while starting and stopping is dropped: it warns about
	// every service it cannot reach yet.
	Logger *slog.Logger
	// LostWrites is the share of Temporal's writes that take effect and are then
	// reported to have timed out, as with a database behind a bad network. For
	// tests of what is built on it.
	LostWrites float64
	// RunLimit lowers how many updates, and how many signals, one run of a workflow
	// may receive, and after how many events the server suggests a new run; zero for
	// Temporal's own (2,000, 10,000 and 4,096). For tests of what reaches them.
	RunLimit int
	// NoSync lets SQLite answer before the disk has the data: faster, and a
	// power cut loses acknowledged work or the file. For benchmarks and tests.
	NoSync bool
}

// Path is the database file inside dir for this version of the Temporal server.
func Path(dir string) string {
	return filepath.Join(dir, "temporal-"+headers.ServerVersion+".db")
}

func (c Config) withDefaults() Config {
	if c.IP == "" {
		c.IP = loopback
	}
	if c.Namespace == "" {
		c.Namespace = DefaultNamespace
	}
	if c.Retention == 0 {
		c.Retention = DefaultRetention
	}
	return c
}
